// What a program says about memory before it does anything else.

import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// Lets everything that jobs compute use the memory again that was freed before, for as long as the
/// program runs: networks take about a seventh less time, and the program keeps what it held at its
/// peak.
///
/// A program calls it once, at its start.
public func reuseMemory() { Machine.reuseMemory() }

/// Refuses memory that the machine does not have, as soon as it is asked for: what would need more
/// ends with one line about it, rather than with the machine at a standstill or the program killed.
///
/// A program calls it once, at its start. Systems that say nothing of their memory set no limit.
public func limitMemory() {
  #if os(Linux)
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_DATA.rawValue)
    guard let most = memoryLimit(SystemFiles()), getrlimit(resource, &limit) == 0 else { return }
    limit.rlim_cur = min(limit.rlim_max, rlim_t(most))
    setrlimit(resource, &limit)
  #endif
}

/// What the program may ask for in all: what the machine has, its swap space among it, and what the
/// program has reserved already, which need not be used.
///
/// - Parameter system: The system's files.
/// - Returns: Bytes; nil if the system does not say.
package func memoryLimit(_ system: SystemFiles) -> UInt64? {
  func kibibytes(_ name: String, in file: String) -> UInt64? {
    system.value(of: name, in: file)
      .flatMap { $0.split(separator: " ").first.flatMap { UInt64($0) } }
  }
  guard let total = kibibytes("MemTotal", in: "/proc/meminfo"),
    let reserved = kibibytes("VmData", in: "/proc/self/status")
  else { return nil }
  return 1024 * (total + (kibibytes("SwapTotal", in: "/proc/meminfo") ?? 0) + reserved)
}

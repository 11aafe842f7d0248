// The processor, the memory, and the limits that a container sets.

import Foundation

/// The processor, and how much of it the program may use.
package struct Processor {
  /// What it is called.
  package let model: String
  /// Cores as programs see them.
  package let cores: Int
  /// The cores that this program may run on.
  package let allowedCores: Int
  /// How many cores' time a container may use, if that is limited.
  package let limit: Double?
  /// The instructions that matter for 16-bit training.
  package let hasBFloat16: Bool

  /// Cores that the program really has.
  package var usableCores: Double { min(Double(allowedCores), limit ?? .infinity) }

  package init(_ system: SystemFiles) {
    model =
      system.value(of: "model name", in: "/proc/cpuinfo")
      ?? system.value(of: "CPU implementer", in: "/proc/cpuinfo").map { "ARM, maker \($0)" }
      ?? "unknown"
    (cores, allowedCores) = (
      ProcessInfo.processInfo.processorCount, ProcessInfo.processInfo.activeProcessorCount
    )
    limit = ControlGroup(system).processorLimit
    let flags =
      system.value(of: "flags", in: "/proc/cpuinfo")
      ?? system.value(of: "Features", in: "/proc/cpuinfo") ?? ""
    let words = Set(flags.split(separator: " "))
    hasBFloat16 = !words.isDisjoint(with: ["avx512_bf16", "amx_bf16", "bf16"])
  }
}

/// The limits that the program's control group and those above it set.
struct ControlGroup {
  private let system: SystemFiles
  /// The folders of the group and of those above, for the versions 2 and 1 of the system.
  private let unified: [String]
  private let processor: [String]
  private let memory: [String]

  init(_ system: SystemFiles) {
    self.system = system
    var places: [String: String] = [:]
    for line in (system.text("/proc/self/cgroup") ?? "").split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      for name in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
        places[String(name)] = String(parts[2])
      }
    }
    func folders(_ base: String, _ controller: String) -> [String] {
      // A container may see its group's files at the base, under whatever name the group has.
      let place = places[controller] ?? ""
      let parts = place.split(separator: "/").filter { $0 != ".." }
      return (0...parts.count).map {
        ([base] + parts.prefix($0).map(String.init)).joined(separator: "/")
      }
    }
    unified = folders("/sys/fs/cgroup", "")
    processor = folders("/sys/fs/cgroup/cpu", "cpu")
    memory = folders("/sys/fs/cgroup/memory", "memory")
  }

  /// How many cores' time the program may use; nil without a limit.
  var processorLimit: Double? {
    let new = unified.compactMap { folder -> Double? in
      let words = (system.text("\(folder)/cpu.max") ?? "").split(separator: " ")
      guard words.count == 2, let quota = Double(words[0]), let period = Double(words[1]) else {
        return nil
      }
      return quota / period
    }
    let old = processor.compactMap { folder -> Double? in
      guard let quota = number("\(folder)/cpu.cfs_quota_us"), quota > 0,
        let period = number("\(folder)/cpu.cfs_period_us"), period > 0
      else { return nil }
      return quota / period
    }
    return (new + old).min()
  }

  /// How many bytes of memory the program may take; nil without a limit.
  var memoryLimit: Double? {
    let all =
      unified.compactMap { number("\($0)/memory.max") }
      + memory.compactMap { number("\($0)/memory.limit_in_bytes") }
    // Without a limit version 1 says the largest number that it can.
    return all.filter { $0 < 1e18 }.min()
  }

  private func number(_ path: String) -> Double? { system.text(path).flatMap { Double($0) } }
}

extension DoctorJob {
  func machineChecks(_ processor: Processor) -> [DoctorReport.Check] {
    [
      .init("processor", processor.model), Self.coreCheck(processor),
      .init(
        "bfloat16",
        processor.hasBFloat16
          ? "the processor has instructions for it; try train gan --precision=bfloat16"
          : "no instructions for it: float32, the default, is faster"),
      memoryCheck(),
    ]
  }

  /// How many cores there are, and how many the program may use.
  package static func coreCheck(_ processor: Processor) -> DoctorReport.Check {
    let limits = [
      processor.allowedCores < processor.cores
        ? "the program may run on \(processor.allowedCores) of them" : nil,
      processor.limit.flatMap { limit in
        limit < Double(processor.allowedCores)
          ? "a control group gives it the time of \(decimal(limit, 2))" : nil
      },
    ].compactMap(\.self)
    return .init(
      "cores", limits.isEmpty ? .ok : .note,
      (["\(processor.cores)"] + limits).joined(separator: "; "))
  }

  /// How much memory there is, and how much the program may take.
  package func memoryCheck() -> DoctorReport.Check {
    func kilobytes(_ name: String) -> Double? {
      system.value(of: name, in: "/proc/meminfo")
        .flatMap { $0.split(separator: " ").first.flatMap { Double($0) } }.map { $0 * 1024 }
    }
    guard let total = kilobytes("MemTotal") else {
      return .init("memory", byteCount(Double(ProcessInfo.processInfo.physicalMemory)))
    }
    let free = kilobytes("MemAvailable") ?? total
    let limit = ControlGroup(system).memoryLimit.flatMap { $0 < total ? $0 : nil }
    var words = ["\(byteCount(total)), \(byteCount(free)) of it free"]
    if let limit { words.append("a control group lets the program take \(byteCount(limit))") }
    let isScarce = min(free, limit ?? free) < 2e9
    if isScarce {
      words.append("large networks may not fit; train gan --batch-gpu=NUMBER needs less")
    }
    return .init("memory", limit != nil || isScarce ? .note : .ok, words.joined(separator: "; "))
  }
}

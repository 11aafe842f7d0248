// How long this program has run and how much memory it has held, as the system counts.

import Foundation

/// How long this program has run and how much memory it has held.
enum ProcessUsage {
  /// The memory held now, in 2²⁰ bytes; 0 where the system does not say.
  static var residentMib: Double { status("VmRSS") }

  /// The most memory held so far, in 2²⁰ bytes; 0 where the system does not say.
  static var peakMib: Double { status("VmHWM") }

  /// Seconds since the program was started, to a hundredth; nil where the system does not say.
  static var seconds: Double? {
    let system = SystemFiles()
    // The program's name, in parentheses, may hold anything; 19 fields after it stands the start.
    guard let text = system.text("/proc/self/stat"), let name = text.lastIndex(of: ")"),
      let ticks = text[name...].split(separator: " ").dropFirst(20).first.flatMap({ Double($0) }),
      let now = system.text("/proc/uptime")?.split(separator: " ").first.flatMap({ Double($0) })
    else { return nil }
    return now - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  private static func status(_ name: String) -> Double {
    let text = SystemFiles().value(of: name, in: "/proc/self/status")
    return (text?.split(separator: " ").first.flatMap { Double($0) } ?? 0) / 1024
  }
}

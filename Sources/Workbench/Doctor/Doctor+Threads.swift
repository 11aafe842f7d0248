// How many threads operators take, and what the environment makes of them.

import Tensors

extension DoctorJob {
  func threadChecks(_ processor: Processor) -> [DoctorReport.Check] {
    let load = system.text("/proc/loadavg")?.split(separator: " ").first.flatMap { Double($0) }
    let isBusy = load.map { $0 >= processor.usableCores } ?? false
    return [
      Self.countCheck(threads: Machine.threadCount, processor),
      variableCheck("OMP_NUM_THREADS", processor), variableCheck("MKL_NUM_THREADS", processor),
      waitingCheck(isBusy: isBusy), Self.loadCheck(load, processor),
    ]
  }

  /// That operators do not take more threads than there are cores for.
  package static func countCheck(threads: Int, _ processor: Processor) -> DoctorReport.Check {
    let text = "\(threads) for one operator"
    guard Double(threads) > processor.usableCores else { return .init("count", text) }
    let right = max(1, Int(processor.usableCores))
    return .init(
      "count", .note, "\(text), with the time of \(decimal(processor.usableCores, 2)) cores: slow",
      remedy: "export OMP_NUM_THREADS=\(right)")
  }

  /// What a variable with a number of threads brings about.
  package func variableCheck(_ name: String, _ processor: Processor) -> DoctorReport.Check {
    guard let value = environment[name] else {
      return .init(name, "not set: a thread for each core")
    }
    // OpenMP takes a list, the first number for what is not nested.
    let first = value.split(separator: ",").first.flatMap { Int($0) }
    guard let count = first, count > 0 else {
      return .init(
        name, .note, "expected a number, found \"\(value)\", which is passed over",
        remedy: "unset \(name)")
    }
    guard Double(count) <= processor.usableCores else {
      return .init(
        name, .note, "\(value): more threads than cores, which makes everything slower",
        remedy: "unset \(name)")
    }
    return .init(name, "\(value), unless a command has --threads")
  }

  /// What threads do that wait for one another.
  package func waitingCheck(isBusy: Bool) -> DoctorReport.Check {
    let name = "OMP_WAIT_POLICY"
    switch environment[name]?.lowercased() {
    case nil:
      return .init(name, "not set: waiting threads soon sleep")
    case "passive":
      return .init(
        name, "passive: waiting threads sleep at once; best beside other programs, slower alone")
    case "active":
      guard isBusy else {
        return .init(name, "active: waiting threads stay awake; fine while nothing else runs")
      }
      return .init(
        name, .note,
        "active: waiting threads stay awake, and other programs are running; work may take many "
          + "times as long", remedy: "unset \(name)")
    case let value?:
      return .init(
        name, .note, "expected active or passive, found \"\(value)\", which is passed over",
        remedy: "unset \(name)")
    }
  }

  /// How much other programs keep the processor busy.
  package static func loadCheck(_ load: Double?, _ processor: Processor) -> DoctorReport.Check {
    guard let load else { return .init("load", "the system does not say") }
    let text = "\(decimal(load, 2)) on \(decimal(processor.usableCores, 2)) cores"
    guard load >= processor.usableCores else { return .init("load", text) }
    return .init("load", .note, "\(text): other programs keep the processor busy")
  }
}

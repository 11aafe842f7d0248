// What people read of trainings: numbers, times and rows of tables.

import Foundation
import Workbench

/// Texts about trainings.
enum RunText {
  static let heading = [
    "run", "cfg", "data", "kimg", "state", "time", "s/kimg", "changed", "best",
  ]

  /// A row of the table of trainings.
  static func row(_ run: RunSummary, now: Double) -> [String] {
    let best = run.metrics.first.map { "\($0.name) \(number($0.best))" }
    return [
      run.shortName, run.cfg ?? "-", run.data ?? "-", progress(run), run.state.rawValue,
      run.seconds.map(clock) ?? "-", number(run.secondsPerKimg),
      run.changed.map { ago(now - $0) } ?? "-", best ?? "",
    ]
  }

  /// How a training stands, in a sentence.
  static func state(_ run: RunSummary) -> String {
    var words = ["\(run.state.rawValue), \(progress(run)) kimg"]
    if let seconds = run.seconds { words.append("\(clock(seconds)) trained") }
    if let speed = run.secondsPerKimg { words.append("\(number(speed)) seconds per kimg") }
    if run.state == .running, let left = run.secondsLeft { words.append("\(clock(left)) left") }
    return words.joined(separator: ", ")
  }

  /// Thousands of images seen and planned.
  static func progress(_ run: RunSummary) -> String {
    let planned = run.plannedKimg.map { kimg($0) } ?? "?"
    return "\(kimg(run.kimg))/\(planned)"
  }

  private static func kimg(_ number: Double) -> String {
    number.rounded() == number
      ? String(format: "%.0f", number)
      : String(format: number >= 100 ? "%.1f" : "%.4g", number)
  }

  /// A metric with its best value and the network that has it.
  static func line(_ metric: MetricHistory) -> String {
    let network = metric.bestNetwork.map { " (\($0))" } ?? ""
    return "\(metric.name.filled(to: 23)) best \(number(metric.best))\(network), "
      + "last \(number(metric.last)), measured \(counted(metric.count, "time"))"
  }

  /// A number with four digits that count, or a dash for none.
  static func number(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "-" }
    return String(format: "%.4g", value)
  }

  /// How long ago something was.
  static func ago(_ seconds: Double) -> String {
    switch seconds {
    case ..<60: "now"
    case ..<3600: "\(Int(seconds / 60)) min ago"
    case ..<172_800: "\(Int(seconds / 3600)) h ago"
    default: "\(Int(min(seconds, 1e12) / 86_400)) days ago"
    }
  }
}

// Progress on stderr: a bar with rate and time left on a terminal, JSON lines elsewhere.

import Foundation
import Synchronization
import Workbench

/// Shows how far a job has come.
final class ProgressReporter: Sendable {
  private let isTerminal = isatty(FileHandle.standardError.fileDescriptor) == 1
  private let state = Mutex(State())

  private struct State {
    var pace = ProgressPace()
    var lastShown: ContinuousClock.Instant?
  }

  /// Shows progress, at most ten times a second on a terminal and once a second elsewhere, and
  /// always at the end.
  func show(_ progress: JobProgress) {
    let now = ContinuousClock.now
    let due = state.withLock { state -> ProgressPace.Step? in
      let step = state.pace.step(progress, at: now)
      if step.isFirst { state.lastShown = nil }
      let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(1)
      let isDue = state.lastShown.map { now - $0 >= pause } ?? true
      guard isDue || progress.done == progress.total else { return nil }
      state.lastShown = now
      return step
    }
    guard let step = due else { return }
    writeToStandardError(isTerminal ? bar(progress, step) : json(progress, step))
  }

  private func bar(_ progress: JobProgress, _ step: ProgressPace.Step) -> String {
    let width = 24
    let full = min(width * progress.done / max(progress.total, 1), width)
    let blocks = String(repeating: "━", count: full) + String(repeating: "─", count: width - full)
    let speed = step.perSecond.map { "\(String(format: $0 < 10 ? "%.1f" : "%.0f", $0))/s  " }
    let left = step.secondsLeft.map { "\(clock($0)) left " }
    let line =
      "\r\(blocks) \(progress.done)/\(progress.total) \(progress.unit)  \(speed ?? "")\(left ?? "")"
    return progress.done == progress.total ? "\(line)\n" : line
  }

  /// A line for programs.
  private struct Line: Encodable {
    let progress: JobProgress
    let step: ProgressPace.Step

    private enum CodingKeys: CodingKey { case done, total, unit, perSecond, secondsLeft }

    /// Writes all values; what is not known yet is null.
    func encode(to encoder: any Encoder) throws {
      var object = encoder.container(keyedBy: CodingKeys.self)
      try object.encode(progress.done, forKey: .done)
      try object.encode(progress.total, forKey: .total)
      try object.encode(progress.unit, forKey: .unit)
      try object.encode(step.perSecond.map { ($0 * 1000).rounded() / 1000 }, forKey: .perSecond)
      try object.encode(step.secondsLeft.map { ($0 * 10).rounded() / 10 }, forKey: .secondsLeft)
    }
  }

  private func json(_ progress: JobProgress, _ step: ProgressPace.Step) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let line = Line(progress: progress, step: step)
    return (try? encoder.encode(line)).map { String(decoding: $0, as: UTF8.self) + "\n" } ?? ""
  }
}

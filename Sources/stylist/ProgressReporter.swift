// Progress on stderr: a bar with rate and time left on a terminal, JSON lines elsewhere.

import Foundation
import Synchronization
import Workbench

/// Shows how far a job has come.
final class ProgressReporter: Sendable {
  private let isTerminal = isatty(FileHandle.standardError.fileDescriptor) == 1
  private let phase = Mutex(Phase())

  /// What is counted now: a job may count one thing after another.
  private struct Phase {
    var start = ContinuousClock.now
    var last: (progress: JobProgress, time: ContinuousClock.Instant)?
    var lastShown: ContinuousClock.Instant?
    /// How much was done of it when it began, or was gone on with.
    var doneBefore: Int?
    /// How much was done of everything that was counted, by what it is.
    var counted: [String: Int] = [:]

    /// Takes a step into account, and returns how much is done in a second.
    mutating func rate(at progress: JobProgress, _ now: ContinuousClock.Instant) -> Double {
      let name = "\(progress.unit) of \(progress.total)"
      if let last, !progress.isLater(than: last.progress) {
        (start, lastShown) = (last.time, nil)
        // A training that counts something else between two of its steps goes on where it was.
        doneBefore = counted[name].flatMap { $0 < progress.done ? $0 : nil }
      }
      (last, counted[name]) = ((progress, now), progress.done)
      let done = progress.done - (doneBefore ?? progress.doneBefore)
      return Double(done) / max((now - start) / .seconds(1), 1e-9)
    }
  }

  /// Shows progress, at most ten times a second on a terminal and once a second elsewhere, and
  /// always at the end.
  func show(_ progress: JobProgress) {
    let now = ContinuousClock.now
    let due = phase.withLock { phase -> Double? in
      let rate = phase.rate(at: progress, now)
      let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(1)
      let isDue = phase.lastShown.map { now - $0 >= pause } ?? true
      guard isDue || progress.done == progress.total else { return nil }
      phase.lastShown = now
      return rate
    }
    guard let rate = due else { return }
    let left = Double(progress.total - progress.done) / max(rate, 1e-9)
    writeToStandardError(isTerminal ? bar(progress, rate, left) : json(progress, rate, left))
  }

  private func bar(_ progress: JobProgress, _ rate: Double, _ left: Double) -> String {
    let width = 24
    let full = min(width * progress.done / max(progress.total, 1), width)
    let blocks = String(repeating: "━", count: full) + String(repeating: "─", count: width - full)
    let speed = String(format: rate < 10 ? "%.1f" : "%.0f", rate)
    let line =
      "\r\(blocks) \(progress.done)/\(progress.total) \(progress.unit)  \(speed)/s  \(clock(left)) left "
    return progress.done == progress.total ? "\(line)\n" : line
  }

  /// A line for programs.
  private struct Line: Encodable {
    let done: Int
    let total: Int
    let unit: String
    let perSecond: Double
    let secondsLeft: Double
  }

  private func json(_ progress: JobProgress, _ rate: Double, _ left: Double) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let line = Line(
      done: progress.done, total: progress.total, unit: progress.unit,
      perSecond: (rate * 1000).rounded() / 1000, secondsLeft: (left * 10).rounded() / 10)
    return (try? encoder.encode(line)).map { String(decoding: $0, as: UTF8.self) + "\n" } ?? ""
  }
}

extension JobProgress {
  /// Whether it counts on from an earlier step of the same work.
  fileprivate func isLater(than earlier: JobProgress) -> Bool {
    (unit, total, doneBefore) == (earlier.unit, earlier.total, earlier.doneBefore)
      && done >= earlier.done
  }
}

// How fast work goes and how long it still takes, told from what is reported of it.

/// The pace of work that is reported a step at a time; a job may count one thing after another.
package struct ProgressPace {
  /// When what is counted now began.
  private var start: ContinuousClock.Instant
  private var last: (progress: JobProgress, time: ContinuousClock.Instant)?
  /// How much was done of it when it began, or was gone on with.
  private var doneBefore = 0
  /// How much was done of everything that was counted, by what it is.
  private var counted: [String: Int] = [:]

  /// Work that begins.
  ///
  /// - Parameter start: When.
  package init(from start: ContinuousClock.Instant = .now) { self.start = start }

  /// How fast work goes at one of its steps.
  package struct Step: Equatable {
    /// Units a second; nil as long as nothing was done.
    package let perSecond: Double?
    /// Seconds until all is done; nil while nothing tells.
    package let secondsLeft: Double?
    /// Whether something else is counted than before.
    package let isFirst: Bool
  }

  /// Takes a step into account.
  ///
  /// - Parameters:
  ///   - progress: What was reported.
  ///   - now: When.
  /// - Returns: How fast it goes.
  package mutating func step(
    _ progress: JobProgress, at now: ContinuousClock.Instant = .now
  ) -> Step {
    let name = "\(progress.unit) of \(progress.total)"
    let isFirst = !(last.map { progress.isLater(than: $0.progress) } ?? false)
    if isFirst {
      if let last { start = last.time }
      // A training that counts something else between two of its steps goes on where it was; a
      // download of which nothing can be kept begins again at nothing.
      let known = counted[name].flatMap { $0 < progress.done ? $0 : nil } ?? progress.doneBefore
      doneBefore = known <= progress.done ? known : 0
    }
    (last, counted[name]) = ((progress, now), progress.done)
    let (done, seconds) = (progress.done - doneBefore, (now - start) / .seconds(1))
    let left = progress.total - progress.done
    guard done > 0, seconds > 0 else {
      return Step(perSecond: nil, secondsLeft: left > 0 ? nil : 0, isFirst: isFirst)
    }
    let rate = Double(done) / seconds
    return Step(perSecond: rate, secondsLeft: Double(left) / rate, isFirst: isFirst)
  }
}

extension JobProgress {
  /// Whether it counts on from an earlier step of the same work.
  fileprivate func isLater(than earlier: JobProgress) -> Bool {
    (unit, total, doneBefore) == (earlier.unit, earlier.total, earlier.doneBefore)
      && done >= earlier.done
  }
}

// How far a job has come.

/// How far a job has come, as a plain value that whoever shows it turns into a bar, a line or an
/// event.
public struct JobProgress: Hashable, Codable, Sendable {
  /// Units done.
  public let done: Int
  /// Units in all.
  public let total: Int
  /// What is counted, in the plural: `pictures`, `frames`.
  public let unit: String

  /// Units that were done before the job began; they say nothing of its rate.
  public let doneBefore: Int

  /// `done` of `total` units, `doneBefore` of them before the job began.
  public init(done: Int, total: Int, unit: String, doneBefore: Int = 0) {
    (self.done, self.total, self.unit) = (done, total, unit)
    self.doneBefore = doneBefore
  }
}

/// Is told after every unit of work.
public typealias ProgressHandler = @Sendable (JobProgress) -> Void

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

  /// `done` of `total` units.
  public init(done: Int, total: Int, unit: String) {
    (self.done, self.total, self.unit) = (done, total, unit)
  }
}

/// Is told after every unit of work.
public typealias ProgressHandler = @Sendable (JobProgress) -> Void

// Jobs over many pictures: those that could not be used, and what an interruption leaves.

/// A picture that could not be used.
public struct PictureFailure: Encodable, Hashable, Sendable {
  /// What is wrong with it, on one line.
  public let reason: String
  /// The exit code that it asks for.
  public let exitCode: Int32
}

/// A job that was cancelled when some of what it was asked for was written.
///
/// Jobs that leave nothing to speak of throw `CancellationError`.
public struct InterruptedWork: Error, CustomStringConvertible {
  /// What was written, as people are told.
  public let description: String
}

// What several files hold: each looked into by itself.

/// Looks into checkpoints; one that cannot be read does not keep the others from being shown.
public struct InspectJob: Sendable {
  /// What became of one file.
  public enum Finding: Encodable, Sendable {
    /// What the file holds.
    case report(CheckpointReport)
    /// Why it cannot be read.
    case failure(Failure)

    /// Writes the report, or the file and why it cannot be read.
    public func encode(to encoder: any Encoder) throws {
      switch self {
      case .report(let report): try report.encode(to: encoder)
      case .failure(let failure): try failure.encode(to: encoder)
      }
    }
  }

  /// A file that cannot be read.
  public struct Failure: Encodable, Sendable {
    /// The file.
    public let file: String
    /// What is wrong, on one line.
    public let reason: String
    /// The exit code that the file asks for.
    let exitCode: Int32

    private enum CodingKeys: CodingKey { case file, reason }
  }

  /// The files.
  public var files: [String]

  /// A job for some files.
  public init(_ files: [String]) { self.files = files }

  /// Looks into all files.
  ///
  /// - Parameter progress: Is told after every network.
  /// - Returns: A finding for each file, in their order.
  /// - Throws: `CancellationError` in files and between networks.
  public func run(progress: ProgressHandler) throws -> [Finding] {
    try files.map { file in
      do {
        return .report(try CheckpointReport(of: file, progress: progress))
      } catch {
        try Task.checkCancellation()
        guard let code = Workbench.exitCode(for: error) else { throw error }
        return .failure(Failure(file: file, reason: "\(error)", exitCode: code))
      }
    }
  }

  /// How a command that found this ends: with what the first file that cannot be read asks for,
  /// else 0.
  ///
  /// - Parameter findings: What `run` gave.
  /// - Returns: The exit code.
  public static func exitCode(for findings: [Finding]) -> Int32 {
    for case .failure(let failure) in findings { return failure.exitCode }
    return 0
  }
}

// Whether a checkpoint is whole: its tensors fit the networks, and a fixed seed gives a picture.

public import Checkpoints
public import Formats
import Foundation
import Networks
import OrderedCollections

/// Checks a checkpoint, and if asked that it is the one that its authors published.
public struct VerifyJob: Sendable {
  /// The seed of the picture.
  public static let seed: UInt32 = 0

  /// Something about the file: what should be there, and what was found.
  public struct Check: Codable, Hashable, Sendable {
    /// How it ended up.
    public enum Verdict: String, Codable, Sendable {
      /// What was found is what should be there.
      case holds
      /// It is not.
      case fails
      /// Nobody says what should be there, or the file does not tell what is.
      case notChecked = "not checked"
    }

    /// What was looked at, such as `resolution`.
    public let subject: String
    /// How it ended up.
    public let verdict: Verdict
    /// What should be there; nil where nothing is published.
    public let expected: String?
    /// What was found.
    public let found: String

    init(_ subject: String, _ verdict: Verdict, expected: String?, found: String) {
      (self.subject, self.verdict, self.expected, self.found) = (subject, verdict, expected, found)
    }

    /// The check as a line.
    public var line: String {
      let word = verdict == .fails ? "FAILS" : verdict.rawValue
      let expectation = expected.map { "expected \($0)" } ?? "nothing published"
      return "\(word): \(subject): \(expectation), found \(found)"
    }
  }

  /// What came out.
  public struct Outcome: Encodable, Sendable {
    /// What the file holds.
    public let report: CheckpointReport
    /// Everything that was looked at.
    public let checks: [Check]
    /// The picture of the seed, if it was written.
    public let picture: WrittenPicture?

    /// Whether no check fails.
    public var holds: Bool { checks.allSatisfy { $0.verdict != .fails } }

    /// That a check fails; nil if none does.
    public var failure: String? { holds ? nil : "\(report.file): a check does not hold" }

    /// The outcome as lines for people.
    public var lines: [String] {
      report.lines + checks.map(\.line) + (picture.map { [$0.file] } ?? [])
    }
  }

  /// What a job would check and write.
  public struct Plan: Encodable, Sendable {
    private let isDryRun = true
    /// The file.
    public let file: String
    /// What would be looked at.
    public let checks: [String]
    /// The picture that would be written, if there is a generator to draw it.
    public let picture: String?

    init(file: String, checks: [String], picture: String?) {
      (self.file, self.checks, self.picture) = (file, checks, picture)
    }

    private enum CodingKeys: String, CodingKey {
      case isDryRun = "dry_run"
      case file
      case checks = "would_check"
      case picture = "would_write"
    }

    /// The plan as lines for people.
    public var lines: [String] {
      ["would check \(file): \(checks.joined(separator: "; "))"]
        + [picture.map { "would write \($0)" } ?? "would write no file"]
    }
  }

  private let file: String
  private let published: PublishedNetwork?
  private let provenance: Provenance

  /// A job that checks a file.
  ///
  /// - Parameters:
  ///   - file: A checkpoint of any form that Stylist opens.
  ///   - published: The published network that it should be.
  ///   - provenance: What the picture says about how it was made.
  public init(_ file: String, published: PublishedNetwork, provenance: Provenance) {
    (self.file, self.published, self.provenance) = (file, published, provenance)
  }

  /// A job that checks a file.
  ///
  /// - Parameters:
  ///   - file: A checkpoint of any form that Stylist opens.
  ///   - published: The name of the published network that it should be; nil to check only that it
  ///     is whole.
  ///   - provenance: What the picture says about how it was made.
  /// - Throws: `RequestError` if there is no published network of that name.
  public init(_ file: String, published: String?, provenance: Provenance) throws(RequestError) {
    (self.file, self.provenance) = (file, provenance)
    self.published = if let published { try PublishedNetwork(named: published) } else { nil }
  }

  /// What would be checked and written; opens the file, and reads no tensors.
  ///
  /// - Parameter folder: Where the picture would go; nil to draw it without keeping it.
  /// - Returns: The plan.
  /// - Throws: `FileError` if the file cannot be opened, or the picture could not be written.
  public func plan(into folder: String?) throws(FileError) -> Plan {
    let networks = try Checkpoint.open(ShippedModels.file(file)).networks
    var checks = ["tensors of \(networks.keys.joined(separator: ", "))"]
    if let published { checks.append("facts published of \(published.name)") }
    guard networks.values.contains(where: \.isGenerator) else {
      return Plan(file: file, checks: checks, picture: nil)
    }
    let picture = folder.map(picturePath)
    if let picture { try OutputFolder.check(file: picture) }
    return Plan(file: file, checks: checks + ["picture of seed \(Self.seed)"], picture: picture)
  }

  /// Checks the file.
  ///
  /// - Parameters:
  ///   - folder: Where the picture goes; nil to draw it without keeping it.
  ///   - progress: Is told after every network.
  /// - Returns: Everything that was looked at, and whether it holds.
  /// - Throws: `FileError` if the file is damaged; `CancellationError`.
  public func run(into folder: OutputFolder?, progress: @escaping ProgressHandler) async throws
    -> Outcome
  {
    let report = try CheckpointReport(of: file, progress: progress)
    var checks = report.networks.map(\.check)
    if let published { checks += published.checks(report) }
    try Task.checkCancellation()
    let (check, picture) = try await draw(report, into: folder)
    return Outcome(report: report, checks: checks + [check], picture: picture)
  }

  private func picturePath(in folder: String) -> String {
    let name = URL(filePath: file).deletingPathExtension().lastPathComponent
    return OutputFolder.file("\(name)-seed\(padded(Int(Self.seed), to: 4)).png", in: folder)
  }

  /// Draws the picture of the fixed seed.
  private func draw(
    _ report: CheckpointReport, into folder: OutputFolder?
  ) async throws -> (Check, WrittenPicture?) {
    let (subject, expected) = ("picture of seed \(Self.seed)", "more than one value")
    guard report.networks.contains(where: \.isGenerator) else {
      return (Check(subject, .notChecked, expected: expected, found: "no generator"), nil)
    }
    let host = try GeneratorHost(.file(file))
    let code = await host.codes(seeds: [Self.seed], settings: PictureSettings())
    let picture = await host.picture(code)
    let count = Set(picture.pixels).count
    let check = Check(subject, count > 1 ? .holds : .fails, expected: expected, found: "\(count)")
    guard let folder else { return (check, nil) }
    let path = picturePath(in: folder.path)
    try PNG(image: picture, texts: provenance.texts).write(to: path)
    return (check, WrittenPicture(file: path, seed: Self.seed))
  }
}

extension CheckpointReport.Network {
  /// That the network is whole.
  fileprivate var check: VerifyJob.Check {
    let (subject, expected) = ("\(role): tensors of \(kind)", "all, of the right shapes, finite")
    let found =
      nonFiniteNames.isEmpty
      ? "\(tensorCount) such" : "not finite: \(shortened(nonFiniteNames))"
    return VerifyJob.Check(
      subject, nonFiniteNames.isEmpty ? .holds : .fails, expected: expected, found: found)
  }
}

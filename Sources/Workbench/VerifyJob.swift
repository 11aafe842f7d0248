// Whether a checkpoint is whole: its tensors fit the networks, and a fixed seed gives a picture.

import Checkpoints
import Formats
import Foundation
import Networks
import OrderedCollections

/// Checks a checkpoint, and if asked that it is the one that its authors published.
public struct VerifyJob: Sendable {
  /// The seed of the picture.
  public static let seed: UInt32 = 0

  /// A statement about the file, and whether it holds.
  public struct Check: Codable, Hashable, Sendable {
    /// The statement.
    public let statement: String
    /// Whether it holds.
    public let holds: Bool
    /// What was found, where that says more.
    public let found: String?
  }

  /// What came out.
  public struct Outcome: Encodable, Sendable {
    /// What the file holds.
    public let report: CheckpointReport
    /// All statements.
    public let checks: [Check]
    /// The picture of the seed, if it was written.
    public let picture: WrittenPicture?

    /// Whether all statements hold.
    public var holds: Bool { checks.allSatisfy(\.holds) }
  }

  private let file: String
  private let published: PublishedNetwork?
  private let provenance: Provenance

  /// A job that checks a file.
  ///
  /// - Parameters:
  ///   - file: A checkpoint of any form that Stylist opens.
  ///   - published: The name of the published network that it should be; nil to check only that it
  ///     is whole.
  ///   - provenance: What the picture says about how it was made.
  /// - Throws: `RequestError` if there is no published network of that name.
  public init(_ file: String, published: String? = nil, provenance: Provenance)
    throws(RequestError)
  {
    (self.file, self.provenance) = (file, provenance)
    self.published = published.flatMap { PublishedNetwork.named($0) }
    guard let published, self.published == nil else { return }
    throw RequestError(
      "published", expected: "a name that `stylist model list` shows", found: published)
  }

  /// Checks the file.
  ///
  /// - Parameters:
  ///   - folder: Where the picture goes; nil to draw it without keeping it.
  ///   - progress: Is told after every network.
  /// - Returns: All statements and whether they hold.
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

  /// Draws the picture of the fixed seed.
  private func draw(
    _ report: CheckpointReport, into folder: OutputFolder?
  ) async throws -> (Check, WrittenPicture?) {
    let statement = "seed \(Self.seed) gives a picture with more than one colour"
    guard report.networks.contains(where: { $0.role != "D" && $0.parameterCount != nil }) else {
      let found = "no generator that can be built"
      return (Check(statement: statement, holds: false, found: found), nil)
    }
    let host = try GeneratorHost(.file(file))
    let code = await host.codes(seeds: [Self.seed], settings: PictureSettings())
    let picture = await host.picture(code)
    let isFlat = Set(picture.pixels).count < 2
    let check = Check(statement: statement, holds: !isFlat, found: isFlat ? "one colour" : nil)
    guard let folder else { return (check, nil) }
    let name = URL(filePath: file).deletingPathExtension().lastPathComponent
    let path = folder.file("\(name)-seed\(padded(Int(Self.seed), to: 4)).png")
    try PNG(image: picture, texts: provenance.texts).write(to: path)
    return (check, WrittenPicture(file: path, seed: Self.seed))
  }
}

extension CheckpointReport.Network {
  /// That the network is whole.
  fileprivate var check: VerifyJob.Check {
    let statement = "\(role): every tensor of \(kind) is there, in its shape, and finite"
    guard parameterCount != nil else {
      return VerifyJob.Check(
        statement: statement, holds: false, found: "a network that cannot be built yet")
    }
    let complaint = remarks.first { $0.contains("not finite") }
    return VerifyJob.Check(statement: statement, holds: complaint == nil, found: complaint)
  }
}

extension PublishedNetwork {
  /// What the authors say about the file.
  fileprivate func checks(_ report: CheckpointReport) -> [VerifyJob.Check] {
    let roles = report.networks.map(\.role)
    let missing = self.roles.filter { !roles.contains($0) }
    var checks = [
      VerifyJob.Check(
        statement: "the networks \(self.roles.joined(separator: ", ")) are there",
        holds: missing.isEmpty,
        found: missing.isEmpty ? nil : "only \(roles.joined(separator: ", "))")
    ]
    guard let generator = report.networks.first(where: { $0.role == "G_ema" }) else {
      return checks
    }
    checks.append(
      VerifyJob.Check(
        statement: "the generator is \(kind)", holds: generator.kind == kind, found: generator.kind)
    )
    let found = generator.resolution
    checks.append(
      VerifyJob.Check(
        statement: "its pictures are \(resolution)×\(resolution)", holds: found == resolution,
        found: found.map { "\($0)×\($0)" }))
    guard let expected = parameterCount, let count = generator.parameterCount else { return checks }
    checks.append(
      VerifyJob.Check(
        statement: "it has \(grouped(expected)) parameters", holds: count == expected,
        found: grouped(count)))
    return checks
  }
}

extension CheckpointReport.Network {
  fileprivate var resolution: Int? {
    switch configuration {
    case let configuration as StyleGAN1Configuration: configuration.resolution
    case let configuration as any GeneratorConfiguration: configuration.resolution
    default: nil
    }
  }
}

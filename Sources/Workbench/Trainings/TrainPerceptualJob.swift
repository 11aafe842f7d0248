// Fitting the heads of a perceptual distance to pictures that were spoiled by known strengths.

import Checkpoints
import Datasets
import Formats
import Foundation
import Layers
import Metrics
import Networks
import OrderedCollections
import Tensors
import Training

/// Fits a perceptual distance of a classifier's features, and says how well it agrees with strengths
/// that it has not seen.
public struct TrainPerceptualJob: Sendable {
  /// The classifier: a file, or the name of a model that comes with the program.
  public var classifier: String
  /// The pictures.
  public var data = TrainingDataRequest()
  /// How many of the first pictures are fitted to.
  public var count = 1000
  /// How many of the last pictures are not fitted to, but tell how well the distance agrees.
  public var heldOut = 300
  /// Where all random streams start.
  public var seed: UInt32 = 0
  /// Processor threads for one operation; nil for one for each core.
  public var threads: Int?
  /// The file of the distance.
  public var file: String
  /// The file for a sheet of spoiled pictures; nil for none.
  public var sheet: String?

  /// A fit.
  ///
  /// - Parameters:
  ///   - classifier: The classifier: a file, or the name of a model.
  ///   - file: The file of the distance.
  public init(_ classifier: String, to file: String) {
    (self.classifier, self.file) = (classifier, file)
  }

  /// How the order of distances agrees with the order of strengths: Spearman's rank correlations.
  public struct Agreement: Encodable, Sendable {
    /// A way to spoil pictures; nil for all of them together.
    public let distortion: String?
    /// Of the distance, which was fitted to all ways.
    public let distance: Double
    /// Of a distance that was fitted to all other ways; for all together, each way's pictures have
    /// that of the fit without it.
    public let withoutIt: Double
    /// Of the mean squared difference.
    public let meanSquare: Double
  }

  /// What was fitted.
  public struct Outcome: Encodable, Sendable {
    /// The file of the distance; nil for a run that writes nothing.
    public let file: String
    /// The sheet of spoiled pictures, if it was asked for.
    public let sheet: String?
    /// The content hash of the classifier.
    public let classifier: String
    /// The content hash of the distance.
    public let hash: String
    /// The pictures that were fitted to.
    public let count: Int
    /// The pictures of `agreement`.
    public let heldOut: Int
    /// Where all random streams started.
    public let seed: UInt32
    /// Channels that count.
    public let channels: Int
    /// How the distance agrees with the strengths of pictures that it was not fitted to: of all ways
    /// together, and of each.
    public let agreement: [Agreement]

    /// The outcome as lines for people: a table of the agreement, and the files.
    public var lines: [String] {
      let heading = ["spoiled by", "distance", "fitted without it", "mean square"]
      let rows = agreement.map { row in
        [row.distortion ?? "all together"]
          + [row.distance, row.withoutIt, row.meanSquare].map { String(format: "%.3f", $0) }
      }
      return Table.lines(heading: heading, rows)
        + [
          "rank correlations with the strength, of \(counted(heldOut, "picture")) held out; "
            + "\(counted(channels, "channel")) count"
        ] + [file, sheet].compactMap(\.self)
    }
  }

  /// What a run would do.
  public struct Plan: Encodable, Sendable {
    /// How many pictures it would look at.
    public let pictures: Int
    /// The file of the distance.
    public let file: String
    /// The sheet of spoiled pictures, if it is asked for.
    public let sheet: String?
    /// Folders that would be made for the files.
    public let newFolders: [String]

    /// The plan as lines for people.
    public var lines: [String] {
      ["would look at \(counted(pictures, "picture"))"]
        + [file, sheet].compactMap { $0.map { "would write \($0)" } }
        + newFolders.map { "would make the folder \($0)" }
    }
  }

  /// What a run would do, with nothing made.
  ///
  /// - Returns: The pictures it would look at, and what it would write.
  /// - Throws: What `run` throws about options and files.
  public func plan() throws -> Plan {
    let (_, dataset) = try open()
    let folders = OrderedSet([file, sheet].compactMap { $0.flatMap(OutputFolder.missing(for:)) })
    return Plan(
      pictures: try ranges(of: dataset).map(\.count).reduce(0, +), file: file, sheet: sheet,
      newFolders: Array(folders))
  }

  /// Fits the heads, and writes the distance.
  ///
  /// - Parameter progress: Is told after each picture.
  /// - Returns: What was fitted.
  /// - Throws: `RequestError` about options; `FileError` or `DatasetError` about files;
  ///   `CancellationError` between pictures.
  public func run(progress: @escaping ProgressHandler) async throws -> Outcome {
    if let threads { Machine.setThreadCount(threads) }
    return try await FittingHost().run(self, progress)
  }

  /// The distance without heads, and the pictures.
  private func open() throws -> (classifier: Checkpoint.Network, dataset: any Dataset) {
    try checkRanges(counts: [
      ("--count", count, 1...Self.mostPictures), ("--held-out", heldOut, 2...Self.mostPictures),
      ("--threads", threads, 1...4096),
    ])
    let path = try ShippedModels.file(classifier)
    try checkFiles(besides: path)
    let checkpoint = try Checkpoint.named(path, expecting: Self.expected)
    guard let network = checkpoint.networks["attributes"],
      let configuration = network.configuration as? AttributeClassifierConfiguration
    else { throw checkpoint.misfit(path, Self.expected) }
    let names = try network.nonFiniteNames()
    guard names.isEmpty else {
      throw FileError(
        .damaged, file: path, expected: "finite numbers", found: "others in \(shortened(names))")
    }
    guard configuration.imgChannels == 3 else {
      throw RequestError(
        "--classifier", expected: "a classifier of pictures in RGB",
        found: "one of \(configuration.imgChannels) channels")
    }
    var data = data
    if data.source == "portraits" { data.resolution = configuration.resolution }
    try data.check()
    let dataset = try data.open(.none)
    guard dataset.shape.channels == 3 else {
      throw RequestError(
        "--data", expected: "pictures in RGB", found: "\(dataset.shape.channels) channels")
    }
    return (network, dataset)
  }

  /// Pictures that are fitted to or held out at most: differences of all their channels are kept.
  private static let mostPictures = 20_000

  /// Checks that what is to be written can be, and replaces nothing that is read.
  private func checkFiles(besides classifier: String) throws {
    let inputs = [classifier] + [data.source].compactMap(\.self)
    for (option, path) in [("--out", file), ("--sheet", sheet)] {
      guard let path else { continue }
      try OutputFolder.check(option, path, isNoneOf: inputs)
      if let source = data.source, source != "portraits",
        OutputFolder.isSame(path, orInside: source)
      {
        throw RequestError(
          option, expected: "a place outside of the data, which would be changed", found: path)
      }
      try OutputFolder.check(file: path)
    }
    guard let sheet else { return }
    try DatasetDestination.check(sheet: sheet)
    guard URL(filePath: sheet).standardizedFileURL != URL(filePath: file).standardizedFileURL else {
      throw RequestError("--sheet", expected: "another file than that of --out", found: sheet)
    }
  }

  private static let expected =
    "a classifier of kind \(AttributeClassifierConfiguration.kind), such as "
    + "attributes-portraits64, which comes with the program"

  /// The pictures that are fitted to, and those held out.
  private func ranges(of dataset: any Dataset) throws(RequestError) -> [Range<Int>] {
    guard count + heldOut <= dataset.count else {
      throw RequestError(
        "--count", expected: "with --held-out at most the \(dataset.count) pictures there are",
        found: "\(count) and \(heldOut)")
    }
    return [0..<count, dataset.count - heldOut..<dataset.count]
  }

  fileprivate func fit(_ progress: @escaping ProgressHandler) throws -> Outcome {
    let (network, dataset) = try open()
    let ranges = try ranges(of: dataset)
    let distance = PerceptualDistance(of: try network.makeAttributeClassifier())
    var done = 0
    func look(at indices: Range<Int>) throws -> SpoiledPictures {
      try SpoiledPictures(dataset, indices, seenBy: distance, seed: seed) {
        try Task.checkCancellation()
        done += 1
        progress(JobProgress(done: done, total: count + heldOut, unit: "pictures"))
      }
    }
    let (learned, judged) = (try look(at: ranges[0]), try look(at: ranges[1]))
    let heads = learned.heads()
    let agreement = Self.agreement(of: heads, fittedTo: learned, on: judged)
    distance.setHeads(heads.map(Float.init))
    _ = try OutputFolder(of: file)
    if let sheet {
      _ = try OutputFolder(of: sheet)
      try PNG(image: SpoiledSheet(dataset, ranges[1]).image).write(to: sheet)
    }
    var notes = NetworkFileNotes()
    notes.parentHash = try network.contentHash()
    try writeNetworkFile(
      distance.parameters, configuration: distance.configuration, notes: notes, to: file)
    return Outcome(
      file: file, sheet: sheet, classifier: notes.parentHash ?? "",
      hash: try distance.parameters.contentHash(), count: count, heldOut: heldOut, seed: seed,
      channels: heads.count { $0 > 0 }, agreement: agreement)
  }

  private static func agreement(
    of heads: [Double], fittedTo learned: SpoiledPictures, on judged: SpoiledPictures
  ) -> [Agreement] {
    let measured = judged.parts.map { part in
      (
        part: part, distances: part.distances(heads),
        without: part.distances(learned.heads(without: part.distortion))
      )
    }
    func correlations(_ name: String?, _ chosen: some Sequence<Int>) -> Agreement {
      let parts = chosen.map { measured[$0] }
      let strengths = parts.flatMap(\.part.strengths)
      return Agreement(
        distortion: name,
        distance: rankCorrelation(parts.flatMap(\.distances), strengths),
        withoutIt: rankCorrelation(parts.flatMap(\.without), strengths),
        meanSquare: rankCorrelation(parts.flatMap(\.part.meanSquares), strengths))
    }
    return [correlations(nil, measured.indices)]
      + measured.indices.map { correlations(measured[$0].part.distortion.rawValue, [$0]) }
  }
}

/// Owns the networks of a fit.
private actor FittingHost {
  func run(
    _ job: TrainPerceptualJob, _ progress: @escaping ProgressHandler
  ) throws -> TrainPerceptualJob.Outcome {
    try job.fit(progress)
  }
}

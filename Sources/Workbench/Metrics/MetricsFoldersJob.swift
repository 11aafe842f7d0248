// Metrics of one set of pictures against another, as numbers that say how they were made.

import Checkpoints
import Crypto
import Datasets
import Formats
import Foundation
public import Metrics
import Tensors

/// Compares pictures with reference pictures.
public struct MetricsFoldersJob: Sendable {
  /// What can be measured.
  public enum Metric: String, CaseIterable, Codable, Sendable {
    /// The Fréchet distance of Inception's features.
    case fid
    /// The kernel distance of Inception's features.
    case kid
    /// The Inception Score of the first set.
    case inceptionScore = "is"
    /// Precision and recall.
    case precisionRecall = "pr"

    /// Whether features themselves are needed rather than their moments.
    fileprivate var needsPictures: Bool { self != .fid }
  }

  /// The pictures that are judged.
  public var pictures: String
  /// What they are compared with: pictures, or a `.npz` file of moments.
  public var reference: String
  /// What is measured.
  public var metrics: [Metric]
  /// Where the networks' weights are.
  public var networks: FeatureNetworkFiles
  /// By which program's rules.
  public var rule: MetricProtocol
  /// The seed of what is chosen at random; nil for the protocol's own.
  public var seed: UInt32?
  /// The folder that keeps features between runs; nil for none.
  public var cache: String?
  /// The subsets of the kernel distance, and the pictures of each.
  public var subsets = (count: 100, size: 1000)
  /// Processor threads for one operation; nil for one for each core.
  public var threads: Int?

  /// A job that measures all that the networks at hand allow.
  ///
  /// - Parameters:
  ///   - pictures: The pictures that are judged.
  ///   - reference: What they are compared with.
  ///   - networks: Where the networks' weights are.
  ///   - rule: By which program's rules.
  public init(
    _ pictures: String, reference: String, networks: FeatureNetworkFiles,
    rule: MetricProtocol = .legacy
  ) {
    (self.pictures, self.reference, self.networks, self.rule) = (
      pictures, reference, networks, rule
    )
    metrics = [.fid]
  }

  /// The names of all protocols, the usual one first.
  public static let protocols = MetricProtocol.allCases.map(\.rawValue)

  /// Chooses the protocol of a name.
  ///
  /// - Parameter name: One of `protocols`.
  /// - Throws: `RequestError` for other names.
  public mutating func setProtocol(_ name: String) throws(RequestError) {
    guard let rule = MetricProtocol(rawValue: name) else {
      throw RequestError(
        "--protocol", expected: Self.protocols.joined(separator: ", "), found: name)
    }
    self.rule = rule
  }

  /// One side of the comparison.
  public struct Side: Encodable, Sendable {
    /// The folder, archive or file.
    public let path: String
    /// Its pictures; nil for moments.
    public let count: Int?
    /// The SHA-256 of its pictures' files one after the other, or of the file.
    public let hash: String
  }

  /// The rules behind the numbers.
  public struct Rules: Encodable, Sendable {
    let name: MetricProtocol
    let resizing: PictureResizing
    let covarianceDivisor: FeatureMoments.Divisor
    let seed: UInt32
    let kidSubsets: Int
    let kidSubsetSize: Int
    let nearestNeighbours: Int
    let scoreParts: Int
  }

  /// What was measured.
  public struct Outcome: Encodable, Sendable {
    /// The numbers by name: `fid`, `kid`, `kid_std`, `is`, `is_std`, `precision`, `recall`.
    public internal(set) var results: [String: Double] = [:]
    /// The pictures that were judged.
    public internal(set) var pictures: Side
    /// What they were compared with.
    public internal(set) var reference: Side
    /// The content hashes of the networks' weights, by name.
    public internal(set) var extractors: [String: String] = [:]
    /// The rules.
    public let rules: Rules
    /// What is questionable about the numbers, a line each.
    public internal(set) var remarks: [String] = []

    /// The numbers as lines for people.
    public var lines: [String] {
      let order = ["fid", "kid", "kid_std", "is", "is_std", "precision", "recall"]
      return order.compactMap { name in
        results[name].map { "\(name) \(String(format: "%.6g", $0))" }
      }
    }
  }

  /// Checks what can be known without looking at the pictures.
  ///
  /// - Throws: `RequestError` for metrics that the inputs do not allow; `FileError` if a network's
  ///   weights are missing.
  public func check() throws {
    guard !metrics.isEmpty else {
      throw RequestError("--metrics", expected: allNames, found: "none")
    }
    if let metric = metrics.first(where: \.needsPictures), isMoments(reference) {
      throw RequestError(
        reference, expected: "pictures, which --metrics=\(metric.rawValue) needs",
        found: "a file of means and covariances")
    }
    guard !isMoments(pictures) else {
      throw RequestError(
        pictures, expected: "a folder or zip archive of pictures", found: "a .npz file")
    }
    let needsVGG = metrics.contains(.precisionRecall) && rule.takesVGG
    let needsInception = !(needsVGG && metrics.count == 1)
    if needsInception, networks.inception == nil {
      throw RequestError(
        "--inception", expected: FeatureNetworkFiles.publishedInception, found: "no such option")
    }
    if needsVGG, networks.vgg == nil {
      throw RequestError(
        "--vgg", expected: "for --metrics=pr, \(FeatureNetworkFiles.publishedVGG)",
        found: "no such option")
    }
  }

  private var allNames: String { Metric.allCases.map(\.rawValue).joined(separator: ", ") }

  private func isMoments(_ path: String) -> Bool { path.hasSuffix(".npz") }

  /// How many pictures there are on both sides, for a run that computes nothing.
  ///
  /// - Returns: The numbers; nil for a file of moments.
  /// - Throws: What `check` throws; `FileError` if there are no pictures.
  public func plan() throws -> (pictures: Int, reference: Int?) {
    try check()
    let count = try files(pictures).pictures.count
    return (count, isMoments(reference) ? nil : try files(reference).pictures.count)
  }

  /// The neighbour that the balls of precision and recall reach, in all published figures.
  private static let nearestNeighbours = 3
  /// The parts of the Inception Score, in all published figures; fewer where pictures are fewer.
  private static let scoreParts = 10

  /// The pictures at a path, as many as the metrics need.
  private func files(_ path: String) throws -> PictureFiles {
    let files = try PictureFiles(path: path)
    guard !files.pictures.isEmpty else { throw files.emptiness }
    // Precision and recall look at a neighbour of every picture.
    let fewest =
      metrics.contains(.precisionRecall)
      ? Self.nearestNeighbours + 1 : metrics == [.inceptionScore] ? 1 : 2
    guard files.pictures.count >= fewest else {
      throw MisfitError(
        path, expected: "at least \(fewest) pictures", found: "\(files.pictures.count)")
    }
    return files
  }

  private func hash(ofFile path: String) throws -> String {
    var hash = SHA256()
    try ByteRegion(mapping: path).withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().hexadecimal
  }

  /// Measures.
  ///
  /// - Parameter progress: Is told after every batch of pictures.
  /// - Returns: The numbers, and how they were made.
  /// - Throws: What `check` throws; `FileError` or `DatasetError` if a file cannot be read;
  ///   `CancellationError` between batches, after which features that are kept stay.
  public func run(progress: @escaping ProgressHandler) async throws -> Outcome {
    try check()
    if let threads { Machine.setThreadCount(threads) }
    let judged = try PictureFeatures(files(pictures), cache: cache)
    let real = isMoments(reference) ? nil : try PictureFeatures(files(reference), cache: cache)
    let (count, referenceCount) = (judged.files.pictures.count, real?.files.pictures.count)
    let referenceSide =
      try real.map { Side(path: reference, count: referenceCount, hash: $0.hash) }
      ?? Side(path: reference, count: nil, hash: hash(ofFile: reference))
    var outcome = Outcome(
      pictures: Side(path: pictures, count: count, hash: judged.hash),
      reference: referenceSide,
      rules: Rules(
        name: rule, resizing: rule.resizing, covarianceDivisor: rule.divisor,
        seed: seed ?? rule.seed, kidSubsets: subsets.count,
        kidSubsetSize: min(subsets.size, count, referenceCount ?? count),
        nearestNeighbours: Self.nearestNeighbours, scoreParts: min(Self.scoreParts, count)))
    let withVGG = metrics.contains(.precisionRecall) && rule.takesVGG
    let withInception = metrics.filter { !(withVGG && $0 == .precisionRecall) }
    if !withInception.isEmpty, let path = networks.inception {
      let extractor = try FeatureExtractor.inception(path, rule)
      outcome.extractors[extractor.name] = extractor.hash
      let fake = try judged.features(of: extractor, rule, progress: progress)
      let features = try real?.features(of: extractor, rule, progress: progress)
      for metric in withInception {
        try Task.checkCancellation()
        try measure(metric, fake, features, extractor, into: &outcome)
      }
    }
    if withVGG, let path = networks.vgg, let real {
      let extractor = try FeatureExtractor.vgg(path, rule)
      outcome.extractors[extractor.name] = extractor.hash
      let fake = try judged.features(of: extractor, rule, progress: progress)
      let features = try real.features(of: extractor, rule, progress: progress)
      try measure(.precisionRecall, fake, features, extractor, into: &outcome)
    }
    return outcome
  }
}

// MARK: - The numbers

extension MetricsFoldersJob {
  /// Computes one metric.
  private func measure(
    _ metric: Metric, _ fake: Tensor, _ real: Tensor?, _ extractor: FeatureExtractor,
    into outcome: inout Outcome
  ) throws {
    try withoutGradients { () throws in
      switch metric {
      case .fid:
        let target = try real.map(distribution) ?? storedMoments(width: extractor.width)
        outcome.results["fid"] = distribution(fake).frechetDistance(from: target)
        let fewest = min(fake.size(0), real?.size(0) ?? .max)
        if fewest <= extractor.width {
          outcome.remarks.append(
            "fid: \(fewest) pictures are too few for a covariance of \(extractor.width) features; "
              + "compare only with figures of as many")
        }
      case .kid:
        guard let real else { return }
        let chosen = KernelSubset.random(
          count: subsets.count, size: subsets.size, rows: (fake.size(0), real.size(0)),
          seed: seed ?? rule.seed)
        let found = try kernelDistance(fake, real, subsets: chosen) { _ in
          try Task.checkCancellation()
        }
        (outcome.results["kid"], outcome.results["kid_std"]) = (found.mean, found.deviation)
      case .inceptionScore:
        guard let logits = extractor.logits?(shuffled(fake)) else { return }
        let found = inceptionScore(logits: logits, splits: min(Self.scoreParts, logits.size(0)))
        (outcome.results["is"], outcome.results["is_std"]) = (found.mean, found.deviation)
      case .precisionRecall:
        guard let real else { return }
        let found = try PrecisionAndRecall(
          generated: fake, real: real, k: Self.nearestNeighbours, rounding: rule.rounding
        ) { _ in try Task.checkCancellation() }
        (outcome.results["precision"], outcome.results["recall"]) = (found.precision, found.recall)
      }
    }
  }

  /// The features in the order in which the Inception Score's parts are taken.
  private func shuffled(_ features: Tensor) -> Tensor {
    guard rule.shufflesScore else { return features }
    var state = RandomState(seed: seed ?? rule.seed)
    var order = Array(0..<features.size(0))
    state.shuffle(&order)
    return features.picked(Tensor(order), axis: 0)
  }

  private func distribution(_ features: Tensor) -> FeatureDistribution {
    var moments = FeatureMoments(dimension: features.size(1))
    for start in stride(from: 0, to: features.size(0), by: 4096) {
      moments.add(features.sliced(start..<min(start + 4096, features.size(0)), axis: 0))
    }
    return FeatureDistribution(moments, divisor: rule.divisor)
  }

  /// The moments of a `.npz` file of pytorch-fid, torch-fidelity or clean-fid.
  private func storedMoments(width: Int) throws -> FeatureDistribution {
    let arrays = try NPZ(path: reference).tensors
    guard let mean = arrays["mu"], let covariance = arrays["sigma"] else {
      throw FileError(
        .doesNotFit, file: reference, expected: "the arrays mu and sigma",
        found: arrays.keys.sorted().joined(separator: ", "))
    }
    guard mean.shape == [width], covariance.shape == [width, width] else {
      throw FileError(
        .doesNotFit, file: reference, expected: "moments of \(width) features",
        found: "mu \(mean.shape) and sigma \(covariance.shape)")
    }
    return FeatureDistribution(
      mean: try Tensor.reading(mean), covariance: try Tensor.reading(covariance))
  }
}

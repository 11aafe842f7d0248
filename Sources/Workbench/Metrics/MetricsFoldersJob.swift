// Metrics of one set of pictures against another, as numbers that say how they were made.

import Checkpoints
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
    /// The Fréchet distance of the features of our own classifier of portraits.
    case fidOfPortraits = "fid-portraits"
    /// The kernel distance of the features of our own classifier of portraits.
    case kidOfPortraits = "kid-portraits"

    /// Whether features themselves are needed rather than their moments.
    fileprivate var needsPictures: Bool { ![.fid, .fidOfPortraits].contains(self) }

    /// The network whose features are compared.
    fileprivate var extractor: Extractor {
      switch self {
      case .fid, .kid, .inceptionScore: .inception
      case .precisionRecall: .vgg
      case .fidOfPortraits, .kidOfPortraits: .portraits
      }
    }
  }

  /// A network that has features.
  fileprivate enum Extractor: CaseIterable {
    case inception, vgg, portraits
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

  /// One side of the comparison.
  public struct Side: Encodable, Sendable {
    /// The folder, archive or file.
    public let path: String
    /// Its pictures; nil for moments.
    public let count: Int?
    /// The SHA-256 of its pictures' files one after the other, or of the file.
    public let hash: String
  }

  /// What was measured.
  public struct Outcome: Encodable, Sendable {
    /// The numbers by name: `fid`, `kid`, `kid_std`, `is`, `is_std`, `precision`, `recall`,
    /// `fid-portraits`, `kid-portraits`, `kid-portraits_std`.
    public internal(set) var results: [String: Double] = [:]
    /// The pictures that were judged.
    public internal(set) var pictures: Side
    /// What they were compared with.
    public internal(set) var reference: Side
    /// The content hashes of the networks' weights, by name.
    public internal(set) var extractors: [String: String] = [:]
    /// The rules.
    public let rules: MetricRules
    /// What is questionable about the numbers, a line each.
    public internal(set) var remarks: [String] = []

    /// The numbers as lines for people.
    public var lines: [String] {
      let order = [
        "fid", "kid", "kid_std", "is", "is_std", "precision", "recall", "fid-portraits",
        "kid-portraits", "kid-portraits_std",
      ]
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
    let needed = Set(metrics.map(\.extractor))
    let (needsInception, needsVGG) = (needed.contains(.inception), needed.contains(.vgg))
    if needsInception, networks.inception == nil {
      throw RequestError(
        "--inception", expected: FeatureNetworkFiles.offeredInception, found: "no such option")
    }
    if needsVGG, networks.vgg == nil {
      throw RequestError(
        "--vgg", expected: "for --metrics=pr, \(FeatureNetworkFiles.publishedVGG)",
        found: "no such option")
    }
    if needsInception { try networks.inceptionNetwork()?.check() }
    if needsVGG { try networks.vggNetwork()?.check() }
    if needed.contains(.portraits) { try FeatureExtractor.portraitsNetwork().check() }
  }

  private func extractor(_ kind: Extractor) throws -> FeatureExtractor? {
    switch kind {
    case .inception: try .inception(networks, rule)
    case .vgg: try .vgg(networks, rule)
    case .portraits: try .portraits(rule)
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
    if isMoments(reference) { try check(storedMoments(), for: metrics.map(\.extractor)) }
    if let cache { try OutputFolder.check(cache) }
    let count = try files(pictures).pictures.count
    return (count, isMoments(reference) ? nil : try files(reference).pictures.count)
  }

  /// The pictures at a path, as many as the metrics need.
  private func files(_ path: String) throws -> PictureFiles {
    let files = try PictureFiles(path: path)
    guard !files.pictures.isEmpty else { throw files.emptiness }
    if let objection = files.objections.first { throw objection }
    // Precision and recall look at a neighbour of every picture.
    let fewest =
      metrics.contains(.precisionRecall)
      ? MetricRules.publishedNeighbour + 1 : metrics == [.inceptionScore] ? 1 : 2
    guard files.pictures.count >= fewest else {
      throw MisfitError(
        path, expected: "at least \(fewest) pictures", found: "\(files.pictures.count)")
    }
    return files
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
    let moments = isMoments(reference) ? try storedMoments() : nil
    try moments.map { try check($0, for: metrics.map(\.extractor)) }
    let judged = try StoredPictures(files(pictures))
    let real = isMoments(reference) ? nil : try StoredPictures(files(reference))
    let referenceSide =
      try real.map { Side(path: reference, count: $0.count, hash: $0.hash) }
      ?? Side(path: reference, count: nil, hash: contentHash(ofFile: reference))
    let size = min(subsets.size, judged.count, real?.count ?? judged.count)
    var outcome = Outcome(
      pictures: Side(path: pictures, count: judged.count, hash: judged.hash),
      reference: referenceSide,
      rules: MetricRules(
        rule, seed: seed, subsets: (subsets.count, size), scoreParts: min(10, judged.count),
        nearestNeighbours: MetricRules.publishedNeighbour))
    let store = FeatureStore(folder: cache)
    func features(of pictures: StoredPictures, by extractor: FeatureExtractor) throws -> Tensor {
      try store.features(of: pictures, by: extractor, rule, progress: progress)
    }
    for kind in Extractor.allCases {
      let own = metrics.filter { $0.extractor == kind }
      guard !own.isEmpty, let extractor = try extractor(kind) else { continue }
      outcome.extractors[extractor.name] = extractor.hash
      let fake = try features(of: judged, by: extractor)
      let target = try real.map { try features(of: $0, by: extractor) }
      for metric in own {
        try Task.checkCancellation()
        try measure(metric, fake, target, moments, extractor, into: &outcome)
      }
    }
    return outcome
  }
}

// MARK: - The numbers

extension MetricsFoldersJob {
  /// Computes one metric.
  private func measure(
    _ metric: Metric, _ fake: Tensor, _ real: Tensor?, _ moments: FeatureDistribution?,
    _ extractor: FeatureExtractor, into outcome: inout Outcome
  ) throws {
    let rules = outcome.rules
    try withoutGradients { () throws in
      let name = metric.rawValue
      switch metric {
      case .fid, .fidOfPortraits:
        guard let target = real.map(rules.distribution) ?? moments else { return }
        outcome.results[name] = rules.distribution(of: fake).frechetDistance(from: target)
        let fewest = min(fake.size(0), real?.size(0) ?? .max)
        outcome.remarks += [rules.remark(on: name, pictures: fewest, extractor: extractor)]
          .compactMap(\.self)
      case .kid, .kidOfPortraits:
        guard let real else { return }
        let found = try rules.kernelDistance(fake, real)
        (outcome.results[name], outcome.results["\(name)_std"]) = (found.mean, found.deviation)
        outcome.remarks += [
          rules.remark(onSubsetsOf: name, fake: fake.size(0), real: real.size(0))
        ].compactMap(\.self)
      case .inceptionScore:
        guard let found = rules.inceptionScore(fake, of: extractor) else { return }
        (outcome.results["is"], outcome.results["is_std"]) = (found.mean, found.deviation)
        outcome.remarks += [rules.remark(onScore: name, pictures: fake.size(0))].compactMap(\.self)
      case .precisionRecall:
        guard let real else { return }
        let found = try rules.precisionAndRecall(fake, real)
        (outcome.results["precision"], outcome.results["recall"]) = (found.precision, found.recall)
      }
    }
  }

  /// Checks that moments are of as many features as networks have.
  private func check(_ moments: FeatureDistribution, for kinds: [Extractor]) throws {
    let width = moments.mean.size(0)
    for kind in Set(kinds) {
      guard let wanted = try extractor(kind)?.width, wanted != width else { continue }
      throw FileError(
        .doesNotFit, file: reference, expected: "moments of \(wanted) features",
        found: "of \(width)")
    }
  }

  /// The moments of a `.npz` file of pytorch-fid, torch-fidelity or clean-fid.
  private func storedMoments() throws -> FeatureDistribution {
    let arrays = try NPZ(path: reference).tensors
    guard let mean = arrays["mu"], let covariance = arrays["sigma"] else {
      throw FileError(
        .doesNotFit, file: reference, expected: "the arrays mu and sigma",
        found: arrays.keys.sorted().joined(separator: ", "))
    }
    guard mean.shape.count == 1, covariance.shape == mean.shape + mean.shape else {
      throw FileError(
        .doesNotFit, file: reference, expected: "mu [D] and sigma [D, D]",
        found: "mu \(mean.shape) and sigma \(covariance.shape)")
    }
    let moments = FeatureDistribution(
      mean: try Tensor.reading(mean), covariance: try Tensor.reading(covariance))
    for (name, numbers) in [("mu", moments.mean), ("sigma", moments.covariance)] {
      guard numbers.isFinite().all else {
        throw FileError(
          .damaged, file: reference, expected: "finite numbers", found: "others in \(name)")
      }
    }
    let (sigma, size) = (moments.covariance, moments.covariance.abs().max().item())
    let places = (0..<sigma.size(0)).map { $0 * (sigma.size(0) + 1) }
    let variances = sigma.flattened(from: 0).picked(Tensor(places), axis: 0)
    guard (sigma - sigma.transposed(0, 1)).abs().max().item() <= 1e-4 * size,
      variances.min().item() >= -1e-6 * size
    else {
      throw FileError(
        .damaged, file: reference,
        expected: "a covariance: symmetric, with variances of at least 0",
        found: "another matrix in sigma")
    }
    return moments
  }
}

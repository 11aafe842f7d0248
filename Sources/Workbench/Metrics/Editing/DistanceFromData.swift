// How far pictures that are drawn one after the other are from data, as a whole.

import Checkpoints
import Datasets
import Formats
import Metrics
import Networks
import Tensors

/// A Fréchet distance from data: what it is called, and what it takes.
struct DataDistance: Sendable {
  /// The metric, which says how many pictures are meant.
  let metric: MetricRecipe
  /// What pictures are compared with.
  let data: MetricData
  /// Where weights of others are.
  let networks: FeatureNetworkFiles
  /// The folder that keeps features of data; nil for none.
  let cache: String?
  /// By which program's rules: that of published figures.
  static let rule = MetricProtocol.legacy

  /// The network, not yet built, and checked.
  func checkNetwork() throws {
    let network =
      try metric.isOfPortraits
      ? FeatureExtractor.portraitsNetwork() : networks.inceptionNetwork()
    try network?.check()
  }

  /// Opens the data, and checks what can be known before anything is computed.
  ///
  /// - Parameter traits: What the generator is.
  /// - Returns: The data.
  /// - Throws: `FileError` or `DatasetError` if weights or data cannot be read; `RequestError` if
  ///   there are too few pictures.
  @discardableResult
  func check(_ traits: GeneratorTraits) throws -> any Dataset {
    try checkNetwork()
    if let cache { try OutputFolder.check(cache) }
    let dataset = try data.open(for: traits)
    let count = data.count(of: dataset, isFull: metric.isFull)
    guard count >= metric.fewestPictures else {
      throw RequestError(
        "--data", expected: "at least \(metric.fewestPictures) pictures", found: "\(count)")
    }
    return dataset
  }
}

/// Owns the network whose features are compared, and gathers those of pictures.
actor DistanceFromData {
  /// How many pictures the network sees together.
  private static let together = 16

  /// What the number is called.
  nonisolated let name: String
  /// The network, for the record.
  nonisolated let record: InversionProtocol.Extractor
  /// How many pictures of the data count.
  nonisolated let compared: Int
  /// What is questionable about the numbers, a line each.
  nonisolated let remarks: [String]
  private let extractor: FeatureExtractor
  private let rules: MetricRules
  private let real: FeatureDistribution
  private var moments: FeatureMoments
  private var waiting: [ByteImage] = []

  /// Computes the features of the data, as far as they are not kept.
  ///
  /// - Parameters:
  ///   - distance: What is measured.
  ///   - traits: What the generator is.
  ///   - progress: Is told after every batch of pictures.
  /// - Throws: What `check` throws; `CancellationError` between batches.
  init(
    _ distance: DataDistance, of traits: GeneratorTraits, progress: @escaping ProgressHandler
  ) throws {
    let (metric, rule) = (distance.metric, DataDistance.rule)
    let dataset = try distance.check(traits)
    let found: FeatureExtractor? =
      metric.isOfPortraits
      ? try FeatureExtractor.portraits(rule)
      : try FeatureExtractor.inception(distance.networks, rule)
    guard let network = found else { preconditionFailure("\(metric) was not checked") }
    let rules = MetricRules(rule, seed: nil)
    let features = try FeatureStore(folder: distance.cache).features(
      of: distance.data.pictures(of: dataset, isFull: metric.isFull), limit: metric.realLimit,
      by: network, rule, unit: "real pictures", progress: progress)
    let fewest = min(features.size(0), metric.generated)
    name = metric.description
    record = InversionProtocol.Extractor(kind: network.name, hash: network.hash)
    compared = features.size(0)
    remarks =
      [rules.remark(on: metric.description, pictures: fewest, extractor: network)]
      .compactMap(\.self) + MetricsGeneratorJob.remarks(on: dataset, for: traits)
    real = withoutGradients { rules.distribution(of: features) }
    moments = FeatureMoments(dimension: network.width)
    (extractor, self.rules) = (network, rules)
  }

  /// Adds a picture.
  func add(_ picture: ByteImage) {
    waiting.append(picture)
    if waiting.count == Self.together { see() }
  }

  /// Adds the features of the pictures that wait.
  private func see() {
    guard !waiting.isEmpty else { return }
    let features = withoutGradients { extractor.features(StoredPictures.tensor(waiting)) }
    moments.add(features)
    waiting = []
  }

  /// The distance of the pictures that were added, after which there are none.
  ///
  /// - Returns: The distance; nil for fewer than two pictures.
  func distance() -> Double? {
    see()
    defer { moments = FeatureMoments(dimension: extractor.width) }
    guard moments.count > 1 else { return nil }
    return withoutGradients {
      FeatureDistribution(moments, divisor: rules.covarianceDivisor).frechetDistance(from: real)
    }
  }

  /// Forgets the pictures that were added.
  func clear() {
    (waiting, moments) = ([], FeatureMoments(dimension: extractor.width))
  }
}

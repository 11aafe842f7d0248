// One generator's metrics: which pictures and networks each needs, and what comes of them.

import Checkpoints
import Datasets
import Formats
import Metrics
import Networks
import OrderedCollections
import Tensors

/// A generator that is measured, with what was opened for it.
struct MetricMeasurement {
  /// The numbers of a metric by their published names.
  typealias Results = OrderedDictionary<String, Double>

  let job: MetricsGeneratorJob
  let generator: any Generator
  let labels: LabelDraw
  let store: FeatureStore
  let progress: (JobProgress) -> Void
  /// The hash of the generator's weights.
  let content: String
  /// What decides the generator's pictures: its weights and its configuration.
  let identity: String
  /// What is compared with; nil if nothing is.
  let dataset: (any Dataset)?
  /// The rules behind the numbers.
  private(set) var rules: MetricRules
  /// The content hashes of the networks that were used, by name.
  var extractors: [String: String] = [:]
  /// What is questionable, a line each.
  var remarks: [String] = []
  /// The attributes behind separability; nil if it was not measured.
  var attributes: [AttributeSeparability]?
  /// What was drawn, and by which networks it was seen.
  private var drawn: [(pictures: GeneratedPictures, extractor: FeatureExtractor)] = []
  /// The data of metrics that name all pictures, and of others: files are read once for their hash.
  private var stored: [Bool: StoredPictures] = [:]

  /// Opens the data, and hashes the generator's weights.
  init(
    _ job: MetricsGeneratorJob, of generator: any Generator,
    progress: @escaping (JobProgress) -> Void
  ) throws {
    (self.job, self.generator, self.progress) = (job, generator, progress)
    content = try generator.parameters.contentHash()
    identity = try generator.configuration.identity(content)
    dataset = try job.data?.open(for: generator.traits)
    labels = LabelDraw(of: dataset, for: generator.traits)
    rules = MetricRules(job.rule, seed: job.seed)
    store = FeatureStore(folder: job.cache)
  }

  /// The seed of the first picture or path.
  var seed: UInt32 { job.seed ?? 0 }

  /// Measures.
  ///
  /// - Parameter metric: What.
  /// - Returns: The numbers.
  /// - Throws: An error about pictures or weights; `CancellationError` between batches.
  mutating func results(of metric: MetricRecipe) throws -> Results {
    let name = metric.description
    switch metric.kind {
    case .frechetDistance:
      let (extractor, fake) = try generated(metric)
      let real = try real(metric, extractor)
      let fewest = min(fake.size(0), real.size(0))
      remarks += [rules.remark(on: name, pictures: fewest, extractor: extractor)]
        .compactMap(\.self)
      let distance = rules.distribution(of: fake)
        .frechetDistance(from: rules.distribution(of: real))
      return [name: distance]
    case .kernelDistance:
      let (extractor, fake) = try generated(metric)
      let real = try real(metric, extractor)
      rules.kidSubsetSize = min(rules.kidSubsetSize, fake.size(0), real.size(0))
      remarks += [rules.remark(onSubsetsOf: name, fake: fake.size(0), real: real.size(0))]
        .compactMap(\.self)
      return [name: try rules.kernelDistance(fake, real).mean]
    case .inceptionScore:
      let (extractor, fake) = try generated(metric)
      guard let score = rules.inceptionScore(fake, of: extractor) else {
        preconditionFailure("\(extractor.name) is no classifier")
      }
      remarks += [rules.remark(onScore: name, pictures: fake.size(0))].compactMap(\.self)
      return ["\(name)_mean": score.mean, "\(name)_std": score.deviation]
    case .precisionRecall(let neighbour):
      let (extractor, fake) = try generated(metric)
      let found = try rules.precisionAndRecall(
        fake, real(metric, extractor), neighbour: neighbour)
      return ["\(name)_precision": found.precision, "\(name)_recall": found.recall]
    case .pathLength(let length):
      return [name: try pathLength(length, of: metric)]
    case .separability:
      return try separability(of: metric)
    }
  }

  // MARK: Features

  private mutating func extractor(for metric: MetricRecipe) throws -> FeatureExtractor {
    let found: FeatureExtractor?
    switch metric.kind {
    case _ where metric.isOfPortraits: found = try FeatureExtractor.portraits(job.rule)
    case .precisionRecall: found = try FeatureExtractor.vgg(job.networks, job.rule)
    default: found = try FeatureExtractor.inception(job.networks, job.rule)
    }
    guard let extractor = found else { preconditionFailure("\(metric) was not checked") }
    extractors[extractor.name] = extractor.hash
    return extractor
  }

  /// The features of what the generator draws.
  private mutating func generated(
    _ metric: MetricRecipe
  ) throws -> (extractor: FeatureExtractor, features: Tensor) {
    let extractor = try extractor(for: metric)
    let pictures = GeneratedPictures(
      generator, content: identity, count: metric.generated, firstSeed: seed,
      settings: job.settings, latents: metric.latents, labels: labels)
    let features = try store.features(
      of: pictures, by: extractor, job.rule, unit: "generated pictures", progress: progress)
    drawn.append((pictures, extractor))
    return (extractor, features)
  }

  /// Removes the features of what the generator drew from where they are kept.
  func forgetDrawn() {
    for (pictures, extractor) in drawn { store.forget(pictures, by: extractor, job.rule) }
  }

  /// The features of the data.
  private mutating func real(
    _ metric: MetricRecipe, _ extractor: FeatureExtractor
  ) throws -> Tensor {
    guard let dataset, let data = job.data else { preconditionFailure("\(metric) was not checked") }
    let pictures =
      try stored[metric.isFull] ?? data.pictures(of: dataset, isFull: metric.isFull)
    stored[metric.isFull] = pictures
    return try store.features(
      of: pictures, limit: metric.realLimit, by: extractor, job.rule, unit: "real pictures",
      progress: progress)
  }

  /// How many pictures of the data a metric compares with; nil if it needs none.
  func compared(with metric: MetricRecipe) -> Int? {
    guard metric.needsData, let dataset, let data = job.data else { return nil }
    return min(data.count(of: dataset, isFull: metric.isFull), metric.realLimit ?? .max)
  }

  /// The mean length of random paths.
  private mutating func pathLength(
    _ length: PerceptualPathLength, of metric: MetricRecipe
  ) throws -> Double {
    guard let distance = try PathDistance(for: metric, job.networks) else {
      preconditionFailure("\(metric) was not checked")
    }
    extractors[distance.name] = distance.hash
    let paths = RandomPaths(
      of: generator, count: metric.generated, seed: seed, noise: job.settings.noise,
      labels: labels)
    let key =
      "\(length) of \(identity) from \(seed) with \(job.settings.noise) and \(labels.hash) "
      + "by \(distance.identity)"
    let step = RandomPaths.together
    let lengths = try store.rows(
      key, width: 1, count: metric.generated, step: step, unit: "paths", progress: progress
    ) { range, add in
      for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
        let some = start..<min(start + step, range.upperBound)
        try add(paths.lengths(some, length, features: distance.embedding))
      }
    }
    return PerceptualPathLength.mean(of: lengths.values()).mean
  }
}

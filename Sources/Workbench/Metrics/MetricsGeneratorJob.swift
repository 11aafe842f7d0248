// Metrics of a generator under their published names.

import Checkpoints
import Datasets
import Formats
import Foundation
public import Metrics
public import Networks
public import OrderedCollections
import Tensors

/// Measures a generator: its pictures against data, or how they change with the latents.
public struct MetricsGeneratorJob: Sendable {
  /// What is measured.
  public var metrics: [MetricRecipe]
  /// What the pictures are compared with; nil if no metric needs it.
  public var data: MetricData?
  /// Where the networks' weights are.
  public var networks: FeatureNetworkFiles
  /// By which program's rules.
  public var rule = MetricProtocol.legacy
  /// The seed of the first picture, and of what is chosen at random; nil for 0 and the protocol's
  /// own.
  public var seed: UInt32?
  /// Truncation, and where noise comes from: published metrics draw it anew for every picture.
  public var settings: PictureSettings
  /// The folder that keeps features between runs; nil for none.
  public var cache: String?
  /// Whether features of what the generator draws stay there when all is measured: those of a
  /// training's snapshots would fill the disk.
  public var keepsDrawn = true

  /// A job by the rules of stylegan2-ada-pytorch.
  ///
  /// - Parameters:
  ///   - metrics: What is measured.
  ///   - data: What the pictures are compared with; nil if no metric needs it.
  ///   - networks: Where the networks' weights are.
  public init(_ metrics: [MetricRecipe], data: MetricData?, networks: FeatureNetworkFiles) {
    (self.metrics, self.data, self.networks) = (metrics, data, networks)
    settings = PictureSettings()
    settings.noise = .random
  }

  /// The names that people type.
  public static let published = MetricRecipe.published
  /// Names of metrics that need no weights of others.
  public static let portraits = MetricRecipe.portraits

  /// The metrics of a list of names.
  ///
  /// - Parameters:
  ///   - list: Names with commas between.
  ///   - samples: The paths of path lengths and the pictures of separability; nil for 50,000 and
  ///     200,000.
  /// - Returns: The metrics, each once.
  /// - Throws: `RequestError` for a name that there is not, and for samples without such a metric.
  public static func recipes(
    _ list: String, samples: Int? = nil
  ) throws(RequestError) -> [MetricRecipe] {
    var recipes: [MetricRecipe] = []
    for name in list.split(separator: ",") {
      guard var recipe = MetricRecipe(String(name)) else {
        let known = published + portraits
        let near =
          known.first { $0.hasPrefix(name) } ?? suggestion(for: String(name), among: known)
        let hint = near.map { "; did you mean \($0)?" }
        throw RequestError(
          "--metrics", expected: MetricRecipe.names, found: "\(name)\(hint ?? "")")
      }
      if let samples, recipe.takesSamples { recipe.generated = samples }
      if !recipes.contains(recipe) { recipes.append(recipe) }
    }
    guard let samples else { return recipes }
    guard recipes.contains(where: \.takesSamples) else {
      throw RequestError(
        "--samples", expected: "a path length or ls in --metrics; other names say how many",
        found: "\(samples)")
    }
    let fewest = recipes.contains { $0.kind == .separability } ? 2 : 1
    guard (fewest...10_000_000).contains(samples) else {
      throw RequestError("--samples", expected: "\(fewest) to 10000000", found: "\(samples)")
    }
    return recipes
  }

  /// The names of what is measured.
  public var metricNames: [String] { metrics.map(\.description) }

  /// Whether the Fréchet distance that people call FID is measured.
  public var hasFrechetDistance: Bool {
    metrics.contains(where: Self.isPublishedDistance)
  }

  fileprivate static func isPublishedDistance(_ metric: MetricRecipe) -> Bool {
    metric.kind == .frechetDistance && !metric.isOfPortraits && metric.latents == 1
  }

  /// Whether separability is measured.
  public var hasSeparability: Bool { metrics.contains { $0.kind == .separability } }

  /// One metric's numbers.
  public struct Finding: Encodable, Sendable {
    /// The metric's name.
    public let metric: String
    /// How many pictures or paths were generated for it.
    public let generated: Int
    /// How many pictures of the data, mirror images among them, it compared with; nil for metrics
    /// that need none.
    public let compared: Int?
    /// The numbers by their published names, such as `pr50k3_full_precision`.
    public let results: OrderedDictionary<String, Double>
    /// The attributes behind separability; nil for other metrics.
    public let attributes: [AttributeSeparability]?
    /// How long it took, in seconds, without what was known before.
    public let seconds: Double

    /// A number by its published name; nil for another name.
    public subscript(name: String) -> Double? { results[name] }

    /// The numbers as lines for people.
    public var lines: [String] {
      results.map { "\($0.key) \(String(format: "%.6g", $0.value))" }
    }

    private enum CodingKeys: CodingKey {
      case metric, generated, compared, results, attributes, seconds
    }

    /// Writes the numbers as an object.
    public func encode(to encoder: any Encoder) throws {
      var object = encoder.container(keyedBy: CodingKeys.self)
      try object.encode(metric, forKey: .metric)
      try object.encode(generated, forKey: .generated)
      try object.encodeIfPresent(compared, forKey: .compared)
      try object.encode(
        Dictionary(uniqueKeysWithValues: results.map { ($0.key, $0.value) }), forKey: .results)
      try object.encodeIfPresent(attributes, forKey: .attributes)
      try object.encode(seconds, forKey: .seconds)
    }
  }

  /// What was compared with.
  public struct DataSide: Encodable, Sendable {
    /// The folder, archive or `portraits`.
    public let source: String
    /// Its pictures.
    public let count: Int
    /// Their size, in pixels.
    public let resolution: Int
    /// Whether mirror images counted, too, in metrics that do not name all pictures as they are.
    public let mirror: Bool

    init(source: String, _ dataset: any Dataset, mirror: Bool) {
      (self.source, self.mirror) = (source, mirror)
      (count, resolution) = (dataset.count, dataset.shape.resolution)
    }
  }

  /// What was measured, and how.
  public struct Outcome: Encodable, Sendable {
    /// A finding for each metric.
    public let findings: [Finding]
    /// The content hash of the generator's weights.
    public let generator: String
    /// The data; nil if no metric needed it.
    public let data: DataSide?
    /// The same, as it was asked for.
    let comparedWith: MetricData?
    /// The content hashes of the networks' weights, by name.
    public let extractors: [String: String]
    /// The rules.
    public let rules: MetricRules
    /// The truncation of the pictures; path lengths and separability have none.
    public let truncation: Double
    /// Where the noise of the pictures came from.
    public let noise: NoiseKind
    /// What is questionable about the numbers, a line each.
    public let remarks: [String]

    private enum CodingKeys: CodingKey {
      case findings, generator, data, extractors, rules, truncation, noise, remarks
    }

    /// The numbers as lines for people.
    public var lines: [String] { findings.flatMap(\.lines) }

    /// The first Fréchet distance that people call FID; nil if none was measured.
    public var frechetDistance: Double? {
      findings.first {
        MetricRecipe($0.metric).map(MetricsGeneratorJob.isPublishedDistance) == true
      }?
      .results.values.first
    }
  }

  /// Checks what can be known without computing anything.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `RequestError` for metrics that the inputs do not allow; `FileError` or
  ///   `DatasetError` if data or weights cannot be read.
  public func check(_ traits: GeneratorTraits) throws {
    guard !metrics.isEmpty else {
      throw RequestError("--metrics", expected: MetricRecipe.names, found: "none")
    }
    for metric in metrics {
      try checkNetworks(for: metric, of: traits)
      let rows = traits.usedWs.count
      guard metric.latents <= rows else {
        throw RequestError(
          "--metrics=\(metric)", expected: "a generator that reads \(metric.latents) rows of W+",
          found: "one that reads \(rows)")
      }
      if case .pathLength(let length) = metric.kind, !metric.isOfPortraits {
        // VGG-16 halves pictures four times.
        let least = length.isCropped ? 32 : 16
        guard traits.resolution >= least else {
          throw RequestError(
            "--metrics=\(metric)", expected: "a generator of at least \(least)×\(least) pixels",
            found: "\(traits.resolution)×\(traits.resolution)")
        }
      }
      guard metric.needsData, data == nil else { continue }
      throw RequestError(
        "--data", expected: "the pictures that \(metric) compares with", found: "no such option")
    }
    try traits.check(settings)
    if let cache { try OutputFolder.check(cache) }
    let dataset = try data?.open(for: traits)
    if traits.labelDim > 0, dataset?.labelKind.dimension != traits.labelDim {
      throw RequestError(
        "--data",
        expected: "pictures with labels of \(traits.labelDim) numbers, as the generator takes",
        found: dataset.map { "labels of \($0.labelKind.dimension)" } ?? "no such option")
    }
    guard let data, let dataset else { return }
    for metric in metrics where metric.needsData {
      let count = data.count(of: dataset, isFull: metric.isFull)
      guard count < metric.fewestPictures else { continue }
      throw RequestError(
        "--data", expected: "at least \(metric.fewestPictures) pictures for \(metric)",
        found: "\(count)")
    }
  }

  /// Refuses a metric whose network's weights are not named, or cannot be used.
  private func checkNetworks(for metric: MetricRecipe, of traits: GeneratorTraits) throws {
    let network: Checkpoint.Network?
    let (option, published): (String, String)
    switch metric.kind {
    case .pathLength where metric.isOfPortraits:
      try PortraitJudges.distanceNetwork().check()
      return
    case _ where metric.isOfPortraits:
      try FeatureExtractor.portraitsNetwork().check()
      return
    case .separability:
      return try checkClassifiers(for: metric, of: traits)
    case .pathLength:
      network = try networks.distanceNetwork()
      (option, published) = ("--vgg", FeatureNetworkFiles.publishedDistance)
    case .precisionRecall:
      network = try networks.vggNetwork()
      (option, published) = ("--vgg", FeatureNetworkFiles.publishedVGG)
    default:
      network = try networks.inceptionNetwork()
      (option, published) = ("--inception", FeatureNetworkFiles.offeredInception)
    }
    guard let network else {
      throw RequestError(option, expected: "for \(metric), \(published)", found: "no such option")
    }
    try network.check()
  }
}

// MARK: - Measuring

extension GeneratorHost {
  /// Measures the generator.
  ///
  /// - Parameters:
  ///   - job: What is measured, and how.
  ///   - progress: Is told after every batch of pictures.
  /// - Returns: The numbers, and how they were made.
  /// - Throws: What `check` throws; an error about pictures or weights; `CancellationError` between
  ///   batches, after which features that are kept stay.
  public func measure(
    _ job: MetricsGeneratorJob, progress: @escaping ProgressHandler
  ) throws -> MetricsGeneratorJob.Outcome {
    try job.run(on: generator, progress: progress)
  }
}

extension MetricsGeneratorJob {
  /// Measures a generator.
  ///
  /// - Parameters:
  ///   - generator: The generator.
  ///   - progress: Is told after every batch of pictures.
  ///   - found: Is given every metric's finding when it is there.
  /// - Returns: The numbers, and how they were made.
  /// - Throws: As `GeneratorHost.measure` does, and what `found` throws.
  func run(
    on generator: any Generator, progress: @escaping (JobProgress) -> Void,
    found: (Finding) throws -> Void = { _ in }
  ) throws -> Outcome {
    try check(generator.traits)
    var measurement = try MetricMeasurement(self, of: generator, progress: progress)
    var findings: [Finding] = []
    for metric in metrics {
      let start = ContinuousClock.now
      let results = try withoutGradients { () throws in try measurement.results(of: metric) }
      let finding = Finding(
        metric: metric.description, generated: metric.generated,
        compared: measurement.compared(with: metric), results: results,
        attributes: metric.kind == .separability ? measurement.attributes : nil,
        seconds: (ContinuousClock.now - start) / .seconds(1))
      findings.append(finding)
      try found(finding)
    }
    if !keepsDrawn { measurement.forgetDrawn() }
    return Outcome(
      findings: findings, generator: measurement.content,
      data: data.flatMap { data in
        measurement.dataset.map { DataSide(source: data.source, $0, mirror: data.mirror) }
      }, comparedWith: data, extractors: measurement.extractors, rules: measurement.rules,
      truncation: settings.truncationPsi, noise: settings.noise,
      remarks: measurement.remarks
        + Self.remarks(on: measurement.dataset, for: generator.traits))
  }

  /// What is questionable about data of another size than the generator's.
  static func remarks(on dataset: (any Dataset)?, for traits: GeneratorTraits) -> [String] {
    guard let found = dataset?.shape.resolution, found != traits.resolution else { return [] }
    return [
      "the data has \(found)×\(found) pixels, the generator draws "
        + "\(traits.resolution)×\(traits.resolution): networks see both resized, and numbers are not "
        + "those of data of the generator's size"
    ]
  }
}

// What was asked of a training of an identity network, and what follows for a new one or one that
// goes on.

import Checkpoints
import Datasets
import Formats
import Metrics
import Networks
import OrderedCollections
import Tensors
import Training

/// What was asked of a training of an identity network; nil for what was not said.
///
/// A new training fills in what is usual. One that goes on takes what its state says, and refuses
/// what was asked differently.
public struct TrainIdentityRequest: Sendable {
  /// The pictures, of which it is known whom they show.
  public var data = TrainingDataRequest()
  /// How many of the last people are held out: learned from by nothing, judged at every snapshot.
  public var heldOut: Int?
  /// Pictures in a step.
  public var batchSize: Int?
  /// Adam's learning rate.
  public var learningRate: Double?
  /// Features at 1×1, of which each resolution has its share.
  public var channelBase: Int?
  /// The most features of a layer.
  public var channelMax: Int?
  /// The length of the embedding.
  public var embeddingSize: Int?
  /// The angle that is added between a picture and its person, in radians.
  public var margin: Double?
  /// What cosines are multiplied by.
  public var scale: Double?
  /// Where all random streams start.
  public var seed: UInt32?
  /// Threads that one operation may use.
  public var threads: Int?
  /// When to write, save and end.
  public var schedule = ScheduleRequest()

  /// Nothing was said.
  public init() {}

  /// Portraits of each person, unless it was said.
  private static let portraitsPerIdentity = 256
}

extension TrainIdentityRequest: TrainingRequest {
  func check() throws(RequestError) {
    try data.check()
    try schedule.check()
    try checkRanges(counts: [
      ("--held-out", heldOut, PeopleSplit.fewestHeldOut...1_000_000),
      ("--batch", batchSize, 1...65536), ("--cbase", channelBase, 8...(1 << 24)),
      ("--cmax", channelMax, 1...65536), ("--embedding", embeddingSize, 2...65536),
      ("--threads", threads, 1...4096),
    ])
    try checkRanges(numbers: [
      ("--lr", learningRate, 0...10, "0 to 10"), ("--margin", margin, 0...1.5, "0 to 1.5"),
      ("--scale", scale, 1...1000, "1 to 1000"),
    ])
  }

  func begin() throws -> (options: IdentityOptions, dataset: any Dataset) {
    try check()
    var data = data
    if data.source == "portraits", data.picturesPerIdentity == nil {
      data.picturesPerIdentity = Self.portraitsPerIdentity
    }
    let base = try data.open(.own)
    try Self.check(base, data.source ?? "")
    let dataset = try data.view(of: base, seed: seed ?? 0, mirror: false)
    let people = try PeopleSplit.count(of: dataset)
    let options = IdentityOptions(
      data: data.described(base, count: dataset.count, labelDim: 0), people: people,
      heldOut: try heldOut(of: people), settings: settings, seed: seed ?? 0,
      threads: threads ?? Machine.threadCount)
    try checkChannelBase(channelBase, resolution: options.data.resolution)
    _ = try options.network()
    return (options, dataset)
  }

  /// Checks that pictures are such as can be learned, and that it is known whom they show.
  private static func check(_ base: any Dataset, _ source: String) throws(RequestError) {
    guard base.person(at: 0) != nil else {
      throw RequestError(
        "--data",
        expected: "pictures of people: portraits, or a data set whose dataset.json has a class for "
          + "each person",
        found: "\(source), without them")
    }
    try checkIsOpaque(base, source)
  }

  private var settings: IdentityOptions.Settings {
    var settings = IdentityOptions.Settings()
    if let batchSize { settings.batchSize = batchSize }
    if let learningRate { settings.learningRate = learningRate }
    if let channelBase { settings.channelBase = channelBase }
    if let channelMax { settings.channelMax = channelMax }
    if let embeddingSize { settings.embeddingSize = embeddingSize }
    if let margin { settings.margin = margin }
    if let scale { settings.scale = scale }
    return settings
  }

  /// A tenth of the people and at most 500, unless it was said.
  private func heldOut(of people: Int) throws(RequestError) -> Int {
    let fewest = PeopleSplit.fewestHeldOut
    guard people >= fewest + 2 else {
      throw RequestError(
        "--data", expected: "\(fewest + 2) people or more, \(fewest) of whom are held out",
        found: "\(people)")
    }
    let wanted = heldOut ?? max(min(people / 10, 500), fewest)
    guard wanted <= people - 2 else {
      throw RequestError(
        "--held-out", expected: "\(fewest) to \(people - 2) people", found: "\(wanted)")
    }
    return wanted
  }

  func check(against options: IdentityOptions) throws {
    try check()
    let had = options.settings
    try refuse(
      data.differences(from: options.data) + [
        difference("held-out", heldOut, options.heldOut), difference("seed", seed, options.seed),
        difference("batch", batchSize, had.batchSize),
        difference("lr", learningRate, had.learningRate, fourDigits),
        difference("cbase", channelBase, had.channelBase),
        difference("cmax", channelMax, had.channelMax),
        difference("embedding", embeddingSize, had.embeddingSize),
        difference("margin", margin, had.margin, fourDigits),
        difference("scale", scale, had.scale, fourDigits),
      ])
  }

  func openData(of options: IdentityOptions) throws -> any Dataset {
    try data.reopen(options.data, seed: options.seed, .own, mirror: false)
  }

  func usualKimg(_ options: IdentityOptions) -> Double { 1000 }

  var measuresSnapshots: Bool { true }

  func checkFiles(_ options: IdentityOptions, isNew: Bool) {}

  func makeTraining(
    _ options: IdentityOptions, on dataset: any Dataset, isNew: Bool, remark: (String) -> Void
  ) throws -> any Trainable {
    let training = try IdentityTraining(options, on: dataset)
    let people = training.heldOut
    training.draw = { try IdentitySheet($0, of: people, in: dataset).image }
    return training
  }

  func measuring(
    _ options: IdentityOptions, on dataset: any Dataset, _ tell: @escaping (TrainingEvent) -> Void
  ) -> ((_ network: String) throws -> [MetricResult])? {
    { file in
      guard let network = try Checkpoint.open(file).networks["features"] else { return [] }
      let people = try PeopleSplit(dataset, heldOut: options.heldOut).heldOut
      return try verify(network.makeFeatures(), on: people, of: dataset) { done, total in
        tell(.progress(JobProgress(done: done, total: total, unit: "held-out pictures")))
      }
    }
  }

  func lines(_ options: IdentityOptions) throws -> [String] {
    let settings = options.settings
    let size = try options.networks()[0].parameters
    return [
      options.data.line(mirrored: options.data.mirror ? ", seen mirrored, too" : "")
        + ", of \(counted(options.people, "person", "people")), "
        + "the last \(grouped(options.heldOut)) held out",
      "identity network: \(counted(size, "parameter")), an embedding of \(settings.embeddingSize)",
      "margin \(fourDigits(settings.margin)), scale \(fourDigits(settings.scale)), "
        + "batch \(settings.batchSize), learning rate \(fourDigits(settings.learningRate))",
    ]
  }
}

/// The most pictures of a person held out that are judged.
private let judgedPictures = 8

/// Judges how well people are known again.
///
/// - Parameters:
///   - network: Gives embeddings.
///   - people: The pictures of each person, of whom the first eight count.
///   - dataset: The pictures.
///   - progress: Is told how many pictures are seen, of how many; may throw to stop.
/// - Returns: Accuracy, area under the curve, and the true accept rate at 1 % false accepts; nothing
///   if there are no two pictures of anybody.
/// - Throws: `DatasetError` about a picture; what `progress` throws.
private func verify(
  _ network: any FeatureNetwork, on people: [[Int]], of dataset: any Dataset,
  progress: (Int, Int) throws -> Void
) throws -> [MetricResult] {
  let start = ContinuousClock.now
  let seen = people.map { Array($0.prefix(judgedPictures)) }
  let embeddings = try embed(seen.flatMap(\.self), of: dataset, by: network, progress: progress)
  let verification = VerificationPairs(counts: seen.map(\.count)).verification { pair in
    zip(embeddings[pair.first], embeddings[pair.second]).reduce(0) { $0 + Double($1.0 * $1.1) }
  }
  guard let verification else { return [] }
  var results: OrderedDictionary = ["verification_accuracy": verification.accuracy]
  results["verification_auc"] = verification.areaUnderCurve
  results["verification_tar_at_far_0.01"] = verification.trueAcceptRate(atFalseAcceptRate: 0.01)
  let seconds = (.now - start) / .seconds(1)
  return [MetricResult(metric: "verification", results: results, seconds: seconds)]
}

/// The embeddings of pictures.
///
/// - Parameters:
///   - indices: The pictures' numbers.
///   - dataset: The pictures.
///   - network: Gives embeddings.
///   - progress: Is told how many pictures are seen, of how many; may throw to stop.
/// - Returns: An embedding for each picture.
/// - Throws: `DatasetError` about a picture; what `progress` throws.
func embed(
  _ indices: [Int], of dataset: any Dataset, by network: any FeatureNetwork,
  progress: (Int, Int) throws -> Void
) throws -> [[Float]] {
  let view = DatasetView(dataset, indices: indices)
  var embeddings: [[Float]] = []
  for first in stride(from: 0, to: view.count, by: 32) {
    try Task.checkCancellation()
    let images = try view.batch(first..<min(first + 32, view.count)).imagesInRGB
    let features = withoutGradients { network.features(images) }
    embeddings += (0..<features.size(0)).map { features.selected($0, axis: 0).values() }
    try progress(embeddings.count, view.count)
  }
  return embeddings
}

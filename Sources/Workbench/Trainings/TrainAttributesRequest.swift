// What was asked of a training of a classifier of attributes, and what follows for a new one or one
// that goes on.

import Checkpoints
import Datasets
import Formats
import Metrics
import Networks
import OrderedCollections
import Tensors
import Training

/// What was asked of a training of a classifier of attributes; nil for what was not said.
///
/// A new training fills in what is usual. One that goes on takes what its state says, and refuses
/// what was asked differently.
public struct TrainAttributesRequest: Sendable {
  /// The pictures, with labels.
  public var data = TrainingDataRequest()
  /// How the network's body is made and learns; pictures are held out.
  public var body = BodyRequest()
  /// Where all random streams start.
  public var seed: UInt32?
  /// Threads that one operation may use.
  public var threads: Int?
  /// When to write, save and end.
  public var schedule = ScheduleRequest()

  /// Nothing was said.
  public init() {}
}

extension TrainAttributesRequest: TrainingRequest {
  func check() throws(RequestError) {
    try data.check()
    try schedule.check()
    try body.check(fewestHeldOut: 1)
    try checkRanges(counts: [("--threads", threads, 1...4096)])
  }

  func begin(remark: (String) -> Void) throws -> (options: AttributeOptions, dataset: any Dataset) {
    try check()
    let base = try data.open(.attributes)
    try Self.checkLabels(of: base, data.source ?? "")
    let dataset = try data.view(of: base, seed: seed ?? 0, mirror: false)
    let options = AttributeOptions(
      data: data.described(base, count: dataset.count, labelDim: base.labelKind.dimension),
      attributes: Self.names(of: base), heldOut: try heldOut(of: dataset.count),
      settings: settings, seed: seed ?? 0, threads: threads ?? Machine.threadCount)
    try checkChannelBase(body.channelBase, resolution: options.data.resolution)
    _ = try options.network()
    return (options, dataset)
  }

  /// Checks that pictures and labels are such as can be learned.
  static func checkLabels(of base: any Dataset, _ source: String) throws {
    guard base.labelKind.dimension > 0 else {
      throw RequestError(
        "--data",
        expected: "pictures with labels: portraits, or a data set whose dataset.json says "
          + "which attributes each picture has", found: "\(source), without labels")
    }
    if case .classes(let count) = base.labelKind {
      throw RequestError(
        "--data", expected: "labels of several numbers, a 0 or 1 for each attribute",
        found: "\(source), with \(count) classes (of portraits, several --attribute make numbers)")
    }
    try checkIsOpaque(base, source)
    // What is drawn is true or false; files may say anything.
    guard base is ImageDataset else { return }
    for index in 0..<base.count {
      guard let wrong = base.label(at: index).first(where: { $0 != 0 && $0 != 1 }) else { continue }
      throw FileError(
        .doesNotFit, file: source, expected: "labels of 0 and 1 in its dataset.json",
        found: "\(wrong) for picture \(index)")
    }
  }

  private var settings: AttributeOptions.Settings {
    var settings = AttributeOptions.Settings()
    body.fill(&settings)
    return settings
  }

  /// A tenth of the pictures and at most 2,000, unless it was said.
  private func heldOut(of count: Int) throws(RequestError) -> Int {
    let wanted = body.heldOut ?? max(min(count / 10, 2000), 1)
    guard count > 1 else {
      throw RequestError(
        "--data", expected: "2 pictures or more, of which some are held out", found: "\(count)")
    }
    guard wanted < count else {
      throw RequestError("--held-out", expected: "1 to \(count - 1) pictures", found: "\(wanted)")
    }
    return wanted
  }

  /// What the numbers of a label say: the names that the data has, those of CelebA for 40 numbers,
  /// else numbers.
  static func names(of dataset: any Dataset) -> [String] {
    let count = dataset.labelKind.dimension
    if !dataset.labelNames.isEmpty { return dataset.labelNames }
    return unnamedAttributes(count)
  }

  func check(against options: AttributeOptions) throws {
    try check()
    try refuse(
      data.differences(from: options.data)
        + body.differences(from: options.settings, heldOut: options.heldOut) + [
          difference("seed", seed, options.seed)
        ])
  }

  func openData(of options: AttributeOptions) throws -> any Dataset {
    try data.reopen(options.data, seed: options.seed, .attributes, mirror: false)
  }

  func usualKimg(_ options: AttributeOptions) -> Double { 1000 }

  var measuresSnapshots: Bool { true }

  func checkFiles(_ options: AttributeOptions, isNew: Bool) {}

  func makeTraining(
    _ options: AttributeOptions, on dataset: any Dataset, isNew: Bool, remark: (String) -> Void
  ) throws -> any Trainable {
    let training = try AttributeTraining(options, on: dataset)
    let heldOut = training.heldOut
    training.draw = { try AttributeSheet($0, of: heldOut).image }
    return training
  }

  func measuring(
    _ options: AttributeOptions, on dataset: any Dataset, _ tell: @escaping (TrainingEvent) -> Void
  ) -> ((_ network: String) throws -> [MetricResult])? {
    let heldOut = AttributeTraining.heldOut(options, of: dataset)
    return { file in
      guard let network = try Checkpoint.open(file).networks["attributes"] else { return [] }
      let classifier = try network.makeAttributeClassifier()
      return try heldOutAgreement(
        of: classifier.configuration.attributes, on: heldOut.count
      ) { range in
        let batch = try heldOut.batch(range)
        return (withoutGradients { classifier(batch.images).values() }, batch.labels)
      } progress: { done in
        tell(.progress(JobProgress(done: done, total: heldOut.count, unit: "held-out pictures")))
      }
    }
  }

  func lines(_ options: AttributeOptions, _ schedule: Schedule) throws -> [String] {
    let settings = options.settings
    let size = try options.networks()[0].parameters
    return [
      options.data.line(mirrored: options.data.mirror ? ", seen mirrored, too" : "")
        + ", the last \(grouped(options.heldOut)) held out",
      "classifier: \(counted(size, "parameter")), \(counted(options.attributes.count, "attribute"))",
      "batch \(settings.batchSize), learning rate \(fourDigits(settings.learningRate))",
    ]
  }
}

/// What attributes are called that have no names: as CelebA's where there are as many, else by numbers.
func unnamedAttributes(_ count: Int) -> [String] {
  guard count != CelebAAttributes.names.count else { return CelebAAttributes.names }
  return (0..<count).map { "label_\($0)" }
}

/// Judges what was held out, and compares with its labels.
///
/// - Parameters:
///   - names: The attributes.
///   - count: How many were held out.
///   - judge: The logits and the labels of some of them; what is positive is there.
///   - progress: Is told how many are judged; may throw to stop.
/// - Returns: The mean accuracies of all attributes, and the balanced accuracy of each.
/// - Throws: What `judge` and `progress` throw.
func heldOutAgreement(
  of names: [String], on count: Int, judge: (Range<Int>) throws -> ([Float], [Float]),
  progress: (Int) throws -> Void
) throws -> [MetricResult] {
  let start = ContinuousClock.now
  var agreement = AttributeAgreement(count: names.count)
  for first in stride(from: 0, to: count, by: 32) {
    try Task.checkCancellation()
    let range = first..<min(first + 32, count)
    let (logits, labels) = try judge(range)
    agreement.add(logits: logits, labels: labels)
    try progress(range.upperBound)
  }
  var means: OrderedDictionary = ["accuracy": agreement.accuracy]
  means["accuracy_balanced"] = agreement.balancedAccuracy
  var each: OrderedDictionary<String, Double> = [:]
  for (name, attribute) in zip(names, agreement.attributes) {
    each["attribute_\(name)"] = attribute.balancedAccuracy
  }
  let seconds = (.now - start) / .seconds(1)
  return [
    MetricResult(metric: "accuracy", results: means, seconds: seconds),
    MetricResult(metric: "attributes", results: each, seconds: seconds),
  ].filter { !$0.results.isEmpty }  // of too few pictures nothing is balanced
}

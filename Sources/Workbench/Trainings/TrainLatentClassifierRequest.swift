// What was asked of a training of a classifier of codes, and what follows for a new one or one that
// goes on.

import Checkpoints
import Datasets
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import Training

/// What was asked of a training of a classifier of codes; nil for what was not said.
///
/// A new training fills in what is usual. One that goes on takes what its state says, and refuses
/// what was asked differently.
public struct TrainLatentClassifierRequest: Sendable {
  /// The codes, with labels.
  public var codes = CodeDataRequest()
  /// Codes in a step.
  public var batchSize: Int?
  /// Adam's learning rate.
  public var learningRate: Double?
  /// How much of a parameter is added to its gradient.
  public var weightDecay: Double?
  /// The widths of the layers that all attributes share.
  public var hiddenWidths: [Int]?
  /// Where all random streams start.
  public var seed: UInt32?
  /// Threads that one operation may use.
  public var threads: Int?
  /// When to write, save and end.
  public var schedule = ScheduleRequest()

  /// Nothing was said.
  public init() {}
}

extension TrainLatentClassifierRequest: TrainingRequest {
  func check() throws(RequestError) {
    try codes.check()
    try schedule.check()
    try checkRanges(counts: [("--batch", batchSize, 1...65536), ("--threads", threads, 1...4096)])
    try checkRanges(numbers: [
      ("--lr", learningRate, 0...10, "0 to 10"),
      ("--weight-decay", weightDecay, 0...1, "0 to 1"),
    ])
    guard let widths = hiddenWidths else { return }
    guard (1...16).contains(widths.count), widths.allSatisfy((1...65536).contains) else {
      throw RequestError("--widths", expected: "1 to 16 from 1 to 65536", found: listed(widths))
    }
  }

  func begin(remark: (String) -> Void) throws -> (
    options: LatentClassifierOptions, dataset: any Dataset
  ) {
    try check()
    let begun = try codes.begin(isLabelled: true, seed: seed ?? 0)
    let origin = begun.origin
    var settings = LatentClassifierOptions.Settings(codeLength: origin.numWs * origin.wDim)
    if let batchSize { settings.batchSize = batchSize }
    if let learningRate { settings.learningRate = learningRate }
    if let weightDecay { settings.weightDecay = weightDecay }
    if let hiddenWidths { settings.hiddenWidths = hiddenWidths }
    let options = LatentClassifierOptions(
      data: begun.data, origin: origin, attributes: begun.attributes, heldOut: begun.heldOut,
      settings: settings, seed: seed ?? 0, threads: threads ?? Machine.threadCount)
    _ = try options.network()
    return (options, begun.dataset)
  }

  func check(against options: LatentClassifierOptions) throws {
    try check()
    let had = options.settings
    try refuse(
      codes.differences(from: options.data, options.origin, heldOut: options.heldOut) + [
        difference("batch", batchSize, had.batchSize),
        difference("lr", learningRate, had.learningRate, plainNumber),
        difference("weight-decay", weightDecay, had.weightDecay, plainNumber),
        difference("widths", hiddenWidths, had.hiddenWidths, listed),
        difference("seed", seed, options.seed),
      ])
  }

  func openData(of options: LatentClassifierOptions) throws -> any Dataset {
    try codes.reopen(options.data, options.origin, seed: options.seed)
  }

  func usualKimg(_ options: LatentClassifierOptions) -> Double { 200 }

  var measuresSnapshots: Bool { true }

  func checkFiles(_ options: LatentClassifierOptions, isNew: Bool) throws {
    if !isNew { _ = try options.origin.generator.source(codes.network) }
  }

  func makeTraining(
    _ options: LatentClassifierOptions, on dataset: any Dataset, isNew: Bool,
    remark: (String) -> Void
  ) throws -> any Trainable {
    let (source, generator) = try codes.open(options.origin, options.data, on: dataset)
    let training = try LatentClassifierTraining(options, on: source)
    let names = options.attributes
    training.draw = { classifier, batch in
      let judged = withoutGradients { classifier(batch.codes).logits }
      let count = batch.codes.size(0)
      let logits = (0..<count).map { judged.selected($0, axis: 0).values(as: Float.self) }
      return try AttributeSheet(
        of: names, logits: logits, side: generator.traits.resolution
      ) { generator.picture(of: batch.codes.sliced($0..<$0 + 1, axis: 0)) }.image
    }
    return training
  }

  func measuring(
    _ options: LatentClassifierOptions, on dataset: any Dataset,
    _ tell: @escaping (TrainingEvent) -> Void
  ) -> ((_ network: String) throws -> [MetricResult])? {
    var opened: LatentClassifierTraining?
    return { file in
      guard let network = try Checkpoint.open(file).networks["classifier"] else { return [] }
      let classifier = try network.makeLatentClassifier()
      // What was held out is that of a training that has not begun.
      let held =
        try opened
        ?? LatentClassifierTraining(
          options, on: codes.open(options.origin, options.data, on: dataset).codes)
      opened = held
      return try heldOutAgreement(of: options.attributes, on: held.heldOutCount) { range in
        let batch = try held.heldOut(range)
        guard let labels = batch.labels else { preconditionFailure("codes without labels") }
        let logits = withoutGradients { classifier(batch.codes).logits }
        return (logits.values(as: Float.self), (labels - 0.5).values(as: Float.self))
      } progress: { done in
        tell(.progress(JobProgress(done: done, total: held.heldOutCount, unit: "held-out codes")))
      }
    }
  }

  func lines(_ options: LatentClassifierOptions, _ schedule: Schedule) throws -> [String] {
    let settings = options.settings
    let size = try options.networks()[0].parameters
    return options.origin.lines(options.data, heldOut: options.heldOut) + [
      "classifier: \(counted(size, "parameter")), \(counted(options.attributes.count, "attribute")), "
        + "layers of \(listed(settings.hiddenWidths))",
      "batch \(settings.batchSize), learning rate \(plainNumber(settings.learningRate)), weight decay "
        + plainNumber(settings.weightDecay),
    ]
  }
}

extension LatentClassifierOptions: RunOptions {
  func listed() throws -> [RunReport.Option] {
    let usual = Settings(codeLength: origin.numWs * origin.wDim)
    return data.listed + origin.listed + [
      .init("held-out", "\(heldOut)"),
      .init("batch", "\(settings.batchSize)", isChanged: settings.batchSize != usual.batchSize),
      .init(
        "lr", plainNumber(settings.learningRate),
        isChanged: settings.learningRate != usual.learningRate),
      .init(
        "weight-decay", plainNumber(settings.weightDecay),
        isChanged: settings.weightDecay != usual.weightDecay),
      .init(
        "widths", Workbench.listed(settings.hiddenWidths),
        isChanged: settings.hiddenWidths != usual.hiddenWidths),
      .init("seed", "\(seed)", isChanged: seed != 0), .init("threads", "\(threads)"),
    ]
  }

  func networks() throws -> [NetworkSize] {
    let store = ParameterStore()
    _ = LatentClassifier(try network(), Scope(store, device: .meta))
    return [NetworkSize(name: "classifier", parameters: store.parameterCount)]
  }

  func recipeValues() throws -> any Encodable { try network() }
}

extension CodeOrigin {
  /// What a plan says of codes, a line for each part.
  func lines(_ data: TrainingData, heldOut: Int) -> [String] {
    let what =
      switch kind {
      case .sampled:
        "codes of \(counted(data.count, "seed")), truncation \(fourDigits(truncationPsi ?? 1)), "
          + "\(fourDigits(100 * (styleMixing ?? 0))) % of two z"
      case .stored: "\(counted(data.count, "code")) of \(data.source)"
      case .encoded:
        "codes of \(counted(data.count, "picture")) of \(data.source), found by \(encoder?.place ?? "")"
      }
    return [
      "data: \(what), the last \(grouped(heldOut)) held out",
      "generator: \(generator.source), codes of \(numWs) rows of \(wDim), content hash "
        + "\(generator.hash.prefix(12))…",
    ] + (judge.map { ["labels: by \($0.place), of the pictures of the codes"] } ?? [])
      + (labels.map { ["labels: \($0)"] } ?? [])
  }

  /// The options that name the codes.
  var listed: [RunReport.Option] {
    let texts: [(String, String?)] = [
      ("network", generator.source), ("trunc", truncationPsi.map(plainNumber)),
      ("style-mixing", styleMixing.map(plainNumber)), ("attributes", judge?.place),
      ("encoder", encoder?.place), ("labels", labels),
    ]
    return texts.compactMap { name, text in text.map { .init(name, $0, isChanged: true) } }
  }
}

extension Generator {
  /// The picture of one code.
  ///
  /// - Parameter wPlus: [1, numWs, wDim].
  /// - Returns: The picture, in 8 bits.
  func picture(of wPlus: Tensor) -> ByteImage {
    withoutGradients {
      let bytes = traits.pixelEncoding.bytes(synthesize(wPlus, options: SynthesisOptions()))
      return ByteImage(
        width: bytes.size(2), height: bytes.size(1), channels: bytes.size(3),
        pixels: bytes.contiguous().values(as: UInt8.self))
    }
  }
}

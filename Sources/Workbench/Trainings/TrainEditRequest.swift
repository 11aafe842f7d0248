// What was asked of a training of an edit transformer, and what follows for a new one or one that goes
// on.

import Checkpoints
import Datasets
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import Training

/// What was asked of a training of an edit transformer; nil for what was not said.
///
/// A new training fills in what is usual. One that goes on takes what its state says, and refuses
/// what was asked differently.
public struct TrainEditRequest: Sendable {
  /// The codes.
  public var codes = CodeDataRequest()
  /// What tells the attributes of codes: a file, or a model that comes with the program.
  public var classifier: String?
  /// The attributes that are taken over, by their names or places; nil for nothing.
  public var attributes: [String]?
  /// What of the classifier's judgement is compared: `features` or `logits`.
  public var comparison: String?
  /// Over what the attention to the reference is normalised: `code` or `paper`.
  public var attention: String?
  /// Codes in a step, of which half are sources.
  public var batchSize: Int?
  /// Adam's learning rate.
  public var learningRate: Double?
  /// How much of a parameter is added to its gradient.
  public var weightDecay: Double?
  /// The heads of both attentions.
  public var heads: Int?
  /// The numbers between the two matrices.
  public var feedForward: Int?
  /// The share of numbers that training drops.
  public var dropout: Double?
  /// How much the difference between the edited code and the source's counts.
  public var codeWeight: Double?
  /// How much the difference from the reference's attribute counts.
  public var attributeWeight: Double?
  /// How much the difference from the source's other attributes counts.
  public var othersWeight: Double?
  /// Where all random streams start.
  public var seed: UInt32?
  /// Threads that one operation may use.
  public var threads: Int?
  /// When to write, save and end.
  public var schedule = ScheduleRequest()

  /// Nothing was said.
  public init() {}

  /// The names of attentions, as commands have them.
  private static let attentions: [(name: String, AttentionNormalization)] = [
    ("code", .keys), ("paper", .queries),
  ]

  private static func name(of attention: AttentionNormalization) -> String {
    attentions.first { $0.1 == attention }?.name ?? ""
  }
}

extension TrainEditRequest: TrainingRequest {
  func check() throws(RequestError) {
    try codes.check()
    try schedule.check()
    try checkRanges(counts: [
      ("--batch", batchSize, 2...65536), ("--heads", heads, 1...4096),
      ("--ffn", feedForward, 1...65536), ("--threads", threads, 1...4096),
    ])
    try checkRanges(numbers: [
      ("--lr", learningRate, 0...10, "0 to 10"),
      ("--weight-decay", weightDecay, 0...1, "0 to 1"), ("--dropout", dropout, 0...0.9, "0 to 0.9"),
      ("--code-loss", codeWeight, 0...1e6, "0 to 1,000,000"),
      ("--attribute-loss", attributeWeight, 0...1e6, "0 to 1,000,000"),
      ("--others-loss", othersWeight, 0...1e6, "0 to 1,000,000"),
    ])
    try checkName("--edit-loss", comparison, is: ReferenceEditingLoss.Comparison.self)
    if let attention, !Self.attentions.contains(where: { $0.name == attention }) {
      throw RequestError("--attention", expected: "code or paper", found: attention)
    }
    if let batchSize, batchSize % 2 != 0 {
      throw RequestError(
        "--batch", expected: "an even number, half sources and half references",
        found: "\(batchSize)")
    }
  }

  func begin(remark: (String) -> Void) throws -> (options: EditOptions, dataset: any Dataset) {
    try check()
    let begun = try codes.begin(isLabelled: false, seed: seed ?? 0)
    guard let classifier else {
      throw RequestError(
        "--classifier",
        expected: "a classifier of codes, which stylist train latent-classifier makes",
        found: "nothing")
    }
    let (network, found) = try Checkpoint.Network.classifier(
      of: classifier, for: begun.traits, of: begun.origin.generator.source)
    let known = found.attributeNames
    guard known.count > 1 else {
      throw RequestError(
        "--classifier", expected: "a classifier of several attributes, which edits shall keep",
        found: "\(classifier), of one")
    }
    let chosen = try chosen(of: known)
    let settings = settings
    guard begun.traits.wDim % settings.heads == 0 else {
      throw RequestError(
        "--heads", expected: "a divisor of \(begun.traits.wDim), the numbers of a row",
        found: "\(settings.heads)")
    }
    guard begun.heldOut > 1 else {
      throw RequestError("--held-out", expected: "2 codes or more", found: "\(begun.heldOut)")
    }
    let options = EditOptions(
      data: begun.data, origin: begun.origin,
      classifier: try NamedNetwork(
        classifier, kind: LatentClassifierConfiguration.kind, hash: network.contentHash()),
      known: known, attributes: chosen, heldOut: begun.heldOut, settings: settings,
      seed: seed ?? 0, threads: threads ?? Machine.threadCount)
    _ = try options.network()
    return (options, begun.dataset)
  }

  /// The names of the attributes that are taken over.
  private func chosen(of known: [String]) throws(RequestError) -> [String] {
    guard let attributes, !attributes.isEmpty else {
      throw RequestError(
        "--attribute", expected: "one or several of \(shortened(known))", found: "nothing")
    }
    var names: [String] = []
    for text in attributes {
      let name = try AttributeChoice(text, of: known).name
      guard !names.contains(name) else {
        throw RequestError("--attribute", expected: "names that differ", found: "\(name) twice")
      }
      names.append(name)
    }
    return names
  }

  private var settings: EditOptions.Settings {
    var settings = EditOptions.Settings()
    if let batchSize { settings.batchSize = batchSize }
    if let learningRate { settings.learningRate = learningRate }
    if let weightDecay { settings.weightDecay = weightDecay }
    if let heads { settings.heads = heads }
    if let feedForward { settings.feedForward = feedForward }
    if let dropout { settings.dropout = dropout }
    if let codeWeight { settings.codeWeight = codeWeight }
    if let attributeWeight { settings.attributeWeight = attributeWeight }
    if let othersWeight { settings.othersWeight = othersWeight }
    if let kind = comparison.flatMap(ReferenceEditingLoss.Comparison.init) {
      settings.comparison = kind
    }
    if let found = Self.attentions.first(where: { $0.name == attention }) {
      settings.attention = found.1
    }
    return settings
  }

  func check(against options: EditOptions) throws {
    try check()
    let had = options.settings
    let asked = try attributes.map { _ in try chosen(of: options.known) }
    try refuse(
      codes.differences(from: options.data, options.origin, heldOut: options.heldOut) + [
        difference("attribute", asked, options.attributes, listed),
        difference("edit-loss", comparison, had.comparison.rawValue),
        difference("attention", attention, Self.name(of: had.attention)),
        difference("batch", batchSize, had.batchSize),
        difference("lr", learningRate, had.learningRate, plainNumber),
        difference("weight-decay", weightDecay, had.weightDecay, plainNumber),
        difference("heads", heads, had.heads), difference("ffn", feedForward, had.feedForward),
        difference("dropout", dropout, had.dropout, plainNumber),
        difference("code-loss", codeWeight, had.codeWeight, plainNumber),
        difference("attribute-loss", attributeWeight, had.attributeWeight, plainNumber),
        difference("others-loss", othersWeight, had.othersWeight, plainNumber),
        difference("seed", seed, options.seed),
      ])
  }

  func openData(of options: EditOptions) throws -> any Dataset {
    try codes.reopen(options.data, options.origin, seed: options.seed)
  }

  func usualKimg(_ options: EditOptions) -> Double { 200 }

  var measuresSnapshots: Bool { true }

  func checkFiles(_ options: EditOptions, isNew: Bool) throws {
    if !isNew { _ = try options.origin.generator.source(codes.network) }
    _ = try judge(options)
  }

  /// The classifier of a training, not yet built.
  private func judge(_ options: EditOptions) throws -> Checkpoint.Network {
    let file = classifier ?? options.classifier.place
    let network = try Checkpoint.Network.classifier(of: file)
    try options.classifier.check(network.contentHash(), in: file)
    return network
  }

  func makeTraining(
    _ options: EditOptions, on dataset: any Dataset, isNew: Bool, remark: (String) -> Void
  ) throws -> any Trainable {
    let (source, generator) = try codes.open(options.origin, options.data, on: dataset)
    let judge = try judge(options).makeLatentClassifier()
    let training = try EditTraining(options, judgedBy: judge, on: source)
    let places = try options.places()
    training.draw = { editor, batch in
      EditSheet(
        of: editor, options.attributes, on: batch.codes, drawnBy: generator, judgedBy: judge,
        at: places
      ).image
    }
    return training
  }

  func measuring(
    _ options: EditOptions, on dataset: any Dataset, _ tell: @escaping (TrainingEvent) -> Void
  ) -> ((_ network: String) throws -> [MetricResult])? {
    var opened: (training: EditTraining, judge: LatentClassifier)?
    return { file in
      guard let network = try Checkpoint.open(file).networks["editor"] else { return [] }
      let editor = try network.makeEditTransformer()
      if opened == nil {
        let judge = try judge(options).makeLatentClassifier()
        let source = try codes.open(options.origin, options.data, on: dataset).codes
        opened = (try EditTraining(options, judgedBy: judge, on: source), judge)
      }
      guard let (held, judge) = opened else { return [] }
      return try EditAgreement.results(
        of: editor, options.attributes, at: options.places(), judgedBy: judge,
        on: held.heldOutCount, codes: { try held.heldOut($0).codes }
      ) { done in
        tell(.progress(JobProgress(done: done, total: held.heldOutCount, unit: "held-out codes")))
      }
    }
  }

  func lines(_ options: EditOptions, _ schedule: Schedule) throws -> [String] {
    let settings = options.settings
    let size = try options.networks()[0].parameters
    let weights = [settings.codeWeight, settings.attributeWeight, settings.othersWeight]
    return options.origin.lines(options.data, heldOut: options.heldOut) + [
      "edit transformer: \(counted(size, "parameter")), \(options.attributes.joined(separator: ", "))",
      "loss: \(settings.comparison.rawValue) of \(options.classifier.place); code, attribute and others "
        + "count \(weights.map(plainNumber).joined(separator: ", "))",
      "batch \(settings.batchSize), learning rate \(plainNumber(settings.learningRate)), weight decay "
        + plainNumber(settings.weightDecay),
    ]
  }
}

extension EditOptions: RunOptions {
  func listed() throws -> [RunReport.Option] {
    let usual = Settings()
    func option<Value: Equatable>(
      _ name: String, _ path: KeyPath<Settings, Value>, _ text: (Value) -> String
    ) -> RunReport.Option {
      let value = settings[keyPath: path]
      return .init(name, text(value), isChanged: value != usual[keyPath: path])
    }
    let losses = [
      option("code-loss", \.codeWeight, plainNumber),
      option("attribute-loss", \.attributeWeight, plainNumber),
      option("others-loss", \.othersWeight, plainNumber),
    ]
    return data.listed + origin.listed + [
      .init("classifier", classifier.place, isChanged: true),
      .init("attribute", Workbench.listed(attributes), isChanged: true),
      .init("held-out", "\(heldOut)"), option("edit-loss", \.comparison) { $0.rawValue },
      option("attention", \.attention) { $0 == .keys ? "code" : "paper" },
      option("batch", \.batchSize) { "\($0)" }, option("lr", \.learningRate, plainNumber),
      option("weight-decay", \.weightDecay, plainNumber), option("heads", \.heads) { "\($0)" },
      option("ffn", \.feedForward) { "\($0)" }, option("dropout", \.dropout, plainNumber),
    ] + losses + [
      .init("seed", "\(seed)", isChanged: seed != 0), .init("threads", "\(threads)"),
    ]
  }

  func networks() throws -> [NetworkSize] {
    let store = ParameterStore()
    _ = EditTransformer(try network(), Scope(store, device: .meta))
    return [NetworkSize(name: "edit transformer", parameters: store.parameterCount)]
  }

  func recipeValues() throws -> any Encodable { try network() }
}

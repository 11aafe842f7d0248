// What was asked of a training of an encoder, and what follows for a new one or one that goes on.

import Checkpoints
import Datasets
import Formats
import Foundation
import Layers
import Networks
import OrderedCollections
import Tensors
import Training

/// What was asked of a training of an encoder; nil for what was not said.
///
/// A new training fills in what is usual. One that goes on takes what its state says, and refuses
/// what was asked differently.
public struct TrainEncoderRequest: Sendable {
  /// The generator that draws the codes: a file, or the name of a model that comes with the program.
  public var network: String?
  /// The pictures; `codes` for those that the generator draws.
  public var data = TrainingDataRequest()
  /// How many of the last pictures are held out.
  public var heldOut: Int?
  /// ψ of codes that the generator draws pictures from.
  public var truncationPsi: Double?
  /// Which encoder it is, and its sizes.
  public var architecture = EncoderRequest()
  /// What the losses are, and how much each counts.
  public var losses = EncoderLossRequest()
  /// Pictures in a step.
  public var batchSize: Int?
  /// The learning rate.
  public var learningRate: Double?
  /// What moves the parameters: `ranger` or `adam`.
  public var optimizer: String?
  /// Where all random streams start.
  public var seed: UInt32?
  /// Threads that one operation may use.
  public var threads: Int?
  /// When to write, save and end.
  public var schedule = ScheduleRequest()

  /// Nothing was said.
  public init() {}

  /// Pictures that are held out at most, unless it was said.
  private static let usualHeldOut = 256
}

extension TrainEncoderRequest: TrainingRequest {
  func check() throws(RequestError) {
    try data.check()
    try schedule.check()
    try architecture.check()
    try losses.check()
    try checkRanges(counts: [
      ("--held-out", heldOut, 1...1_000_000), ("--batch", batchSize, 1...65536),
      ("--threads", threads, 1...4096),
    ])
    try checkRanges(numbers: [
      ("--lr", learningRate, 0...10, "0 to 10"), ("--trunc", truncationPsi, 0...2, "0 to 2"),
    ])
    try checkName("--optimizer", optimizer, is: EncoderTrainingOptions.OptimizerKind.self)
  }

  func begin(remark: (String) -> Void) throws -> (
    options: EncoderTrainingOptions, dataset: any Dataset
  ) {
    try check()
    guard let network else {
      throw RequestError(
        "--network",
        expected: "the generator that draws the codes: a file, or a model that comes with the "
          + "program", found: "nothing")
    }
    let source = NetworkSource.file(network)
    let decoder = try source.plannedGenerator()
    let hash = try source.contentHash()
    let (described, dataset) = try begin(decoder.traits, of: network, hash)
    let encoder = try architecture.architecture(into: decoder)
    let isOfPortraits =
      described.source == "portraits" || ShippedModels.isModel(network, of: "portraits")
    let networks = try losses.networks(isOfPortraits: isOfPortraits)
    try losses.check(networks, encoder)
    var options = EncoderTrainingOptions(
      data: described, heldOut: try heldOut(of: dataset.count),
      decoder: try NamedGenerator(network, hash: hash),
      encoder: encoder, distance: networks.distance, identity: networks.identity,
      comparedWidth: networks.comparedWidth ?? encoder.width, settings: try settings,
      seed: seed ?? 0, threads: threads ?? Machine.threadCount)
    _ = try options.network()
    options.trunk = try architecture.trunkNetwork(of: encoder)
    return (options, dataset)
  }

  /// The pictures of a new training.
  private func begin(
    _ traits: GeneratorTraits, of network: String, _ hash: String
  ) throws -> (TrainingData, any Dataset) {
    guard traits.imgChannels == 3 else {
      throw RequestError(
        "--network", expected: "a generator of pictures in RGB",
        found: "one of \(traits.imgChannels) channels")
    }
    var data = data
    guard data.source != EncoderTrainingOptions.codes else {
      try checkNothingOfPictures()
      let dataset = SeedPictures(
        count: data.subset ?? TrainingDataRequest.portraitCount,
        shape: ImageShape(resolution: traits.resolution, channels: traits.imgChannels),
        decoder: hash, truncationPsi: truncationPsi ?? 1)
      var described = data.described(dataset, count: dataset.count, labelDim: 0)
      described.path = nil
      return (described, dataset)
    }
    if truncationPsi != nil {
      throw RequestError("--trunc", expected: "--data=codes beside it", found: data.source ?? "")
    }
    if let weight = losses.code, weight > 0 {
      throw RequestError(
        "--code-loss", expected: "--data=codes beside it, whose codes are known",
        found: data.source ?? "")
    }
    if data.source == "portraits" { data.resolution = data.resolution ?? traits.resolution }
    data.mirror = data.mirror ?? true
    let base = try data.open(.none)
    guard base.shape.channels == traits.imgChannels else {
      throw RequestError(
        "--data", expected: "pictures in RGB",
        found: "\(data.source ?? ""), with \(counted(base.shape.channels, "channel")) "
          + "(`stylist dataset create --to-rgb` makes them RGB)")
    }
    let dataset = try data.view(of: base, seed: seed ?? 0, mirror: false)
    return (data.described(base, count: dataset.count, labelDim: 0), dataset)
  }

  /// Checks that nothing was said that pictures of codes have not.
  private func checkNothingOfPictures() throws(RequestError) {
    let said: [(String, Bool)] = [
      ("--res", data.resolution != nil), ("--mirror", data.mirror == true),
      ("--pictures-per-identity", data.picturesPerIdentity != nil),
    ]
    guard let option = said.first(where: \.1)?.0 else { return }
    throw RequestError(
      option, expected: "other data than --data=codes, whose pictures the network draws",
      found: "both")
  }

  private var settings: EncoderTrainingOptions.Settings {
    get throws(RequestError) {
      var settings = EncoderTrainingOptions.Settings()
      if let batchSize { settings.batchSize = batchSize }
      if let learningRate { settings.learningRate = learningRate }
      if let kind = optimizer.flatMap(EncoderTrainingOptions.OptimizerKind.init) {
        settings.optimizer = kind
      }
      if let truncationPsi { settings.truncationPsi = truncationPsi }
      settings.losses = try losses.weights()
      settings.codeLoss = losses.code ?? 0
      return settings
    }
  }

  /// A tenth of the pictures and at most 256, unless it was said.
  private func heldOut(of count: Int) throws(RequestError) -> Int {
    guard count > 1 else {
      throw RequestError(
        "--data", expected: "2 pictures or more, of which some are held out", found: "\(count)")
    }
    let wanted = heldOut ?? max(min(count / 10, Self.usualHeldOut), 1)
    guard wanted < count else {
      throw RequestError("--held-out", expected: "1 to \(count - 1) pictures", found: "\(wanted)")
    }
    return wanted
  }

  func check(against options: EncoderTrainingOptions) throws {
    try check()
    let had = options.settings
    let hash = try network.map { try NetworkSource.file($0).contentHash() }
    try refuse(
      data.differences(from: options.data) + [
        difference("network", hash, options.decoder.hash) { "content hash \($0)" },
        difference(
          "trunk", try architecture.trunkNetwork(of: options.encoder)?.hash, options.trunk?.hash
        ) { "content hash \($0)" },
        difference("held-out", heldOut, options.heldOut),
        difference("batch", batchSize, had.batchSize),
        difference("lr", learningRate, had.learningRate, plainNumber),
        difference("optimizer", optimizer, had.optimizer.rawValue),
        difference("trunc", truncationPsi, had.truncationPsi, fourDigits),
        difference("seed", seed, options.seed),
      ] + architecture.differences(from: options.encoder) + losses.differences(from: options))
  }

  func openData(of options: EncoderTrainingOptions) throws -> any Dataset {
    guard options.learnsFromCodes else {
      return try data.reopen(options.data, seed: options.seed, .none, mirror: false)
    }
    return SeedPictures(
      count: options.data.count,
      shape: ImageShape(resolution: options.data.resolution, channels: options.data.channels),
      decoder: options.decoder.hash, truncationPsi: options.settings.truncationPsi)
  }

  func usualKimg(_ options: EncoderTrainingOptions) -> Double {
    // Style Transformer was trained for 600,000 steps of 8 pictures.
    architecture.size(of: options.encoder.width) == .published ? 4800 : 200
  }

  var measuresSnapshots: Bool { true }

  func checkFiles(_ options: EncoderTrainingOptions, isNew: Bool) throws {
    if !isNew { _ = try options.decoder.source(network) }
    try losses.check(options)
  }

  func makeTraining(
    _ options: EncoderTrainingOptions, on dataset: any Dataset, isNew: Bool,
    remark: (String) -> Void
  ) throws -> any Trainable {
    let made = try options.decoder.source(network).makeGenerator()
    made.warnings.forEach(remark)
    let training = try EncoderTraining(
      options, into: made.generator, losses: losses.make(options), on: dataset)
    training.draw = { pairs in
      var sheet = InversionSheet(of: pairs.count)
      for (index, pair) in pairs.enumerated() {
        sheet.add(
          "\(index + 1)",
          [
            InversionCell(words: "target", figures: "", picture: pair.target),
            InversionCell(words: "inverted", figures: "", picture: pair.inverted),
          ], at: index)
      }
      return sheet.image
    }
    if isNew {
      try architecture.startTrunk(of: training.learner.encoder)
      remark(losses.line(options))
      if training.startsWithMapping == false {
        remark("the queries' mapping network starts at random: the generator's is of another form")
      }
    }
    return training
  }

  func measuring(
    _ options: EncoderTrainingOptions, on dataset: any Dataset,
    _ tell: @escaping (TrainingEvent) -> Void
  ) -> ((_ network: String) throws -> [MetricResult])? {
    var opened: EncoderValidation?
    return { file in
      let start = ContinuousClock.now
      guard let network = try Checkpoint.open(file).networks["encoder"] else { return [] }
      let validation =
        try opened
        ?? EncoderValidation(
          options, into: options.decoder.source(self.network).makeGenerator().generator,
          losses: losses.make(options), on: dataset)
      opened = validation
      let found = try validation(network.makeEncoder()) { done in
        try Task.checkCancellation()
        tell(
          .progress(
            JobProgress(done: done, total: validation.count, unit: "held-out pictures")))
      }
      var results: OrderedDictionary<String, Double> = [:]
      for (name, value) in found {
        results["inversion_\(losses.loggedName(name, options))"] = value
      }
      return [MetricResult(metric: "inversion", results: results, seconds: .since(start))]
    }
  }

  func lines(_ options: EncoderTrainingOptions, _ schedule: Schedule) throws -> [String] {
    let (settings, encoder) = (options.settings, options.encoder)
    let size = try options.networks()[0].parameters
    let data =
      options.learnsFromCodes
      ? "data: \(counted(options.data.count, "picture")) of \(options.data.resolution)×"
        + "\(options.data.resolution) that the generator draws of seeds, "
        + "truncation \(fourDigits(settings.truncationPsi))"
      : options.data.line(mirrored: options.data.mirror ? ", seen mirrored, too" : "")
    return [
      data + ", the last \(grouped(options.heldOut)) held out",
      "generator, which does not learn: \(options.decoder.source), content hash "
        + "\(options.decoder.hash.prefix(12))…",
      "encoder: \(encoder.kind.rawValue), \(counted(size, "parameter")), sees \(encoder.width)×"
        + "\(encoder.height), codes of \(encoder.numWs) rows of \(encoder.wDim)"
        + (options.trunk.map { ", trunk of \(listed($0.files))" } ?? ""),
      losses.line(options),
      "batch \(settings.batchSize), \(settings.optimizer.rawValue), learning rate "
        + plainNumber(settings.learningRate),
    ]
  }
}

extension EncoderTrainingOptions: RunOptions {
  func listed() throws -> [RunReport.Option] {
    let (usual, weights) = (Settings(), settings.losses)
    func option<Value: Equatable>(
      _ name: String, _ value: Value, _ usual: Value, _ text: (Value) -> String = { "\($0)" }
    ) -> RunReport.Option {
      .init(name, text(value), isChanged: value != usual)
    }
    let lossOptions = zip(EncoderLossRequest.named(weights), EncoderLossRequest.named(usual.losses))
      .map { option($0.name, $0.weight, $1.weight, plainNumber) }
    let networks = [("distance", distance), ("identity", identity)].compactMap { name, network in
      network.map {
        RunReport.Option(
          name, $0.files.isEmpty ? $0.kind : Workbench.listed($0.files), isChanged: true)
      }
    }
    let learning: [RunReport.Option?] = [
      .init("held-out", "\(heldOut)"), option("batch", settings.batchSize, usual.batchSize),
      option("lr", settings.learningRate, usual.learningRate, plainNumber),
      option("optimizer", settings.optimizer, usual.optimizer) { $0.rawValue },
      learnsFromCodes
        ? option("trunc", settings.truncationPsi, usual.truncationPsi, plainNumber) : nil,
    ]
    return data.listed + listedEncoder + learning.compactMap(\.self) + lossOptions + [
      option("code-loss", settings.codeLoss, usual.codeLoss, plainNumber)
    ] + networks + [
      .init("seed", "\(seed)", isChanged: seed != 0), .init("threads", "\(threads)"),
    ]
  }

  /// The generator, and the encoder's sizes and parts.
  private var listedEncoder: [RunReport.Option] {
    let texts: [(name: String, text: String?, isChanged: Bool)] = [
      ("network", decoder.source, true), ("encoder", cfg, false),
      ("encoder-res", "\(encoder.width)", false),
      ("widths", Workbench.listed(encoder.widths), true),
      ("units", Workbench.listed(encoder.units), true),
      ("pyramid", encoder.pyramidWidth.map(String.init), false),
      ("head-width", encoder.headWidth.map(String.init), false),
      ("ffn", encoder.feedForward.map(String.init), false),
      ("dropout", encoder.dropout.map(plainNumber), false),
      ("trunk", trunk.map { Workbench.listed($0.files) }, true),
      ("self-attention", encoder.selfAttention.map { $0 ? "yes" : "no" }, true),
      ("levels", encoder.levels.map { Workbench.listed($0.map(\.rawValue)) }, true),
      ("space", encoder.isIntoW.map { EncoderRequest.spaces[$0 ? 0 : 1] }, true),
      ("average", encoder.isResidual.map { $0 ? "yes" : "no" }, true),
    ]
    return texts.compactMap { name, text, isChanged in
      text.map { .init(name, $0, isChanged: isChanged) }
    }
  }

  func networks() throws -> [NetworkSize] {
    let store = ParameterStore()
    _ = try network().makeEncoder(Scope(store, device: .meta))
    return [NetworkSize(name: "encoder", parameters: store.parameterCount)]
  }

  func recipeValues() throws -> any Encodable { try network() }
}

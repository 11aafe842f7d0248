// What the folder of a run says of the options of every kind of training.

import Layers
import Networks
import Tensors
import Training

/// A network that learns, and how many numbers training optimises in it.
public struct NetworkSize: Encodable, Hashable, Sendable {
  /// What it is to the training, such as `generator`.
  public let name: String
  /// The numbers that training optimises.
  public let parameters: Int
}

/// Options of a training, as the folder of a run tells of them.
protocol RunOptions: TrainingOptions {
  /// Every option by the name that people type, with the value that follows from the recipe.
  func listed() throws -> [RunReport.Option]
  /// The networks that learn.
  func networks() throws -> [NetworkSize]
  /// The recipe that follows from the options.
  func recipeValues() throws -> any Encodable
}

/// The kinds of trainings.
let runKinds: [any RunOptions.Type] = [
  GANOptions.self, AttributeOptions.self, IdentityOptions.self, EncoderTrainingOptions.self,
  LatentClassifierOptions.self, EditOptions.self,
]

extension GANOptions: RunOptions {
  func listed() throws -> [RunReport.Option] {
    let recipe = try recipe()
    let (training, growth) = (recipe.training, recipe.inEffect.stylegan)
    let average = "\(decimal(training.average.halfLife / 1000, 3)) kimg"
    return data.listed + [
      .init("cfg", cfg),
      option("cond", data.labelDim > 0 ? "\(data.labelDim) numbers" : nil, else: "no"),
      option("batch", changes.batchSize, else: recipe.byResolution { "\($0.batchSize)" }),
      option(
        "batch-gpu", changes.microBatchSize, else: recipe.byResolution { "\($0.microBatchSize)" }),
      option("gamma", changes.r1Gamma, else: decimal(training.r1Gamma, 6)),
      option(
        "glr", changes.generatorLearningRate,
        else: recipe.byResolution { decimal($0.generatorLearningRate, 6) }),
      option(
        "dlr", changes.discriminatorLearningRate,
        else: recipe.byResolution { decimal($0.discriminatorLearningRate, 6) }),
      .init("ema", average, isChanged: changes.averageKimg != nil),
      option("cbase", changes.channelBase), option("cmax", changes.channelMax),
      option("channel-multiplier", changes.channelMultiplier),
      option("num-layers", changes.styleformer?.numLayers.map(Workbench.listed)),
      option("g-dict", changes.styleformer?.hiddenSizes.map(Workbench.listed)),
      option("depth", changes.styleformer?.headSize),
      option("minimum-head", changes.styleformer?.minimumHeads),
      option("linformer", changes.styleformer?.linformer.map { $0 ? "yes" : "no" }),
    ] + listedAblation + listedGrowth(growth) + [
      option("z-dim", changes.zDim), option("w-dim", changes.wDim),
      option("map-depth", changes.mappingLayers), option("mbstd-group", changes.mbstdGroupSize),
      option("pl-weight", changes.pathLengthWeight),
      option("style-mixing", changes.styleMixingProbability),
      option("precision", changes.precision, else: "\(training.precision)"),
    ] + listedAugmentation + [
      option("freezed", changes.frozenLayers, else: "0"),
      .init("seed", "\(seed)", isChanged: seed != 0),
      option("init-from", initFrom, else: "nothing"),
      .init("threads", "\(threads)"),
    ] + (gradientCheckpointing ?? false ? [.init("gradient-checkpointing", "yes")] : [])
  }

  /// What was changed of a transformer's layers; nothing where they are as published.
  private var listedAblation: [RunReport.Option] {
    let (layers, heads) = (changes.styleformer, changes.stylenat)
    return [
      ("normalize", layers?.normalization?.rawValue),
      ("demodulate", layers?.demodulates.map { $0 ? "yes" : "no" }),
      ("residual", layers?.residual?.rawValue),
      ("feed-forward", layers?.feedForwardRatio.map(String.init)),
      ("dilations", heads?.dilations?.rawValue),
      ("partitions", heads?.partitions.map(String.init)),
    ].compactMap { name, value in value.map { .init(name, $0, isChanged: true) } }
  }

  /// How networks grow, and the loss that goes with it; nothing of those that do not.
  private func listedGrowth(_ growth: StyleGANChanges?) -> [RunReport.Option] {
    guard let growth, let first = growth.initialResolution, let stable = growth.stableKimg,
      let fade = growth.fadeKimg, let loss = growth.loss
    else { return [] }
    let own = changes.stylegan
    return [
      .init("initial-res", "\(first)", isChanged: own?.initialResolution != nil),
      .init("stable-kimg", decimal(stable, 3), isChanged: own?.stableKimg != nil),
      .init("fade-kimg", decimal(fade, 3), isChanged: own?.fadeKimg != nil),
      .init("loss", loss.rawValue, isChanged: own?.loss != nil),
    ]
  }

  /// What happens to pictures; trainings from before there was augmentation have none.
  private var listedAugmentation: [RunReport.Option] {
    let (choice, usual) = (changes.augmentation ?? AugmentationChoice(.noaug), AugmentationChoice())
    return [
      .init("aug", choice.mode.rawValue, isChanged: choice.mode != usual.mode),
      choice.mode == .noaug
        ? nil : .init("augpipe", choice.pipe.rawValue, isChanged: choice.pipe != usual.pipe),
      choice.p.map { .init("p", fourDigits($0), isChanged: true) },
      choice.target.map { .init("target", fourDigits($0), isChanged: $0 != usual.target) },
    ].compactMap(\.self)
  }

  func networks() throws -> [NetworkSize] {
    let counts = try recipe().parameterCounts
    return [
      NetworkSize(name: "generator", parameters: counts.generator),
      NetworkSize(name: "discriminator", parameters: counts.discriminator),
    ]
  }

  func recipeValues() throws -> any Encodable { try recipe() }
}

extension AttributeOptions: RunOptions {
  func listed() throws -> [RunReport.Option] {
    let changes = Changes(settings, from: Settings())
    return data.listed + [
      .init("cfg", cfg), changes.option("batch", \.batchSize),
      changes.option("lr", \.learningRate), changes.option("cbase", \.channelBase),
      changes.option("cmax", \.channelMax), .init("held-out", "\(heldOut)"),
      .init("seed", "\(seed)", isChanged: seed != 0), .init("threads", "\(threads)"),
    ]
  }

  func networks() throws -> [NetworkSize] {
    let store = ParameterStore()
    _ = AttributeClassifier(try network(), Scope(store, device: .meta))
    return [NetworkSize(name: "classifier", parameters: store.parameterCount)]
  }

  func recipeValues() throws -> any Encodable { try network() }
}

extension IdentityOptions: RunOptions {
  func listed() throws -> [RunReport.Option] {
    let changes = Changes(settings, from: Settings())
    return data.listed + [
      .init("cfg", cfg), changes.option("batch", \.batchSize),
      changes.option("lr", \.learningRate), changes.option("cbase", \.channelBase),
      changes.option("cmax", \.channelMax), changes.option("embedding", \.embeddingSize),
      changes.option("margin", \.margin), changes.option("scale", \.scale),
      .init("held-out", "\(heldOut)"), .init("seed", "\(seed)", isChanged: seed != 0),
      .init("threads", "\(threads)"),
    ]
  }

  func networks() throws -> [NetworkSize] {
    let store = ParameterStore()
    _ = IdentityNetwork(try network(), Scope(store, device: .meta))
    return [
      NetworkSize(name: "identity network", parameters: store.parameterCount),
      NetworkSize(
        name: "vectors of people", parameters: (people - heldOut) * settings.embeddingSize),
    ]
  }

  func recipeValues() throws -> any Encodable { try network() }
}

extension TrainingData {
  /// The options that name the data.
  var listed: [RunReport.Option] {
    [
      .init("data", source), .init("res", "\(resolution)"),
      option("mirror", mirror ? "yes" : nil, else: "no"), option("subset", subset, else: "all"),
    ]
      + (picturesPerIdentity.map { [.init("pictures-per-identity", "\($0)", isChanged: true)] }
        ?? [])
  }
}

/// Settings beside those that nobody changed.
private struct Changes<Settings> {
  private let settings: Settings
  private let usual: Settings

  init(_ settings: Settings, from usual: Settings) {
    (self.settings, self.usual) = (settings, usual)
  }

  /// The option that a setting is.
  func option<Value: Equatable>(
    _ name: String, _ path: KeyPath<Settings, Value>
  ) -> RunReport.Option {
    let value = settings[keyPath: path]
    return .init(name, "\(value)", isChanged: value != usual[keyPath: path])
  }
}

/// An option that the recipe decides unless people do.
private func option<Value>(
  _ name: String, _ change: Value?, else value: String = "as the recipe says"
) -> RunReport.Option {
  .init(name, change.map { "\($0)" } ?? value, isChanged: change != nil)
}

// What was asked of a training, and what follows for a new one or one that goes on.

import Datasets
import Formats
import Layers
import Networks
import Tensors
import Training

/// What was asked of a training with a generator and a discriminator; nil for what was not said.
///
/// A new training fills in what its recipe says. One that goes on takes what its state says, and
/// refuses what was asked differently.
public struct TrainGANRequest: Sendable {
  /// The recipe.
  public var cfg: String?
  /// The pictures.
  public var data = TrainingDataRequest()
  /// Whether the networks get labels.
  public var cond: Bool?
  /// Images of each kind in an iteration.
  public var batchSize: Int?
  /// Images that go through a network together.
  public var microBatchSize: Int?
  /// Whether blocks of the networks run once more for gradients, for which they keep less.
  public var gradientCheckpointing: Bool?
  /// γ, the weight of the R1 penalty.
  public var r1Gamma: Double?
  /// The learning rate of the generator.
  public var generatorLearningRate: Double?
  /// The learning rate of the discriminator.
  public var discriminatorLearningRate: Double?
  /// Thousands of images after which half of the old average generator is left.
  public var averageKimg: Double?
  /// Features at 1×1, of which each resolution has its share.
  public var channelBase: Int?
  /// The most features of a layer.
  public var channelMax: Int?
  /// A factor on the features of StyleSwin and StyleNAT above 32×32.
  public var channelMultiplier: Int?
  /// Styleformer: encoder layers of each stage.
  public var numLayers: [Int]?
  /// Styleformer: features of each stage.
  public var hiddenSizes: [Int]?
  /// Styleformer: features of an attention head.
  public var headSize: Int?
  /// Styleformer: the fewest attention heads of a layer.
  public var minimumHeads: Int?
  /// Styleformer: whether layers from 32×32 on attend to 256 projected keys.
  public var linformer: Bool?
  /// Styleformer: where layers normalise tokens, such as `after-modulation`.
  public var normalization: String?
  /// Styleformer: whether outputs are demodulated.
  public var demodulates: Bool?
  /// Styleformer: what a layer's second branch starts from, such as `modulated-value`.
  public var residual: String?
  /// Styleformer: the width of the hidden layer of a feed-forward network behind each layer, as a
  /// multiple of its results.
  public var feedForwardRatio: Int?
  /// StyleNAT: how the heads share what lies near and far: `dense`, `dual` or `progressive`.
  public var dilations: String?
  /// StyleNAT: the most partitions of the heads, where dilations are progressive.
  public var partitions: Int?
  /// StyleGAN: the width and height at which training starts, in pixels.
  public var initialResolution: Int?
  /// StyleGAN: thousands of images for which a resolution is trained before the next is faded in.
  public var stableKimg: Double?
  /// StyleGAN: thousands of images over which a resolution is faded in.
  public var fadeKimg: Double?
  /// StyleGAN: what both networks minimise: `logistic` or `wgan-gp`.
  public var loss: String?
  /// The length of z.
  public var zDim: Int?
  /// The length of w.
  public var wDim: Int?
  /// Layers of the mapping network.
  public var mappingLayers: Int?
  /// Images whose deviation the discriminator sees together.
  public var mbstdGroupSize: Int?
  /// The weight of the path length regularization.
  public var pathLengthWeight: Double?
  /// The share of images that are made of two codes, the second from a random layer on.
  public var styleMixingProbability: Double?
  /// The number format of the highest resolutions.
  public var precision: Precision?
  /// How often images are augmented before the discriminator sees them: `noaug`, `ada` or `fixed`.
  public var augmentation: String?
  /// What may happen to them, such as `bgc`.
  public var augmentationSet: String?
  /// The probability of augmentation, where it is fixed.
  public var augmentationP: Double?
  /// The target of adaptive augmentation.
  public var augmentationTarget: Double?
  /// Layers of the discriminator, from the image on, that do not learn.
  public var frozenLayers: Int?
  /// Where all random streams start.
  public var seed: UInt32?
  /// Threads that one operation may use.
  public var threads: Int?
  /// A file whose networks the training starts from.
  public var initFrom: String?
  /// When to write, save and end.
  public var schedule = ScheduleRequest()
  /// What is measured of every snapshot, against the data of the training unless another is named;
  /// nil for nothing.
  public var metrics: MetricsGeneratorJob?

  /// Nothing was said.
  public init() {}

  /// What is different from the recipe.
  var changes: GANRecipeChanges {
    var changes = GANRecipeChanges()
    (changes.batchSize, changes.microBatchSize) = (batchSize, microBatchSize)
    changes.r1Gamma = r1Gamma
    changes.generatorLearningRate = generatorLearningRate
    changes.discriminatorLearningRate = discriminatorLearningRate
    changes.averageKimg = averageKimg
    (changes.channelBase, changes.channelMax) = (channelBase, channelMax)
    changes.channelMultiplier = channelMultiplier
    var layers = StyleformerChanges()
    (layers.numLayers, layers.hiddenSizes) = (numLayers, hiddenSizes)
    (layers.headSize, layers.minimumHeads) = (headSize, minimumHeads)
    (layers.linformer, layers.demodulates) = (linformer, demodulates)
    layers.normalization = normalization.flatMap(StyleformerAblation.Normalization.init)
    layers.residual = residual.flatMap(StyleformerAblation.Residual.init)
    layers.feedForwardRatio = feedForwardRatio
    changes.styleformer = layers == StyleformerChanges() ? nil : layers
    var own = StyleGANChanges()
    (own.initialResolution, own.stableKimg) = (initialResolution, stableKimg)
    (own.fadeKimg, own.loss) = (fadeKimg, loss.flatMap(StyleGANLoss.init))
    changes.stylegan = own == StyleGANChanges() ? nil : own
    var heads = StyleNATChanges()
    heads.dilations = dilations.flatMap(StyleNATConfiguration.Dilations.init)
    heads.partitions = partitions
    changes.stylenat = heads == StyleNATChanges() ? nil : heads
    (changes.zDim, changes.wDim) = (zDim, wDim)
    (changes.mappingLayers, changes.mbstdGroupSize) = (mappingLayers, mbstdGroupSize)
    changes.pathLengthWeight = pathLengthWeight
    changes.styleMixingProbability = styleMixingProbability
    changes.precision = precision?.dtype
    changes.augmentation = choice
    changes.frozenLayers = frozenLayers
    return changes
  }

  /// The augmentation of a new training.
  private var choice: AugmentationChoice {
    AugmentationChoice(
      effectiveAugmentation, pipe: augmentationSet.flatMap(AugmentationSet.init) ?? .bgc,
      p: augmentationP, target: augmentationTarget)
  }

  /// How often images of a new training are augmented.
  var effectiveAugmentation: AugmentationChoice.Mode {
    augmentationMode ?? GANRecipe.usualAugmentation(of: cfg ?? "auto")
  }

  /// How often images are augmented; nil if it was not said, or in words that mean nothing.
  var augmentationMode: AugmentationChoice.Mode? {
    augmentation.flatMap(AugmentationChoice.Mode.init)
  }
}

/// The number format in which the highest resolutions are computed; parameters stay float32.
public enum Precision: String, CaseIterable, Sendable {
  /// 32 bits.
  case float32
  /// 16 bits with the exponents of float32: faster where the processor has instructions for it.
  case bfloat16

  var dtype: DType {
    switch self {
    case .float32: .float32
    case .bfloat16: .bfloat16
    }
  }
}

extension TrainGANRequest: TrainingRequest {
  func begin(remark: (String) -> Void) throws -> (options: GANOptions, dataset: any Dataset) {
    try check()
    let base = try data.open(cond ?? false ? .own : .none)
    guard !(cond ?? false) || base.labelKind.dimension > 0 else {
      throw RequestError(
        "--cond", expected: "pictures with labels", found: "\(data.source ?? ""), without labels")
    }
    if let line = unusedLabels() { remark(line) }
    var data = data
    data.mirror = data.mirror ?? GANRecipe.mirrors(named: cfg ?? "auto")
    let dataset = try data.view(of: base, seed: seed ?? 0, mirror: data.mirror ?? false)
    var options = GANOptions(
      cfg: cfg ?? "auto",
      data: data.described(
        base, count: dataset.count, labelDim: cond ?? false ? base.labelKind.dimension : 0),
      changes: changes, seed: seed ?? 0, initFrom: initFrom,
      threads: threads ?? Machine.threadCount)
    options = continuing(options)
    try check(fitting: options)
    return (options, dataset)
  }

  func continuing(_ options: GANOptions) -> GANOptions {
    guard let gradientCheckpointing else { return options }
    var options = options
    options.gradientCheckpointing = gradientCheckpointing ? true : nil
    return options
  }

  /// What is said where pictures have labels, and nobody said whether the networks get them.
  private func unusedLabels() -> String? {
    guard cond == nil, data.source != "portraits",
      let kind = try? data.open(.own).labelKind, kind.dimension > 0
    else { return nil }
    let words: String =
      if case .classes(let count) = kind {
        counted(count, "class", "classes")
      } else {
        "\(kind.dimension) numbers each"
      }
    return "the pictures have labels, \(words), of which nothing is learned without --cond "
      + "(--no-cond: it is meant so)"
  }

  func openData(of options: GANOptions) throws -> any Dataset {
    try data.reopen(
      options.data, seed: options.seed, options.data.labelDim > 0 ? .own : .none,
      mirror: options.data.mirror)
  }

  func usualKimg(_ options: GANOptions) throws -> Double { try options.recipe().kimg }

  var measuresSnapshots: Bool { metrics != nil }

  func checkFiles(_ options: GANOptions, isNew: Bool) throws {
    if let metrics = metrics(of: options) {
      let scope = Scope(ParameterStore(), device: .meta)
      try metrics.check(options.recipe().generator.makeGenerator(scope).traits)
    }
    if isNew, let file = options.initFrom {
      try GANTraining.checkStart(from: ShippedModels.file(file), of: options)
    }
  }

  func makeTraining(
    _ options: GANOptions, on dataset: any Dataset, isNew: Bool, remark: (String) -> Void
  ) throws -> any Trainable {
    let training = try GANTraining(options, on: dataset)
    let recipe = try options.recipe()
    if isNew, let line = Self.shortLine(recipe, kimg: schedule.kimg ?? recipe.kimg) { remark(line) }
    if isNew, let file = options.initFrom {
      try training.start(from: ShippedModels.file(file)).forEach(remark)
    }
    return training
  }

  func measuring(
    _ options: GANOptions, on dataset: any Dataset, _ tell: @escaping (TrainingEvent) -> Void
  ) -> ((_ network: String) throws -> [MetricResult])? {
    guard let metrics = metrics(of: options) else { return nil }
    return { file in
      tell(.remark("measuring \(metrics.metricNames.joined(separator: ", "))"))
      let generator = try NetworkSource.file(file).makeGenerator().generator
      let outcome = try metrics.run(on: generator) { tell(.progress($0)) }
      outcome.remarks.forEach { tell(.remark($0)) }
      return outcome.findings.map(\.result)
    }
  }

  /// The metrics with the data of the training, unless another is named.
  private func metrics(of options: GANOptions) -> MetricsGeneratorJob? {
    guard var metrics else { return nil }
    metrics.data = metrics.data ?? MetricData(options)
    return metrics
  }

  func estimate(_ options: GANOptions) throws -> TrainingEstimate? {
    try TrainingEstimate(of: options.recipe(), threads: options.threads)
  }

  func lines(_ options: GANOptions, _ schedule: Schedule) throws -> [String] {
    let recipe = try options.recipe()
    let (counts, made) = (recipe.parameterCounts, recipe.inEffect)
    return [
      options.data.line(mirrored: options.data.mirror ? ", half of them mirrored" : ""),
      "generator: \(counted(counts.generator, "parameter")), z of \(made.zDim ?? 0), w of "
        + "\(made.wDim ?? 0); discriminator: \(counted(counts.discriminator, "parameter"))",
    ] + trainingLines(recipe, kimg: schedule.kimg) + [
      augmentationLine(recipe.training.augmentation, made.augmentation?.pipe)
    ] + (recipe.frozenLayers > 0 ? [Self.frozenLine(recipe.frozenLayers)] : [])
      + (options.gradientCheckpointing ?? false
        ? ["blocks of the networks run once more for gradients, for which they keep less"] : [])
  }
}

extension TrainGANRequest {
  /// What happens to pictures before the discriminator sees them, in a line.
  private func augmentationLine(_ augmentation: TrainingAugmentation?, _ set: AugmentationSet?)
    -> String
  {
    guard let control = augmentation?.control else { return "no augmentation" }
    let name = set?.rawValue ?? "its own"
    guard let target = control.target else {
      return "augmentation \(name) with p \(fourDigits(control.initialP)) all the time"
    }
    return "augmentation \(name) with p from \(fourDigits(control.initialP)) on, towards a target "
      + "of \(fourDigits(target)), by 1 in \(fourDigits(control.kimg)) kimg"
  }

  private static func frozenLine(_ count: Int) -> String {
    "the first \(counted(count, "layer")) of the discriminator \(count == 1 ? "does" : "do") not learn"
  }
}

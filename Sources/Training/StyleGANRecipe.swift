// How StyleGAN is trained: Karras et al., "A Style-Based Generator Architecture for Generative
// Adversarial Networks" (2019).

import Layers
import Networks
import Tensors

/// The losses of StyleGAN's program that its published networks were trained with.
public enum StyleGANLoss: String, CaseIterable, Codable, Sendable {
  /// The non-saturating logistic loss with the R1 penalty in every iteration, as for FFHQ and LSUN.
  case logistic
  /// Wasserstein's distance with a gradient penalty, as for CelebA-HQ.
  case wassersteinGP = "wgan-gp"
}

/// What people may change of StyleGAN's growth and loss; nil for what the recipe says.
public struct StyleGANChanges: Codable, Hashable, Sendable {
  /// The width and height at which training starts, in pixels.
  public var initialResolution: Int?
  /// Thousands of images for which a resolution is trained before the next is faded in.
  public var stableKimg: Double?
  /// Thousands of images over which a resolution is faded in.
  public var fadeKimg: Double?
  /// What both networks minimise.
  public var loss: StyleGANLoss?

  /// No changes.
  public init() {}

  /// What is there to change, as a training has it.
  init(_ training: GANTrainerConfiguration) {
    let schedule = training.growth?.schedule
    initialResolution = schedule?.initialResolution
    (stableKimg, fadeKimg) = (schedule?.stableKimg, schedule?.fadeKimg)
    loss = training.wasserstein == nil ? .logistic : .wassersteinGP
  }

  /// The changes as they are typed.
  var asTyped: [String] {
    spelled("initial-res", initialResolution)
      + spelled("stable-kimg", stableKimg) + spelled("fade-kimg", fadeKimg)
      + spelled("loss", loss?.rawValue)
  }
}

/// A step of the paper's ladder, trained on eight devices as published: networks that grow from 8×8 on,
/// with larger batches and lower rates where they are small.
///
/// - Source: Sections 2 and C of the paper, and `train.py` of stylegan; what is particular to
///   configuration A is the training of "Progressive Growing of GANs" (2018).
struct StyleGANRecipe: NamedGANRecipe {
  let name: String
  private let preset: StyleGAN1Preset
  /// The published pictures are faces.
  let mirrors = true
  /// It was published before there was any.
  let usualAugmentation = AugmentationChoice.Mode.noaug

  static let all: [StyleGANRecipe] =
    [StyleGANRecipe(name: "stylegan", preset: .configF)]
    + StyleGAN1Preset.allCases.map { StyleGANRecipe(name: $0.rawValue, preset: $0) }

  /// Devices of the published trainings; each takes its part of a batch.
  private static let devices = 8

  /// Images in an iteration, over all devices.
  private static func batchSize(at resolution: Int) -> Int {
    [4: 512, 8: 256, 16: 128, 32: 64, 64: 32][resolution] ?? 32
  }

  private static func learningRate(at resolution: Int, _ loss: StyleGANLoss) -> Double {
    let rate = [128: 0.0015, 256: 0.002][resolution] ?? (resolution > 256 ? 0.003 : 0.001)
    return loss == .wassersteinGP ? min(rate, 0.002) : rate
  }

  func recipe(for images: ImageTraits, _ changes: GANRecipeChanges) throws(ConfigurationError)
    -> GANRecipe
  {
    let own = changes.stylegan ?? StyleGANChanges()
    let loss = own.loss ?? (preset == .configA ? .wassersteinGP : .logistic)
    try refuse(changes, loss)
    var g = preset.generator(
      resolution: images.resolution, labelDim: images.labelDim, imgChannels: images.channels)
    var d = preset.discriminator(
      resolution: images.resolution, labelDim: images.labelDim, imgChannels: images.channels)
    if let base = changes.channelBase {
      try ConfigurationError.check("cbase", base, is: "an even number") { $0 % 2 == 0 }
      (g.featureBase, d.featureBase) = (base / 2, base / 2)
    }
    if let most = changes.channelMax { (g.featureMax, d.featureMax) = (most, most) }
    if let length = changes.zDim {
      g.zDim = length
      if g.mappingLayers == 0 { g.wDim = images.labelDim > 0 ? 2 * length : length }
    }
    // The inner layers of the mapping are as wide as its result.
    if let length = changes.wDim { (g.wDim, g.mappingWidth) = (length, length) }
    if let layers = changes.mappingLayers { g.mappingLayers = layers }
    if let group = changes.mbstdGroupSize { d.mbstdGroupSize = group }
    return GANRecipe(
      generator: g, discriminator: d,
      training: try training(own, loss, changes, resolution: images.resolution),
      kimg: preset == .configA ? 12_000 : 25_000)
  }

  private func refuse(
    _ changes: GANRecipeChanges, _ loss: StyleGANLoss
  ) throws(ConfigurationError) {
    let hasMapping = preset != .configA && preset != .configB
    try changes.refuse(
      in: name,
      (changes.styleformer?.asTyped ?? []) + (changes.stylenat?.asTyped ?? [])
        + spelled("channel-multiplier", changes.channelMultiplier)
        + spelled("pl-weight", changes.pathLengthWeight) + changes.spelledPrecision
        + changes.spelledAugmentation
        + spelled("freezed", changes.frozenLayers.flatMap { $0 > 0 ? $0 : nil })
        + spelled("w-dim", hasMapping ? nil : changes.wDim)
        + spelled("map-depth", hasMapping ? nil : changes.mappingLayers))
    if loss == .wassersteinGP, changes.r1Gamma != nil {
      throw ConfigurationError(
        "cfg \(name): expected no --gamma with --loss=wgan-gp, which has no R1 penalty")
    }
  }

  private func training(
    _ own: StyleGANChanges, _ loss: StyleGANLoss, _ changes: GANRecipeChanges, resolution: Int
  ) throws(ConfigurationError) -> GANTrainerConfiguration {
    let growth = try growth(own, loss, changes, resolution: resolution)
    let whole = growth.stages[growth.stages.count - 1]
    var training = GANTrainerConfiguration(
      batchSize: whole.batchSize, microBatchSize: whole.microBatchSize,
      learningRate: whole.generatorLearningRate,
      r1Gamma: loss == .logistic ? changes.r1Gamma ?? 10 : 0,
      average: MovingAverage(halfLife: (changes.averageKimg ?? 10) * 1000))
    training.discriminatorOptimizer.learningRate = whole.discriminatorLearningRate
    training.wasserstein = loss == .wassersteinGP ? WassersteinLoss() : nil
    training.pathLength.weight = 0
    training.generatorRegularizationInterval = nil
    training.discriminatorRegularizationInterval = nil
    training.styleMixingProbability =
      changes.styleMixingProbability ?? (preset == .configF ? 0.9 : 0)
    training.phaseOrder = .discriminatorFirst
    training.averagesBeforeGenerator = true
    training.growth = growth
    return training
  }

  /// From the first resolution to that of the images, each with its batch and rates.
  private func growth(
    _ own: StyleGANChanges, _ loss: StyleGANLoss, _ changes: GANRecipeChanges, resolution: Int
  ) throws(ConfigurationError) -> ProgressiveGrowth {
    var schedule = GrowingSchedule()
    schedule.initialResolution =
      own.initialResolution ?? min(preset == .configA ? 4 : 8, resolution)
    schedule.stableKimg = own.stableKimg ?? schedule.stableKimg
    schedule.fadeKimg = own.fadeKimg ?? schedule.fadeKimg
    try ConfigurationError.check(
      "resolution", resolution, is: "a power of two from 8 to 4096"
    ) { (8...4096).contains($0) && $0.nonzeroBitCount == 1 }
    try ConfigurationError.check(
      "--initial-res", schedule.initialResolution, is: "a power of two from 4 to \(resolution)"
    ) { (4...resolution).contains($0) && $0.nonzeroBitCount == 1 }
    let missing =
      resolution.trailingZeroBitCount - schedule.initialResolution.trailingZeroBitCount
    let stages = (0...missing).map { i in
      let side = schedule.initialResolution << i
      let batch = changes.batchSize ?? Self.batchSize(at: side)
      // A batch that somebody chose is for one device.
      let part = changes.batchSize == nil ? batch / Self.devices : batch
      var stage = TrainingStage(
        lod: Double(missing - i), resolution: side, batchSize: batch,
        microBatchSize: changes.microBatchSize ?? part,
        learningRate: changes.generatorLearningRate ?? Self.learningRate(at: side, loss))
      stage.discriminatorLearningRate =
        changes.discriminatorLearningRate ?? Self.learningRate(at: side, loss)
      return stage
    }
    return ProgressiveGrowth(schedule, stages: stages)
  }
}

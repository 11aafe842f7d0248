// The published settings of training, by the names that people type, and what may be changed of them.

import Layers
public import Networks
import OrderedCollections
public import Tensors

/// What people may change of a published recipe; nil for what the recipe says.
public struct GANRecipeChanges: Codable, Hashable, Sendable {
  /// Images of each kind in an iteration.
  public var batchSize: Int?
  /// Images that go through a network together.
  public var microBatchSize: Int?
  /// γ, the weight of the R1 penalty.
  public var r1Gamma: Double?
  /// The learning rate of the generator.
  public var generatorLearningRate: Double?
  /// The learning rate of the discriminator.
  public var discriminatorLearningRate: Double?
  /// Thousands of images after which half of the old average is left.
  public var averageKimg: Double?
  /// Features at 1×1, of which each resolution has its share.
  public var channelBase: Int?
  /// The most features of a layer.
  public var channelMax: Int?
  /// A factor on the features of StyleSwin and StyleNAT above 32×32.
  public var channelMultiplier: Int?
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
  public var precision: DType?
  /// Styleformer's layers.
  public var styleformer: StyleformerChanges?
  /// StyleGAN's growth and loss.
  public var stylegan: StyleGANChanges?
  /// StyleNAT's attention.
  public var stylenat: StyleNATChanges?
  /// What happens to images before the discriminator sees them; nil for nothing.
  public var augmentation: AugmentationChoice?
  /// Layers of the discriminator, from the image on, that do not learn.
  public var frozenLayers: Int?

  /// No changes.
  public init() {}
}

/// What is trained, and how: networks that go together and the settings of the trainer.
public struct GANRecipe: Sendable {
  /// The generator.
  public var generator: any GeneratorConfiguration
  /// The discriminator.
  public var discriminator: any DiscriminatorConfiguration
  /// How they are trained.
  public var training: GANTrainerConfiguration
  /// Thousands of images after which the published training ends.
  public var kimg: Double
  /// Layers of the discriminator, from the image on, that do not learn.
  public var frozenLayers = 0
}

extension GANRecipe {
  /// The names of all recipes.
  public static let names = named.map(\.name)

  private static let named: [any NamedGANRecipe] =
    StyleGAN2Preset.trained + StyleGANRecipe.all + StyleformerRecipe.all + TransformerRecipe.all

  /// How often a recipe augments images, unless people say otherwise.
  ///
  /// - Parameter name: One of `names`.
  /// - Returns: As often as the discriminator needs it, also for other names.
  public static func usualAugmentation(of name: String) -> AugmentationChoice.Mode {
    named.first { $0.name == name }?.usualAugmentation ?? .ada
  }

  /// Whether the published training of a recipe saw images mirrored, too.
  ///
  /// - Parameter name: One of `names`.
  /// - Returns: False also for other names.
  public static func mirrors(named name: String) -> Bool {
    named.first { $0.name == name }?.mirrors ?? false
  }

  /// A recipe for images of a shape.
  ///
  /// - Parameters:
  ///   - name: One of `names`.
  ///   - resolution: The images' width and height, in pixels.
  ///   - imgChannels: 1 grey, 3 RGB, 4 RGB with opacity.
  ///   - labelDim: The length of a label; 0 for none.
  ///   - changes: What is different from the published recipe.
  /// - Throws: `ConfigurationError` if there is no recipe of that name or values do not fit.
  public init(
    named name: String, resolution: Int, imgChannels: Int, labelDim: Int,
    changes: GANRecipeChanges = GANRecipeChanges()
  ) throws(ConfigurationError) {
    guard let recipe = Self.named.first(where: { $0.name == name }) else {
      throw ConfigurationError(
        "cfg: expected one of \(Self.names.joined(separator: ", ")), found \(name)")
    }
    let images = ImageTraits(
      resolution: resolution, channels: imgChannels, labelDim: labelDim)
    self = try recipe.recipe(for: images, changes)
    training.augmentation = changes.augmentation?.training
    if (generator as? StyleformerConfiguration)?.linformer == true {
      training.augmentation?.control.mostEffectiveP = 0.7
    }
    try training.augmentation?.pipe.validate(resolution: resolution)
    frozenLayers = changes.frozenLayers ?? 0
    try ConfigurationError.check(
      "frozen layers", frozenLayers, in: 0...discriminator.layersFromImage.count)
    try generator.validate()
    try discriminator.validate()
    try training.validate()
  }

  /// All that people may change, as it is in this recipe.
  public var inEffect: GANRecipeChanges {
    var all = GANRecipeChanges()
    (all.batchSize, all.microBatchSize) = (training.batchSize, training.microBatchSize)
    all.r1Gamma = training.r1Gamma
    all.generatorLearningRate = training.generatorOptimizer.learningRate
    all.discriminatorLearningRate = training.discriminatorOptimizer.learningRate
    all.averageKimg = training.average.halfLife / 1000
    all.pathLengthWeight = training.pathLength.weight
    all.styleMixingProbability = training.styleMixingProbability
    all.precision = training.precision
    switch generator {
    case let g as StyleGAN1Configuration:
      (all.channelBase, all.channelMax) = (2 * g.featureBase, g.featureMax)
      (all.zDim, all.wDim, all.mappingLayers) = (g.zDim, g.wDim, g.mappingLayers)
      all.stylegan = StyleGANChanges(training)
    case let g as StyleGAN2Configuration:
      (all.zDim, all.wDim, all.mappingLayers) = (g.zDim, g.wDim, g.mappingLayers)
    case let g as StyleformerConfiguration:
      all.styleformer = StyleformerChanges(g)
      (all.zDim, all.wDim, all.mappingLayers) = (g.zDim, g.wDim, g.mappingLayers)
    case let g as any TransformerConfiguration:
      (all.channelMax, all.channelMultiplier) = (g.shape.baseChannels, g.shape.channelMultiplier)
      (all.zDim, all.wDim) = (g.shape.wDim, g.shape.wDim)
      all.mappingLayers = g.shape.mappingLayers
      all.stylenat = (g as? StyleNATConfiguration).map(StyleNATChanges.init)
    default: break
    }
    switch discriminator {
    case let d as StyleGAN1DiscriminatorConfiguration: all.mbstdGroupSize = d.mbstdGroupSize
    case let d as StyleGAN2DiscriminatorConfiguration:
      (all.channelBase, all.channelMax) = (d.channelBase, d.channelMax)
      all.mbstdGroupSize = d.mbstdGroupSize
    default: break
    }
    all.augmentation = AugmentationChoice(training.augmentation)
    all.frozenLayers = frozenLayers
    return all
  }

  /// How training goes at each resolution, from the first to that of the images; one stage for
  /// networks that do not grow.
  public var stages: [TrainingStage] {
    if let growth = training.growth { return growth.stages }
    var stage = TrainingStage(
      resolution: generator.resolution, batchSize: training.batchSize,
      microBatchSize: training.microBatchSize,
      learningRate: training.generatorOptimizer.learningRate)
    stage.discriminatorLearningRate = training.discriminatorOptimizer.learningRate
    return [stage]
  }

  /// The numbers that training optimises in the generator and the discriminator, known without
  /// taking memory for them.
  public var parameterCounts: (generator: Int, discriminator: Int) {
    let (g, d) = (ParameterStore(), ParameterStore())
    _ = generator.makeGenerator(Scope(g, device: .meta))
    _ = discriminator.makeDiscriminator(Scope(d, device: .meta))
    freeze(d)
    return (g.parameterCount, d.trainable.values.reduce(0) { $0 + $1.count })
  }

  /// Keeps the discriminator's first layers from learning.
  ///
  /// - Parameter store: The discriminator's parameters.
  func freeze(_ store: ParameterStore) {
    for layer in discriminator.layersFromImage.prefix(frozenLayers) {
      store.setTrainable(false, under: layer)
    }
  }
}

extension GANRecipe: Encodable {
  private enum CodingKeys: CodingKey {
    case generator, discriminator, training, parameters, kimg, frozenLayers
  }
  private enum NetworkKeys: CodingKey { case generator, discriminator }

  /// Writes the configurations that the networks and the trainer are made from, and how many
  /// parameters they have.
  ///
  /// - Parameter encoder: Gets the values.
  /// - Throws: `EncodingError` if a number is not finite.
  public func encode(to encoder: any Encoder) throws {
    var recipe = encoder.container(keyedBy: CodingKeys.self)
    try generator.encode(to: recipe.superEncoder(forKey: .generator))
    try discriminator.encode(to: recipe.superEncoder(forKey: .discriminator))
    try recipe.encode(training, forKey: .training)
    try recipe.encode(kimg, forKey: .kimg)
    try recipe.encode(frozenLayers, forKey: .frozenLayers)
    var counts = recipe.nestedContainer(keyedBy: NetworkKeys.self, forKey: .parameters)
    let found = parameterCounts
    try counts.encode(found.generator, forKey: .generator)
    try counts.encode(found.discriminator, forKey: .discriminator)
  }
}

// MARK: - StyleGAN2

extension StyleGAN2Preset: NamedGANRecipe {
  var name: String { rawValue }

  func recipe(for images: ImageTraits, _ changes: GANRecipeChanges) throws(ConfigurationError)
    -> GANRecipe
  {
    try changes.refuse(
      in: name,
      (changes.styleformer?.asTyped ?? []) + (changes.stylegan?.asTyped ?? [])
        + (changes.stylenat?.asTyped ?? [])
        + spelled("channel-multiplier", changes.channelMultiplier))
    return recipe(
      resolution: images.resolution, imgChannels: images.channels, labelDim: images.labelDim,
      changes: changes)
  }

  /// The presets of stylegan2-ada-pytorch's training program.
  fileprivate static let trained: [StyleGAN2Preset] = [
    .auto, .stylegan2, .paper256, .paper512, .paper1024, .cifar,
  ]

  /// What the preset trains with, for one device.
  ///
  /// - Source: `train.py` of stylegan2-ada-pytorch.
  private struct Published {
    /// Devices of the published training; each takes its part of a batch.
    var devices = 8
    var kimg = 25_000.0
    var batchSize: Int
    var learningRate: Double
    var r1Gamma: Double
    var averageKimg: Double
    var rampUp: Double?
  }

  private func published(resolution: Int, batchSize: Int?) -> Published {
    switch self {
    case .stylegan2:
      return Published(batchSize: 32, learningRate: 0.002, r1Gamma: 10, averageKimg: 10)
    case .paper256:
      return Published(batchSize: 64, learningRate: 0.0025, r1Gamma: 1, averageKimg: 20)
    case .paper512:
      return Published(batchSize: 64, learningRate: 0.0025, r1Gamma: 0.5, averageKimg: 20)
    case .paper1024:
      return Published(batchSize: 32, learningRate: 0.002, r1Gamma: 2, averageKimg: 10)
    case .cifar:
      return Published(
        devices: 2, kimg: 100_000, batchSize: 64, learningRate: 0.0025, r1Gamma: 0.01,
        averageKimg: 500, rampUp: 0.05)
    default:
      // For one device; γ and the average follow from the batch.
      let batch = batchSize ?? max(min(4096 / resolution, 32), 1)
      return Published(
        devices: 1, batchSize: batch, learningRate: resolution >= 1024 ? 0.002 : 0.0025,
        r1Gamma: 0.0002 * Double(resolution * resolution) / Double(batch),
        averageKimg: Double(batch) * 10 / 32, rampUp: 0.05)
    }
  }

  /// The preset's networks and settings for images.
  func recipe(
    resolution: Int, imgChannels: Int, labelDim: Int, changes: GANRecipeChanges
  ) -> GANRecipe {
    let published = published(resolution: resolution, batchSize: changes.batchSize)
    let batch = changes.batchSize ?? published.batchSize
    let part = batch % published.devices == 0 ? batch / published.devices : batch
    let microBatch = changes.microBatchSize ?? part
    var g = generator(resolution: resolution, labelDim: labelDim, imgChannels: imgChannels)
    var d = discriminator(
      resolution: resolution, labelDim: labelDim, imgChannels: imgChannels,
      batchPerDevice: microBatch)
    if let base = changes.channelBase { (g.channelBase, d.channelBase) = (base, base) }
    if let most = changes.channelMax { (g.channelMax, d.channelMax) = (most, most) }
    if let length = changes.zDim { g.zDim = length }
    if let length = changes.wDim { g.wDim = length }
    if let layers = changes.mappingLayers { g.mappingLayers = layers }
    if let group = changes.mbstdGroupSize { d.mbstdGroupSize = group }
    var training = GANTrainerConfiguration(
      batchSize: batch, microBatchSize: microBatch, learningRate: published.learningRate,
      r1Gamma: changes.r1Gamma ?? published.r1Gamma,
      average: MovingAverage(
        halfLife: (changes.averageKimg ?? published.averageKimg) * 1000,
        rampUp: published.rampUp))
    if let rate = changes.generatorLearningRate {
      training.generatorOptimizer.learningRate = rate
    }
    if let rate = changes.discriminatorLearningRate {
      training.discriminatorOptimizer.learningRate = rate
    }
    if self == .cifar {
      training.pathLength.weight = 0
      training.styleMixingProbability = 0
    }
    if let weight = changes.pathLengthWeight { training.pathLength.weight = weight }
    if let share = changes.styleMixingProbability { training.styleMixingProbability = share }
    if let precision = changes.precision { training.precision = precision }
    return GANRecipe(generator: g, discriminator: d, training: training, kimg: published.kimg)
  }
}

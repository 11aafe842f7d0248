// How Styleformer and Styleformer-L are trained: Park and Kim, "Styleformer: Transformer Based
// Generative Adversarial Networks with Style Vector" (2022).

import Layers
public import Networks

/// What people may change of a Styleformer's layers; nil for what the recipe says.
public struct StyleformerChanges: Codable, Hashable, Sendable {
  /// Encoder layers of each stage.
  public var numLayers: [Int]?
  /// Channels of each stage's layers.
  public var hiddenSizes: [Int]?
  /// Channels of one attention head.
  public var headSize: Int?
  /// The fewest heads of a layer.
  public var minimumHeads: Int?
  /// Whether layers from 32×32 on attend to 256 projected keys.
  public var linformer: Bool?
  /// Where layers normalise tokens.
  public var normalization: StyleformerAblation.Normalization?
  /// Whether outputs are demodulated.
  public var demodulates: Bool?
  /// What a layer's second branch starts from.
  public var residual: StyleformerAblation.Residual?
  /// The width of a feed-forward network's hidden layer behind each layer, as a multiple of its results.
  public var feedForwardRatio: Int?

  /// No changes.
  public init() {}

  /// The changes as they are typed.
  var asTyped: [String] {
    spelled("num-layers", numLayers) + spelled("g-dict", hiddenSizes)
      + spelled("depth", headSize) + spelled("minimum-head", minimumHeads)
      + spelled(flag: "linformer", linformer)
      + spelled("normalize", normalization?.rawValue)
      + spelled(flag: "demodulate", demodulates)
      + spelled("residual", residual?.rawValue)
      + spelled("feed-forward", feedForwardRatio)
  }

  /// The layers with these changes; nil for the published ones.
  var ablation: StyleformerAblation? {
    var ablation = StyleformerAblation()
    ablation.normalization = normalization ?? ablation.normalization
    ablation.demodulates = demodulates ?? ablation.demodulates
    ablation.residual = residual ?? ablation.residual
    ablation.feedForwardRatio = feedForwardRatio
    return ablation == StyleformerAblation() ? nil : ablation
  }

  /// What is there to change, as a configuration has it.
  init(_ configuration: StyleformerConfiguration) {
    (numLayers, hiddenSizes) = (configuration.numLayers, configuration.hiddenSizes)
    (headSize, minimumHeads) = (configuration.headSize, configuration.minimumHeads)
    linformer = configuration.linformer
    let ablation = configuration.ablation ?? StyleformerAblation()
    (normalization, demodulates) = (ablation.normalization, ablation.demodulates)
    (residual, feedForwardRatio) = (ablation.residual, ablation.feedForwardRatio)
  }
}

/// The generator of Styleformer's program in the training program of stylegan2-ada-pytorch, with that
/// program's discriminator.
struct StyleformerRecipe: NamedGANRecipe {
  let name: String
  /// The published network; nil for the one that is nearest to the resolution.
  private let preset: StyleformerPreset?

  static let all: [StyleformerRecipe] =
    [StyleformerRecipe(name: "styleformer", preset: nil)]
    + StyleformerPreset.allCases.map {
      StyleformerRecipe(name: "styleformer-\($0.rawValue)", preset: $0)
    }

  private static let published: [Int: StyleformerPreset] = [
    32: .cifar10, 48: .stl10, 64: .celeba64l, 128: .lsun128l,
  ]

  /// The settings that the network was published with: `cifar` for CIFAR-10, on one device and with
  /// the minibatch deviation of that; of the others nothing is known but what their two mapping layers
  /// say, which is `auto`.
  private func settings(for preset: StyleformerPreset, _ changes: GANRecipeChanges)
    -> (StyleGAN2Preset, GANRecipeChanges)
  {
    guard preset == .cifar10 else { return (.auto, changes) }
    var changes = changes
    changes.batchSize = changes.batchSize ?? 32
    changes.microBatchSize = changes.microBatchSize ?? changes.batchSize
    return (.cifar, changes)
  }

  func recipe(for images: ImageTraits, _ changes: GANRecipeChanges) throws(ConfigurationError)
    -> GANRecipe
  {
    try changes.refuse(
      in: name,
      (changes.stylegan?.asTyped ?? []) + (changes.stylenat?.asTyped ?? [])
        + spelled("channel-multiplier", changes.channelMultiplier))
    let preset = preset ?? Self.published[images.resolution] ?? .lsun128l
    let (settings, changed) = settings(for: preset, changes)
    var recipe = settings.recipe(
      resolution: images.resolution, imgChannels: images.channels, labelDim: images.labelDim,
      changes: changed)
    var g = preset.generator(
      resolution: images.resolution, labelDim: images.labelDim, imgChannels: images.channels)
    if let most = changes.channelMax { g.hiddenSizes = g.hiddenSizes.map { min($0, most) } }
    if let length = changes.zDim { g.zDim = length }
    if let length = changes.wDim { g.wDim = length }
    if let layers = changes.mappingLayers { g.mappingLayers = layers }
    if let own = changes.styleformer {
      g.numLayers = own.numLayers ?? g.numLayers
      g.hiddenSizes = own.hiddenSizes ?? g.hiddenSizes
      g.headSize = own.headSize ?? g.headSize
      g.minimumHeads = own.minimumHeads ?? g.minimumHeads
      g.linformer = own.linformer ?? g.linformer
      g.ablation = own.ablation
    }
    recipe.generator = g
    return recipe
  }
}

// How StyleSwin (Zhang et al., 2022) and StyleNAT (Walton et al., 2022) are trained.

import Foundation
import Layers
public import Networks
import Tensors

/// What people may change of StyleNAT's attention; nil for what the recipe says.
public struct StyleNATChanges: Codable, Hashable, Sendable {
  /// How the heads share what lies near and what lies far.
  public var dilations: StyleNATConfiguration.Dilations?
  /// The most partitions of the heads, which only progressive dilations have.
  public var partitions: Int?

  /// No changes.
  public init() {}

  /// The changes as they are typed.
  var asTyped: [String] {
    spelled("dilations", dilations?.rawValue) + spelled("partitions", partitions)
  }

  /// What is there to change, as a configuration has it; where dilations have several names, as of small
  /// images, the first.
  package init(_ g: StyleNATConfiguration) {
    let counts = [nil, g.dilations.map(\.count).max()]
    for count in counts where dilations == nil {
      dilations = StyleNATConfiguration.Dilations.allCases.first { name in
        var made = g
        made.setDilations(name, partitions: count)
        return made.dilations == g.dilations
      }
      partitions = dilations == nil ? nil : count
    }
  }

  /// A network with these changes.
  ///
  /// - Parameter g: The network.
  /// - Returns: The same with other dilations.
  package func applied(to g: StyleNATConfiguration) -> StyleNATConfiguration {
    var g = g
    if let dilations { g.setDilations(dilations, partitions: partitions) }
    return g
  }
}

/// A published training of StyleSwin or StyleNAT: the wavelet discriminator, a learning rate of its own
/// for each network, balanced consistency, and a rate that falls towards the end.
///
/// What follows from an iteration rather than from images, such as the average, stays a matter of
/// iterations at other batch sizes.
///
/// - Source: The programs and READMEs of microsoft/StyleSwin and SHI-Labs/StyleNAT.
struct TransformerRecipe: NamedGANRecipe {
  let name: String
  /// The network that is trained.
  private let network: String
  /// Images in an iteration, over all devices, and on each.
  private var batchSize = 32
  private var imagesPerDevice = 4
  /// Iterations of the whole training, and of the part before learning rates fall; nil if they do not.
  private var iterations = 800_000
  private var decayStart: Int?
  private var r1Gamma = 10.0
  /// Whether the discriminator should judge transformed images alike.
  private var isConsistent = true
  private(set) var mirrors = false
  /// Transformed images are what consistency is about.
  let usualAugmentation = AugmentationChoice.Mode.noaug

  private init(_ name: String, _ network: String, _ set: (inout TransformerRecipe) -> Void) {
    (self.name, self.network) = (name, network)
    set(&self)
  }

  static let all: [TransformerRecipe] =
    ["styleswin", "styleswin-ffhq256"].map { name in
      TransformerRecipe(name, "styleswin-ffhq256") {
        ($0.iterations, $0.decayStart) = (1_000_000, 775_000)
      }
    } + [
      TransformerRecipe("styleswin-celebahq256", "styleswin-celebahq256") {
        ($0.decayStart, $0.r1Gamma) = (500_000, 5)
      },
      TransformerRecipe("styleswin-church256", "styleswin-church256") {
        ($0.iterations, $0.decayStart) = (1_500_000, 1_300_000)
        ($0.r1Gamma, $0.isConsistent, $0.mirrors) = (5, false, true)
      },
      TransformerRecipe("styleswin-ffhq1024", "styleswin-ffhq1024") {
        ($0.batchSize, $0.imagesPerDevice, $0.isConsistent) = (16, 2, false)
        $0.decayStart = 600_000
      },
      TransformerRecipe("styleswin-celebahq1024", "styleswin-celebahq1024") {
        ($0.batchSize, $0.imagesPerDevice, $0.isConsistent) = (16, 2, false)
      },
    ]
    // Only FFHQ at 256×256 was published; the others follow it with their own networks.
    + ["", "-ffhq256", "-ffhq1024", "-church256"].map { suffix in
      let network = suffix.isEmpty ? "-ffhq256" : suffix
      return TransformerRecipe("stylenat\(suffix)", "stylenat\(network)") {
        ($0.batchSize, $0.imagesPerDevice, $0.mirrors) = (64, 8, true)
        ($0.iterations, $0.decayStart) = (1_000_000, 775_000)
      }
    }

  func recipe(for images: ImageTraits, _ changes: GANRecipeChanges) throws(ConfigurationError)
    -> GANRecipe
  {
    try changes.refuse(
      in: name,
      (changes.styleformer?.asTyped ?? []) + (changes.stylegan?.asTyped ?? [])
        + (network.hasPrefix("stylenat") ? [] : changes.stylenat?.asTyped ?? [])
        + spelled("cbase", changes.channelBase) + spelled("mbstd-group", changes.mbstdGroupSize)
        + spelled("z-dim", changes.zDim) + spelled("pl-weight", changes.pathLengthWeight)
        + spelled("style-mixing", changes.styleMixingProbability) + changes.spelledPrecision
        + changes.spelledAugmentation)
    guard images.channels == 3, images.labelDim == 0 else {
      throw ConfigurationError(
        "cfg \(name): expected RGB pictures without labels, found \(images.channels) channels, "
          + "labels of \(images.labelDim)")
    }
    let found = try Registry.configuration(named: network, resolution: images.resolution)
    guard var g = found as? any TransformerConfiguration else {
      preconditionFailure("\(network) is no transformer")
    }
    var d = WaveletDiscriminatorConfiguration(resolution: images.resolution)
    if let width = changes.channelMax { (g.shape.baseChannels, d.baseChannels) = (width, width) }
    if let factor = changes.channelMultiplier {
      (g.shape.channelMultiplier, d.channelMultiplier) = (factor, factor)
    }
    if let length = changes.wDim { g.shape.wDim = length }
    if let layers = changes.mappingLayers { g.shape.mappingLayers = layers }
    if let own = changes.stylenat, let nat = g as? StyleNATConfiguration {
      guard own.partitions == nil || own.dilations == .progressive else {
        throw ConfigurationError(
          "cfg \(name): expected --partitions with --dilations=progressive, which may have any number"
        )
      }
      g = own.applied(to: nat)
    }
    return GANRecipe(
      generator: g, discriminator: d, training: training(changes),
      kimg: kimg(iterations, batch: changes.batchSize ?? batchSize))
  }

  private func kimg(_ iterations: Int, batch: Int) -> Double {
    Double(iterations * batch) / 1000
  }

  private func training(_ changes: GANRecipeChanges) -> GANTrainerConfiguration {
    let batch = changes.batchSize ?? batchSize
    let part = changes.batchSize == nil ? imagesPerDevice : min(imagesPerDevice, batch)
    let micro = changes.microBatchSize ?? (batch % part == 0 ? part : batch)
    // Half of the average is forgotten as in 10,000 images at 32 an iteration, whatever the batch.
    let average =
      changes.averageKimg.map { MovingAverage(halfLife: $0 * 1000) }
      ?? MovingAverage(share: pow(0.5, 32 / 10_000.0), batchSize: batch)
    var training = GANTrainerConfiguration(
      batchSize: batch, microBatchSize: micro, learningRate: 2e-4,
      r1Gamma: changes.r1Gamma ?? r1Gamma, average: average)
    let rate = changes.discriminatorLearningRate ?? 2e-4
    training.discriminatorOptimizer.learningRate = rate
    training.generatorOptimizer.learningRate = changes.generatorLearningRate ?? rate / 4
    // The generator has no penalty, and no correction for one.
    training.generatorRegularizationInterval = 10_000_000
    training.pathLength.weight = 0
    training.styleMixingProbability = 0
    training.phaseOrder = .discriminatorFirst
    training.discriminatorGradientBound = 5
    training.consistency = isConsistent ? BalancedConsistency() : nil
    training.learningRateDecay = decayStart.map {
      LearningRateDecay(
        startKimg: kimg($0, batch: batch), endKimg: kimg(iterations, batch: batch))
    }
    return training
  }
}

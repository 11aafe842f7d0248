// Networks small enough to train in tests: StyleGAN2 at 16×16, and a family of our own in float64.

import Layers
import Networks
import TestSupport
import Tensors
import Training

// MARK: StyleGAN2

func smallGenerator(
  labelDim: Int = 0, seed: UInt64 = 1, adjust: (inout StyleGAN2Configuration) -> Void = { _ in }
) -> StyleGAN2 {
  var configuration = StyleGAN2Configuration(resolution: 16)
  (configuration.zDim, configuration.wDim) = (8, 8)
  (configuration.channelBase, configuration.channelMax) = (128, 8)
  (configuration.mappingLayers, configuration.labelDim) = (2, labelDim)
  adjust(&configuration)
  return StyleGAN2(configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: seed)))
}

func smallDiscriminator(
  labelDim: Int = 0, groupSize: Int? = 2, seed: UInt64 = 2,
  adjust: (inout StyleGAN2DiscriminatorConfiguration) -> Void = { _ in }
) -> StyleGAN2Discriminator {
  var configuration = StyleGAN2DiscriminatorConfiguration(resolution: 16)
  (configuration.channelBase, configuration.channelMax) = (128, 8)
  (configuration.mappingLayers, configuration.labelDim) = (2, labelDim)
  configuration.mbstdGroupSize = groupSize
  adjust(&configuration)
  return StyleGAN2Discriminator(
    configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: seed)))
}

/// Settings for batches of 4 with both regularisers in every second iteration.
func smallSettings(batchSize: Int = 4, microBatchSize: Int? = nil) -> GANTrainerConfiguration {
  var settings = GANTrainerConfiguration(
    batchSize: batchSize, microBatchSize: microBatchSize, learningRate: 0.002, r1Gamma: 1,
    average: MovingAverage(halfLife: 20, rampUp: 0.5))
  settings.generatorRegularizationInterval = 2
  settings.discriminatorRegularizationInterval = 2
  return settings
}

func smallTrainer(
  _ settings: GANTrainerConfiguration = smallSettings(), networkSeed: UInt64 = 1, seed: UInt64 = 7
) throws -> GANTrainer {
  try GANTrainer(
    generator: smallGenerator(seed: networkSeed),
    discriminator: smallDiscriminator(seed: networkSeed + 1), configuration: settings, seed: seed)
}

/// A batch of random images, the same for the same number.
func realBatch(_ number: Int, count: Int = 4) -> RealBatch {
  RealBatch(
    images: .seeded([count, 3, 16, 16], seed: UInt64(1000 + number), dtype: .float32)
      .clamped(from: -1, to: 1))
}

// MARK: A family in float64

/// Sizes of a generator with two rows of W+ and images of 4×4 pixels.
struct TinyGeneratorConfiguration: GeneratorConfiguration {
  static let kind = "tiny"
  var resolution = 4

  func validate() {}
  func makeGenerator(_ p: Scope) -> any Generator { TinyGenerator(p) }
}

/// A smooth generator: w = tanh(z A), image = tanh(w₀ B) · (w₁ C).
final class TinyGenerator: Generator {
  let configuration = TinyGeneratorConfiguration()
  let parameters: ParameterStore
  let wAvg: Tensor
  var wAvgSource = WAvgSource.stored
  let noiseInputs: [NoiseInput] = []
  let styleMatrices: [StyleMatrix] = []
  private let matrices: [Tensor]

  init(_ p: Scope) {
    parameters = p.store
    matrices = [
      p.parameter("mapping", .randn([5, 6])), p.parameter("first", .randn([6, 48], std: 0.5)),
      p.parameter("second", .randn([6, 48], std: 0.5)),
    ]
    wAvg = p.buffer("w_avg", .zeros([6]))
  }

  var traits: GeneratorTraits {
    GeneratorTraits(
      zDim: 5, wDim: 6, labelDim: 0, numWs: 2, usedWs: 0..<2, resolution: 4, startResolution: 4,
      imgChannels: 3, visibleRows: 0..<4, pixelEncoding: .truncated,
      seedConvention: .torchManualSeed, wAvgSource: wAvgSource,
      layerRanges: LayerRanges(numWs: 2))
  }

  func map(z: Tensor, labels: Tensor?) -> Tensor { z.matmul(matrices[0]).tanh() }

  func updateAverage(with w: Tensor, beta: Double) {
    withoutGradients { wAvg.assign(w.mean(over: 0).lerp(to: wAvg, weight: beta)) }
  }

  func synthesize(_ wPlus: Tensor, options: SynthesisOptions) -> Tensor {
    let shape = wPlus.selected(0, axis: 1).matmul(matrices[1]).tanh()
    return (shape * wPlus.selected(1, axis: 1).matmul(matrices[2])).reshaped(-1, 3, 4, 4)
  }
}

/// Sizes of a discriminator of images of 4×4 pixels.
struct TinyDiscriminatorConfiguration: DiscriminatorConfiguration {
  static let kind = "tiny-discriminator"
  var resolution = 4
  var imgChannels = 3
  var labelDim = 0

  func validate() {}
  func validate(batchSize: Int) {}
  func makeDiscriminator(_ p: Scope) -> any Discriminator { TinyDiscriminator(p) }
}

/// A smooth discriminator: logit = tanh(img A) b.
final class TinyDiscriminator: Discriminator {
  let configuration = TinyDiscriminatorConfiguration()
  let parameters: ParameterStore
  private let hidden: Tensor
  private let out: Tensor

  init(_ p: Scope) {
    parameters = p.store
    hidden = p.parameter("hidden", .randn([48, 7], std: 0.2))
    out = p.parameter("out", .randn([7, 1]))
  }

  func callAsFunction(_ img: Tensor, labels: Tensor?, options: DiscriminatorOptions) -> Tensor {
    img.flattened(from: 1).matmul(hidden).tanh().matmul(out)
  }
}

/// A trainer of the float64 family.
func tinyTrainer(_ settings: GANTrainerConfiguration = smallSettings()) throws -> GANTrainer {
  func scope(_ seed: UInt64) -> Scope {
    Scope(ParameterStore(), dtype: .float64, generator: TorchGenerator(seed: seed))
  }
  return try GANTrainer(
    generator: TinyGenerator(scope(1)), discriminator: TinyDiscriminator(scope(2)),
    configuration: settings, seed: 1)
}

// A generator of every family, small enough to invert in tests.

import Inversion
import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors

/// Every family at its smallest, by the name of its kind.
func smallConfigurations() -> [any GeneratorConfiguration] {
  var styleformer = StyleformerConfiguration()
  (styleformer.zDim, styleformer.wDim, styleformer.headSize) = (16, 12, 4)
  (styleformer.numLayers, styleformer.hiddenSizes) = ([1, 2, 1], [16, 8, 8])
  var styleformerC = StyleformerCConfiguration(resolution: 64)
  styleformerC.transformer = styleformer
  styleformerC.transformer.resolution = 16
  (styleformerC.transformer.numLayers, styleformerC.transformer.hiddenSizes) = ([1, 2], [16, 8])
  styleformerC.convChannels = [8, 4]
  var styleSwin = StyleSwinConfiguration(resolution: 16)
  (styleSwin.shape.wDim, styleSwin.shape.mappingLayers) = (12, 2)
  styleSwin.shape.baseChannels = 16
  var styleNAT = StyleNATConfiguration(resolution: 16)
  (styleNAT.shape.wDim, styleNAT.shape.mappingLayers) = (12, 2)
  (styleNAT.shape.baseChannels, styleNAT.kernelSizes) = (16, [[3], [3]])
  styleNAT.dilations = [[1], [1, 2]]
  var styleGAN1 = StyleGAN1Configuration(resolution: 16)
  (styleGAN1.zDim, styleGAN1.wDim, styleGAN1.mappingLayers) = (12, 10, 2)
  (styleGAN1.mappingWidth, styleGAN1.featureBase, styleGAN1.featureMax) = (14, 32, 8)
  return [smallStyleGAN2(), styleGAN1, styleformer, styleformerC, styleSwin, styleNAT]
}

/// StyleGAN2 at 16×16 with 8 channels.
func smallStyleGAN2(labelDim: Int = 0) -> StyleGAN2Configuration {
  var configuration = StyleGAN2Configuration(resolution: 16)
  (configuration.zDim, configuration.wDim) = (8, 8)
  (configuration.channelBase, configuration.channelMax) = (128, 8)
  (configuration.mappingLayers, configuration.labelDim) = (2, labelDim)
  return configuration
}

/// A generator with random numbers wherever a network starts from zeros, but for its mean of w.
func makeGenerator(_ configuration: any GeneratorConfiguration, seed: UInt64 = 1) -> any Generator {
  let generator = configuration.makeGenerator(
    Scope(ParameterStore(), generator: TorchGenerator(seed: seed)))
  for (i, entry) in generator.parameters.entries.values.enumerated()
  where entry.role == .parameter && entry.tensor.abs().max().item() == 0 {
    entry.tensor.assign(.seeded(entry.tensor.shape, seed: UInt64(i)) * 0.1)
  }
  if let growing = generator as? any GrowingNetwork { growing.lod = 0 }
  return generator
}

/// The picture of a code in [-1, 1], of the rows that are meant to be seen.
func picture(of wPlus: Tensor, by generator: any Generator) -> Tensor {
  withoutGradients {
    let made = generator.synthesize(wPlus, options: SynthesisOptions())
    return generator.traits.pixelEncoding.colours(made)
      .sliced(generator.traits.visibleRows, axis: 2)
  }
}

/// The W+ of one random z.
func code(of seed: UInt64, _ generator: any Generator) -> Tensor {
  withoutGradients {
    let z = Tensor.seeded([1, generator.traits.zDim], seed: seed, dtype: .float32)
    return generator.broadcast(
      generator.map(z: z, labels: generator.label(classIndex: nil)))
  }
}

/// Settings for the few steps of a test.
func shortSettings(
  steps: Int, _ change: (inout ProjectionSettings) -> Void = { _ in }
) -> ProjectionSettings {
  var settings = ProjectionSettings()
  settings.steps = steps
  change(&settings)
  return settings
}

// Networks small enough for tests, with values in every parameter that is zero before training.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors

/// StyleGAN2 at 16×16 with 8 channels: the sizes of the published-format test files.
func smallConfiguration(
  architecture: StyleGAN2Configuration.Architecture = .skip, labelDim: Int = 0, resolution: Int = 16
) -> StyleGAN2Configuration {
  var configuration = StyleGAN2Configuration(resolution: resolution)
  (configuration.zDim, configuration.wDim) = (16, 12)
  (configuration.channelBase, configuration.channelMax) = (128, 8)
  configuration.mappingLayers = 2
  configuration.architecture = architecture
  configuration.labelDim = labelDim
  return configuration
}

/// The discriminator of the same size.
func smallDiscriminatorConfiguration(
  architecture: StyleGAN2Configuration.Architecture = .resnet, labelDim: Int = 0
) -> StyleGAN2DiscriminatorConfiguration {
  var configuration = StyleGAN2DiscriminatorConfiguration(resolution: 16)
  (configuration.channelBase, configuration.channelMax) = (128, 8)
  configuration.mappingLayers = 2
  configuration.architecture = architecture
  configuration.labelDim = labelDim
  return configuration
}

/// Styleformer at 32×32 with 16 and 8 channels, four a head: 7 rows of W+, of which 5 are read.
func smallStyleformer(linformer: Bool = false, labelDim: Int = 0) -> StyleformerConfiguration {
  var configuration = StyleformerConfiguration()
  (configuration.zDim, configuration.wDim, configuration.labelDim) = (16, 12, labelDim)
  (configuration.numLayers, configuration.hiddenSizes) = ([1, 2, 1], [16, 8, 8])
  configuration.headSize = 4
  configuration.linformer = linformer
  return configuration
}

/// Styleformer-C with the same encoder layers up to 16×16, and convolutions up to 64×64.
func smallStyleformerC() -> StyleformerCConfiguration {
  var configuration = StyleformerCConfiguration(resolution: 64)
  configuration.transformer = smallStyleformer()
  configuration.transformer.resolution = 16
  configuration.transformer.numLayers = [1, 2]
  configuration.transformer.hiddenSizes = [16, 8]
  configuration.convChannels = [8, 4]
  return configuration
}

/// A generator whose noise strengths, biases and mean of w are random too.
func makeGenerator(_ configuration: StyleformerConfiguration) -> Styleformer {
  let generator = Styleformer(configuration, seededScope())
  fillZeros(of: generator.parameters)
  return generator
}

/// A generator whose noise strengths, biases and mean of w are random too.
func makeGenerator(_ configuration: StyleformerCConfiguration) -> StyleformerC {
  let generator = StyleformerC(configuration, seededScope())
  fillZeros(of: generator.parameters)
  return generator
}

/// A generator whose noise strengths, biases and mean of w are random too.
func makeGenerator(_ configuration: StyleGAN2Configuration) -> StyleGAN2 {
  let generator = StyleGAN2(configuration, seededScope())
  fillZeros(of: generator.parameters)
  return generator
}

/// A discriminator whose biases are random too.
func makeDiscriminator(_ configuration: StyleGAN2DiscriminatorConfiguration)
  -> StyleGAN2Discriminator
{
  let discriminator = StyleGAN2Discriminator(configuration, seededScope())
  fillZeros(of: discriminator.parameters)
  return discriminator
}

private func seededScope() -> Scope {
  Scope(ParameterStore(), generator: TorchGenerator(seed: 1))
}

/// Puts random numbers where a network starts from zeros.
func fillZeros(of store: ParameterStore) {
  for (i, entry) in store.entries.values.enumerated() where entry.tensor.abs().max().item() == 0 {
    entry.tensor.assign(.seeded(entry.tensor.shape, seed: UInt64(i)) * 0.3)
  }
}

/// Normal z, labels that are one-hot rows, and W+ with different rows.
extension Generator {
  func seededZ(_ batch: Int, seed: UInt64 = 5) -> Tensor {
    .seeded([batch, traits.zDim], seed: seed, dtype: .float32)
  }

  func seededWPlus(_ batch: Int, seed: UInt64 = 6) -> Tensor {
    .seeded([batch, traits.numWs, traits.wDim], seed: seed, dtype: .float32)
  }
}

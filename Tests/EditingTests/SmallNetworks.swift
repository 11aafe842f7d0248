// Networks small enough for tests of editing.

import Layers
import Networks
import TestSupport
import Tensors

/// StyleGAN2 at 16×16 with 8 channels and 6 rows of W+.
func smallGenerator(labelDim: Int = 0) -> StyleGAN2 {
  var configuration = StyleGAN2Configuration(resolution: 16)
  configuration.labelDim = labelDim
  (configuration.zDim, configuration.wDim) = (8, 8)
  (configuration.channelBase, configuration.channelMax) = (128, 8)
  configuration.mappingLayers = 2
  return StyleGAN2(configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
}

/// A classifier of five attributes of codes with 3 rows of 4.
func smallClassifier(dtype: DType = .float64, seed: UInt64 = 3) -> LatentClassifier {
  var configuration = LatentClassifierConfiguration()
  (configuration.codeLength, configuration.hiddenWidths) = (12, [10, 8])
  (configuration.attributeCount, configuration.featureWidth) = (5, 4)
  return LatentClassifier(
    configuration,
    Scope(ParameterStore(), dtype: dtype, generator: TorchGenerator(seed: seed)))
}

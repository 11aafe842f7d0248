// Encoders small enough for tests: pictures of 16×16 through three stages into 6 rows of 8.

import Layers
import Networks
import TestSupport
import Tensors

/// Three stages of four units; the middle one has two.
func smallTrunk(squeezes: Bool = true) -> IRSEConfiguration {
  var trunk = IRSEConfiguration(
    stemWidth: 4, stages: [(4, 1), (6, 2), (8, 1)].map { .init(width: $0, units: $1) })
  (trunk.squeezes, trunk.squeezeReduction) = (squeezes, 2)
  return trunk
}

private func smallShape() -> EncoderShape {
  var shape = EncoderShape()
  (shape.height, shape.width, shape.trunk) = (16, 16, smallTrunk())
  (shape.numWs, shape.wDim) = (6, 8)
  return shape
}

func smallStyleTransformer(tokens: Int = 6) -> StyleTransformerConfiguration {
  var configuration = StyleTransformerConfiguration()
  (configuration.shape, configuration.tokens) = (smallShape(), tokens)
  configuration.mappingLayers = 2
  (configuration.decoder.width, configuration.decoder.heads) = (8, 2)
  configuration.decoder.feedForward = 12
  return configuration
}

func smallPSp(_ head: PSpEncoderConfiguration.Head = .gradual) -> PSpEncoderConfiguration {
  var configuration = PSpEncoderConfiguration()
  (configuration.shape, configuration.head) = (smallShape(), head)
  (configuration.coarseEnd, configuration.middleEnd) = (2, 4)
  configuration.headConvolutions = [1, 2, 3]
  return configuration
}

/// The encoder of a configuration with random weights, biases, statistics and average.
func makeEncoder<Configuration: EncoderConfiguration>(
  _ configuration: Configuration, dtype: DType = .float64
) -> any ImageEncoder {
  let encoder = configuration.makeEncoder(
    Scope(ParameterStore(), dtype: dtype, generator: TorchGenerator(seed: 1)))
  randomizeNorms(of: encoder.parameters)
  return encoder
}

/// Puts random numbers where a network starts from zeros or ones; counters stay.
func randomizeNorms(of store: ParameterStore) {
  for (i, entry) in store.entries.enumerated() where entry.value.tensor.dtype.isFloatingPoint {
    let (name, tensor) = (entry.key, entry.value.tensor)
    guard tensor.rank <= 2 else { continue }
    let values = Tensor.seeded(tensor.shape, seed: UInt64(i))
    if name.hasSuffix("running_var") {
      tensor.assign(values.square() * 0.2 + 0.8)
    } else if tensor.rank == 1 || name == "latent_avg" {
      tensor.addInPlace((values * 0.2).cast(to: tensor.dtype))
    }
  }
}

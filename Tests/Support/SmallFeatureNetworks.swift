// Small networks whose features are of some use.

package import Networks
import Layers
import Tensors

/// Inception-v3, sixteen times narrower and with ten classes, with random weights.
package func smallInception() -> InceptionV3 {
  var configuration = InceptionConfiguration()
  (configuration.widthDivisor, configuration.classCount) = (16, 10)
  let network = InceptionV3(
    configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
  // First weights make features that vanish; these keep their size from layer to layer.
  for name in network.parameters.names(under: "") where name.hasSuffix("conv.weight") {
    network.parameters[name].multiplyInPlace(6.0.squareRoot())
  }
  return network
}

/// VGG-16, 32 times narrower, with random weights.
package func smallVGG16() -> VGG16 {
  var configuration = VGG16Configuration()
  configuration.widthDivisor = 32
  return withoutVanishing(
    VGG16(configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 3))),
    \.parameters)
}

/// LPIPS with VGG-16, 32 times narrower, with random weights and heads of ones.
package func smallLPIPS() -> LPIPS {
  var configuration = LPIPSConfiguration(backbone: .vgg16)
  configuration.widthDivisor = 32
  let lpips = withoutVanishing(
    LPIPS(configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 4))),
    \.parameters)
  for name in lpips.parameters.names(under: "") where name.hasPrefix("lin") {
    lpips.parameters[name].assign(.ones(lpips.parameters[name].shape))
  }
  return lpips
}

/// The network with weights that keep the size of its features from layer to layer.
private func withoutVanishing<Network>(
  _ network: Network, _ parameters: (Network) -> ParameterStore
) -> Network {
  let store = parameters(network)
  for name in store.names(under: "") where name.hasSuffix("weight") && !name.hasPrefix("lin") {
    store[name].multiplyInPlace(6.0.squareRoot())
  }
  return network
}

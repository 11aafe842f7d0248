// A small Inception-v3 whose features are of some use.

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

// What a generator costs: its parameters and the multiply-adds of one image, known without memory
// for either.

import Layers
import Tensors

/// What a generator costs.
public struct GeneratorCost: Hashable, Sendable, Encodable {
  /// The numbers that training optimises.
  public let parameters: Int
  /// The multiply-adds of one image, from z: those of matrix products and convolutions, the
  /// enlarging filters among them.
  public let multiplyAdds: Int
}

extension GeneratorConfiguration {
  /// What the generator costs; `validate()` must accept the values.
  ///
  /// The generator runs once, full grown, on the device `meta`, where tensors have sizes and no
  /// numbers.
  public var cost: GeneratorCost {
    let generator = makeGenerator(Scope(ParameterStore(), device: .meta))
    let traits = generator.traits
    func row(_ count: Int) -> Tensor { .empty([1, count], device: .meta) }
    let multiplyAdds = withoutGradients {
      countingMultiplyAdds {
        let w = generator.map(
          z: row(traits.zDim), labels: traits.labelDim > 0 ? row(traits.labelDim) : nil)
        let wPlus = generator.broadcast(w)
        _ = generator.synthesize(wPlus, options: SynthesisOptions(purpose: .training, lod: 0))
      }
    }
    return GeneratorCost(
      parameters: generator.parameters.parameterCount, multiplyAdds: multiplyAdds)
  }
}

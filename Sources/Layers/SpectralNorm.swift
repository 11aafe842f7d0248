// Weights divided by their spectral norm: Miyato et al., "Spectral Normalization for Generative
// Adversarial Networks" (2018).

public import Tensors

/// A weight W as a matrix, divided by an estimate of its largest singular value.
///
/// The estimate is `uᵀ W v`. Each use in training improves u and v by one step of the power method
/// and keeps them; evaluation takes them as they are. Gradients see them as constants.
///
/// - Source: `torch.nn.utils.spectral_norm` with one iteration.
public final class SpectralNorm {
  private let weight: Tensor  // [O, …]
  private let u: Tensor  // [O]
  private let v: Tensor  // [the product of the other axes]
  private let epsilon = 1e-12

  /// Makes the parameter `weight_orig` and the buffers `weight_u` and `weight_v`.
  ///
  /// - Parameters:
  ///   - p: The layer's place among the names.
  ///   - initializer: Shape and first values of the weight.
  public init(_ p: Scope, _ initializer: Initializer) {
    let shape = initializer.shape
    weight = p.parameter("weight_orig", initializer)
    u = p.buffer("weight_u", .unitVector(shape[0]))
    v = p.buffer("weight_v", .unitVector(shape.dropFirst().reduce(1, *)))
  }

  /// The weight to use.
  ///
  /// - Parameter purpose: Whether u and v are improved first.
  /// - Returns: A tensor of the weight's shape.
  public func callAsFunction(_ purpose: ForwardPurpose) -> Tensor {
    let matrix = weight.flattened(from: 1)
    var (u, v) = (u, v)
    if purpose == .training {
      // Gradients of earlier uses still need the vectors that these had: new ones, then copies.
      (u, v) = withoutGradients { improved(matrix) }
      withoutGradients {
        self.u.assign(u)
        self.v.assign(v)
      }
    }
    return weight / (u * matrix.matmul(v)).sum()
  }

  private func improved(_ matrix: Tensor) -> (u: Tensor, v: Tensor) {
    func unit(_ x: Tensor) -> Tensor { x / x.norm().clamped(from: epsilon) }
    let v = unit(matrix.transposed(0, 1).matmul(u))
    return (unit(matrix.matmul(v)), v)
  }
}

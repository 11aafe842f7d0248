// The fully connected layer and the layer normalisation of transformers, as PyTorch's modules of
// these names have them.

public import Tensors

/// A matrix and a bias without equalised learning rate: `x Wᵀ + b`.
///
/// - Shape: `x` […, I], result […, O].
/// - Source: `torch.nn.Linear`; first weights are normal with deviation 0.02, as in StyleSwin and
///   StyleNAT.
public final class LinearLayer {
  /// [O, I].
  public let weight: Tensor
  /// [O], or nil.
  public let bias: Tensor?

  /// Makes the layer's parameters `weight` and `bias`.
  ///
  /// - Parameters:
  ///   - p: The layer's place among the names.
  ///   - inFeatures: I.
  ///   - outFeatures: O.
  ///   - hasBias: Whether a bias is added.
  public init(_ p: Scope, inFeatures: Int, outFeatures: Int, hasBias: Bool = true) {
    weight = p.parameter("weight", .randn([outFeatures, inFeatures], std: 0.02))
    bias = hasBias ? p.parameter("bias", .zeros([outFeatures])) : nil
  }

  /// Applies the layer.
  ///
  /// - Parameter x: […, I].
  /// - Returns: […, O].
  public func callAsFunction(_ x: Tensor) -> Tensor { call("aten::linear", x, weight, bias) }
}

/// Each vector of the last axis, brought to mean 0 and variance 1, then scaled and moved.
///
/// - Shape: `x` […, C], result the same.
/// - Source: `torch.nn.LayerNorm`.
public final class LayerNormLayer {
  private let weight: Tensor  // [C]
  private let bias: Tensor  // [C]
  private let epsilon: Double

  /// Makes the layer's parameters `weight` and `bias`.
  ///
  /// - Parameters:
  ///   - p: The layer's place among the names.
  ///   - features: C.
  ///   - epsilon: What is added to the variance.
  public init(_ p: Scope, features: Int, epsilon: Double = 1e-5) {
    weight = p.parameter("weight", .ones([features]))
    bias = p.parameter("bias", .zeros([features]))
    self.epsilon = epsilon
  }

  /// Applies the layer.
  ///
  /// - Parameter x: […, C].
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    call("aten::layer_norm", x, weight.shape, weight, bias, epsilon)
  }
}

// The fully connected layer and the layer normalisation of transformers, as PyTorch's modules of
// these names have them.

public import Tensors

/// A matrix and a bias without equalised learning rate: `x Wᵀ + b`.
///
/// - Shape: `x` […, I], result […, O].
/// - Source: `torch.nn.Linear`.
public final class LinearLayer {
  /// What weights hold before training or loading.
  public enum WeightInit: Sendable {
    /// Normal numbers of deviation 0.02, as in StyleSwin and StyleNAT.
    case normal
    /// PyTorch's own: uniform within one over the root of I.
    case uniform
  }

  /// What biases hold before training or loading.
  public enum BiasInit: Sendable {
    /// The number 0.
    case zeros
    /// PyTorch's own: uniform within one over the root of I.
    case uniform
  }

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
  ///   - weightInit: The first weights.
  ///   - biasInit: The first biases.
  public init(
    _ p: Scope, inFeatures: Int, outFeatures: Int, hasBias: Bool = true,
    weightInit: WeightInit = .normal, biasInit: BiasInit = .zeros
  ) {
    let shape = [outFeatures, inFeatures]
    let weights: Initializer =
      switch weightInit {
      case .normal: .randn(shape, std: 0.02)
      case .uniform: .uniform(shape, fanIn: inFeatures)
      }
    let biases: Initializer =
      switch biasInit {
      case .zeros: .zeros([outFeatures])
      case .uniform: .uniform([outFeatures], fanIn: inFeatures)
      }
    weight = p.parameter("weight", weights)
    bias = hasBias ? p.parameter("bias", biases) : nil
  }

  /// Applies the layer.
  ///
  /// - Parameters:
  ///   - x: […, I].
  ///   - activation: What is done to the results.
  ///   - scaling: What is done to vectors and matrix before.
  ///   - dtype: The number format of the products; nil for that of `x`.
  ///   - summand: […, O], what is added at last, to results without activation; nil for nothing.
  ///   - replacing: Whether results may take the place of the summand, which then nobody else may
  ///     need.
  /// - Returns: […, O].
  public func callAsFunction(
    _ x: Tensor, activation: LinearActivation = .none, scaling: LinearScaling = LinearScaling(),
    dtype: DType? = nil, adding summand: Tensor? = nil, replacing: Bool = false
  ) -> Tensor {
    linear(
      x, weight: weight, bias: bias, activation: activation, scaling: scaling, dtype: dtype,
      adding: summand, replacing: replacing)
  }
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

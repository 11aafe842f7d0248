// The fully connected layer with equalised learning rate.

public import Tensors

/// A matrix, a bias and an activation, with equalised learning rate.
///
/// Weights are stored as unit normals divided by `lrMultiplier` and scaled by `lrMultiplier /
/// sqrt(I)` when used, so that an optimiser of Adam's kind moves all layers at the same relative
/// speed.
///
/// - Shape: `x` [N, I], result [N, O].
/// - Source: `training/networks.py` of stylegan2-ada-pytorch.
public final class FullyConnectedLayer {
  /// [O, I].
  public let weight: Tensor
  /// [O], or nil.
  public let bias: Tensor?
  private let activation: Activation
  private let negativeSlope: Double
  private let weightGain: Double
  private let biasGain: Double

  /// Makes the layer's parameters `weight` and `bias`.
  ///
  /// - Parameters:
  ///   - p: The layer's place among the names.
  ///   - inFeatures: I.
  ///   - outFeatures: O.
  ///   - hasBias: Whether a bias is added.
  ///   - activation: The function after the bias, with its customary gain.
  ///   - negativeSlope: The slope of a leaky ReLU below 0.
  ///   - lrMultiplier: The learning rate relative to other layers.
  ///   - biasInit: The first value of the bias.
  public init(
    _ p: Scope, inFeatures: Int, outFeatures: Int, hasBias: Bool = true,
    activation: Activation = .linear, negativeSlope: Double = 0.2, lrMultiplier: Double = 1,
    biasInit: Double = 0
  ) {
    weight = p.parameter("weight", .randn([outFeatures, inFeatures], std: 1 / lrMultiplier))
    bias = hasBias ? p.parameter("bias", .constant(biasInit / lrMultiplier, [outFeatures])) : nil
    self.activation = activation
    self.negativeSlope = negativeSlope
    weightGain = lrMultiplier / Double(inFeatures).squareRoot()
    biasGain = lrMultiplier
  }

  /// Applies the layer.
  ///
  /// - Parameter x: [N, I].
  /// - Returns: [N, O].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let w = (weight * weightGain).cast(to: x.dtype)
    let b = bias.map { biasGain == 1 ? $0 : $0 * biasGain }
    return biasAct(
      x.matmul(w.transposed(0, 1)), bias: b, activation: activation, alpha: negativeSlope)
  }
}

// The activation functions of StyleGAN2 with their customary gains.

public import Tensors

/// An activation function and the gain that customarily follows it.
///
/// - Source: `torch_utils/ops/bias_act.py` of stylegan2-ada-pytorch.
public enum Activation: String, CaseIterable, Codable, Sendable {
  case linear, relu, lrelu, tanh, sigmoid, elu, selu, softplus, swish

  /// The factor after the function that keeps the variance: sqrt 2 where the function loses half of
  /// it.
  public var defaultGain: Double {
    switch self {
    case .relu, .lrelu, .swish: 2.0.squareRoot()
    case .linear, .tanh, .sigmoid, .elu, .selu, .softplus: 1
    }
  }

  /// The slope of the negative side for functions that are two straight lines, else nil.
  ///
  /// - Parameter alpha: The slope of `lrelu`.
  /// - Returns: The slope, or nil for curved functions.
  func negativeSlope(alpha: Double) -> Double? {
    switch self {
    case .linear: 1
    case .relu: 0
    case .lrelu: alpha
    case .tanh, .sigmoid, .elu, .selu, .softplus, .swish: nil
    }
  }

  /// Whether our own operator computes the function, on the processor, in `biasAct`.
  package var hasOwnOperator: Bool { negativeSlope(alpha: 0.2) != nil }

  /// The function itself, without gain.
  ///
  /// - Parameters:
  ///   - x: Any tensor.
  ///   - alpha: The slope of the negative side of `lrelu`.
  /// - Returns: A tensor of the same shape.
  public func callAsFunction(_ x: Tensor, alpha: Double = 0.2) -> Tensor {
    switch self {
    case .linear: x
    case .relu: x.relu()
    case .lrelu: x.leakyReLU(slope: alpha)
    case .tanh: x.tanh()
    case .sigmoid: x.sigmoid()
    case .elu: x.elu()
    case .selu: x.selu()
    case .softplus: x.softplus()
    case .swish: x * x.sigmoid()
    }
  }
}

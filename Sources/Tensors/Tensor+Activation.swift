// Activation functions.

extension Tensor {
  /// `x` where positive, else 0.
  public func relu() -> Tensor { call("aten::relu", self) }
  /// `x` where positive, else `slope * x`.
  public func leakyReLU(slope: Double) -> Tensor { call("aten::leaky_relu", self, slope) }
  /// The hyperbolic tangent.
  public func tanh() -> Tensor { call("aten::tanh", self) }
  /// `1 / (1 + exp(-x))`.
  public func sigmoid() -> Tensor { call("aten::sigmoid", self) }
  /// `x` where positive, else `exp(x) - 1`.
  public func elu() -> Tensor { call("aten::elu", self) }
  /// The self-normalising variant of `elu` with its fixed scale and slope.
  public func selu() -> Tensor { call("aten::selu", self) }
  /// `log(1 + exp(x))`.
  public func softplus() -> Tensor { call("aten::softplus", self) }
  /// `x * Φ(x)` with the normal distribution Φ, by the error function rather than an approximation.
  public func gelu() -> Tensor { call("aten::gelu", self) }
  /// The numbers `exp(x) / sum(exp(x))` along one axis.
  public func softmax(axis: Int) -> Tensor { call("aten::softmax.int", self, axis) }
}

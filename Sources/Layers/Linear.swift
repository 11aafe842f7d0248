// A matrix, a bias, and what follows them: one pass of oneDNN where no gradients are recorded, beside
// its plain reference.

public import Tensors

/// What is done to the results of a linear layer.
public enum LinearActivation: String, Sendable {
  /// Nothing.
  case none
  /// The exact GELU.
  case gelu
}

/// `activation(x Wᵀ + b)`, with a summand if there is one.
///
/// On the processor, where no gradients are recorded, all of it is one pass of oneDNN, whose matrix
/// product keeps up with processors of any make; elsewhere the reference is taken.
///
/// The number format is that of `x`; a summand in a wider one is added in that, which the result
/// then has.
///
/// - Shape: `x` […, I], `weight` [O, I], `bias` [O], `summand` and result […, O].
/// - Parameters:
///   - x: Vectors.
///   - weight: W.
///   - bias: b, or nil for none.
///   - activation: What is done to the results.
///   - summand: What is added at last, to results without activation; nil for nothing.
///   - replacing: Whether results may take the place of the summand, which then nobody else may
///     need; where they do, it is what is returned.
/// - Returns: The results.
public func linear(
  _ x: Tensor, weight: Tensor, bias: Tensor? = nil, activation: LinearActivation = .none,
  adding summand: Tensor? = nil, replacing: Bool = false
) -> Tensor {
  precondition(
    activation == .none || summand == nil, "\(activation) is not followed by a summand")
  let rows = x.count / max(x.size(-1), 1)
  // Few rows do not pay for bringing the weights into oneDNN's order.
  guard rows >= 16, !recordsGradients, x.device == .cpu, oneDNNTypes.contains(x.dtype) else {
    return linearReference(x, weight: weight, bias: bias, activation: activation, adding: summand)
  }
  let (weight, bias) = (weight.cast(to: x.dtype), bias?.cast(to: x.dtype))
  if let summand, summand.dtype == x.dtype {
    return call("mkldnn::_linear_pointwise.binary", x, summand, weight, bias, "add")
  }
  let exact = activation == .gelu ? "none" : ""  // rather than by a hyperbolic tangent
  let y: Tensor = call(
    "mkldnn::_linear_pointwise", x, weight, bias, activation.rawValue, [Double](), exact)
  return summand.map { sum($0, narrow: y, replacing: replacing) } ?? y
}

/// `linear` in plain tensor operations.
///
/// - Parameters:
///   - x: […, I].
///   - weight: [O, I].
///   - bias: [O], or nil for none.
///   - activation: What is done to the results.
///   - summand: […, O], what is added at last; nil for nothing.
/// - Returns: […, O].
public func linearReference(
  _ x: Tensor, weight: Tensor, bias: Tensor? = nil, activation: LinearActivation = .none,
  adding summand: Tensor? = nil
) -> Tensor {
  let y = call("aten::linear", x, weight.cast(to: x.dtype), bias?.cast(to: x.dtype))
  switch activation {
  case .none: return summand.map { $0 + y } ?? y
  case .gelu: return y.gelu()
  }
}

/// The number formats that oneDNN's linear operators take here; none where libtorch has no oneDNN.
private let oneDNNTypes: Set<DType> = {
  guard Machine.hasOperator("mkldnn::_linear_pointwise"),
    Machine.hasOperator("mkldnn::_linear_pointwise.binary")
  else { return [] }
  return Machine.featureLevel.hasPrefix("AVX512") ? [.float32, .bfloat16] : [.float32]
}()

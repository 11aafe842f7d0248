// A matrix, a bias, what goes before and what follows: one pass where no gradients are recorded,
// beside its plain reference.

import CKernels
public import Tensors

/// What is done to the results of a linear layer.
public enum LinearActivation: String, Sendable {
  /// Nothing.
  case none
  /// The exact GELU.
  case gelu
}

/// A factor and a summand for each channel of each sample.
public struct ChannelScaling {
  /// The factor, [N, 1, C].
  public let factor: Tensor
  /// What is added then, [N, 1, C].
  public let shift: Tensor

  /// What is done to tokens [N, P, C].
  public init(factor: Tensor, shift: Tensor) { (self.factor, self.shift) = (factor, shift) }

  /// What is done to some of the samples.
  ///
  /// - Parameter samples: Which ones.
  /// - Returns: Their factors and summands.
  public func sliced(_ samples: Range<Int>) -> ChannelScaling {
    ChannelScaling(
      factor: factor.sliced(samples, axis: 0), shift: shift.sliced(samples, axis: 0))
  }
}

/// What is done to the operands of a linear layer before they are multiplied.
public struct LinearScaling {
  /// What is done to tokens [N, P, I].
  public var tokens: ChannelScaling?
  /// Factors of the matrix's rows, [O]; nil for 1.
  public var rows: Tensor?
  /// Factors of the matrix's columns, [I]; nil for 1.
  public var columns: Tensor?

  /// Nothing, unless told.
  public init(tokens: ChannelScaling? = nil, rows: Tensor? = nil, columns: Tensor? = nil) {
    (self.tokens, self.rows, self.columns) = (tokens, rows, columns)
  }

  /// The tokens in a number format, scaled.
  fileprivate func scaled(_ x: Tensor, dtype: DType) -> Tensor {
    tokens.map { scaledTokens(x, factor: $0.factor, shift: $0.shift, dtype: dtype) }
      ?? x.cast(to: dtype)
  }

  /// The matrix with its factors.
  ///
  /// - Parameter matrix: [O, I].
  /// - Returns: [O, I].
  public func scaled(matrix: Tensor) -> Tensor {
    let tall = rows.map { matrix * $0.unsqueezed(1) } ?? matrix
    return columns.map { tall * $0 } ?? tall
  }
}

/// `activation(x Wᵀ + b)`, with a summand if there is one.
///
/// On the processor, where no gradients are recorded, all of it is one pass: in bfloat16 by our own
/// product, where the processor multiplies pairs of such numbers, otherwise by oneDNN's, which keeps
/// up with processors of any make. Where they are recorded, products in float32 are oneDNN's, too, as
/// are their gradients by the vectors, of any order. Elsewhere the reference is taken.
///
/// A summand in a wider number format than the products is added in that, which the result then has.
///
/// - Shape: `x` […, I], `weight` [O, I], `bias` [O], `summand` and result […, O].
/// - Parameters:
///   - x: Vectors.
///   - weight: W.
///   - bias: b, or nil for none.
///   - activation: What is done to the results.
///   - scaling: What is done to vectors and matrix before.
///   - dtype: The number format of the products; nil for that of `x`.
///   - results: The number format of the results; nil for that of the products or of a wider summand.
///   - summand: What is added at last, to results without activation; nil for nothing.
///   - replacing: Whether results may take the place of the summand, which then nobody else may
///     need; where they do, it is what is returned.
/// - Returns: The results.
public func linear(
  _ x: Tensor, weight: Tensor, bias: Tensor? = nil, activation: LinearActivation = .none,
  scaling: LinearScaling = LinearScaling(), dtype: DType? = nil, results: DType? = nil,
  adding summand: Tensor? = nil, replacing: Bool = false
) -> Tensor {
  precondition(
    activation == .none || summand == nil, "\(activation) is not followed by a summand")
  let rows = x.count / max(x.size(-1), 1)
  let dtype = dtype ?? x.dtype
  // Few rows do not pay for bringing the weights into another order.
  let isOneDNN = rows >= 16 && x.device == .cpu && oneDNNTypes.contains(dtype)
  guard isOneDNN, !recordsGradients else {
    return oneAfterAnother(
      x, weight: weight, bias: bias, activation: activation, scaling: scaling, dtype: dtype,
      results: results, adding: summand,
      product: isOneDNN && dtype == .float32 ? recordedProduct : libtorchProduct)
  }
  let wide = results ?? (summand == nil ? dtype : .float32)
  if dtype == .bfloat16, takesPairs(x, weight, bias, scaling, summand), oneDNNTypes.contains(wide) {
    return narrowLinear(
      x, weight: weight, bias: bias, activation: activation, scaling: scaling, results: wide,
      adding: summand, replacing: replacing)
  }
  let (x, bias) = (scaling.scaled(x, dtype: dtype), bias?.cast(to: dtype))
  let weight = scaling.scaled(matrix: weight).cast(to: dtype)
  if let summand, summand.dtype == dtype {
    let y: Tensor = call("mkldnn::_linear_pointwise.binary", x, summand, weight, bias, "add")
    return y.cast(to: results ?? dtype)
  }
  let exact = activation == .gelu ? "none" : ""  // rather than by a hyperbolic tangent
  let y: Tensor = call(
    "mkldnn::_linear_pointwise", x, weight, bias, activation.rawValue, [Double](), exact)
  let added = summand.map { sum($0, narrow: y, replacing: replacing) } ?? y
  return added.cast(to: results ?? added.dtype)
}

/// `linear` in plain tensor operations.
///
/// - Parameters:
///   - x: […, I].
///   - weight: [O, I].
///   - bias: [O], or nil for none.
///   - activation: What is done to the results.
///   - scaling: What is done to vectors and matrix before.
///   - dtype: The number format of the products; nil for that of `x`.
///   - results: The number format of the results; nil for that of the products or of a wider summand.
///   - summand: […, O], what is added at last; nil for nothing.
/// - Returns: […, O].
public func linearReference(
  _ x: Tensor, weight: Tensor, bias: Tensor? = nil, activation: LinearActivation = .none,
  scaling: LinearScaling = LinearScaling(), dtype: DType? = nil, results: DType? = nil,
  adding summand: Tensor? = nil
) -> Tensor {
  oneAfterAnother(
    x, weight: weight, bias: bias, activation: activation, scaling: scaling,
    dtype: dtype ?? x.dtype, results: results, adding: summand, product: libtorchProduct)
}

/// `linear` in single operations around a product.
private func oneAfterAnother(
  _ x: Tensor, weight: Tensor, bias: Tensor?, activation: LinearActivation,
  scaling: LinearScaling, dtype: DType, results: DType?, adding summand: Tensor?,
  product: (_ x: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor
) -> Tensor {
  let product = product(
    scaling.scaled(x, dtype: dtype), scaling.scaled(matrix: weight).cast(to: dtype),
    bias?.cast(to: dtype))
  let y = activation == .gelu ? product.gelu() : summand.map { $0 + product } ?? product
  return y.cast(to: results ?? y.dtype)
}

/// `x Wᵀ + b` by libtorch.
private func libtorchProduct(_ x: Tensor, weight: Tensor, bias: Tensor?) -> Tensor {
  call("aten::linear", x, weight, bias)
}

/// `x Wᵀ + b` in float32 on the processor, with gradients of any order, by oneDNN where it is large.
private func recordedProduct(_ x: Tensor, weight: Tensor, bias: Tensor?) -> Tensor {
  ckernels_register()
  let y: Tensor = call("stylist::linear", x.reshaped(-1, x.size(-1)), weight, bias)
  return y.reshaped(x.shape.dropLast() + [weight.size(0)])
}

// MARK: Pairs of bfloat16

/// Whether our own product takes these operands: it reads what is in float32 as it is, and holds
/// 64 outputs in registers.
private func takesPairs(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ scaling: LinearScaling, _ summand: Tensor?
) -> Bool {
  let wide = [weight, bias, scaling.rows, scaling.columns, scaling.tokens?.factor, summand]
  return isMultipliedInPairs && wide.allSatisfy { $0?.dtype ?? .float32 == .float32 }
    && (x.dtype == .float32 || (x.dtype == .bfloat16 && scaling.tokens == nil))
    && weight.size(1) % 16 == 0 && weight.size(1) <= 4096 && weight.size(0) % 64 == 0
}

/// `linear` in bfloat16 by our own product.
private func narrowLinear(
  _ x: Tensor, weight: Tensor, bias: Tensor?, activation: LinearActivation,
  scaling: LinearScaling, results: DType, adding summand: Tensor?, replacing: Bool
) -> Tensor {
  ckernels_register()
  let (inputs, outputs, shape) = (weight.size(1), weight.size(0), x.shape.dropLast())
  // Samples are apart only where their factors are.
  let samples = scaling.tokens?.factor.size(0) ?? 1
  func tokens(_ all: Tensor) -> Tensor { all.reshaped(samples, -1, all.size(-1)).contiguous() }
  let mayReplace = replacing && results == .float32 && summand?.isContiguous == true
  let replaced = mayReplace ? summand : nil
  let out = replaced ?? .empty(shape + [outputs], dtype: results)
  let _: Tensor = call(
    "stylist::narrow_linear", tokens(x), weight.contiguous(), bias,
    scaling.tokens?.factor.reshaped(samples, inputs).contiguous(),
    scaling.tokens?.shift.reshaped(samples, inputs).contiguous(), scaling.rows, scaling.columns,
    activation == .gelu, summand.map(tokens), tokens(out))
  return out
}

/// The number formats that oneDNN's linear operators take here; none where libtorch has no oneDNN.
private let oneDNNTypes: Set<DType> = {
  guard Machine.hasOperator("mkldnn::_linear_pointwise"),
    Machine.hasOperator("mkldnn::_linear_pointwise.binary")
  else { return [] }
  return Machine.featureLevel.hasPrefix("AVX512") ? [.float32, .bfloat16] : [.float32]
}()

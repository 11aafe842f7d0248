// Scaled dot-product attention: our own operators or libtorch's, beside the plain reference.

import CKernels
public import Tensors

/// `softmax(q kᵀ · scale + bias) v` for every sample and head, without keeping the matrix of weights
/// in memory.
///
/// On the processor and on CUDA the memory is linear in the number of tokens. Where no gradients are
/// recorded, the processor computes narrow heads without a bias by our own operator; in bfloat16 it
/// rounds weights and results, and sums in float32. Where the bias is itself learned, and while
/// gradients are recorded for it, libtorch computes the plain way instead.
///
/// Without a bias the processor has gradients of any order, of which the first take memory linear in
/// the number of tokens, too. Elsewhere they are of first order, and for training, which
/// differentiates twice in the path length's regularization, the reference is taken.
///
/// - Shape: N batch, h heads, L queries, K keys, D head width.
/// - Parameters:
///   - q: Queries [N, h, L, D].
///   - k: Keys [N, h, K, D].
///   - v: Values [N, h, K, D].
///   - bias: What is added to the logits, broadcast to [N, h, L, K]; nil for nothing.
///   - scale: The factor on the logits; nil for `1 / sqrt(D)`.
///   - purpose: Whether the result may be differentiated twice.
/// - Returns: [N, h, L, D].
public func scaledDotProductAttention(
  _ q: Tensor, keys k: Tensor, values v: Tensor, bias: Tensor? = nil, scale: Double? = nil,
  purpose: ForwardPurpose = .evaluation
) -> Tensor {
  guard q.device != .meta else {
    return scaledDotProductAttentionReference(q, keys: k, values: v, bias: bias, scale: scale)
  }
  let factor = scale ?? 1 / Double(q.size(-1)).squareRoot()
  // Wider heads leave the first cache.
  if bias == nil, q.size(-1) <= 64, takesOwnAttention(q) {
    func tokens(_ x: Tensor) -> Tensor { x.transposed(1, 2).unsqueezed(1) }  // [N, 1, L, h, D]
    let attended: Tensor = call(
      "stylist::token_attention", tokens(q), tokens(k), tokens(v), factor)
    return attended.squeezed(1).transposed(1, 2)
  }
  if bias == nil, q.device == .cpu, recordsGradients {
    ckernels_register()
    return call("stylist::attention", q, k, v, factor)
  }
  guard purpose == .evaluation || !recordsGradients else {
    return scaledDotProductAttentionReference(q, keys: k, values: v, bias: bias, scale: scale)
  }
  return call("aten::scaled_dot_product_attention", q, k, v, bias, 0.0, false, scale)
}

/// `scaledDotProductAttention` in plain tensor operations, which can be differentiated any number
/// of times.
///
/// - Parameters:
///   - q: Queries [N, h, L, D].
///   - k: Keys [N, h, K, D].
///   - v: Values [N, h, K, D].
///   - bias: What is added to the logits, broadcast to [N, h, L, K]; nil for nothing.
///   - scale: The factor on the logits; nil for `1 / sqrt(D)`.
/// - Returns: [N, h, L, D].
public func scaledDotProductAttentionReference(
  _ q: Tensor, keys k: Tensor, values v: Tensor, bias: Tensor? = nil, scale: Double? = nil
) -> Tensor {
  let weights = attentionProbabilities(q, keys: k, bias: bias, scale: scale)
  return weights.matmul(v.cast(to: weights.dtype)).cast(to: q.dtype)
}

/// `softmax(q kᵀ · scale + bias)`: how much of each value each query takes.
///
/// - Parameters:
///   - q: Queries [N, h, L, D].
///   - k: Keys [N, h, K, D].
///   - bias: What is added to the logits, broadcast to [N, h, L, K]; nil for nothing.
///   - scale: The factor on the logits; nil for `1 / sqrt(D)`.
/// - Returns: [N, h, L, K], each row of sum 1.
public func attentionProbabilities(
  _ q: Tensor, keys k: Tensor, bias: Tensor? = nil, scale: Double? = nil
) -> Tensor {
  let factor = scale ?? 1 / Double(q.size(-1)).squareRoot()
  let logits = (q * factor).matmul(k.transposed(-2, -1))
  return (bias.map { logits + $0 } ?? logits).softmax(axis: -1)
}

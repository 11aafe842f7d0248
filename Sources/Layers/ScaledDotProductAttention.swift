// Attention with a bias on its logits: the fused operator beside its plain reference.

public import Tensors

/// `softmax(q kᵀ · scale + bias) v` for every sample and head.
///
/// The fused operator never holds all weights at once. Where the bias is itself learned, and while
/// gradients are recorded for it, libtorch computes the plain way instead, which can be
/// differentiated to any order.
///
/// - Parameters:
///   - q: Queries [N, h, Q, D].
///   - k: Keys [N, h, K, D].
///   - v: Values [N, h, K, D].
///   - bias: What is added to the logits, broadcast to [N, h, Q, K]; nil for nothing.
///   - scale: The factor on the logits; nil for `1 / sqrt(D)`.
/// - Returns: [N, h, Q, D].
public func scaledDotProductAttention(
  _ q: Tensor, _ k: Tensor, _ v: Tensor, bias: Tensor? = nil, scale: Double? = nil
) -> Tensor {
  call("aten::scaled_dot_product_attention", q, k, v, bias, 0.0, false, scale)
}

/// `scaledDotProductAttention` in plain tensor operations, holding all weights at once.
///
/// - Parameters:
///   - q: Queries [N, h, Q, D].
///   - k: Keys [N, h, K, D].
///   - v: Values [N, h, K, D].
///   - bias: What is added to the logits, broadcast to [N, h, Q, K]; nil for nothing.
///   - scale: The factor on the logits; nil for `1 / sqrt(D)`.
/// - Returns: [N, h, Q, D].
public func scaledDotProductAttentionReference(
  _ q: Tensor, _ k: Tensor, _ v: Tensor, bias: Tensor? = nil, scale: Double? = nil
) -> Tensor {
  let factor = scale ?? 1 / Double(q.size(-1)).squareRoot()
  let logits = (q * factor).matmul(k.transposed(-2, -1))
  return (bias.map { logits + $0 } ?? logits).softmax(axis: -1).matmul(v)
}

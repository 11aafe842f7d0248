// Scaled dot-product attention: libtorch's fused operator beside its plain reference.

public import Tensors

/// `softmax(q kᵀ / sqrt(D)) v`, without keeping the matrix of weights in memory.
///
/// On the processor and on CUDA the memory is linear in the number of tokens. Gradients are of
/// first order: whoever differentiates twice, as the path length's regularisation does, takes the
/// reference.
///
/// - Shape: N batch, h heads, L queries, K keys, D head width.
/// - Parameters:
///   - q: Queries [N, h, L, D].
///   - k: Keys [N, h, K, D].
///   - v: Values [N, h, K, D].
/// - Returns: [N, h, L, D].
public func scaledDotProductAttention(_ q: Tensor, keys k: Tensor, values v: Tensor) -> Tensor {
  guard q.device != .meta else { return scaledDotProductAttentionReference(q, keys: k, values: v) }
  return call("aten::scaled_dot_product_attention", q, k, v)
}

/// `scaledDotProductAttention` in plain tensor operations, which can be differentiated any number
/// of times.
///
/// - Parameters:
///   - q: Queries [N, h, L, D].
///   - k: Keys [N, h, K, D].
///   - v: Values [N, h, K, D].
/// - Returns: [N, h, L, D].
public func scaledDotProductAttentionReference(_ q: Tensor, keys k: Tensor, values v: Tensor)
  -> Tensor
{
  attentionProbabilities(q, keys: k).matmul(v)
}

/// `softmax(q kᵀ / sqrt(D))`: how much of each value each query takes.
///
/// - Parameters:
///   - q: Queries [N, h, L, D].
///   - k: Keys [N, h, K, D].
/// - Returns: [N, h, L, K], each row of sum 1.
public func attentionProbabilities(_ q: Tensor, keys k: Tensor) -> Tensor {
  let scale = 1 / Double(q.size(-1)).squareRoot()
  return (q * scale).matmul(k.transposed(-2, -1)).softmax(axis: -1)
}

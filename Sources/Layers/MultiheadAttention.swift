// Attention between two lists of tokens, as PyTorch's module of this name has it.

public import Tensors

/// Over what the weights of an attention are normalised.
public enum AttentionNormalization: String, CaseIterable, Codable, Hashable, Sendable {
  /// A softmax over the keys: every query takes a mean of the values.
  case keys
  /// A softmax over the queries, then every query's weights divided by their sum over the keys, so
  /// that queries compete for keys: the paper of Style Transformer, for editing by reference.
  case queries

  /// The weights of logits.
  ///
  /// - Parameter logits: [N, h, Q, K].
  /// - Returns: [N, h, Q, K], each row of sum 1.
  public func callAsFunction(_ logits: Tensor) -> Tensor {
    switch self {
    case .keys: return logits.softmax(axis: -1)
    case .queries:
      let shares = logits.softmax(axis: -2)
      return shares / shares.sum(over: -1, keepAxes: true)
    }
  }
}

/// Attention of queries to a memory, with projections before and after.
///
/// `softmax(q kᵀ / sqrt(D)) v` for each of h heads of width D, where q comes from the queries, k
/// and v from the memory.
///
/// - Shape: `queries` [N, Q, C], `memory` [N, K, C], result [N, Q, C]; C = h · D.
/// - Source: `torch.nn.MultiheadAttention`, here with the batch first.
public final class MultiheadAttentionLayer {
  private let weight: Tensor  // [3 C, C]: q, k, v
  private let bias: Tensor  // [3 C]
  private let projection: LinearLayer
  private let heads: Int
  private let normalization: AttentionNormalization

  /// Makes the layer's parameters `in_proj_weight`, `in_proj_bias`, `out_proj.weight` and
  /// `out_proj.bias`.
  ///
  /// - Parameters:
  ///   - p: The layer's place among the names.
  ///   - width: C.
  ///   - heads: h, which divides C.
  ///   - normalization: Over what the weights are normalised.
  public init(
    _ p: Scope, width: Int, heads: Int, normalization: AttentionNormalization = .keys
  ) {
    precondition(width % heads == 0, "\(heads) heads of \(width) numbers")
    // Xavier's bound: sqrt(6 / (I + O)).
    let bound = (6 / Double(4 * width)).squareRoot()
    weight = p.parameter("in_proj_weight", .uniform([3 * width, width], bound: bound))
    bias = p.parameter("in_proj_bias", .zeros([3 * width]))
    projection = LinearLayer(
      p / "out_proj", inFeatures: width, outFeatures: width, weightInit: .uniform, biasInit: .zeros)
    (self.heads, self.normalization) = (heads, normalization)
  }

  /// Lets queries attend to a memory.
  ///
  /// Without dropping, and with weights normalised over keys, the weights are never held all at
  /// once.
  ///
  /// - Parameters:
  ///   - queries: [N, Q, C].
  ///   - memory: [N, K, C].
  ///   - dropout: What is dropped of the weights; nil for nothing.
  /// - Returns: [N, Q, C].
  public func callAsFunction(_ queries: Tensor, memory: Tensor, dropout: Dropout? = nil) -> Tensor {
    guard normalization == .keys, dropout == nil else {
      return reference(queries, memory: memory, dropout: dropout).result
    }
    // The largest product then has fewer rows than projecting the memory has columns.
    if !recordsGradients, memory.size(1) > queries.size(1),
      heads * queries.size(1) < weight.size(1)
    {
      return withoutKeysAndValues(queries, memory)
    }
    let (q, k, v) = projected(queries, memory)
    return joined(scaledDotProductAttention(q, keys: k, values: v))
  }

  /// The attention of few queries to a long memory, whose keys and values are never made.
  ///
  /// `q (m Wkᵀ + bk)ᵀ = (q Wk) mᵀ + q bkᵀ`, the last of which is the same for all keys and changes no
  /// weight; and since weights sum to 1, `a (m Wvᵀ + bv) = (a m) Wvᵀ + bv`.
  private func withoutKeysAndValues(_ queries: Tensor, _ memory: Tensor) -> Tensor {
    let (n, rows, width) = (queries.size(0), queries.size(1), weight.size(1))
    let head = width / heads
    func matrix(_ index: Int) -> Tensor {
      weight.sliced(index * width..<(index + 1) * width, axis: 0)
    }
    let q: Tensor = call("aten::linear", queries, matrix(0), bias.sliced(0..<width, axis: 0))
    // [N, Q, C] → [N, h, Q, D] → [N, h · Q, C]
    let scaled = q.reshaped(n, rows, heads, head).transposed(1, 2) * (1 / Double(head).squareRoot())
    let keyed = scaled.matmul(matrix(1).reshaped(heads, head, width))
      .reshaped(n, heads * rows, width)
    let weights = keyed.matmul(memory.transposed(1, 2)).softmax(axis: -1)
    // [N, h · Q, C] → [N, h, Q, C] → [N, h, Q, D]
    let means = weights.matmul(memory).reshaped(n, heads, rows, width)
    let values = means.matmul(matrix(2).reshaped(heads, head, width).transposed(1, 2))
    let summand = bias.sliced(2 * width..<3 * width, axis: 0).reshaped(heads, 1, head)
    return joined(values + summand)
  }

  /// Lets queries attend to a memory, in plain tensor operations.
  ///
  /// - Parameters:
  ///   - queries: [N, Q, C].
  ///   - memory: [N, K, C].
  ///   - dropout: What is dropped of the weights; nil for nothing.
  /// - Returns: The result, [N, Q, C], and the weights before anything is dropped, [N, h, Q, K].
  public func reference(_ queries: Tensor, memory: Tensor, dropout: Dropout? = nil)
    -> (result: Tensor, weights: Tensor)
  {
    let (q, k, v) = projected(queries, memory)
    let scale = 1 / Double(q.size(-1)).squareRoot()
    let weights = normalization((q * scale).matmul(k.transposed(-2, -1)))
    return (joined((dropout?(weights) ?? weights).matmul(v)), weights)
  }

  /// Queries, keys and values: [N, Q, C] and [N, K, C] → [N, h, Q, D], [N, h, K, D], [N, h, K, D].
  private func projected(_ queries: Tensor, _ memory: Tensor) -> (q: Tensor, k: Tensor, v: Tensor) {
    let width = weight.size(1)
    func part(_ index: Int, of x: Tensor) -> Tensor {
      let rows = index * width..<(index + 1) * width
      let y = call(
        "aten::linear", x, weight.sliced(rows, axis: 0), bias.sliced(rows, axis: 0))
      return y.reshaped(x.size(0), x.size(1), heads, width / heads).transposed(1, 2)
    }
    return (part(0, of: queries), part(1, of: memory), part(2, of: memory))
  }

  /// [N, h, Q, D] → [N, Q, C].
  private func joined(_ x: Tensor) -> Tensor {
    projection(x.transposed(1, 2).reshaped(x.size(0), x.size(2), -1))
  }
}

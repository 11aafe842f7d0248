// Neighbourhood attention: the operator beside its plain reference, and the weights that it gives.

import CKernels
public import Tensors

/// One axis of a map on which every token sees the K tokens of its kind that are nearest to it.
///
/// Tokens `dilation` apart are of one kind and see no others. The K lie around the token; at the
/// border they are moved inwards, so that there are always K of them.
///
/// - Source: Hassani et al., "Neighborhood Attention Transformer" (2023), and "Dilated Neighborhood
///   Attention Transformer" (2022).
public struct NeighborhoodAxis: Hashable, Sendable {
  /// The tokens of the axis.
  public let length: Int
  /// K, odd and at least 3.
  public let kernelSize: Int
  /// How far apart neighbours lie; 1 is next to one another.
  public let dilation: Int

  /// The neighbourhoods of an axis; traps unless `problem` finds none.
  public init(length: Int, kernelSize: Int, dilation: Int = 1) {
    let problem = Self.problem(length: length, kernelSize: kernelSize, dilation: dilation)
    precondition(problem == nil, problem ?? "")
    (self.length, self.kernelSize, self.dilation) = (length, kernelSize, dilation)
  }

  /// Why an axis can have no such neighbourhoods.
  ///
  /// - Parameters:
  ///   - length: The tokens of the axis.
  ///   - kernelSize: K.
  ///   - dilation: How far apart neighbours lie.
  /// - Returns: What was expected and found; nil if it can have them.
  public static func problem(length: Int, kernelSize: Int, dilation: Int) -> String? {
    guard kernelSize >= 3, kernelSize % 2 == 1 else {
      return "kernel size: expected an odd number from 3 on, found \(kernelSize)"
    }
    guard dilation >= 1 else { return "dilation: expected at least 1, found \(dilation)" }
    guard length / dilation >= kernelSize else {
      return
        "kernel size \(kernelSize) and dilation \(dilation): expected a map of at least "
        + "\(kernelSize) times \(dilation) tokens on each axis, found \(length)"
    }
    return nil
  }

  /// The tokens that a token sees, in ascending order.
  ///
  /// - Parameter token: From 0 up to `length`.
  /// - Returns: K tokens.
  public func neighbors(of token: Int) -> [Int] {
    let first = firstNeighbor(of: token)
    return (first..<first + kernelSize).map { $0 * dilation + token % dilation }
  }

  /// The place of a token's first neighbour in the bias of this axis, which has 2 K - 1 places for
  /// key minus query; the other neighbours follow.
  ///
  /// - Parameter token: From 0 up to `length`.
  /// - Returns: From 0 up to K.
  public func firstBias(of token: Int) -> Int {
    kernelSize - 1 + firstNeighbor(of: token) - token / dilation
  }

  /// The first neighbour, counted among the tokens of its kind.
  private func firstNeighbor(of token: Int) -> Int {
    let ofKind = (length - token % dilation + dilation - 1) / dilation
    return min(max(token / dilation - kernelSize / 2, 0), ofKind - kernelSize)
  }
}

/// A function of the form of `neighborhoodAttention`.
public typealias NeighborhoodAttention = (
  _ q: Tensor, _ k: Tensor, _ v: Tensor, _ relativePositionBias: Tensor?, _ kernelSize: Int,
  _ dilation: Int, _ scale: Double
) -> Tensor

/// Lets every pixel of a map look at the K × K pixels of its kind around it.
///
/// `softmax(scale * q · k + bias) v` over the neighbours, which `NeighborhoodAxis` lists for rows
/// and columns. On the processor no weights are stored, and results and gradients are the same for
/// any number of threads; other devices take the reference. It has first derivatives only: for
/// derivatives of them there is the reference.
///
/// - Shape: `q`, `k`, `v` and result [N, H, W, h, D]; views of one tensor need not be contiguous.
/// - Parameters:
///   - q: What asks.
///   - k: What is compared with it.
///   - v: What is summed.
///   - relativePositionBias: [h, 2 K - 1, 2 K - 1] for key minus query, or nil for none.
///   - kernelSize: K, odd.
///   - dilation: How far apart neighbours lie.
///   - scale: A factor on the products, usually one over the root of D.
/// - Returns: For each pixel and head the weighted sum of the values.
public func neighborhoodAttention(
  _ q: Tensor, _ k: Tensor, _ v: Tensor, relativePositionBias: Tensor? = nil, kernelSize: Int,
  dilation: Int = 1, scale: Double
) -> Tensor {
  guard q.device == .cpu || q.device == .meta else {
    return neighborhoodAttentionReference(
      q, k, v, relativePositionBias: relativePositionBias, kernelSize: kernelSize,
      dilation: dilation, scale: scale)
  }
  for axis in [1, 2] {
    _ = NeighborhoodAxis(length: q.size(axis), kernelSize: kernelSize, dilation: dilation)
  }
  ckernels_register()
  return call(
    "stylist::neighborhood_attention", q, k, v, relativePositionBias, kernelSize, dilation, scale)
}

/// `neighborhoodAttention` in plain tensor operations, one of the K × K neighbours after the other.
///
/// - Shape: `q`, `k`, `v` and result [N, H, W, h, D].
/// - Parameters:
///   - q: What asks.
///   - k: What is compared with it.
///   - v: What is summed.
///   - relativePositionBias: [h, 2 K - 1, 2 K - 1] for key minus query, or nil for none.
///   - kernelSize: K, odd.
///   - dilation: How far apart neighbours lie.
///   - scale: A factor on the products, usually one over the root of D.
/// - Returns: For each pixel and head the weighted sum of the values.
public func neighborhoodAttentionReference(
  _ q: Tensor, _ k: Tensor, _ v: Tensor, relativePositionBias: Tensor? = nil, kernelSize: Int,
  dilation: Int = 1, scale: Double
) -> Tensor {
  let weights = neighborhoodAttentionLogits(
    q, k, relativePositionBias: relativePositionBias, kernelSize: kernelSize, dilation: dilation,
    scale: scale
  ).softmax(axis: -1)  // [N, h, H · W, K · K]
  let (n, heads, d) = (q.size(0), q.size(3), q.size(4))
  let values = v.reshaped(n, -1, heads, d)
  let places = Neighborhoods(of: q, kernelSize: kernelSize, dilation: dilation)
  var sum: Tensor?
  for (slot, tokens) in places.tokens.enumerated() {
    let weight = weights.selected(slot, axis: 3).transposed(1, 2).unsqueezed(3)  // [N, H · W, h, 1]
    let part = weight * values.picked(tokens, axis: 1)
    sum = sum.map { $0 + part } ?? part
  }
  return (sum ?? values).reshaped(q.shape)
}

/// What the softmax of neighbourhood attention is taken of: scaled products and biases.
///
/// - Shape: `q`, `k` [N, H, W, h, D], result [N, h, Q, K · K], neighbours by rows.
/// - Parameters:
///   - q: What asks.
///   - k: What is compared with it.
///   - relativePositionBias: [h, 2 K - 1, 2 K - 1] for key minus query, or nil for none.
///   - kernelSize: K, odd.
///   - dilation: How far apart neighbours lie.
///   - scale: A factor on the products.
///   - queries: Q pixels, counted by rows; nil for all.
/// - Returns: For each head and query a number for each of its neighbours.
public func neighborhoodAttentionLogits(
  _ q: Tensor, _ k: Tensor, relativePositionBias: Tensor? = nil, kernelSize: Int,
  dilation: Int = 1, scale: Double, queries: [Int]? = nil
) -> Tensor {
  let (n, heads, d) = (q.size(0), q.size(3), q.size(4))
  let places = Neighborhoods(of: q, kernelSize: kernelSize, dilation: dilation, queries: queries)
  let keys = k.reshaped(n, -1, heads, d)
  var asking = q.reshaped(n, -1, heads, d) * scale
  if queries != nil { asking = asking.picked(places.queries, axis: 1) }
  let products = places.tokens.map { (asking * keys.picked($0, axis: 1)).sum(over: 3) }
  let logits = Tensor.stack(products, axis: 3).permuted(0, 2, 1, 3)  // [N, h, Q, K · K]
  guard let bias = relativePositionBias else { return logits }
  let table = bias.cast(to: q.dtype).reshaped(heads, -1)
  return logits + .stack(places.biases.map { table.picked($0, axis: 1) }, axis: 2)
}

/// For some queries of a map and each of their K · K neighbours: which token, and which bias.
private struct Neighborhoods {
  /// The queries, int64 [Q].
  let queries: Tensor
  /// For each neighbour, by rows: int64 [Q].
  let tokens: [Tensor]
  /// For each neighbour its place in the table of biases, by rows: int64 [Q].
  let biases: [Tensor]

  init(of q: Tensor, kernelSize k: Int, dilation: Int, queries: [Int]? = nil) {
    let (height, width) = (q.size(1), q.size(2))
    let chosen = queries ?? Array(0..<height * width)
    func axis(_ length: Int) -> (neighbors: [[Int]], firstBias: [Int]) {
      let axis = NeighborhoodAxis(length: length, kernelSize: k, dilation: dilation)
      return ((0..<length).map(axis.neighbors), (0..<length).map(axis.firstBias))
    }
    let (rows, columns) = (axis(height), axis(width))
    func places(_ place: (_ row: Int, _ column: Int) -> Int) -> Tensor {
      Tensor(chosen.map { place($0 / width, $0 % width) }).moved(to: q.device)
    }
    let slots = (0..<k).flatMap { y in (0..<k).map { x in (y, x) } }
    self.queries = places { $0 * width + $1 }
    tokens = slots.map { y, x in
      places { rows.neighbors[$0][y] * width + columns.neighbors[$1][x] }
    }
    biases = slots.map { y, x in
      places { (rows.firstBias[$0] + y) * (2 * k - 1) + columns.firstBias[$1] + x }
    }
  }
}

// Hydra: neighbourhood attention whose groups of heads have kernels and dilations of their own.

public import Tensors

/// Consecutive heads of one attention that share a kernel size and a dilation.
public struct HydraPartition: Hashable, Sendable {
  /// The heads.
  public let heads: Range<Int>
  /// The height and width of their neighbourhoods, odd.
  public let kernelSize: Int
  /// How far apart neighbours lie.
  public let dilation: Int

  /// Splits heads among kernels and dilations.
  ///
  /// Heads that are left over go to the last partitions, one to each.
  ///
  /// - Parameters:
  ///   - heads: The number of heads.
  ///   - kernelSizes: One for each partition, or one for all.
  ///   - dilations: One for each partition, or one for all.
  ///   - biasNames: Under `halves` there are two partitions, whatever the lists say: a single entry
  ///     is for both, and entries behind the second are not used.
  /// - Returns: The partitions in the order of their heads.
  /// - Throws: `HydraPartitionError` if the numbers do not fit one another.
  public static func all(
    heads: Int, kernelSizes: [Int], dilations: [Int], biasNames: HydraBiasNames = .list
  ) throws(HydraPartitionError) -> [HydraPartition] {
    let isHalved = biasNames == .halves
    let count = isHalved ? 2 : max(kernelSizes.count, dilations.count)
    func list(_ values: [Int], _ name: String) throws(HydraPartitionError) -> [Int] {
      if values.count == 1 { return [Int](repeating: values[0], count: count) }
      guard values.count == count || isHalved && values.count > 2 else {
        throw HydraPartitionError("\(name): expected 1 or \(count), found \(values.count)")
      }
      return values
    }
    let kernelSizes = try list(kernelSizes, "kernel sizes")
    let dilations = try list(dilations, "dilations")
    guard heads >= count, !isHalved || heads % 2 == 0 else {
      let expected = isHalved ? "an even number of heads" : "at least \(count) heads"
      throw HydraPartitionError("\(expected) for \(count) partitions, found \(heads)")
    }
    var first = 0
    return (0..<count).map { i in
      let share = heads / count + (i >= count - heads % count ? 1 : 0)
      defer { first += share }
      return HydraPartition(
        heads: first..<first + share, kernelSize: kernelSizes[i], dilation: dilations[i])
    }
  }
}

/// Heads, kernel sizes and dilations that do not fit one another.
public struct HydraPartitionError: Error, CustomStringConvertible, Equatable {
  /// What was expected and what was found, on one line.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// The names of the partitions' biases.
public enum HydraBiasNames: String, CaseIterable, Codable, Hashable, Sendable {
  /// `rpb.0`, `rpb.1`, …: one for each partition.
  case list
  /// `rpb0` and `rpb1`, always two: the published networks of StyleNAT.
  case halves

  func name(_ partition: Int) -> String {
    self == .list ? "rpb.\(partition)" : "rpb\(partition)"
  }
}

/// Neighbourhood attention in several partitions of heads, each with its kernel and dilation.
///
/// - Shape: `x` [N, H, W, C], result the same.
/// - Source: Walton et al., "StyleNAT: Giving Each Head a New Perspective" (2022).
public final class HydraNeighborhoodAttention {
  /// Which heads look how far.
  public let partitions: [HydraPartition]
  private let qkv: LinearLayer  // C → 3 C: q, k, v, each by heads
  private let biases: [Tensor]  // for each partition [heads, 2 K - 1, 2 K - 1]
  private let proj: LinearLayer  // C → C
  private let heads: Int
  private let scale: Double
  private let attention: NeighborhoodAttention

  /// Makes the layer's parameters `qkv`, the biases, and `proj`.
  ///
  /// - Parameters:
  ///   - p: The layer's place among the names.
  ///   - dim: C, a multiple of `heads`.
  ///   - heads: The number of heads; traps if they cannot be split.
  ///   - kernelSizes: One for each partition, or one for all.
  ///   - dilations: One for each partition, or one for all.
  ///   - biasNames: The names of the biases.
  ///   - qkvBias: Whether q, k and v have a bias.
  ///   - scale: The factor on q; nil for one over the root of the head's width.
  ///   - attention: What computes a partition.
  public init(
    _ p: Scope, dim: Int, heads: Int, kernelSizes: [Int], dilations: [Int],
    biasNames: HydraBiasNames = .list, qkvBias: Bool = true, scale: Double? = nil,
    attention: @escaping NeighborhoodAttention = neighborhoodAttention
  ) {
    precondition(dim % heads == 0, "\(dim) channels for \(heads) heads")
    do {
      partitions = try HydraPartition.all(
        heads: heads, kernelSizes: kernelSizes, dilations: dilations, biasNames: biasNames)
    } catch {
      preconditionFailure("\(error)")
    }
    qkv = LinearLayer(p / "qkv", inFeatures: dim, outFeatures: 3 * dim, hasBias: qkvBias)
    biases = partitions.enumerated().map { i, partition in
      let side = 2 * partition.kernelSize - 1
      return p.parameter(
        biasNames.name(i), .randn([partition.heads.count, side, side], std: 0.02))
    }
    proj = LinearLayer(p / "proj", inFeatures: dim, outFeatures: dim)
    self.heads = heads
    self.scale = scale ?? 1 / Double(dim / heads).squareRoot()
    self.attention = attention
  }

  /// Lets every pixel look at its neighbours.
  ///
  /// - Parameters:
  ///   - x: [N, H, W, C].
  ///   - summand: [N, H, W, C], what is added at last; nil for nothing.
  /// - Returns: [N, H, W, C].
  public func callAsFunction(_ x: Tensor, adding summand: Tensor? = nil) -> Tensor {
    let sizes = partitions.map(\.heads.count)
    let parts = queriesKeysValues(x).map { callMany("aten::split_with_sizes", $0, sizes, 3) }
    let results = partitions.enumerated().map { i, partition in
      attention(
        parts[0][i], parts[1][i], parts[2][i], biases[i], partition.kernelSize, partition.dilation,
        scale)
    }
    return proj(Tensor.concatenate(results, axis: 3).reshaped(x.shape), adding: summand)
  }

  /// How much one pixel looks at each of the others.
  ///
  /// - Parameters:
  ///   - x: [N, H, W, C].
  ///   - row: The pixel's row, from 0 up to H.
  ///   - column: The pixel's column, from 0 up to W.
  /// - Returns: [N, h, H, W], each head's weights, whose sum is 1; 0 is what the head does not see.
  public func weights(_ x: Tensor, row: Int, column: Int) -> Tensor {
    let (n, height, width) = (x.size(0), x.size(1), x.size(2))
    let (q, k) = { ($0[0], $0[1]) }(queriesKeysValues(x))
    let maps = zip(partitions, biases).map { partition, bias in
      let size = partition.kernelSize
      let weights = neighborhoodAttentionLogits(
        q.sliced(partition.heads, axis: 3), k.sliced(partition.heads, axis: 3),
        relativePositionBias: bias, kernelSize: size, dilation: partition.dilation, scale: scale,
        queries: [row * width + column]
      ).softmax(axis: -1).reshaped(n, partition.heads.count, size, size)
      func places(_ token: Int, of length: Int) -> Tensor {  // [K, length], ones at the neighbours
        let axis = NeighborhoodAxis(
          length: length, kernelSize: size, dilation: partition.dilation)
        return Tensor.oneHot(axis.neighbors(of: token), count: length).cast(to: x.dtype)
          .moved(to: x.device)
      }
      return places(row, of: height).transposed(0, 1).matmul(weights)
        .matmul(places(column, of: width))
    }
    return .concatenate(maps, axis: 1)
  }

  /// q, k and v, each [N, H, W, h, D], views of one tensor.
  private func queriesKeysValues(_ x: Tensor) -> [Tensor] {
    let all = qkv(x).reshaped(x.size(0), x.size(1), x.size(2), 3, heads, x.size(3) / heads)
    return callMany("aten::unbind.int", all, 3)
  }
}

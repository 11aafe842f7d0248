// StyleNAT: Walton et al., "StyleNAT: Giving Each Head a New Perspective" (2022): the transformer
// generator with Hydra attention, in the configurations of the published program.

public import Layers
public import Tensors

/// The sizes and choices of a StyleNAT generator; the defaults are the published FFHQ at 256×256.
public struct StyleNATConfiguration: TransformerConfiguration {
  /// The name of this family in network files.
  public static let kind = "stylenat"

  /// The sizes that all transformer generators share.
  public var shape: TransformerShape
  /// For each resolution from 8×8 on the kernel sizes of its partitions of heads, or one for all of
  /// them.
  public var kernelSizes: [[Int]]
  /// For each resolution from 8×8 on the dilations of its partitions of heads, or one for all.
  public var dilations: [[Int]]
  /// The names of the position biases, which differ among published files.
  public var biasNames = HydraBiasNames.list
  /// Whether queries, keys and values have a bias.
  public var qkvBias = true
  /// The factor on queries; nil for one over the root of the head's width.
  public var qkScale: Double?

  /// The configuration of FFHQ at a resolution: half of the heads look at what lies next to them,
  /// half at the whole map.
  ///
  /// - Parameter resolution: The image's width and height, in pixels.
  public init(resolution: Int = 256) {
    shape = TransformerShape(resolution: resolution)
    let resolutions = Self.stages(upTo: resolution)
    (kernelSizes, dilations) = (resolutions.map { _ in [7] }, [])
    setDilations(.dual)
  }

  /// The configuration of LSUN Church at a resolution: dilations 1, 2, 4, … up to the whole map.
  ///
  /// - Parameter resolution: The image's width and height, in pixels.
  /// - Returns: The configuration, as its author remembers it.
  /// - Source: Issue 18 of SHI-Labs/StyleNAT; the exact file is lost.
  public static func progressive(resolution: Int = 256) -> StyleNATConfiguration {
    var configuration = StyleNATConfiguration(resolution: resolution)
    configuration.shape.minHeads = 8
    configuration.setDilations(.progressive)
    return configuration
  }

  /// How the heads share what lies near and what lies far.
  public enum Dilations: String, CaseIterable, Codable, Hashable, Sendable {
    /// All look at what lies next to them.
    case dense
    /// Half look at what lies next to them, half at the whole map.
    case dual
    /// Dilations 1, 2, 4, … up to the whole map.
    case progressive
  }

  /// Sets the dilations of all resolutions.
  ///
  /// - Parameters:
  ///   - dilations: How the heads share what lies near and far.
  ///   - partitions: The most partitions of a resolution, of which only `progressive` has more than two:
  ///     so many of its dilations, from 1 on; nil for all.
  public mutating func setDilations(_ dilations: Dilations, partitions: Int? = nil) {
    self.dilations = Self.stages(upTo: resolution).map { r in
      switch dilations {
      case .dense: [1]
      case .dual: r == 8 ? [1] : [1, r / 8]
      case .progressive:
        Array(
          sequence(first: 1) { $0 * 2 }.prefix { $0 <= r / 8 }.prefix(partitions ?? Int.max))
      }
    }
  }

  /// The resolutions of Hydra's stages, of which there is an end also where `validate()` has not
  /// seen the resolution.
  private static func stages(upTo resolution: Int) -> [Int] {
    Array(sequence(first: 8) { $0 * 2 }.prefix { $0 <= min(resolution, 1024) })
  }

  /// The partitions of the heads at a resolution.
  ///
  /// - Parameter r: A resolution from 8 on.
  /// - Returns: Their heads, kernel sizes and dilations.
  /// - Throws: `ConfigurationError` if they do not fit.
  public func partitions(at r: Int) throws(ConfigurationError) -> [HydraPartition] {
    let stage = r.trailingZeroBitCount - 3
    do {
      let partitions = try HydraPartition.all(
        heads: shape.heads(at: r), kernelSizes: kernelSizes[stage], dilations: dilations[stage],
        biasNames: biasNames)
      for part in partitions {
        if let problem = NeighborhoodAxis.problem(
          length: r, kernelSize: part.kernelSize, dilation: part.dilation)
        {
          throw ConfigurationError(problem)
        }
      }
      return partitions
    } catch {
      throw ConfigurationError("attention at \(r)×\(r): \(error)")
    }
  }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try shape.validate()
    let stages = shape.resolutions.dropFirst()
    for (name, lists) in [("kernelSizes", kernelSizes), ("dilations", dilations)] {
      try ConfigurationError.check(name, lists.count, is: "\(stages.count) lists, from 8×8 on") {
        $0 == stages.count
      }
    }
    for r in stages { _ = try partitions(at: r) }
    try ConfigurationError.check("qkScale", qkScale ?? 1, is: "a positive number") {
      $0 > 0 && $0.isFinite
    }
  }

  /// The published sets.
  ///
  /// - Source: README of SHI-Labs/StyleNAT.
  public static var namedConfigurations: [NamedConfiguration] {
    [
      ("ffhq", "FFHQ", 256, 2.046), ("ffhq", "FFHQ", 1024, 4.174),
      ("church", "LSUN Church", 256, 3.4),
    ].map { name, dataset, resolution, fid in
      NamedConfiguration(
        name: "stylenat-\(name)\(resolution)",
        summary: "StyleNAT, as published for \(dataset), \(resolution)×\(resolution)",
        results: [.fid(dataset, fid)]
      ) { asked in
        name == "church"
          ? progressive(resolution: asked ?? resolution) : Self(resolution: asked ?? resolution)
      }
    }
  }

  /// Makes the attention of one block: of all pixels at 4×4, Hydra above.
  public func makeAttention(_ p: Scope, at place: AttentionPlace) -> any PixelAttention {
    guard place.stage > 0 else {
      return BiasedSelfAttention(
        p / "attn", dim: place.dim, heads: place.heads, size: place.resolution, qkvBias: qkvBias,
        scale: qkScale)
    }
    return HydraAttention(
      HydraNeighborhoodAttention(
        p / "attn", dim: place.dim, heads: place.heads, kernelSizes: kernelSizes[place.stage - 1],
        dilations: dilations[place.stage - 1], biasNames: biasNames, qkvBias: qkvBias,
        scale: qkScale))
  }

  /// The table of bias places that files hold for 4×4.
  public func derivedBuffers(at place: AttentionPlace) -> [String: StoredParameter] {
    guard place.stage == 0 else { return [:] }
    let pixels = place.resolution * place.resolution
    let index = StoredParameter(shape: [pixels, pixels], dtype: .int64) {
      // Rows of the key minus those of the query: the other way around than in StyleSwin.
      relativePositionIndex(size: place.resolution).transposed(0, 1)
    }
    return ["attn.relative_position_index": index]
  }
}

/// The StyleNAT generator.
public typealias StyleNAT = TransformerGenerator<StyleNATConfiguration>

/// Hydra attention over the pixels of a square map in rows.
///
/// - Shape: `x` [N, r · r, C], result the same.
public final class HydraAttention: PixelAttention {
  private let attention: HydraNeighborhoodAttention

  /// Wraps the attention of a map.
  public init(_ attention: HydraNeighborhoodAttention) { self.attention = attention }

  /// The partitions of the heads.
  public var headGroups: [HeadGroup] {
    attention.partitions.map { part in
      HeadGroup(name: "kernel \(part.kernelSize), dilation \(part.dilation)", heads: part.heads)
    }
  }

  /// Lets every pixel look at its neighbours: [N, r · r, C].
  public func callAsFunction(_ x: Tensor, adding summand: Tensor?) -> Tensor {
    attention(map(x), adding: summand.map(map)).reshaped(x.shape)
  }

  /// How much one pixel looks at each of the others: [N, h, r, r].
  public func weights(_ x: Tensor, row: Int, column: Int) -> Tensor {
    attention.weights(map(x), row: row, column: column)
  }

  /// Pixels in rows as a map, [N, r, r, C].
  private func map(_ x: Tensor) -> Tensor {
    let r = Int(Double(x.size(1)).squareRoot())
    return x.reshaped(x.size(0), r, r, x.size(2))
  }
}

/// Attention of all pixels of a small map to one another, with a learned bias for each offset.
///
/// - Shape: `x` [N, s · s, C], result the same.
public final class BiasedSelfAttention: PixelAttention {
  private let qkv: LinearLayer  // C → 3 C: q, k, v, each by heads
  private let bias: Tensor  // [h, 2 s - 1, 2 s - 1] for key minus query
  private let proj: LinearLayer  // C → C
  private let heads: Int
  private let size: Int
  private let scale: Double

  /// Makes the layer's parameters `qkv`, `rpb` and `proj`.
  ///
  /// - Parameters:
  ///   - p: The layer's place among the names.
  ///   - dim: C, a multiple of `heads`.
  ///   - heads: h.
  ///   - size: s, the width and height of the map.
  ///   - qkvBias: Whether queries, keys and values have a bias.
  ///   - scale: The factor on queries; nil for one over the root of the head's width.
  public init(
    _ p: Scope, dim: Int, heads: Int, size: Int, qkvBias: Bool = true, scale: Double? = nil
  ) {
    bias = p.parameter("rpb", .randn([heads, 2 * size - 1, 2 * size - 1], std: 0.02))
    qkv = LinearLayer(p / "qkv", inFeatures: dim, outFeatures: 3 * dim, hasBias: qkvBias)
    proj = LinearLayer(p / "proj", inFeatures: dim, outFeatures: dim)
    (self.heads, self.size) = (heads, size)
    self.scale = scale ?? 1 / Double(dim / heads).squareRoot()
  }

  /// All heads look at the whole map.
  public var headGroups: [HeadGroup] { [HeadGroup(name: "all pixels", heads: 0..<heads)] }

  /// Lets every pixel look at all: [N, s · s, C].
  public func callAsFunction(_ x: Tensor, adding summand: Tensor?) -> Tensor {
    let (q, k, v) = queriesKeysValues(x)
    return proj(weights(q, k).matmul(v).transposed(1, 2).reshaped(x.shape), adding: summand)
  }

  /// How much one pixel looks at each of the others: [N, h, s, s].
  public func weights(_ x: Tensor, row: Int, column: Int) -> Tensor {
    let (q, k, _) = queriesKeysValues(x)
    return weights(q, k).selected(row * size + column, axis: 2)
      .reshaped(x.size(0), heads, size, size)
  }

  /// q, k and v, each [N, h, s · s, D].
  private func queriesKeysValues(_ x: Tensor) -> (q: Tensor, k: Tensor, v: Tensor) {
    let all = qkv(x).reshaped(x.size(0), x.size(1), 3, heads, -1).permuted(2, 0, 3, 1, 4)
    return (all.selected(0, axis: 0), all.selected(1, axis: 0), all.selected(2, axis: 0))
  }

  /// The weights of all pairs, [N, h, query, key].
  private func weights(_ q: Tensor, _ k: Tensor) -> Tensor {
    let pixels = 0..<size * size
    let places = pixels.flatMap { query in
      pixels.map { key in
        let (rows, columns) = (key / size - query / size, key % size - query % size)
        return (rows + size - 1) * (2 * size - 1) + columns + size - 1
      }
    }
    let table = bias.reshaped(heads, -1).picked(Tensor(places).moved(to: q.device), axis: 1)
    let logits = (q * scale).matmul(k.transposed(2, 3)) + table.reshaped(heads, pixels.count, -1)
    return logits.softmax(axis: -1)
  }
}

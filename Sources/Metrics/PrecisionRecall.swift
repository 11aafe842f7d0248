// Precision and recall of generators: Kynkäänniemi et al., "Improved Precision and Recall Metric for
// Assessing Generative Models" (2019).

public import Tensors

/// Which share of one set of features lies where another set is.
///
/// A set lies in the balls around its features, each reaching as far as its k-th nearest neighbour
/// among the others. Precision is the share of generated features in the balls of the real ones,
/// recall that of real features in the balls of the generated.
public struct FeatureManifold {
  /// The features, rounded as distances are: [N, D].
  private let features: Tensor
  /// How far each ball reaches, rounded as distances are: [N].
  private let radii: Tensor
  private let precision: DType

  /// The distances that are computed at a time: 64 million, 256 MiB.
  private static let distancesAtATime = 1 << 26

  /// The balls around features.
  ///
  /// - Parameters:
  ///   - features: [N, D], N greater than k.
  ///   - k: The neighbour that a ball reaches.
  ///   - precision: What features and distances are rounded to, as published figures do: float16.
  ///   - progress: Called with the number of balls that are known; may throw to stop.
  /// - Throws: What `progress` throws.
  public init(
    _ features: Tensor, k: Int = 3, precision: DType = .float16,
    progress: (Int) throws -> Void
  ) rethrows {
    precondition(features.rank == 2 && features.size(0) > k, "\(k) neighbours of \(features.shape)")
    self.precision = precision
    self.features = features.cast(to: precision).cast(to: .float32)
    var radii: [Tensor] = []
    let n = features.size(0)
    for rows in Self.pieces(of: n, against: n) {
      let distances = Self.distances(
        self.features.sliced(rows, axis: 0), self.features, precision)
      // The nearest is the feature itself.
      radii.append(callMany("aten::kthvalue", distances, k + 1, 1, false)[0])
      try progress(rows.upperBound)
    }
    self.radii = .concatenate(radii, axis: 0)
  }

  /// The share of features that lie in any ball.
  ///
  /// - Parameters:
  ///   - probes: [M, D].
  ///   - progress: Called with the number of features that are decided; may throw to stop.
  /// - Returns: From 0 to 1.
  /// - Throws: What `progress` throws.
  public func share(
    of probes: Tensor, progress: (Int) throws -> Void
  ) rethrows -> Double {
    let (n, m) = (features.size(0), probes.size(0))
    let probes = probes.cast(to: precision).cast(to: .float32)
    var inside = 0.0
    for rows in Self.pieces(of: m, against: n) {
      let distances = Self.distances(probes.sliced(rows, axis: 0), features, precision)
      let reached: Tensor = call("aten::le.Tensor", distances, radii.unsqueezed(0))
      let any: Tensor = call("aten::any.dim", reached, 1)
      inside += any.cast(to: .float64).sum().item()
      try progress(rows.upperBound)
    }
    return inside / Double(m)
  }

  /// Euclidean distances: [rows, N], rounded.
  private static func distances(_ a: Tensor, _ b: Tensor, _ precision: DType) -> Tensor {
    let exact: Tensor = call("aten::cdist", a, b)
    return exact.cast(to: precision).cast(to: .float32)
  }

  /// Rows in pieces whose distances from `columns` others fit into memory.
  private static func pieces(of rows: Int, against columns: Int) -> [Range<Int>] {
    let size = max(1, distancesAtATime / max(columns, 1))
    return stride(from: 0, to: rows, by: size).map { $0..<min($0 + size, rows) }
  }
}

/// Precision and recall of generated features against real ones.
public struct PrecisionAndRecall: Hashable, Sendable {
  /// The share of generated features where real ones are: fidelity.
  public let precision: Double
  /// The share of real features where generated ones are: variety.
  public let recall: Double

  /// Measures both.
  ///
  /// - Parameters:
  ///   - generated: [N, D].
  ///   - real: [M, D].
  ///   - k: The neighbour that a ball reaches.
  ///   - rounding: What features and distances are rounded to.
  ///   - progress: Called with the share of the work that is done; may throw to stop.
  /// - Throws: What `progress` throws.
  public init(
    generated: Tensor, real: Tensor, k: Int = 3, rounding: DType = .float16,
    progress: (Double) throws -> Void
  ) rethrows {
    let (n, m) = (Double(generated.size(0)), Double(real.size(0)))
    let all = m * m + n * n + 2 * m * n
    let realBalls = try FeatureManifold(real, k: k, precision: rounding) {
      try progress(Double($0) * m / all)
    }
    precision = try realBalls.share(of: generated) {
      try progress((m * m + Double($0) * m) / all)
    }
    let generatedBalls = try FeatureManifold(generated, k: k, precision: rounding) {
      try progress((m * m + m * n + Double($0) * n) / all)
    }
    recall = try generatedBalls.share(of: real) {
      try progress((m * m + m * n + n * n + Double($0) * n) / all)
    }
  }
}

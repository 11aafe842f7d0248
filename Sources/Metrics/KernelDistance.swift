// The kernel distance of features: Bińkowski et al., "Demystifying MMD GANs" (2018), whose KID it is
// for Inception's features.

public import Tensors

/// The rows that one estimate of the kernel distance takes of both sets.
public struct KernelSubset: Hashable, Sendable {
  /// Rows of the first set.
  public let first: [Int]
  /// As many rows of the second set.
  public let second: [Int]

  /// These rows.
  ///
  /// - Parameters:
  ///   - first: Rows of the first set.
  ///   - second: As many rows of the second set.
  public init(first: [Int], second: [Int]) { (self.first, self.second) = (first, second) }

  /// Random subsets, as `numpy.random.RandomState(seed).choice(N, size, replace=False)` takes them,
  /// the first set's before the second's for every subset.
  ///
  /// - Parameters:
  ///   - count: How many subsets.
  ///   - size: The rows of each; fewer where a set has fewer.
  ///   - rows: The rows of both sets.
  ///   - seed: The seed of the random stream.
  /// - Returns: The subsets.
  public static func random(
    count: Int = 100, size: Int = 1000, rows: (first: Int, second: Int), seed: UInt32
  ) -> [KernelSubset] {
    var state = RandomState(seed: seed)
    let size = min(size, rows.first, rows.second)
    func choose(_ rows: Int) -> [Int] {
      var order = Array(0..<rows)
      state.shuffle(&order)
      return Array(order.prefix(size))
    }
    return (0..<count).map { _ in
      let first = choose(rows.first)
      return KernelSubset(first: first, second: choose(rows.second))
    }
  }
}

/// The squared maximum mean discrepancy of two sets of features, without bias, for the kernel
/// k(x, y) = (⟨x, y⟩ / D + 1)³.
///
/// With m rows of each, Σ_{i≠j} (k(xᵢ, xⱼ) + k(yᵢ, yⱼ)) / (m (m - 1)) - 2 Σ k(xᵢ, yⱼ) / m². It can be
/// slightly negative where the sets are alike. Computed in float64, a thousand rows at a time.
///
/// - Shape: `first` and `second` [m, D], m at least 2.
/// - Parameters:
///   - first: Features.
///   - second: As many features.
/// - Returns: The estimate; papers often print it times 1,000.
public func kernelDistance(_ first: Tensor, _ second: Tensor) -> Double {
  let m = first.size(0)
  precondition(m >= 2 && first.shape == second.shape, "\(first.shape) and \(second.shape)")
  let (x, y) = (first.cast(to: .float64), second.cast(to: .float64))
  func kernel(_ a: Tensor, _ b: Tensor) -> Tensor {
    let product = a.matmul(b.transposed(0, 1)) / Double(a.size(1)) + 1
    return product * product * product
  }
  var (within, across) = (Tensor.zeros([], dtype: .float64), Tensor.zeros([], dtype: .float64))
  for start in stride(from: 0, to: m, by: 1000) {
    let rows = start..<min(start + 1000, m)
    for set in [x, y] {
      let part = set.sliced(rows, axis: 0)
      // ⟨x, x⟩ of the diagonal, which does not count.
      let own = part.square().sum(over: 1) / Double(set.size(1)) + 1
      within = within + kernel(part, set).sum() - (own * own * own).sum()
    }
    across = across + kernel(x.sliced(rows, axis: 0), y).sum()
  }
  let count = Double(m)
  return (within / (count * (count - 1)) - across * 2 / (count * count)).item()
}

/// The mean kernel distance over subsets of two sets of features, and its standard deviation.
///
/// - Shape: `first` [N, D], `second` [M, D].
/// - Parameters:
///   - first: Features.
///   - second: Features.
///   - subsets: The rows of each estimate.
///   - progress: Called after every estimate; may throw to stop.
/// - Returns: The mean, and the deviation with the number of subsets as divisor.
/// - Throws: What `progress` throws.
public func kernelDistance(
  _ first: Tensor, _ second: Tensor, subsets: [KernelSubset],
  progress: (Int) throws -> Void
) rethrows -> (mean: Double, deviation: Double) {
  var estimates: [Double] = []
  for subset in subsets {
    estimates.append(
      kernelDistance(
        first.picked(Tensor(subset.first), axis: 0),
        second.picked(Tensor(subset.second), axis: 0)))
    try progress(estimates.count)
  }
  return meanAndDeviation(estimates)
}

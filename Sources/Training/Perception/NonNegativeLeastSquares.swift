// Least squares with weights that are not negative, by coordinate descent.

package import Tensors

/// A sum of squares to be made small: how far weighted columns are from a target, in so few numbers
/// that any count of rows fits.
package struct LeastSquares {
  /// The columns' products with each other, AᵀA [K, K].
  private let products: [Double]
  /// The columns' products with the target, Aᵀb [K].
  private let targets: [Double]
  /// K.
  package let count: Int

  /// The products of rows.
  ///
  /// - Parameters:
  ///   - columns: A [R, K].
  ///   - target: b, R numbers.
  package init(_ columns: Tensor, _ target: [Double]) {
    let a = columns.cast(to: .float64)
    precondition(a.size(0) == target.count, "\(a.size(0)) rows, \(target.count) targets")
    let b = Tensor(target, shape: [target.count, 1])
    count = a.size(1)
    products = a.transposed(0, 1).matmul(a).values(as: Double.self)
    targets = a.transposed(0, 1).matmul(b).values(as: Double.self)
  }

  /// The products of all rows of several.
  ///
  /// - Parameter parts: At least one, of as many columns.
  package init(sumOf parts: [LeastSquares]) {
    count = parts[0].count
    products = Self.sum(parts.map(\.products))
    targets = Self.sum(parts.map(\.targets))
  }

  private static func sum(_ lists: [[Double]]) -> [Double] {
    lists.dropFirst().reduce(lists[0]) { sum, list in
      precondition(sum.count == list.count, "\(sum.count) and \(list.count) products")
      return zip(sum, list).map(+)
    }
  }

  /// The weights, none below 0, that make the sum of squares least.
  ///
  /// A little of the sum of the squared weights, each times its column's length, is added, so that
  /// one solution is best even where columns depend on each other:
  ///
  ///     |A w - b|² + ridge · Σ (AᵀA)ₖₖ wₖ²,   w ≥ 0
  ///
  /// One weight after the other takes the value that is best beside the others, round after round,
  /// until none changes any more; the sum is convex, so this leads to its least value.
  ///
  /// - Parameters:
  ///   - ridge: How much the weights' squares count.
  ///   - rounds: The most rounds.
  /// - Returns: K weights; 0 for columns of zeros.
  package func nonNegativeWeights(ridge: Double = 1e-2, rounds: Int = 10_000) -> [Double] {
    var weights = [Double](repeating: 0, count: count)
    // What the derivative of half the sum is at the weights, without the ridge: AᵀA w - Aᵀb.
    var slopes = targets.map(-)
    for _ in 0..<rounds {
      var (largest, scale) = (0.0, 0.0)
      for k in 0..<count {
        let length = products[k * count + k]
        guard length > 0 else { continue }
        let slope = slopes[k] + ridge * length * weights[k]
        let better = max(weights[k] - slope / (length * (1 + ridge)), 0)
        let change = better - weights[k]
        scale = max(scale, better * length.squareRoot())
        guard change != 0 else { continue }
        weights[k] = better
        for other in 0..<count { slopes[other] += change * products[k * count + other] }
        largest = max(largest, change.magnitude * length.squareRoot())
      }
      guard largest > 1e-9 * scale else { break }
    }
    return weights
  }
}

// Mean and covariance of features, gathered batch by batch.

public import Tensors

/// The mean and the covariance of features, in float64, from one pass over them.
///
/// What is kept are the sums of the features and of their products, so that batches of any size and
/// in any number give the same moments, and two halves of a set can be joined.
public struct FeatureMoments {
  /// What the sum of products of deviations is divided by.
  public enum Divisor: String, CaseIterable, Codable, Hashable, Sendable {
    /// N, as NVIDIA's metrics for PyTorch do.
    case count = "n"
    /// N - 1, as `numpy.cov`, pytorch-fid, torch-fidelity and clean-fid do.
    case countMinusOne = "n-1"
  }

  /// How many features were added.
  public private(set) var count = 0
  /// The sum of the features: [D], float64.
  public private(set) var sum: Tensor
  /// The sum of the outer products of features with themselves: [D, D], float64.
  public private(set) var products: Tensor

  /// Moments of nothing yet.
  ///
  /// - Parameter dimension: D, the numbers in a feature.
  public init(dimension: Int) {
    sum = .zeros([dimension], dtype: .float64)
    products = .zeros([dimension, dimension], dtype: .float64)
  }

  /// The numbers in a feature.
  public var dimension: Int { sum.size(0) }

  /// Adds features.
  ///
  /// - Parameter features: [N, D].
  public mutating func add(_ features: Tensor) {
    precondition(
      features.rank == 2 && features.size(1) == dimension,
      "features \(features.shape) for moments of \(dimension)")
    let x = features.moved(to: .cpu).cast(to: .float64)
    count += x.size(0)
    sum = sum + x.sum(over: 0)
    products = products + x.transposed(0, 1).matmul(x)
  }

  /// The mean: [D], float64.
  public var mean: Tensor { sum / Double(max(count, 1)) }

  /// The covariance.
  ///
  /// - Parameter divisor: What the sum of products of deviations is divided by.
  /// - Returns: [D, D], float64.
  public func covariance(_ divisor: Divisor = .count) -> Tensor {
    let mean = mean
    let spread = products - mean.unsqueezed(1) * mean.unsqueezed(0) * Double(count)
    return spread / Double(max(divisor == .count ? count : count - 1, 1))
  }
}

// The Fréchet distance of two normal distributions: Heusel et al., "GANs Trained by a Two Time-Scale
// Update Rule Converge to a Local Nash Equilibrium" (2017), whose FID it is for Inception's features.

public import Tensors

/// A normal distribution, as far as the Fréchet distance sees one: what published statistics files
/// hold.
public struct FeatureDistribution {
  /// [D], float64.
  public let mean: Tensor
  /// [D, D], symmetric, float64.
  public let covariance: Tensor

  /// The distribution with these moments.
  ///
  /// - Parameters:
  ///   - mean: [D].
  ///   - covariance: [D, D].
  public init(mean: Tensor, covariance: Tensor) {
    precondition(
      mean.rank == 1 && covariance.shape == [mean.size(0), mean.size(0)],
      "mean \(mean.shape), covariance \(covariance.shape)")
    self.mean = mean.cast(to: .float64)
    self.covariance = covariance.cast(to: .float64)
  }

  /// The distribution of features.
  ///
  /// - Parameters:
  ///   - moments: Their mean and products.
  ///   - divisor: What the covariance is divided by.
  public init(_ moments: FeatureMoments, divisor: FeatureMoments.Divisor = .count) {
    self.init(mean: moments.mean, covariance: moments.covariance(divisor))
  }

  /// The Fréchet distance from another distribution:
  /// |m₁ - m₂|² + Tr(S₁ + S₂ - 2 (S₁ S₂)^½).
  ///
  /// With S₁ = V diag(d) Vᵀ, the product S₁ S₂ has the eigenvalues of diag(d)^½ Vᵀ S₂ V diag(d)^½,
  /// which is symmetric, so that the trace of its root is the sum of their roots: no root of a
  /// matrix that is not symmetric is taken, and nothing imaginary is dropped. Eigenvalues that
  /// rounding made negative count as 0.
  ///
  /// - Parameter other: Of the same dimension.
  /// - Returns: 0 for equal distributions; rounding leaves some 1e-6 of the traces. Where it leaves less
  ///   than nothing, that is 0 too: a distance cannot be negative.
  public func frechetDistance(from other: FeatureDistribution) -> Double {
    precondition(
      mean.shape == other.mean.shape, "dimensions \(mean.shape) and \(other.mean.shape)")
    let (values, vectors) = covariance.symmetricEigen()  // [D], rows [D, D]
    let scale = values.clamped(from: 0).sqrt()
    let rotated = vectors.matmul(other.covariance).matmul(vectors.transposed(0, 1))
    let product = scale.unsqueezed(1) * rotated * scale.unsqueezed(0)
    let roots = product.symmetricEigenvalues().clamped(from: 0).sqrt()
    let traces = covariance.trace() + other.covariance.trace()
    let distance: Double =
      ((mean - other.mean).square().sum() + traces - roots.sum() * 2).item()
    // Numbers that are none stay so.
    return distance < 0 ? 0 : distance
  }
}

extension Tensor {
  /// The sum of a matrix's diagonal, without axes.
  fileprivate func trace() -> Tensor { call("aten::trace", self) }
}

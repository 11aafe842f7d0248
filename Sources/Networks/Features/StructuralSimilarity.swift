// The structural similarity of pictures: Wang et al., "Image Quality Assessment: From Error
// Visibility to Structural Similarity" (2004), with the constants of the paper.

import Foundation
public import Tensors

/// How alike the structure of pictures is, from 1 for equal ones down to -1.
///
/// Means, variances and covariances are taken over Gaussian windows of 11×11 pixels and deviation
/// 1.5 that lie within the picture; the result is the mean over windows and channels.
///
/// - Parameters:
///   - a: [N, C, H, W], at least 11×11.
///   - b: Of the same shape.
///   - range: The difference of the largest and the smallest number that pixels may have: 2 for
///     pictures in [-1, 1].
/// - Returns: [N].
public func structuralSimilarity(_ a: Tensor, _ b: Tensor, range: Double = 2) -> Tensor {
  precondition(
    a.shape == b.shape && a.rank == 4 && min(a.size(2), a.size(3)) >= windowSide,
    "pictures \(a.shape) and \(b.shape)")
  let channels = a.size(1)
  let taps = (0..<windowSide).map { exp(-pow(Double($0 - windowSide / 2) / 1.5, 2) / 2) }
  let sum = taps.reduce(0, +)
  let row = Tensor(taps.map { $0 / sum }).cast(to: a.dtype).moved(to: a.device)
  /// The mean over every window: one axis after the other.
  func mean(_ x: Tensor) -> Tensor {
    func kernel(_ height: Int, _ width: Int) -> Tensor {
      row.reshaped(1, 1, height, width).expanded(channels, 1, height, width)
    }
    return x.conv2d(kernel(windowSide, 1), groups: channels)
      .conv2d(kernel(1, windowSide), groups: channels)
  }
  let (meanA, meanB) = (mean(a), mean(b))
  let varianceA = mean(a.square()) - meanA.square()
  let varianceB = mean(b.square()) - meanB.square()
  let covariance = mean(a * b) - meanA * meanB
  let (c1, c2) = (pow(0.01 * range, 2), pow(0.03 * range, 2))
  let above = (meanA * meanB * 2 + c1) * (covariance * 2 + c2)
  let below = (meanA.square() + meanB.square() + c1) * (varianceA + varianceB + c2)
  return (above / below).mean(over: 1, 2, 3)
}

/// The windows' width and height, in pixels.
private let windowSide = 11

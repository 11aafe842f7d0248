// Normalisations without parameters.

import CKernels
public import Tensors

extension Tensor {
  /// Divides each sample by the root of its mean square: `x / sqrt(mean(x²) + 1e-8)` over axis 1.
  ///
  /// - Shape: `self` [N, C, …], result the same.
  /// - Returns: The normalised tensor.
  public func normalizedSecondMoment() -> Tensor {
    self * (square().mean(over: 1, keepAxes: true) + 1e-8).rsqrt()
  }

  /// Gives the numbers along the last axis mean 0 and variance 1: `(x - mean) / sqrt(variance +
  /// 1e-5)`.
  ///
  /// - Shape: `self` [N, L, C], result the same.
  /// - Returns: The normalised tensor.
  public func layerNormalized() -> Tensor {
    call("aten::layer_norm", self, [size(-1)], Tensor?.none, Tensor?.none, 1e-5)
  }

  /// Gives every channel of every image the mean 0 and the variance 1 over its pixels:
  /// `(x - mean) / sqrt(mean((x - mean)²) + 1e-8)`.
  ///
  /// - Shape: `self` [N, C, H, W], result the same.
  /// - Returns: The normalised images.
  public func normalizedPerInstance() -> Tensor {
    let x = self - mean(over: 2, 3, keepAxes: true)
    return x * (x.square().mean(over: 2, 3, keepAxes: true) + 1e-8).rsqrt()
  }
}

/// Variances and means of the channels of tokens.
///
/// On the processor, where no gradients are recorded, memory is passed over once, and the sums are
/// the same for any number of threads; elsewhere libtorch's own are taken.
///
/// - Shape: `x` [N, P, C], results [N, 1, C].
/// - Parameter x: Tokens of samples, of 16 bits or more a number.
/// - Returns: Of each channel of each sample, the mean squared distance from the mean, and the mean, in
///   32 bits or more a number.
public func channelMoments(_ x: Tensor) -> (variance: Tensor, mean: Tensor) {
  guard !recordsGradients, x.device == .cpu else {
    let wide = x.dtype == .float64 ? x : x.cast(to: .float32)
    return wide.varianceAndMean(over: 1)
  }
  ckernels_register()
  let moments = callMany("stylist::channel_moments", x)
  return (moments[0], moments[1])
}

/// Gives every channel of every image a mean and a deviation from its style.
///
/// The result is `normalizedPerInstance(x) * scale + shift`, as one factor and one summand for each
/// channel.
///
/// - Shape: `x` [N, C, H, W], `scale` [N, C], `shift` [N, C], result [N, C, H, W].
/// - Source: Huang and Belongie, "Arbitrary Style Transfer in Real-time with Adaptive Instance
///   Normalization" (2017), section 5.
/// - Parameters:
///   - x: Images.
///   - scale: The deviation that each channel gets.
///   - shift: The mean that each channel gets.
///   - replacing: Whether the results take the place of `x`, which then nobody else may need, where
///     no gradients are recorded.
/// - Returns: The images with their new means and deviations.
public func adaptiveInstanceNorm(
  _ x: Tensor, scale: Tensor, shift: Tensor, replacing: Bool = false
) -> Tensor {
  let (variance, mean) = imageMoments(x)
  let factor = (variance + 1e-8).rsqrt() * perChannel(scale)
  let summand = perChannel(shift) - mean * factor
  guard replacing, !recordsGradients else { return summand.addingProduct(x, factor) }
  x.multiplyInPlace(factor, adding: summand)
  return x
}

/// `adaptiveInstanceNorm` by its plain definition.
///
/// - Parameters:
///   - x: [N, C, H, W].
///   - scale: [N, C].
///   - shift: [N, C].
/// - Returns: [N, C, H, W].
public func adaptiveInstanceNormReference(_ x: Tensor, scale: Tensor, shift: Tensor) -> Tensor {
  x.normalizedPerInstance() * perChannel(scale) + perChannel(shift)
}

/// Variances and means of the channels of images [N, C, H, W], each [N, C, 1, 1].
private func imageMoments(_ x: Tensor) -> (variance: Tensor, mean: Tensor) {
  let pixels = x.permuted(0, 2, 3, 1)
  guard !recordsGradients, x.device == .cpu, pixels.isContiguous else {
    let moments = callMany("aten::var_mean.correction", x, [2, 3], 0, true)
    return (moments[0], moments[1])
  }
  let (variance, mean) = channelMoments(pixels.reshaped(x.size(0), -1, x.size(1)))
  return (perChannel(variance.squeezed(1)), perChannel(mean.squeezed(1)))
}

/// [N, C] → [N, C, 1, 1].
private func perChannel(_ x: Tensor) -> Tensor { x.unsqueezed(2).unsqueezed(3) }

/// Appends to images the mean standard deviation over groups of them, as more channels.
///
/// Sample n belongs to group n mod (N / G): groups are strided, not contiguous. The deviation is
/// taken over the G samples of a group, averaged over channels and pixels, and repeated.
///
/// - Shape: `x` [N, C, H, W], result [N, C + F, H, W].
/// - Parameters:
///   - x: Features of a batch.
///   - groupSize: G, at most N; nil for the whole batch. N must be divisible by it.
///   - f: F, into as many parts the channels are split.
/// - Returns: The features with F more channels.
public func minibatchStandardDeviation(_ x: Tensor, groupSize: Int?, channels f: Int = 1) -> Tensor
{
  let (n, c, h, w) = (x.size(0), x.size(1), x.size(2), x.size(3))
  let g = min(groupSize ?? n, n)
  precondition(
    n % g == 0 && c % f == 0, "\(n) samples in groups of \(g), \(c) channels in \(f) parts")
  var y = x.reshaped(g, n / g, f, c / f, h, w)
  y = y - y.mean(over: 0)
  y = (y.square().mean(over: 0) + 1e-8).sqrt()  // [N / G, F, C / F, H, W]
  y = y.mean(over: 2, 3, 4).reshaped(n / g, f, 1, 1)
  return .concatenate([x, y.repeated(g, 1, h, w)], axis: 1)
}

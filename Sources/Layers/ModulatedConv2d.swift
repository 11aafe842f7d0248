// The modulated convolution of StyleGAN2, fused into one grouped convolution or scaled before and
// after.

public import Tensors

/// A convolution whose input channels are scaled by the styles of each sample, and whose outputs
/// are normalised.
///
/// With w'[n, o, i, k] = weight[o, i, k] · styles[n, i] and d[n, o] = 1 / sqrt(Σ w'² + 1e-8) the
/// result is conv(x, w' · d) + noise. Fused, every sample has a kernel of its own in one grouped
/// convolution; otherwise the image is scaled by the styles before and by d after a common
/// convolution. Both give the same to rounding.
///
/// In 16-bit formats with demodulation the weight is first divided by its largest magnitude per
/// output and by sqrt(I · k · k), and the styles by their largest magnitude per sample, so that
/// nothing overflows; demodulation cancels both.
///
/// - Shape: `x` [N, I, H, W], `weight` [O, I, k, k], `styles` [N, I], result [N, O, H · up, W ·
///   up].
/// - Source: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", section 2.2.
/// - Parameters:
///   - x: Images.
///   - weight: Kernels shared by all samples.
///   - styles: A factor for each sample and input channel.
///   - noise: Added after the normalisation; must broadcast to the result.
///   - up: The factor of enlargement.
///   - padding: Zeros around the image.
///   - filter: The low-pass filter for enlargement.
///   - demodulate: Whether outputs are normalised by d.
///   - flipWeight: True for a correlation; false for a true convolution.
///   - fused: Whether every sample gets a kernel of its own.
/// - Returns: The convolved images.
public func modulatedConv2d(
  _ x: Tensor, weight: Tensor, styles: Tensor, noise: Tensor? = nil, up: Int = 1,
  padding: Int = 0, filter: Tensor? = nil, demodulate: Bool = true, flipWeight: Bool = true,
  fused: Bool = true
) -> Tensor {
  precondition(
    x.size(1) == weight.size(1) && styles.shape == [x.size(0), x.size(1)],
    "x \(x.shape), weight \(weight.shape), styles \(styles.shape)")
  let (n, i, h, w) = (x.size(0), x.size(1), x.size(2), x.size(3))
  let (o, k) = (weight.size(0), weight.size(2))
  var (weight, styles) = (weight, styles)
  if demodulate && x.dtype.byteCount == 2 {
    (weight, styles) = (
      normalizedForHalf(weight), styles / styles.abs().max(over: 1, keepAxes: true)
    )
  }
  func convolved(_ x: Tensor, _ weight: Tensor, groups: Int = 1) -> Tensor {
    conv2dResample(
      x, weight: weight.cast(to: x.dtype), filter: filter, up: up, padding: Padding(padding),
      groups: groups, flipWeight: flipWeight)
  }
  var y: Tensor
  if fused {
    var kernels = weight.unsqueezed(0) * styles.reshaped(n, 1, i, 1, 1)  // [N, O, I, k, k]
    if demodulate { kernels = kernels * demodulation(weight, styles).reshaped(n, o, 1, 1, 1) }
    // A single sample stays in the order of memory that it has.
    let joined = n == 1 ? x : x.reshaped(1, n * i, h, w)
    y = convolved(joined, kernels.reshaped(n * o, i, k, k), groups: n)
    if n > 1 { y = y.reshaped(n, o, y.size(2), y.size(3)) }
  } else {
    y = convolved(x * styles.cast(to: x.dtype).reshaped(n, i, 1, 1), weight)
    if demodulate {
      y = y * demodulation(weight, styles).cast(to: x.dtype).reshaped(n, o, 1, 1)
    }
  }
  return noise.map { y + $0.cast(to: x.dtype) } ?? y
}

/// d = 1 / sqrt(Σ w'² + 1e-8) over the input channels and taps of `weight` [O, I, k, k] times
/// `styles` [N, I]: [N, O].
///
/// The taps' squares are summed once for all samples.
private func demodulation(_ weight: Tensor, _ styles: Tensor) -> Tensor {
  let squares = weight.square().sum(over: 2, 3)  // [O, I]
  return ((squares * styles.square().unsqueezed(1)).sum(over: 2) + 1e-8).rsqrt()
}

private func normalizedForHalf(_ weight: Tensor) -> Tensor {
  let fanIn = weight.size(1) * weight.size(2) * weight.size(3)
  let largest = weight.abs().max(over: 1, 2, 3, keepAxes: true)
  return weight * (1 / Double(fanIn).squareRoot()) / largest
}

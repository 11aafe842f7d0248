// A convolution together with up- or downsampling: the quick paths, beside the plain definition.

public import Tensors

/// Convolves images and resamples them on the way.
///
/// Enlarges by zeros (if `up`), pads, filters (if `up` or `down`), convolves, filters again if
/// both, and keeps every `down`-th pixel. `upsampling` takes the transposed convolution,
/// `downsampling` the strided one, and 1×1 kernels are applied at the lower resolution.
///
/// - Shape: `x` [N, I, H, W], `weight` [O, I / groups, k, k], result [N, O, H', W'].
/// - Parameters:
///   - x: Images.
///   - weight: Kernels.
///   - filter: The low-pass filter for resampling; nil for a single 1.
///   - up: The factor of enlargement.
///   - down: The factor of reduction.
///   - padding: Zeros around the image, counted in enlarged pixels.
///   - groups: Into how many independent parts the channels fall.
///   - flipWeight: True for a correlation, as convolution layers do; false for a true convolution.
///   - flipFilter: Whether the low-pass filter is applied as it stands.
/// - Returns: The convolved and resampled images.
public func conv2dResample(
  _ x: Tensor, weight: Tensor, filter: Tensor? = nil, up: Int = 1, down: Int = 1,
  padding: Padding = 0, groups: Int = 1, flipWeight: Bool = true, flipFilter: Bool = false
) -> Tensor {
  let p = resamplingPadding(padding, filter: filter, up: up, down: down)
  let isPointwise = weight.size(2) == 1 && weight.size(3) == 1
  func convolved(_ x: Tensor, stride: Int = 1, padding: [Int] = [0, 0]) -> Tensor {
    let kernel = flipWeight || isPointwise ? weight : weight.flipped(2, 3)
    if groups == 1, kernel.size(2) == 3, kernel.size(3) == 3,
      (stride, padding) == (1, [1, 1]) || (stride, padding) == (2, [0, 0])
    {
      return convolution3x3(x, weight: kernel, stride: stride)
    }
    return x.conv2d(kernel, stride: stride, padding: padding, groups: groups)
  }
  func resampled(_ x: Tensor, up: Int = 1, down: Int = 1, _ p: Padding = 0) -> Tensor {
    upfirdn2d(
      x, filter: filter, up: PerAxis(up), down: PerAxis(down), padding: p, flipFilter: flipFilter,
      gain: Double(up * up))
  }
  switch (up > 1, down > 1) {
  case (false, false):
    if p.left == p.right && p.top == p.bottom && p.left >= 0 && p.top >= 0 {
      return convolved(x, padding: [p.top, p.left])
    }
    return convolved(x.padded(p.left, p.right, p.top, p.bottom))
  case (false, true):
    if isPointwise { return convolved(resampled(x, down: down, p)) }
    return convolved(resampled(x, p), stride: down)
  case (true, false):
    if isPointwise { return resampled(convolved(x), up: up, p) }
    return upsamplingConvolution(
      x, weight, filter, up: up, p, groups: groups, flipWeight: flipWeight, flipFilter: flipFilter)
  case (true, true):
    let enlarged = upsamplingConvolution(
      x, weight, filter, up: up, p, groups: groups, flipWeight: flipWeight, flipFilter: flipFilter)
    return resampled(enlarged, down: down)
  }
}

/// `conv2dResample` by its plain definition.
///
/// - Parameters:
///   - x: [N, I, H, W].
///   - weight: [O, I / groups, k, k].
///   - filter: The low-pass filter for resampling; nil for a single 1.
///   - up: The factor of enlargement.
///   - down: The factor of reduction.
///   - padding: Zeros around the image, counted in enlarged pixels.
///   - groups: Into how many independent parts the channels fall.
///   - flipWeight: True for a correlation; false for a true convolution.
///   - flipFilter: Whether the low-pass filter is applied as it stands.
/// - Returns: [N, O, H', W'].
public func conv2dResampleReference(
  _ x: Tensor, weight: Tensor, filter: Tensor? = nil, up: Int = 1, down: Int = 1,
  padding: Padding = 0, groups: Int = 1, flipWeight: Bool = true, flipFilter: Bool = false
) -> Tensor {
  let p = resamplingPadding(padding, filter: filter, up: up, down: down)
  let resamples = up > 1 || down > 1
  let filtered = upfirdn2dReference(
    x, filter: resamples ? filter : nil, up: PerAxis(up), padding: p, flipFilter: flipFilter,
    gain: Double(up * up))
  let y = filtered.conv2d(flipWeight ? weight : weight.flipped(2, 3), groups: groups)
  return upfirdn2dReference(
    y, filter: up > 1 && down > 1 ? filter : nil, down: PerAxis(down), flipFilter: flipFilter)
}

private func resamplingPadding(_ padding: Padding, filter: Tensor?, up: Int, down: Int) -> Padding {
  var p = padding
  if up > 1 { p = p + upsamplingPadding(filter, up: PerAxis(up)) }
  if down > 1 { p = p + downsamplingPadding(filter, down: PerAxis(down)) }
  return p
}

/// The transposed convolution, which is the convolution of the zero-stuffed image, then the filter.
private func upsamplingConvolution(
  _ x: Tensor, _ weight: Tensor, _ filter: Tensor?, up: Int, _ p: Padding, groups: Int,
  flipWeight: Bool, flipFilter: Bool
) -> Tensor {
  let (kh, kw) = (weight.size(2), weight.size(3))
  // The transposed convolution adds (k - 1) pixels before and (k - up) after by itself.
  let rest = Padding(
    left: p.left - (kw - 1), right: p.right - (kw - up), top: p.top - (kh - 1),
    bottom: p.bottom - (kh - up))
  let cropX = max(min(-rest.left, -rest.right), 0)
  let cropY = max(min(-rest.top, -rest.bottom), 0)
  let kernel = transposedKernel(flipWeight ? weight.flipped(2, 3) : weight, groups: groups)
  let doubles = up == 2 && groups == 1 && kh == 3 && kw == 3 && cropX == 0 && cropY == 0
  let y =
    doubles
    ? doublingConvolution3x3(x, weight: kernel)
    : x.convTranspose2d(kernel, stride: up, padding: [cropY, cropX], groups: groups)
  let cropped = Padding(left: cropX, right: cropX, top: cropY, bottom: cropY)
  return upfirdn2d(
    y, filter: filter, padding: rest + cropped, flipFilter: flipFilter, gain: Double(up * up))
}

/// [O, I / groups, k, k] as the transposed convolution wants it: [I, O / groups, k, k].
private func transposedKernel(_ weight: Tensor, groups: Int) -> Tensor {
  let (o, i, kh, kw) = (weight.size(0), weight.size(1), weight.size(2), weight.size(3))
  if groups == 1 { return weight.transposed(0, 1) }
  return weight.reshaped(groups, o / groups, i, kh, kw).transposed(1, 2)
    .reshaped(groups * i, o / groups, kh, kw)
}

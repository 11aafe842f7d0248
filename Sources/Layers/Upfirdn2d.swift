// Upsample, FIR filter, downsample: the fused operator beside its plain reference, and its three
// everyday forms.

import CKernels
public import Tensors

/// Inserts zeros, pads or crops, filters, and keeps every n-th sample.
///
/// Along each axis `up - 1` zeros follow every sample; the filter is turned around (a true
/// convolution) unless `flipFilter`; the result has `(length * up + padding - taps) / down + 1`
/// samples.
///
/// - Shape: `x` [N, C, H, W], result [N, C, H', W'].
/// - Parameters:
///   - x: Images.
///   - filter: [fh, fw], or [f] applied along both axes; nil for a single 1.
///   - up: How many samples each sample becomes.
///   - down: Every how many samples one is kept.
///   - padding: Zeros around the enlarged image; negative amounts crop.
///   - flipFilter: Whether the filter is applied as it stands (a correlation).
///   - gain: A factor on the two-dimensional filter.
/// - Returns: The resampled images.
public func upfirdn2d(
  _ x: Tensor, filter: Tensor?, up: PerAxis = 1, down: PerAxis = 1, padding: Padding = 0,
  flipFilter: Bool = false, gain: Double = 1
) -> Tensor {
  guard x.device == .cpu || x.device == .meta, let filter else {
    return upfirdn2dReference(
      x, filter: filter, up: up, down: down, padding: padding, flipFilter: flipFilter, gain: gain)
  }
  ckernels_register()
  func pass(_ x: Tensor, _ filter: Tensor, up: PerAxis, down: PerAxis, _ p: Padding, gain: Double)
    -> Tensor
  {
    call(
      "stylist::upfirdn2d", x, filter, [up.x, up.y], [down.x, down.y],
      [p.left, p.right, p.top, p.bottom], flipFilter, gain)
  }
  guard filter.rank == 1 else {
    return pass(x, filter, up: up, down: down, padding, gain: gain)
  }
  let along = Padding(left: padding.left, right: padding.right, top: 0, bottom: 0)
  let across = Padding(left: 0, right: 0, top: padding.top, bottom: padding.bottom)
  let half = gain.squareRoot()
  let rows = pass(
    x, filter.unsqueezed(0), up: PerAxis(x: up.x, y: 1), down: PerAxis(x: down.x, y: 1), along,
    gain: half)
  return pass(
    rows, filter.unsqueezed(1), up: PerAxis(x: 1, y: up.y), down: PerAxis(x: 1, y: down.y), across,
    gain: half)
}

/// `upfirdn2d` in plain tensor operations, making the enlarged image.
///
/// - Parameters:
///   - x: [N, C, H, W].
///   - filter: [fh, fw], or [f] applied along both axes; nil for a single 1.
///   - up: How many samples each sample becomes.
///   - down: Every how many samples one is kept.
///   - padding: Zeros around the enlarged image; negative amounts crop.
///   - flipFilter: Whether the filter is applied as it stands (a correlation).
///   - gain: A factor on the two-dimensional filter.
/// - Returns: [N, C, H', W'].
public func upfirdn2dReference(
  _ x: Tensor, filter: Tensor?, up: PerAxis = 1, down: PerAxis = 1, padding: Padding = 0,
  flipFilter: Bool = false, gain: Double = 1
) -> Tensor {
  let (n, c, h, w) = (x.size(0), x.size(1), x.size(2), x.size(3))
  var z = x.reshaped(n, c, h, 1, w, 1)
  z = z.padded(0, up.x - 1, 0, 0, 0, up.y - 1).reshaped(n, c, h * up.y, w * up.x)
  z = z.padded(padding.left, padding.right, padding.top, padding.bottom)
  let base = filter ?? .ones([1, 1], device: x.device)
  var taps = (base * (base.rank == 1 ? gain.squareRoot() : gain)).cast(to: x.dtype)
  if !flipFilter { taps = base.rank == 1 ? taps.flipped(0) : taps.flipped(0, 1) }
  func filtered(_ z: Tensor, _ kernel: Tensor) -> Tensor {
    z.conv2d(kernel.unsqueezed(0).unsqueezed(0).repeated(c, 1, 1, 1), groups: c)
  }
  if taps.rank == 1 {
    z = filtered(filtered(z, taps.unsqueezed(0)), taps.unsqueezed(1))
  } else {
    z = filtered(z, taps)
  }
  return z.sliced(0..<z.size(2), axis: 2, step: down.y).sliced(0..<z.size(3), axis: 3, step: down.x)
}

/// The width and height of a filter for `upfirdn2d`; nil counts as one tap.
func filterSize(_ filter: Tensor?) -> PerAxis {
  guard let filter else { return 1 }
  return PerAxis(x: filter.size(-1), y: filter.size(0))
}

/// Padding for an image enlarged `up` times, so that the result is exactly `up` times as large.
package func upsamplingPadding(_ filter: Tensor?, up: PerAxis) -> Padding {
  let f = filterSize(filter)
  return Padding(
    left: halfDown(f.x + up.x - 1), right: halfDown(f.x - up.x),
    top: halfDown(f.y + up.y - 1), bottom: halfDown(f.y - up.y))
}

/// Padding before an image is reduced `down` times, so that the result is exactly that much
/// smaller.
package func downsamplingPadding(_ filter: Tensor?, down: PerAxis) -> Padding {
  let f = filterSize(filter)
  return Padding(
    left: halfDown(f.x - down.x + 1), right: halfDown(f.x - down.x),
    top: halfDown(f.y - down.y + 1), bottom: halfDown(f.y - down.y))
}

/// Padding around an image that is filtered, so that it keeps its size.
package func filteringPadding(_ filter: Tensor?) -> Padding {
  let f = filterSize(filter)
  return Padding(left: f.x / 2, right: (f.x - 1) / 2, top: f.y / 2, bottom: (f.y - 1) / 2)
}

/// Half a number, rounded down also where it is negative: filters shorter than the factor crop.
private func halfDown(_ number: Int) -> Int { number >> 1 }

/// Images enlarged by whole factors through a low-pass filter.
///
/// - Parameters:
///   - x: [N, C, H, W].
///   - filter: [fh, fw] or [f]; nil for a single 1.
///   - up: The factors.
///   - padding: More zeros around the enlarged image.
///   - flipFilter: Whether the filter is applied as it stands.
///   - gain: A factor beside the `up.x * up.y` that keeps the brightness.
/// - Returns: [N, C, H * up.y, W * up.x] without more padding.
public func upsample2d(
  _ x: Tensor, filter: Tensor?, up: PerAxis = 2, padding: Padding = 0, flipFilter: Bool = false,
  gain: Double = 1
) -> Tensor {
  upfirdn2d(
    x, filter: filter, up: up, padding: padding + upsamplingPadding(filter, up: up),
    flipFilter: flipFilter, gain: gain * Double(up.x * up.y))
}

/// Images reduced by whole factors through a low-pass filter.
///
/// - Parameters:
///   - x: [N, C, H, W].
///   - filter: [fh, fw] or [f]; nil for a single 1.
///   - down: The factors.
///   - padding: More zeros around the image.
///   - flipFilter: Whether the filter is applied as it stands.
///   - gain: A factor on the filter.
/// - Returns: [N, C, H / down.y, W / down.x] without more padding.
public func downsample2d(
  _ x: Tensor, filter: Tensor?, down: PerAxis = 2, padding: Padding = 0, flipFilter: Bool = false,
  gain: Double = 1
) -> Tensor {
  upfirdn2d(
    x, filter: filter, down: down, padding: padding + downsamplingPadding(filter, down: down),
    flipFilter: flipFilter, gain: gain)
}

/// Images filtered without a change of size.
///
/// - Parameters:
///   - x: [N, C, H, W].
///   - filter: [fh, fw] or [f]; nil for a single 1.
///   - padding: More zeros around the image.
///   - flipFilter: Whether the filter is applied as it stands.
///   - gain: A factor on the filter.
/// - Returns: [N, C, H, W] without more padding.
public func filter2d(
  _ x: Tensor, filter: Tensor?, padding: Padding = 0, flipFilter: Bool = false, gain: Double = 1
) -> Tensor {
  upfirdn2d(
    x, filter: filter, padding: padding + filteringPadding(filter), flipFilter: flipFilter,
    gain: gain)
}

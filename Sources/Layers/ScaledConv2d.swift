// A convolution together with doubling or halving, as StyleGAN does it: one strided convolution,
// beside the plain definition.

public import Tensors

/// Doubles images by repeating pixels, then convolves them.
///
/// Repeated pixels meet several taps at once, so the result is that of a transposed convolution
/// with a kernel of k + 1 taps a side, each the sum of up to four: less than half the work for
/// k = 3.
///
/// - Shape: `x` [N, I, H, W], `weight` [O, I, k, k], result [N, O, 2 H, 2 W].
/// - Source: `upscale2d_conv2d` in `networks_stylegan.py` of stylegan, whose fused way applies the
///   kernel mirrored.
/// - Parameters:
///   - x: Images.
///   - weight: Kernels of an odd size, applied as they stand (a correlation).
/// - Returns: The enlarged and convolved images.
public func upscaleConv2d(_ x: Tensor, weight: Tensor) -> Tensor {
  let p = paddingKeepingSize(weight)
  let kernel = withSummedTaps(weight.flipped(2, 3)).transposed(0, 1)
  return x.convTranspose2d(kernel, stride: 2, padding: [p, p])
}

/// `upscaleConv2d` by its plain definition.
///
/// - Parameters:
///   - x: [N, I, H, W].
///   - weight: [O, I, k, k].
/// - Returns: [N, O, 2 H, 2 W].
public func upscaleConv2dReference(_ x: Tensor, weight: Tensor) -> Tensor {
  let p = paddingKeepingSize(weight)
  return nearestUpsample2d(x).conv2d(weight, padding: [p, p])
}

/// Convolves images, then halves them by averaging pixels.
///
/// The average of four neighbouring results is that of one convolution in steps of two with a
/// kernel of k + 1 taps a side.
///
/// - Shape: `x` [N, I, H, W], `weight` [O, I, k, k], result [N, O, H / 2, W / 2].
/// - Source: `conv2d_downscale2d` in `networks_stylegan.py` of stylegan, both of whose ways give
///   the same.
/// - Parameters:
///   - x: Images.
///   - weight: Kernels of an odd size, applied as they stand (a correlation).
/// - Returns: The convolved and reduced images.
public func downscaleConv2d(_ x: Tensor, weight: Tensor) -> Tensor {
  let p = paddingKeepingSize(weight)
  return x.conv2d(withSummedTaps(weight) * 0.25, stride: 2, padding: [p, p])
}

/// `downscaleConv2d` by its plain definition.
///
/// - Parameters:
///   - x: [N, I, H, W].
///   - weight: [O, I, k, k].
/// - Returns: [N, O, H / 2, W / 2].
public func downscaleConv2dReference(_ x: Tensor, weight: Tensor) -> Tensor {
  let p = paddingKeepingSize(weight)
  return averagePool2d(x.conv2d(weight, padding: [p, p]))
}

/// Zeros around an image that keep its size under kernels of this size.
private func paddingKeepingSize(_ weight: Tensor) -> Int {
  let k = weight.size(2)
  precondition(k % 2 == 1 && weight.size(3) == k, "a kernel of \(k)×\(weight.size(3)) taps")
  return k / 2
}

/// Each tap with its neighbours to the left, above, and both: [O, I, k, k] → [O, I, k + 1, k + 1].
private func withSummedTaps(_ weight: Tensor) -> Tensor {
  let k = weight.size(2)
  let padded = weight.padded(1, 1, 1, 1)
  func shifted(_ y: Int, _ x: Int) -> Tensor {
    padded.sliced(y..<y + k + 1, axis: 2).sliced(x..<x + k + 1, axis: 3)
  }
  return shifted(1, 1) + shifted(0, 1) + shifted(1, 0) + shifted(0, 0)
}

// A convolution together with doubling or halving, as StyleGAN does it: one strided convolution,
// beside the plain definition; and the layers of its synthesis, with what follows the convolution.

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

// MARK: Layers of synthesis

/// A 3×3 convolution and what follows it, in one pass over memory where no gradients are recorded.
///
/// - Shape: `x` [N, I, H, W], `weight` [O, I, 3, 3], result [N, O, H, W].
/// - Parameters:
///   - x: Images.
///   - weight: Kernels without their gain.
///   - weightGain: The factor that the kernels are used with.
///   - epilogue: Noise, bias and activation; its scale is set here.
/// - Returns: The convolved images.
public func activatedConv2d(
  _ x: Tensor, weight: Tensor, weightGain: Double, epilogue: ConvolutionEpilogue
) -> Tensor {
  guard isFinishable(x, weight: weight) else {
    return epilogue(convolution3x3(x, weight: weight * weightGain))
  }
  return finishedConv2d(x, weight: weight, epilogue.scaled(by: weightGain, x, weight))
}

/// `upscaleConv2d`, a low-pass filter, and what follows them, in few passes over memory where no
/// gradients are recorded.
///
/// Repeated pixels are zeros in between and a filter of two ones, so that the convolution is a
/// transposed one of 3×3 taps.
///
/// - Shape: `x` [N, I, H, W], `weight` [O, I, 3, 3], `blur` [k, k], result [N, O, 2 H, 2 W].
/// - Parameters:
///   - x: Images, which are let go as soon as they have been read.
///   - weight: Kernels without their gain.
///   - weightGain: The factor that the kernels are used with.
///   - isMirrored: Whether the kernels are applied mirrored.
///   - blur: The filter; nil for none.
///   - epilogue: Noise, bias and activation; its scale is set here.
/// - Returns: The enlarged images.
public func activatedUpscaleConv2d(
  _ x: consuming Tensor, weight: Tensor, weightGain: Double, isMirrored: Bool, blur: Tensor?,
  epilogue: ConvolutionEpilogue
) -> Tensor {
  guard isFinishable(x, weight: weight) else {
    let kernel = isMirrored ? weight.flipped(2, 3) : weight
    let y = upscaleConv2d(x, weight: kernel * weightGain)
    return epilogue(blur.map { filter2d(y, filter: $0, flipFilter: true) } ?? y)
  }
  let epilogue = epilogue.scaled(by: weightGain, x, weight)
  // No name keeps what is made on the way longer than it is needed.
  func enlarged(_ doubled: consuming Tensor, _ epilogue: ConvolutionEpilogue?) -> Tensor {
    finishedFilter2d(doubled, filter: .ones([2, 2]), padding: 0, epilogue)
  }
  guard let blur else {
    return enlarged(
      doublingConv2d(consume x, weight: weight, isMirrored: !isMirrored), epilogue)
  }
  return finishedFilter2d(
    enlarged(doublingConv2d(consume x, weight: weight, isMirrored: !isMirrored), nil),
    filter: blur, padding: filteringPadding(blur), epilogue)
}

extension ConvolutionEpilogue {
  /// The same, where the kernels of a convolution still lack a factor.
  fileprivate func scaled(by gain: Double, _ x: Tensor, _ weight: Tensor) -> ConvolutionEpilogue {
    var epilogue = self
    epilogue.scale = .full(gain, [x.size(0), weight.size(0)])
    return epilogue
  }
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

// 3×3 convolutions that keep the size of images, halve it or double it: by Winograd's minimal
// filtering where they can be, beside the definition.

import CKernels
public import Tensors

/// A 3×3 convolution that keeps the size, or halves it without padding, and a bias.
///
/// In float32 on a processor with AVX-512 it is done by Winograd's minimal filtering, as are its
/// gradients of any order: with steps of 1 a quarter of the definition's multiplications, with steps
/// of 2 a little more than half, and errors of 4e-6 to 1e-5 of the largest result instead of 6e-7 to
/// 3e-6. Elsewhere, and with few channels, it is libtorch's.
///
/// - Shape: `x` [N, I, H, W], `weight` [O, I, 3, 3], `bias` [O], result [N, O, H, W]; with steps of 2
///   [N, O, (H - 1) / 2, (W - 1) / 2].
/// - Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016).
/// - Parameters:
///   - x: Images.
///   - weight: Kernels, applied as they stand (a correlation).
///   - bias: What is added to each channel; nil for none.
///   - stride: 1 for the convolution padded with a zero on every side, 2 for one without padding.
/// - Returns: The convolved images.
public func convolution3x3(_ x: Tensor, weight: Tensor, bias: Tensor? = nil, stride: Int = 1)
  -> Tensor
{
  guard isWinogradable(x, weight: weight),
    stride == 1 || (stride == 2 && x.size(2) % 2 == 1 && x.size(3) % 2 == 1)
  else { return convolution3x3Reference(x, weight: weight, bias: bias, stride: stride) }
  ckernels_register()
  return call("stylist::conv3x3", x, weight, bias, stride)
}

/// `convolution3x3` by libtorch's convolution.
///
/// - Parameters:
///   - x: [N, I, H, W].
///   - weight: [O, I, 3, 3].
///   - bias: [O]; nil for none.
///   - stride: 1 or 2.
/// - Returns: [N, O, H, W], or half the size.
public func convolution3x3Reference(
  _ x: Tensor, weight: Tensor, bias: Tensor? = nil, stride: Int = 1
) -> Tensor {
  let padding = stride == 1 ? 1 : 0
  return call("aten::conv2d", x, weight, bias, [stride, stride], [padding, padding])
}

/// A 3×3 convolution with steps of 1, a bias and ReLU.
///
/// Where no gradients are recorded, and Winograd's filtering can compute it, all of it is one pass
/// over memory; without padding what lies at the border is computed and left out.
///
/// - Shape: `x` [N, I, H, W], `weight` [O, I, 3, 3], `bias` [O], result [N, O, H, W], or without
///   padding [N, O, H - 2, W - 2].
/// - Parameters:
///   - x: Images.
///   - weight: Kernels.
///   - bias: What is added to each channel.
///   - padding: Zeros on every side, 1 or 0.
/// - Returns: The convolved images without what is negative.
public func rectifiedConvolution3x3(_ x: Tensor, weight: Tensor, bias: Tensor, padding: Int)
  -> Tensor
{
  guard isFinishable(x, weight: weight) else {
    let y: Tensor = call("aten::conv2d", x, weight, bias, [1, 1], [padding, padding])
    return y.relu()
  }
  ckernels_register()
  let slopes = Tensor.zeros([weight.size(0)])
  let y: Tensor = call("stylist::conv3x3_finish", x, weight, Tensor?.none, bias, slopes)
  guard padding == 0 else { return y }
  return y.sliced(1..<y.size(2) - 1, axis: 2).sliced(1..<y.size(3) - 1, axis: 3)
}

/// The transpose of `convolution3x3` with steps of 2: every pixel adds its kernel to the result.
///
/// - Shape: `x` [N, O, H, W], `weight` [O, I, 3, 3], result [N, I, 2 H + 1, 2 W + 1].
/// - Parameters:
///   - x: Images.
///   - weight: Kernels.
/// - Returns: The enlarged images.
public func doublingConvolution3x3(_ x: Tensor, weight: Tensor) -> Tensor {
  guard isWinogradable(x, weight: weight.transposed(0, 1)) else {
    return x.convTranspose2d(weight, stride: 2)
  }
  ckernels_register()
  return call("stylist::conv3x3_transpose", x, weight, 2)
}

/// Whether Winograd's filtering can compute a convolution: in float32 on the processor, 3×3 taps,
/// with channels in whole registers.
///
/// Our kernel holds its sums in the registers of AVX-512; processors without have too few. The
/// gradient exchanges the two numbers of channels.
func isWinogradable(_ x: Tensor, weight: Tensor) -> Bool {
  x.device == .cpu && x.dtype == .float32
    && x.size(1) % (recordsGradients ? 32 : 16) == 0 && hasWinogradKernels(weight)
}

/// Whether kernels [O, I, 3, 3] are such as Winograd's filtering takes for any number of inputs.
func hasWinogradKernels(_ weight: Tensor) -> Bool {
  weight.device == .cpu && weight.dtype == .float32 && weight.size(0) % 32 == 0
    && weight.size(2) == 3 && weight.size(3) == 3 && hasWideRegisters
}

/// Whether 3×3 convolutions with these kernels take less time in float32 than in formats of 16 bits:
/// where Winograd's filtering computes them, which works in float32, and no gradients are recorded.
///
/// - Parameter weight: [O, I, 3, 3].
/// - Returns: Whether float32 is the quicker format.
public func isQuickerInFloat32(weight: Tensor) -> Bool {
  !recordsGradients && hasWinogradKernels(weight) && weight.size(1) % 16 == 0
}

private let hasWideRegisters = kernelFeatureLevel == "AVX512"

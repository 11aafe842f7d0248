// The layer of StyleGAN2's synthesis: a modulated convolution with noise, bias and leaky ReLU, in few
// passes over memory where no gradients are recorded, beside its plain reference.

import CKernels
public import Tensors

/// A modulated 3×3 convolution, enlarging or not, and what follows it.
///
/// Where no gradients are recorded, in float32 on the processor, the styles are applied as the image
/// is read and the demodulation as the result is written; elsewhere the reference is taken.
///
/// - Shape: `x` [N, I, H, W], `weight` [O, I, 3, 3], `styles` [N, I], result [N, O, H · up, W · up].
/// - Parameters:
///   - x: Images.
///   - weight: Kernels shared by all samples.
///   - styles: A factor for each sample and input channel.
///   - up: 1, or 2 for twice the size, by a true convolution as in the published code.
///   - filter: The low-pass filter for enlargement.
///   - epilogue: Noise, bias and activation; its scale is set here.
///   - fused: Whether every sample gets a kernel of its own in the reference.
/// - Returns: The convolved images.
public func styledConv2d(
  _ x: Tensor, weight: Tensor, styles: Tensor, up: Int = 1, filter: Tensor,
  epilogue: ConvolutionEpilogue, fused: Bool = true
) -> Tensor {
  guard isFinishable(x, weight: weight), up == 1 || (up == 2 && filter.rank == 2) else {
    return styledConv2dReference(
      x, weight: weight, styles: styles, up: up, filter: filter, epilogue: epilogue, fused: fused)
  }
  ckernels_register()
  let squares = call("stylist::squared_kernels", weight)  // [O, I]
  var epilogue = epilogue
  epilogue.scale = (styles.square().matmul(squares.transposed(0, 1)) + 1e-8).rsqrt()
  guard up == 2 else { return finishedConv2d(x, weight: weight, inScale: styles, epilogue) }
  // The transposed convolution has added two pixels before and one after by itself.
  let padding =
    upsamplingPadding(filter, up: 2) + Padding(left: -1, right: 0, top: -1, bottom: 0)
  return finishedFilter2d(
    doublingConv2d(x, weight: weight, inScale: styles), filter: filter.flipped(0, 1) * 4,
    padding: padding, epilogue)
}

/// `styledConv2d` in plain tensor operations.
///
/// - Parameters:
///   - x: [N, I, H, W].
///   - weight: [O, I, 3, 3].
///   - styles: [N, I].
///   - up: 1 or 2.
///   - filter: The low-pass filter for enlargement.
///   - epilogue: Noise, bias and activation, without a scale.
///   - fused: Whether every sample gets a kernel of its own.
/// - Returns: [N, O, H · up, W · up].
public func styledConv2dReference(
  _ x: Tensor, weight: Tensor, styles: Tensor, up: Int = 1, filter: Tensor,
  epilogue: ConvolutionEpilogue, fused: Bool = true
) -> Tensor {
  precondition(epilogue.scale == nil, "the scale of an epilogue is the demodulation")
  return epilogue(
    modulatedConv2d(
      x, weight: weight, styles: styles, up: up, padding: 1, filter: filter, flipWeight: up == 1,
      fused: fused))
}

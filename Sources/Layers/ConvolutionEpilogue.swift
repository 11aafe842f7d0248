// What follows a convolution of StyleGAN: in the convolution's own pass over memory where no gradients
// are recorded, beside its plain reference.

import CKernels
public import Tensors

/// What follows a convolution: `clamp(lrelu(x · scale + noise · noiseWeight + bias) · gain)`, the
/// slope of the negative side being 0.2.
public struct ConvolutionEpilogue {
  /// A factor for each sample and channel, [N, O]; nil for 1.
  public var scale: Tensor?
  /// Noise [H, W], [1, 1, H, W] or [N, 1, H, W]; nil for none.
  public var noise: Tensor?
  /// How strongly each channel gets the noise, [O]; nil for 1.
  public var noiseWeight: Tensor?
  /// What is added to each channel, [O].
  public var bias: Tensor
  /// The factor after the leaky ReLU.
  public var gain: Double
  /// The largest absolute value let through; nil for no bound.
  public var clamp: Double?

  /// All parts but the scale, which most convolutions find for themselves.
  public init(
    bias: Tensor, noise: Tensor? = nil, noiseWeight: Tensor? = nil,
    gain: Double = Activation.lrelu.defaultGain, clamp: Double? = nil
  ) {
    (self.bias, self.noise, self.noiseWeight) = (bias, noise, noiseWeight)
    (self.gain, self.clamp) = (gain, clamp)
  }

  /// Applies everything in plain tensor operations.
  ///
  /// - Parameter x: [N, O, H, W].
  /// - Returns: [N, O, H, W].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    var x = x
    if let scale { x = x * scale.cast(to: x.dtype).unsqueezed(2).unsqueezed(3) }
    if let noise, let noiseWeight {
      x = x.addingProduct(noise, noiseWeight.reshaped(1, -1, 1, 1))
    } else if let noise {
      x = x + noise.cast(to: x.dtype)
    }
    return biasAct(x, bias: bias, activation: .lrelu, gain: gain, clamp: clamp)
  }
}

// MARK: Without gradients

/// Whether the functions below take a convolution: no gradients are recorded, and Winograd's
/// filtering can compute it.
func isFinishable(_ x: Tensor, weight: Tensor) -> Bool {
  !recordsGradients && isWinogradable(x, weight: weight)
}

/// A 3×3 convolution that keeps the size, and what follows it; see `isFinishable`.
///
/// Winograd's minimal filtering needs a quarter of the definition's multiplications.
///
/// - Shape: `x` [N, I, H, W], `weight` [O, I, 3, 3], `inScale` [N, I], result [N, O, H, W], whose
///   channels lie side by side.
/// - Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016).
func finishedConv2d(
  _ x: Tensor, weight: Tensor, inScale: Tensor? = nil, _ epilogue: ConvolutionEpilogue
) -> Tensor {
  ckernels_register()
  let e = epilogue
  return call(
    "stylist::winograd_conv", x, weight, inScale, e.scale, e.noise, e.noiseWeight, e.bias, 0.2,
    e.gain, e.clamp)
}

/// The transposed 3×3 convolution of stride 2, after which `x` is let go; see `isFinishable`.
///
/// - Shape: `x` [N, I, H, W], `weight` [O, I, 3, 3], `inScale` [N, I], result [N, O, 2 H + 1,
///   2 W + 1], whose channels lie side by side.
func doublingConv2d(
  _ x: consuming Tensor, weight: Tensor, inScale: Tensor? = nil, isMirrored: Bool = false
) -> Tensor {
  ckernels_register()
  return call("stylist::winograd_conv_transpose", x, weight, inScale, isMirrored)
}

/// A low-pass filter, applied as it stands, and what follows it; see `isFinishable`.
///
/// - Shape: `x` [N, C, H, W], `filter` [fh, fw], result [N, C, H', W'], whose channels lie side by
///   side.
func finishedFilter2d(
  _ x: Tensor, filter: Tensor, padding p: Padding, _ epilogue: ConvolutionEpilogue?
) -> Tensor {
  ckernels_register()
  let e = epilogue
  return call(
    "stylist::filter_finish", x, filter, [p.left, p.right, p.top, p.bottom], e?.scale, e?.noise,
    e?.noiseWeight, e?.bias, e == nil ? 1.0 : 0.2, e?.gain ?? 1, e?.clamp)
}

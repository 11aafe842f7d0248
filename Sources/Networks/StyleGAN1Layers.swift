// The layers that StyleGAN's generator and discriminator share. Their weights lie as the published
// files hold them, [k, k, in, out] and [in, out], so that names and contents are those of the files.

package import Layers
package import Tensors

/// A matrix and a bias with equalised learning rate.
///
/// Weights are stored as unit normals divided by `lrMultiplier`; unlike in StyleGAN2, the gain of
/// the leaky ReLU that follows is part of the weight.
///
/// - Shape: `x` [N, I], result [N, O].
final class StyleGAN1Dense {
  let weight: Tensor  // [I, O]
  private let bias: Tensor?  // [O]
  private let activation: Activation
  private let weightGain: Double
  private let biasGain: Double

  init(
    _ p: Scope, inFeatures: Int, outFeatures: Int, hasBias: Bool = true,
    activation: Activation = .linear, gain: Double = 2.0.squareRoot(), lrMultiplier: Double = 1
  ) {
    weight = p.parameter("weight", .randn([inFeatures, outFeatures], std: 1 / lrMultiplier))
    bias = hasBias ? p.parameter("bias", .zeros([outFeatures])) : nil
    self.activation = activation
    weightGain = gain * lrMultiplier / Double(inFeatures).squareRoot()
    biasGain = lrMultiplier
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let b = bias.map { biasGain == 1 ? $0 : $0 * biasGain }
    return biasAct(x.matmul(weight * weightGain), bias: b, activation: activation, gain: 1)
  }
}

/// The kernels of a convolution with equalised learning rate.
final class StyleGAN1Kernels {
  private let weight: Tensor  // [k, k, I, O]
  let gain: Double

  init(
    _ p: Scope, inChannels: Int, outChannels: Int, kernelSize k: Int = 3,
    gain: Double = 2.0.squareRoot()
  ) {
    weight = p.parameter("weight", .randn([k, k, inChannels, outChannels]))
    self.gain = gain / Double(k * k * inChannels).squareRoot()
  }

  /// The scaled kernels [O, I, k, k].
  func callAsFunction() -> Tensor { (weight * gain).permuted(3, 2, 0, 1) }

  /// The kernels without their gain, [O, I, k, k]: a view.
  var unscaled: Tensor { weight.permuted(3, 2, 0, 1) }
}

/// A 1×1 convolution between features and image channels.
///
/// - Shape: `x` [N, I, H, W], result [N, O, H, W].
final class StyleGAN1PixelLayer {
  private let kernels: StyleGAN1Kernels
  private let bias: Tensor  // [O]
  private let activation: Activation

  /// The layer to RGB without activation and with gain 1, or from RGB with leaky ReLU.
  init(_ p: Scope, inChannels: Int, outChannels: Int, activation: Activation = .linear) {
    kernels = StyleGAN1Kernels(
      p, inChannels: inChannels, outChannels: outChannels, kernelSize: 1,
      gain: activation.defaultGain)
    bias = p.parameter("bias", .zeros([outChannels]))
    self.activation = activation
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    biasAct(x.conv2d(kernels()), bias: bias, activation: activation, gain: 1)
  }
}

/// The low-pass filter of networks that enlarge by repeating pixels; nil for a single tap.
///
/// - Returns: [taps, taps] in the number format of the network.
func blurFilter(_ taps: [Double], _ p: Scope) -> Tensor? {
  taps.count > 1
    ? resampleFilter(taps, separable: false).cast(to: p.dtype).moved(to: p.device) : nil
}

/// Images without what their size cannot carry; themselves without a filter.
func blurred(_ x: Tensor, filter: Tensor?) -> Tensor {
  filter.map { filter2d(x, filter: $0, flipFilter: true) } ?? x
}

/// What follows every convolution of the generator: noise, bias, leaky ReLU, normalisation, style.
///
/// - Shape: `x` [N, C, H, W], `w` [N, wDim], `noise` [1 or N, 1, H, W], result [N, C, H, W].
package final class StyleGAN1Epilogue {
  private let noiseWeight: Tensor?  // [C]
  private let bias: Tensor  // [C]
  private let style: StyleGAN1Dense?  // w [N, wDim] → scales less 1 and shifts [N, 2 C]
  private let usePixelNorm: Bool
  private let useInstanceNorm: Bool

  package init(_ p: Scope, channels: Int, _ configuration: StyleGAN1Configuration) {
    noiseWeight =
      configuration.useNoise ? (p / "Noise").parameter("weight", .zeros([channels])) : nil
    bias = p.parameter("bias", .zeros([channels]))
    style =
      configuration.useStyles
      ? StyleGAN1Dense(
        p / "StyleMod", inFeatures: configuration.wDim, outFeatures: 2 * channels, gain: 1) : nil
    (usePixelNorm, useInstanceNorm) = (configuration.usePixelNorm, configuration.useInstanceNorm)
  }

  /// The matrix from w to styles, [2 C, wDim], a view of the stored one.
  var styleMatrix: Tensor? { style?.weight.transposed(0, 1) }

  package func callAsFunction(_ x: Tensor, w: Tensor, noise: Tensor?) -> Tensor {
    styled(activation(noise: noise)(x), w: w)
  }

  /// What comes before normalisation and style.
  func activation(noise: Tensor?) -> ConvolutionEpilogue {
    ConvolutionEpilogue(
      bias: bias, noise: noiseWeight.flatMap { _ in noise }, noiseWeight: noiseWeight, gain: 1)
  }

  /// Normalises what has been activated, and gives it its style; may take its place.
  func styled(_ activated: Tensor, w: Tensor) -> Tensor {
    let x = usePixelNorm ? activated.normalizedSecondMoment() : activated
    guard let style else { return useInstanceNorm ? x.normalizedPerInstance() : x }
    let styles = style(w).reshaped(-1, 2, x.size(1))
    let (scale, shift) = (styles.selected(0, axis: 1) + 1, styles.selected(1, axis: 1))
    if useInstanceNorm {
      return adaptiveInstanceNorm(x, scale: scale, shift: shift, replacing: true)
    }
    return shift.reshaped(-1, x.size(1), 1, 1)
      .addingProduct(x, scale.reshaped(-1, x.size(1), 1, 1))
  }
}

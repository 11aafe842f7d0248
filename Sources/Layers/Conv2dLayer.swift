// The convolution layer with equalised learning rate.

public import Tensors

/// A convolution with equalised learning rate, resampling, bias, activation and clamp.
///
/// The result is `clamp(activation(conv(x) + bias) * activationGain * gain)` with the bound scaled
/// by `gain`.
///
/// - Shape: `x` [N, I, H, W], result [N, O, H · up / down, W · up / down].
/// - Source: `training/networks.py` of stylegan2-ada-pytorch.
public final class Conv2dLayer {
  private let weight: Tensor  // [O, I, k, k]
  private let bias: Tensor?  // [O]
  private let filter: Tensor  // [4, 4]
  private let activation: Activation
  private let up: Int
  private let down: Int
  private let clamp: Double?
  private let weightGain: Double

  /// Makes the layer's parameters `weight` and `bias` and its buffer `resample_filter`.
  ///
  /// - Parameters:
  ///   - p: The layer's place among the names.
  ///   - inChannels: I.
  ///   - outChannels: O.
  ///   - k: The kernel's width and height.
  ///   - hasBias: Whether a bias is added.
  ///   - activation: The function after the bias, with its customary gain.
  ///   - up: The factor of enlargement.
  ///   - down: The factor of reduction.
  ///   - resampleFilter: The low-pass filter, prepared.
  ///   - clamp: The largest absolute value let through; nil for no bound.
  public init(
    _ p: Scope, inChannels: Int, outChannels: Int, kernelSize k: Int, hasBias: Bool = true,
    activation: Activation = .linear, up: Int = 1, down: Int = 1,
    resampleFilter: Tensor = defaultResampleFilter(), clamp: Double? = nil
  ) {
    weight = p.parameter("weight", .randn([outChannels, inChannels, k, k]))
    bias = hasBias ? p.parameter("bias", .zeros([outChannels])) : nil
    filter = p.buffer("resample_filter", .values(resampleFilter))
    self.activation = activation
    self.up = up
    self.down = down
    self.clamp = clamp
    weightGain = 1 / Double(inChannels * k * k).squareRoot()
  }

  /// Applies the layer.
  ///
  /// - Parameters:
  ///   - x: [N, I, H, W].
  ///   - gain: A factor on the result and on the bound of the clamp.
  /// - Returns: [N, O, H · up / down, W · up / down].
  public func callAsFunction(_ x: Tensor, gain: Double = 1) -> Tensor {
    let y = conv2dResample(
      x, weight: (weight * weightGain).cast(to: x.dtype), filter: filter, up: up, down: down,
      padding: Padding(weight.size(2) / 2), flipWeight: up == 1)
    return biasAct(
      y, bias: bias, activation: activation, gain: activation.defaultGain * gain,
      clamp: clamp.map { $0 * gain })
  }
}

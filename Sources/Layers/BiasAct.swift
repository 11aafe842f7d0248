// Bias, activation, gain and clamp: one pass over memory, beside its plain reference.

import CKernels
public import Tensors

/// `clamp(activation(x + bias) * gain)`.
///
/// Straight-line activations (linear, ReLU, leaky ReLU) take one pass on the processor; its
/// gradient at a value that is clamped exactly at the bound is 0. All others, and other devices,
/// take the reference.
///
/// - Parameters:
///   - x: Any tensor.
///   - bias: [length of `axis`], or nil for none.
///   - axis: The axis that the bias runs along.
///   - activation: The function.
///   - alpha: The slope of the negative side of `lrelu`.
///   - gain: The factor after the function; nil for the activation's own.
///   - clamp: The largest absolute value let through, applied last; nil for no bound.
/// - Returns: A tensor of the shape of `x`.
public func biasAct(
  _ x: Tensor, bias: Tensor? = nil, axis: Int = 1, activation: Activation = .linear,
  alpha: Double = 0.2, gain: Double? = nil, clamp: Double? = nil
) -> Tensor {
  let factor = gain ?? activation.defaultGain
  guard let slope = activation.negativeSlope(alpha: alpha), slope >= 0, factor > 0,
    x.device == .cpu
  else {
    return biasActReference(
      x, bias: bias, axis: axis, activation: activation, alpha: alpha, gain: gain, clamp: clamp)
  }
  ckernels_register()
  return call("stylist::bias_act", x, bias, axis, slope, factor, clamp)
}

/// `biasAct` in plain tensor operations.
///
/// - Parameters:
///   - x: Any tensor.
///   - bias: [length of `axis`], or nil for none.
///   - axis: The axis that the bias runs along.
///   - activation: The function.
///   - alpha: The slope of the negative side of `lrelu`.
///   - gain: The factor after the function; nil for the activation's own.
///   - clamp: The largest absolute value let through, applied last; nil for no bound.
/// - Returns: A tensor of the shape of `x`.
public func biasActReference(
  _ x: Tensor, bias: Tensor? = nil, axis: Int = 1, activation: Activation = .linear,
  alpha: Double = 0.2, gain: Double? = nil, clamp: Double? = nil
) -> Tensor {
  var y = x
  if let bias {
    var broadcast = [Int](repeating: 1, count: x.rank)
    broadcast[axis] = -1
    y = y + bias.cast(to: x.dtype).reshaped(broadcast)
  }
  y = activation(y, alpha: alpha)
  let factor = gain ?? activation.defaultGain
  if factor != 1 { y = y * factor }
  if let clamp { y = y.clamped(from: -clamp, to: clamp) }
  return y
}

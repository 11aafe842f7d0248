// Matrices whose outputs are demodulated by styles: the modulated convolution's idea for tokens.

public import Tensors

/// The factors that normalise the outputs of a modulated matrix: d[n, o] = 1 / sqrt(Σ_i (weight[o,
/// i] · styles[n, i])² + 1e-8).
///
/// - Shape: `weight` [O, I], `styles` [N, I], result [N, O].
/// - Parameters:
///   - weight: The matrix shared by all samples.
///   - styles: A factor for each sample and input.
/// - Returns: A factor for each sample and output.
public func demodulation(of weight: Tensor, styles: Tensor) -> Tensor {
  guard takesTokenPasses(weight), styles.dtype == .float32 else {
    return demodulationReference(of: weight, styles: styles)
  }
  return call("stylist::demodulation", weight, styles, 1e-8)
}

/// `demodulation` in plain tensor operations.
///
/// - Parameters:
///   - weight: [O, I].
///   - styles: [N, I].
/// - Returns: [N, O].
public func demodulationReference(of weight: Tensor, styles: Tensor) -> Tensor {
  (styles.square().matmul(weight.square().transposed(0, 1)) + 1e-8).rsqrt()
}

/// A matrix applied to tokens, its outputs normalised as though the tokens had been multiplied by
/// the styles: (x weightᵀ) · d.
///
/// - Shape: `x` [N, L, I], `weight` [O, I], `styles` [N, I], result [N, L, O].
/// - Parameters:
///   - x: Tokens; whether they have been multiplied by the styles is up to the caller.
///   - weight: The matrix shared by all samples.
///   - styles: A factor for each sample and input.
/// - Returns: Tokens.
public func demodulatedLinear(_ x: Tensor, weight: Tensor, styles: Tensor) -> Tensor {
  linear(x, weight: weight) * demodulation(of: weight, styles: styles).unsqueezed(1)
}

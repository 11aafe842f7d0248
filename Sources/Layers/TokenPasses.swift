// What transformers do to tokens between matrix products: one pass over memory where no gradients
// are recorded, beside the plain references.

import CKernels
public import Tensors

// MARK: Normalisation

/// Tokens times styles, brought to mean 0 and variance 1 over their channels.
///
/// - Shape: `x` [N, L, C], `styles` [N, C], result [N, L, C].
/// - Parameters:
///   - x: Tokens.
///   - styles: A factor for each sample and channel.
///   - dtype: The number format of the result.
/// - Returns: The normalised tokens.
public func styledNorm(_ x: Tensor, styles: Tensor, dtype: DType) -> Tensor {
  guard takesTokenPasses(x), styles.dtype == .float32, passFormats.contains(dtype) else {
    return styledNormReference(x, styles: styles, dtype: dtype)
  }
  return call("stylist::styled_norm", x, styles, 1e-5, dtype == .bfloat16)
}

/// `styledNorm` in plain tensor operations.
///
/// - Parameters:
///   - x: [N, L, C].
///   - styles: [N, C].
///   - dtype: The number format of the result.
/// - Returns: [N, L, C].
public func styledNormReference(_ x: Tensor, styles: Tensor, dtype: DType) -> Tensor {
  (x * styles.unsqueezed(1)).layerNormalized().cast(to: dtype)
}

/// Tokens times a factor and plus a summand for each channel of each sample.
///
/// - Shape: `x` [N, L, C], `factor` and `shift` [N, 1, C], result [N, L, C].
/// - Parameters:
///   - x: Tokens.
///   - factor: What they are multiplied by.
///   - shift: What is added then.
///   - dtype: The number format of the result.
/// - Returns: The tokens.
public func scaledTokens(_ x: Tensor, factor: Tensor, shift: Tensor, dtype: DType) -> Tensor {
  guard takesTokenPasses(x), factor.dtype == .float32, passFormats.contains(dtype) else {
    return scaledTokensReference(x, factor: factor, shift: shift, dtype: dtype)
  }
  return call(
    "stylist::scaled_tokens", x, factor.squeezed(1), shift.squeezed(1), dtype == .bfloat16)
}

/// `scaledTokens` in plain tensor operations.
///
/// - Parameters:
///   - x: [N, L, C].
///   - factor: [N, 1, C].
///   - shift: [N, 1, C].
///   - dtype: The number format of the result.
/// - Returns: [N, L, C].
public func scaledTokensReference(_ x: Tensor, factor: Tensor, shift: Tensor, dtype: DType)
  -> Tensor
{
  shift.addingProduct(x, factor).cast(to: dtype)
}

// MARK: Sums

/// The sum of numbers in a wide format and others in a narrow one, in the wide format.
///
/// - Shape: `x`, `y` and result the same.
/// - Parameters:
///   - x: The first summand.
///   - y: The second one.
///   - replacing: Whether the sum takes the place of `x`, which then nobody else may need, where no
///     gradients are recorded.
/// - Returns: The sum; `x` itself where it was replaced.
package func sum(_ x: Tensor, narrow y: Tensor, replacing: Bool = false) -> Tensor {
  guard takesTokenPasses(x), y.dtype == .bfloat16 else { return x + y }
  let isReplaced = replacing && x.isContiguous
  let out = isReplaced ? x : Tensor.empty(x.shape, dtype: .float32)
  let sum = call("stylist::add_narrow", x, y, out)
  return isReplaced ? x : sum
}

/// What follows a Styleformer layer: noise times its strength, a leaky ReLU without gain, and a
/// clamp.
///
/// - Shape: `y` [N, L, C], `noise` [L, 1] or [N, L, 1], `strength` [], result [N, L, C].
/// - Parameters:
///   - y: Tokens that nobody else needs: in float32, and where no gradients are recorded, results
///     take their place.
///   - noise: A number for each token; nil for none.
///   - strength: The factor on the noise, in the number format of the result.
///   - clamp: The largest absolute value let through; nil for no bound.
/// - Returns: The tokens.
public func finishedTokens(_ y: Tensor, noise: Tensor?, strength: Tensor, clamp: Double?) -> Tensor
{
  guard !recordsGradients, y.device == .cpu, passFormats.contains(y.dtype), y.isContiguous,
    strength.dtype == .float32
  else {
    return finishedTokensReference(y, noise: noise, strength: strength, clamp: clamp)
  }
  ckernels_register()
  return call(
    "stylist::finish_tokens", y, noise, strength, 0.2, clamp,
    y.dtype == .float32 ? y : .empty(y.shape, dtype: .float32))
}

/// `finishedTokens` in plain tensor operations.
///
/// - Parameters:
///   - y: [N, L, C].
///   - noise: [L, 1] or [N, L, 1]; nil for none.
///   - strength: [].
///   - clamp: The largest absolute value let through; nil for no bound.
/// - Returns: [N, L, C].
public func finishedTokensReference(
  _ y: Tensor, noise: Tensor?, strength: Tensor, clamp: Double?
) -> Tensor {
  let noisy = noise.map { y + $0 * strength } ?? y
  return biasAct(
    noisy.cast(to: strength.dtype), axis: 0, activation: .lrelu, gain: 1, clamp: clamp)
}

// MARK: Maps

/// The tokens of a square map, enlarged to twice its width and height through a low-pass filter.
///
/// - Shape: `x` [N, r · r, C], `filter` [4, 4], `summand` [1, 4 · r · r, C], result
///   [N, 4 · r · r, C].
/// - Parameters:
///   - x: Tokens, row by row.
///   - filter: The filter, of sum 1.
///   - summand: What is added at last; nil for nothing.
/// - Returns: The tokens of the enlarged map.
public func enlargedTokens(_ x: Tensor, filter: Tensor, adding summand: Tensor? = nil) -> Tensor {
  guard takesTokenPasses(x), filter.dtype == .float32, filter.shape == [4, 4],
    (summand?.dtype ?? .float32) == .float32
  else {
    return enlargedTokensReference(x, filter: filter, adding: summand)
  }
  return call("stylist::enlarged_tokens", x, filter, summand)
}

/// `enlargedTokens` in plain tensor operations.
///
/// - Parameters:
///   - x: [N, r · r, C].
///   - filter: [4, 4].
///   - summand: [1, 4 · r · r, C]; nil for nothing.
/// - Returns: [N, 4 · r · r, C].
public func enlargedTokensReference(_ x: Tensor, filter: Tensor, adding summand: Tensor? = nil)
  -> Tensor
{
  let r = Int(Double(x.size(1)).squareRoot())
  let map = x.transposed(1, 2).reshaped(x.size(0), x.size(2), r, r)
  let tokens = upsample2d(map, filter: filter).flattened(from: 2).transposed(1, 2)
  return summand.map { tokens + $0 } ?? tokens
}

/// Rows of maps plus a code of their places: that of the column in the first half of the channels,
/// that of the row in the second.
///
/// - Shape: `y` [N, H, W, C], `columns` [W, C / 2], `rows` [H, 1, C / 2], result [N, H, W, C].
/// - Parameters:
///   - y: Rows of maps.
///   - columns: The codes of columns, in the number format of the result, which is as wide as that
///     of `y` or wider.
///   - rows: The codes of rows.
/// - Returns: The sums.
public func placedTokens(_ y: Tensor, columns: Tensor, rows: Tensor) -> Tensor {
  guard takesTokenPasses(columns), passFormats.contains(y.dtype) else {
    return placedTokensReference(y, columns: columns, rows: rows)
  }
  return call("stylist::placed_tokens", y, columns, rows)
}

/// `placedTokens` in plain tensor operations.
///
/// - Parameters:
///   - y: [N, H, W, C].
///   - columns: [W, C / 2].
///   - rows: [H, 1, C / 2].
/// - Returns: [N, H, W, C].
public func placedTokensReference(_ y: Tensor, columns: Tensor, rows: Tensor) -> Tensor {
  let half = columns.size(1)
  let (first, second) = (y.sliced(0..<half, axis: 3), y.sliced(half..<2 * half, axis: 3))
  return .concatenate([first + columns, second + rows], axis: 3)
}

/// Tokens times a matrix of each sample, with few rows, as the channels of a map.
///
/// - Shape: `x` [N, L, C], `matrices` [N, O, C], result [N, O, L].
/// - Parameters:
///   - x: Tokens.
///   - matrices: A matrix for each sample.
/// - Returns: The channels.
public func tokenChannels(_ x: Tensor, matrices: Tensor) -> Tensor {
  guard takesTokenPasses(x), matrices.dtype == .float32 else {
    return tokenChannelsReference(x, matrices: matrices)
  }
  return call("stylist::token_channels", x, matrices)
}

/// `tokenChannels` in plain tensor operations.
///
/// - Parameters:
///   - x: [N, L, C].
///   - matrices: [N, O, C].
/// - Returns: [N, O, L].
public func tokenChannelsReference(_ x: Tensor, matrices: Tensor) -> Tensor {
  matrices.matmul(x.transposed(1, 2))
}

/// The number formats of tokens that the passes read and write.
private let passFormats: Set<DType> = [.float32, .bfloat16]

/// Whether our own passes over these tokens, in float32, are taken.
func takesTokenPasses(_ x: Tensor) -> Bool {
  guard !recordsGradients, x.device == .cpu, x.dtype == .float32 else { return false }
  ckernels_register()
  return true
}

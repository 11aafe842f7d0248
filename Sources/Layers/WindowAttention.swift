// Attention within the windows of a map, which are read and written where they lie.

import CKernels
public import Tensors

/// Lets every pixel of a map look at those in its window; each head has its own grid of windows.
///
/// A moved grid wraps around at the borders. Results are the same for any number of threads. There
/// are no gradients: where they are recorded, elsewhere than on the processor, and for other number
/// formats than float32 and bfloat16, the caller cuts windows out.
///
/// - Shape: `q`, `k`, `v` and result [N, H, W, h, D]; views of one tensor need not be contiguous.
///   `biases` [kinds, h, s², s²] for query and key.
/// - Parameters:
///   - q: What asks.
///   - k: What is compared with it.
///   - v: What is summed.
///   - biases: What is added to logits: of one kind for all windows, or of four kinds, for windows
///     that lie neither in the last row nor in the last column of their grid, in the last column, in
///     the last row, and in both.
///   - windowSize: s, the width and height of a window, of which H and W are multiples.
///   - shifts: For each head how far its grid is moved down and to the right, from 0 on.
///   - scale: The factor on the products; nil for `1 / sqrt(D)`.
/// - Returns: For each pixel and head the weighted sum of the values; nil where the operator cannot
///   be taken.
public func windowAttention(
  _ q: Tensor, _ k: Tensor, _ v: Tensor, biases: Tensor, windowSize: Int, shifts: [Int],
  scale: Double? = nil
) -> Tensor? {
  guard takesOwnAttention(q) else { return nil }
  return call(
    "stylist::window_attention", q, k, v, biases.transposed(2, 3), windowSize, shifts,
    scale ?? 1 / Double(q.size(-1)).squareRoot())
}

/// Whether our own operators compute attention of these queries.
///
/// - Parameter q: The queries.
/// - Returns: Whether they do, now that gradients are recorded or not.
package func takesOwnAttention(_ q: Tensor) -> Bool {
  guard !recordsGradients, q.device == .cpu, [.float32, .bfloat16].contains(q.dtype) else {
    return false
  }
  ckernels_register()
  return true
}

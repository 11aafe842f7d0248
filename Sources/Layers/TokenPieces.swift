// Work on tokens piece by piece, so that what it makes on the way stays in the processor's caches.

public import Tensors

/// Where a piece of a batch of tokens stands.
public struct TokenPlace: Hashable, Sendable {
  /// The samples that it is of.
  public let samples: Range<Int>
  /// Its tokens, or rows of tokens, along axis 1.
  public let range: Range<Int>
}

/// Maps tokens piece by piece where no gradients are recorded: what a piece is made of on the way is
/// soon forgotten, and never as large as for all tokens.
///
/// Where gradients are recorded, or not on the processor, there is one piece.
///
/// - Shape: `x` [N, P, C] or [N, H, W, C], result [N, P, O] or [N, H, W, O].
/// - Parameters:
///   - x: Tokens of samples, or rows of them, which stay whole.
///   - replacing: Whether the results take the place of `x`, which then nobody else may need; for
///     results with as many channels.
///   - body: What is done to a piece, [n, p, C] or [n, p, W, C]: [n, p, O] or [n, p, W, O]; the
///     piece itself where results have taken its place already.
/// - Returns: The results.
public func mapTokens(
  _ x: Tensor, replacing: Bool = false, _ body: (_ piece: Tensor, _ place: TokenPlace) -> Tensor
) -> Tensor {
  let (n, length) = (x.size(0), x.size(1))
  let tokens = x.count / max(x.size(-1), 1)
  let most = 4096  // tokens; some MB for the widest layers
  guard tokens > most, !recordsGradients, x.device == .cpu else {
    return body(x, TokenPlace(samples: 0..<n, range: 0..<length))
  }
  let perSample = tokens / n
  // Several samples at once, or parts of one.
  let samples = max(1, most / perSample)
  let step = max(1, min(length, most * length / perSample))
  var all = replacing ? x : nil
  for sample in stride(from: 0, to: n, by: samples) {
    for start in stride(from: 0, to: length, by: step) {
      let place = TokenPlace(
        samples: sample..<min(sample + samples, n), range: start..<min(start + step, length))
      func part(_ whole: Tensor) -> Tensor {
        whole.sliced(place.samples, axis: 0).sliced(place.range, axis: 1)
      }
      let piece = part(x)
      let result = body(piece, place)
      // Where results took the place of the piece, they are there already.
      if replacing && result.isSame(as: piece) { continue }
      let whole =
        all ?? Tensor.empty(x.shape.dropLast() + [result.size(-1)], dtype: result.dtype)
      part(whole).assign(result)
      all = whole
    }
  }
  return all ?? x
}

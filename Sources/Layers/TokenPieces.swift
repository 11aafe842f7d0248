// Work on tokens piece by piece, so that what it makes on the way stays in the processor's caches.

public import Tensors

/// Maps tokens piece by piece where no gradients are recorded; what a piece is made of on the way is
/// soon forgotten, and never as large as for all tokens.
///
/// Where gradients are recorded, or not on the processor, there is one piece.
///
/// - Shape: `x` [N, P, C], result [N, P, O].
/// - Parameters:
///   - x: Tokens of samples.
///   - replacing: Whether the results take the place of `x`, which then nobody else may need; for
///     results with as many channels.
///   - body: What is done to a piece [n, p, C] of some samples: [n, p, O].
/// - Returns: The results.
public func mapTokens(
  _ x: Tensor, replacing: Bool = false, _ body: (_ piece: Tensor, _ samples: Range<Int>) -> Tensor
) -> Tensor {
  let (n, count) = (x.size(0), x.size(1))
  let most = 2048  // tokens; a few MB for the widest layers
  guard n * count > most, !recordsGradients, x.device == .cpu else { return body(x, 0..<n) }
  var all = replacing ? x : nil
  func map(_ samples: Range<Int>, _ tokens: Range<Int>) {
    let piece = x.sliced(samples, axis: 0).sliced(tokens, axis: 1)
    let result = body(piece, samples)
    let whole = all ?? Tensor.empty([n, count, result.size(2)], dtype: result.dtype)
    all = whole
    whole.sliced(samples, axis: 0).sliced(tokens, axis: 1).assign(result)
  }
  if count <= most {  // several samples at once
    let step = most / count
    for sample in stride(from: 0, to: n, by: step) {
      map(sample..<min(sample + step, n), 0..<count)
    }
  } else {
    for sample in 0..<n {
      for token in stride(from: 0, to: count, by: most) {
        map(sample..<sample + 1, token..<min(token + most, count))
      }
    }
  }
  return all ?? x
}

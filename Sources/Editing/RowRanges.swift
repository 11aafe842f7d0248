// Edits of some rows of W+ only.

import Tensors

extension Tensor {
  /// These codes [N, numWs, wDim] with some rows of others; nil for all of theirs.
  func taking(_ rows: Range<Int>?, from others: Tensor) -> Tensor {
    let numWs = size(1)
    guard let rows = rows?.clamped(to: 0..<numWs), rows != 0..<numWs else { return others }
    let parts = [
      sliced(0..<rows.lowerBound, axis: 1), others.sliced(rows, axis: 1),
      sliced(rows.upperBound..<numWs, axis: 1),
    ]
    return .concatenate(parts, axis: 1)
  }
}

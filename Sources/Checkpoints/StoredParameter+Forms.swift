// Parameters in other forms than a file holds them, computed when they are asked for.

import Layers
import Tensors

extension StoredParameter {
  /// The parameter after `change`, which gives the shape `shape`.
  func changed(to shape: [Int], _ change: @escaping (Tensor) -> Tensor) -> StoredParameter {
    StoredParameter(shape: shape, dtype: dtype) { [read] in
      try withoutGradients { () throws in change(try read()).contiguous() }
    }
  }

  /// The same elements with other axes, or the parameter as it is if it has more or fewer: whoever
  /// checks its shape will say so.
  func reshaped(_ shape: [Int]) -> StoredParameter {
    guard self.shape.reduce(1, *) == shape.reduce(1, *) else { return self }
    return changed(to: shape) { $0.reshaped(shape) }
  }

  /// The parameter times a number.
  func scaled(by factor: Double) -> StoredParameter {
    factor == 1 ? self : changed(to: shape) { $0 * factor }
  }

  /// The parameter with its axes in another order.
  func permuted(_ axes: [Int]) -> StoredParameter {
    changed(to: axes.map { shape[$0] }) { $0.permuted(axes) }
  }
}

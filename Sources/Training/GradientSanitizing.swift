// What becomes of gradients that are not finite.

public import Tensors

/// Gradients with 0 for NaN and ±1e5 for ±infinity, so that one bad number does not spoil the
/// optimiser's moments.
///
/// - Source: `training/training_loop.py` of stylegan2-ada-pytorch.
/// - Parameter gradients: Gradients of any shapes.
/// - Returns: Finite tensors of the same shapes.
public func sanitized(_ gradients: [Tensor]) -> [Tensor] {
  gradients.map { $0.replacingNonFinite(nan: 0, infinity: 1e5) }
}

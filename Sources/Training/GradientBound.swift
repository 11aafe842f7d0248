// Gradients bounded together by their length.

public import Tensors

/// Gradients shortened so that all of them as one vector are at most so long.
///
/// - Source: `torch.nn.utils.clip_grad_norm_`.
/// - Parameters:
///   - gradients: Gradients of any shapes.
///   - bound: The longest that is let through.
/// - Returns: Gradients of the same shapes, and how long they were, a tensor without axes.
public func bounded(_ gradients: [Tensor], to bound: Double) -> (gradients: [Tensor], norm: Tensor)
{
  let norm = Tensor.stack(gradients.map { $0.norm() }).norm()
  let factor: Tensor = call("aten::reciprocal", (norm + 1e-6) / bound).clamped(to: 1)
  return (gradients.map { $0 * factor }, norm)
}

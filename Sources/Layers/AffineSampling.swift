// Images sampled where affine maps say, between pixels linearly: the operator with gradients of any
// order beside its plain reference.

import CKernels
public import Tensors

/// Images sampled at the places that an affine map gives for each of them.
///
/// Pixel (x, y) of a result is read at the place M · (x, y, 1) of its image, counted in pixels from
/// the centre of the upper left one. Between four pixels it is their bilinear mean; outside of the
/// image are zeros. Gradients by the images may be taken as often as one likes, which libtorch's own
/// `grid_sampler_2d` does not allow.
///
/// - Shape: `x` [N, C, H, W], `maps` [N, 2, 3], result [N, C, height, width].
/// - Parameters:
///   - x: Images.
///   - maps: M, float64 on the processor; not differentiated by.
///   - height: Rows of a result.
///   - width: Columns of a result.
/// - Returns: The sampled images.
public func affineSampled(_ x: Tensor, at maps: Tensor, height: Int, width: Int) -> Tensor {
  guard x.device == .cpu else {
    return affineSampledReference(x, at: maps, height: height, width: width)
  }
  ckernels_register()
  return call("stylist::affine_sample", x, maps, [height, width])
}

/// `affineSampled` in plain tensor operations.
///
/// - Parameters:
///   - x: [N, C, H, W].
///   - maps: [N, 2, 3], float64; not differentiated by.
///   - height: Rows of a result.
///   - width: Columns of a result.
/// - Returns: [N, C, height, width].
public func affineSampledReference(_ x: Tensor, at maps: Tensor, height: Int, width: Int)
  -> Tensor
{
  let (n, c, h, w) = (x.size(0), x.size(1), x.size(2), x.size(3))
  let maps = maps.moved(to: x.device)
  let columns = Tensor.arange(width, device: x.device).cast(to: .float64).reshaped(1, 1, width)
  let rows = Tensor.arange(height, device: x.device).cast(to: .float64).reshaped(1, height, 1)
  /// The places along one axis: [N, 1, height · width].
  func places(_ axis: Int) -> Tensor {
    func entry(_ column: Int) -> Tensor {
      maps.selected(axis, axis: 1).selected(column, axis: 1).reshaped(n, 1, 1)
    }
    return (entry(0) * columns + entry(1) * rows + entry(2)).reshaped(n, 1, height * width)
  }
  let (px, py) = (places(0), places(1))
  let (left, top): (Tensor, Tensor) = (call("aten::floor", px), call("aten::floor", py))
  let pixels = x.reshaped(n, c, h * w)
  /// What one of the four pixels there adds.
  func corner(_ dx: Double, _ dy: Double) -> Tensor {
    let (cx, cy) = (left + dx, top + dy)
    let (inX, inY) = (
      cx.clamped(from: 0, to: Double(w - 1)), cy.clamped(from: 0, to: Double(h - 1))
    )
    let isInside: Tensor = call(
      "aten::logical_and", call("aten::eq.Tensor", cx, inX), call("aten::eq.Tensor", cy, inY))
    // 1 at the place itself, 0 a pixel away.
    let weight = (1 - (px - cx).abs()) * (1 - (py - cy).abs()) * isInside.cast(to: .float64)
    let index = (inY * Double(w) + inX).cast(to: .int64)
    return pixels.gathered(index.expanded(n, c, height * width), axis: 2) * weight.cast(to: x.dtype)
  }
  let sum = corner(0, 0) + corner(1, 0) + corner(0, 1) + corner(1, 1)
  return sum.reshaped(n, c, height, width)
}

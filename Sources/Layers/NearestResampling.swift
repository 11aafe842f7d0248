// Images enlarged by repeating pixels and reduced by averaging them, as StyleGAN resizes.

public import Tensors

/// Images whose pixels are repeated along both axes.
///
/// - Shape: `x` [N, C, H, W], result [N, C, H · factor, W · factor].
/// - Parameters:
///   - x: Images.
///   - factor: How often each pixel is repeated, along both axes.
/// - Returns: The enlarged images; `x` itself for 1.
public func nearestUpsample2d(_ x: Tensor, factor: Int = 2) -> Tensor {
  guard factor > 1 else { return x }
  return call("aten::upsample_nearest2d", x, [x.size(2) * factor, x.size(3) * factor])
}

/// Images whose squares of pixels are averaged.
///
/// - Shape: `x` [N, C, H, W], result [N, C, H / factor, W / factor].
/// - Parameters:
///   - x: Images.
///   - factor: The side of the squares.
/// - Returns: The reduced images; `x` itself for 1.
public func averagePool2d(_ x: Tensor, factor: Int = 2) -> Tensor {
  guard factor > 1 else { return x }
  return call("aten::avg_pool2d", x, [factor, factor])
}

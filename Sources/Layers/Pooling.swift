// Images at other sizes by averages, maxima or picked pixels, as PyTorch's functions have them.

public import Tensors

/// Images at any size, each pixel the mean of the window that it stands for; windows may overlap,
/// and repeat pixels where the result is larger.
///
/// Row i is the mean of the rows from `floor(i · H / height)` up to `ceil((i + 1) · H / height)`.
///
/// - Shape: `x` [N, C, H, W], result [N, C, height, width].
/// - Source: `torch.nn.AdaptiveAvgPool2d`.
/// - Parameters:
///   - x: Images.
///   - height: Rows of the result.
///   - width: Columns of the result.
/// - Returns: The images at the new size.
public func adaptiveAveragePool2d(_ x: Tensor, height: Int, width: Int) -> Tensor {
  call("aten::adaptive_avg_pool2d", x, [height, width])
}

/// The largest pixel of every window.
///
/// - Shape: `x` [N, C, H, W], result [N, C, H', W'].
/// - Parameters:
///   - x: Images.
///   - k: The window's width and height.
///   - stride: How far windows are apart.
///   - padding: How far windows may reach beyond the edges, where there is nothing.
///   - roundsUp: Whether a last window that the image fills in part counts (PyTorch's `ceil_mode`).
/// - Returns: The largest pixels.
public func maxPool2d(
  _ x: Tensor, kernelSize k: Int, stride: Int, padding: Int = 0, roundsUp: Bool = false
) -> Tensor {
  call("aten::max_pool2d", x, [k, k], [stride, stride], [padding, padding], [1, 1], roundsUp)
}

/// Images at any size, each pixel picked: row i is row `floor(i · H / height)`.
///
/// - Shape: `x` [N, C, H, W], result [N, C, height, width].
/// - Parameters:
///   - x: Images.
///   - height: Rows of the result.
///   - width: Columns of the result.
/// - Returns: The images at the new size.
public func nearestResized2d(_ x: Tensor, height: Int, width: Int) -> Tensor {
  call("aten::upsample_nearest2d", x, [height, width])
}

// Two-dimensional convolutions (correlations, as the field uses the word) and interpolation.

extension Tensor {
  /// The correlation of images with kernels.
  ///
  /// - Shape: `self` [N, C, H, W], `weight` [O, C / groups, k, k], result [N, O, H', W'].
  /// - Parameters:
  ///   - weight: The kernels.
  ///   - stride: Every how many pixels a result is kept, along both axes.
  ///   - padding: Zeros added on every side, height then width.
  ///   - groups: Into how many independent parts the channels fall.
  /// - Returns: The filtered images.
  public func conv2d(
    _ weight: Tensor, stride: Int = 1, padding: [Int] = [0, 0], groups: Int = 1
  ) -> Tensor {
    call("aten::conv2d", self, weight, Tensor?.none, [stride, stride], padding, [1, 1], groups)
  }

  /// The transpose of `conv2d`: every input pixel adds its kernel to the result.
  ///
  /// - Shape: `self` [N, C, H, W], `weight` [C, O / groups, k, k], result [N, O, H', W'].
  /// - Parameters:
  ///   - weight: The kernels.
  ///   - stride: How many result pixels lie between the places of two input pixels.
  ///   - padding: Pixels cut off on every side of the result, height then width.
  ///   - groups: Into how many independent parts the channels fall.
  /// - Returns: The enlarged images.
  public func convTranspose2d(
    _ weight: Tensor, stride: Int, padding: [Int] = [0, 0], groups: Int = 1
  ) -> Tensor {
    call(
      "aten::conv_transpose2d.input", self, weight, Tensor?.none, [stride, stride], padding,
      [0, 0], groups)
  }

  /// Images at another size, interpolated linearly along both axes.
  ///
  /// - Shape: `self` [N, C, H, W].
  /// - Parameters:
  ///   - height: Rows of the result.
  ///   - width: Columns of the result.
  ///   - alignsCorners: Whether the outermost pixels stay where they are.
  /// - Returns: [N, C, height, width].
  public func enlargedBilinear(height: Int, width: Int, alignsCorners: Bool = false) -> Tensor {
    call("aten::upsample_bilinear2d", self, [height, width], alignsCorners)
  }
}

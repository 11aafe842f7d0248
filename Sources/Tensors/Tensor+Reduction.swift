// Sums, means and extremes.

extension Tensor {
  /// The sum of all elements, as a tensor without axes.
  public func sum() -> Tensor { call("aten::sum", self) }
  /// The mean of all elements, as a tensor without axes.
  public func mean() -> Tensor { call("aten::mean", self) }
  /// The root of the sum of squares of all elements, as a tensor without axes.
  public func norm() -> Tensor { call("aten::linalg_vector_norm", self) }
  /// The largest element, as a tensor without axes.
  public func max() -> Tensor { call("aten::max", self) }
  /// The smallest element, as a tensor without axes.
  public func min() -> Tensor { call("aten::min", self) }

  /// The sum over some axes, which stay with length 1 if `keepAxes`.
  public func sum(over axes: Int..., keepAxes: Bool = false) -> Tensor {
    sum(over: axes, keepAxes: keepAxes)
  }

  /// The sum over a list of axes, which stay with length 1 if `keepAxes`.
  public func sum(over axes: [Int], keepAxes: Bool = false) -> Tensor {
    call("aten::sum.dim_IntList", self, axes, keepAxes)
  }

  /// The mean over some axes, which stay with length 1 if `keepAxes`.
  public func mean(over axes: Int..., keepAxes: Bool = false) -> Tensor {
    call("aten::mean.dim", self, axes, keepAxes)
  }

  /// The variance with divisor n, and the mean, over some axes, which stay with length 1.
  public func varianceAndMean(over axes: Int...) -> (variance: Tensor, mean: Tensor) {
    let both = callMany("aten::var_mean.correction", self, axes, 0, true)
    return (both[0], both[1])
  }

  /// The largest element over some axes, which stay with length 1 if `keepAxes`.
  public func max(over axes: Int..., keepAxes: Bool = false) -> Tensor {
    call("aten::amax", self, axes, keepAxes)
  }

  /// True if every element of a bool tensor is true.
  public var all: Bool { call("aten::all", self).values(as: UInt8.self)[0] != 0 }
}

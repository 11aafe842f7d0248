// Low-pass filters for resampling, and the numbers that say how to resample.

public import Tensors

/// A number for each image axis.
public struct PerAxis: Hashable, Codable, Sendable, ExpressibleByIntegerLiteral {
  /// Along a row.
  public let x: Int
  /// Along a column.
  public let y: Int

  /// Different numbers for the two axes.
  public init(x: Int, y: Int) {
    self.x = x
    self.y = y
  }

  /// The same number for both axes.
  public init(_ both: Int) { self.init(x: both, y: both) }

  /// The same number for both axes.
  public init(integerLiteral value: Int) { self.init(value) }
}

/// Zeros to add around an image, in pixels; negative amounts crop.
public struct Padding: Hashable, Codable, Sendable, ExpressibleByIntegerLiteral {
  /// Before and after each row.
  public var left: Int, right: Int
  /// Before and after each column.
  public var top: Int, bottom: Int

  /// Different amounts on the four sides.
  public init(left: Int, right: Int, top: Int, bottom: Int) {
    (self.left, self.right, self.top, self.bottom) = (left, right, top, bottom)
  }

  /// The same amount on all sides.
  public init(_ all: Int) { self.init(left: all, right: all, top: all, bottom: all) }

  /// The same amount on all sides.
  public init(integerLiteral value: Int) { self.init(value) }

  package static func + (a: Padding, b: Padding) -> Padding {
    Padding(
      left: a.left + b.left, right: a.right + b.right, top: a.top + b.top,
      bottom: a.bottom + b.bottom)
  }
}

/// Prepares a one-dimensional filter for `upfirdn2d`.
///
/// Short filters become their outer product with themselves; long ones stay separable.
///
/// - Parameters:
///   - taps: The taps along both axes.
///   - normalize: Whether the filter is divided by its sum.
///   - flip: Whether the filter is turned around.
///   - gain: A factor for the whole two-dimensional filter.
///   - separable: Whether the filter stays one-dimensional; nil means from 8 taps on.
/// - Returns: [taps] if separable, else [taps, taps], float32.
public func resampleFilter(
  _ taps: [Double], normalize: Bool = true, flip: Bool = false, gain: Double = 1,
  separable: Bool? = nil
) -> Tensor {
  precondition(!taps.isEmpty, "a filter without taps")
  let row = Tensor(taps.map(Float.init))
  if separable ?? (taps.count >= 8) {
    return prepared(row, normalize: normalize, flip: flip, gain: gain.squareRoot())
  }
  return prepared(row.unsqueezed(1) * row, normalize: normalize, flip: flip, gain: gain)
}

/// Prepares a two-dimensional filter for `upfirdn2d`.
///
/// - Parameters:
///   - rows: Rows of taps, equally long.
///   - normalize: Whether the filter is divided by its sum.
///   - flip: Whether the filter is turned around.
///   - gain: A factor for the filter.
/// - Returns: [rows, columns], float32.
public func resampleFilter(
  rows: [[Double]], normalize: Bool = true, flip: Bool = false, gain: Double = 1
) -> Tensor {
  let width = rows.first?.count ?? 0
  precondition(
    width > 0 && rows.allSatisfy { $0.count == width }, "filter rows of \(rows.map(\.count)) taps")
  let filter = Tensor(rows.flatMap { $0.map(Float.init) }, shape: [rows.count, width])
  return prepared(filter, normalize: normalize, flip: flip, gain: gain)
}

private func prepared(_ filter: Tensor, normalize: Bool, flip: Bool, gain: Double) -> Tensor {
  var filter = filter
  if normalize { filter = filter / filter.sum() }
  if flip { filter = filter.rank == 1 ? filter.flipped(0) : filter.flipped(0, 1) }
  return filter * gain
}

/// The filter [1, 3, 3, 1] of StyleGAN2, normalised: [4, 4].
public func defaultResampleFilter() -> Tensor { resampleFilter([1, 3, 3, 1]) }

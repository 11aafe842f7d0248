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

  static func + (a: Padding, b: Padding) -> Padding {
    Padding(
      left: a.left + b.left, right: a.right + b.right, top: a.top + b.top,
      bottom: a.bottom + b.bottom)
  }
}

/// Prepares filter taps for `upfirdn2d`.
///
/// One-dimensional taps become their outer product with themselves, unless they stay separable.
///
/// - Parameters:
///   - taps: One row of taps, or rows of equal length.
///   - normalize: Whether the filter is divided by its sum.
///   - flip: Whether the filter is turned around.
///   - gain: A factor for the whole two-dimensional filter.
///   - separable: Whether one row stays one-dimensional; nil means from 8 taps on.
/// - Returns: [taps] if separable, else [rows, columns], float32.
public func resampleFilter(
  _ taps: [[Double]], normalize: Bool = true, flip: Bool = false, gain: Double = 1,
  separable: Bool? = nil
) -> Tensor {
  precondition(
    taps.allSatisfy { $0.count == taps[0].count } && !taps[0].isEmpty,
    "filter rows of \(taps.map(\.count)) taps")
  let isRow = taps.count == 1
  let staysSeparable = isRow && (separable ?? (taps[0].count >= 8))
  var filter = Tensor(taps.flatMap { $0.map(Float.init) }, shape: [taps.count, taps[0].count])
  if isRow && !staysSeparable { filter = filter.transposed(0, 1) * filter }
  if normalize { filter = filter / filter.sum() }
  if flip { filter = filter.flipped(0, 1) }
  if staysSeparable { return filter.squeezed(0) * gain.squareRoot() }
  return filter * gain
}

/// The filter [1, 3, 3, 1] of StyleGAN2, normalised: [4, 4].
public func defaultResampleFilter() -> Tensor { resampleFilter([[1, 3, 3, 1]]) }

// The pictures of a data set at a lower resolution, for trainings that begin there.

public import Formats

/// The pictures of a data set with each side divided by a power of two.
///
/// Samples are means of squares, rounded to the nearest whole number, and to the even one of two: what
/// stylegan's data sets hold for each resolution.
public struct ReducedDataset: Dataset {
  private let base: any Dataset
  private let factor: Int

  /// A data set at a lower resolution.
  ///
  /// - Parameters:
  ///   - base: The data set.
  ///   - factor: How many of its pixels lie side by side in one, a power of two up to its resolution.
  public init(_ base: any Dataset, by factor: Int) {
    precondition(
      factor.nonzeroBitCount == 1 && 1...base.shape.resolution ~= factor,
      "pictures of \(base.shape.resolution) columns cannot be reduced by \(factor)")
    (self.base, self.factor) = (base, factor)
  }

  /// The name of the data set.
  public var name: String { base.name }

  /// The pictures of the data set.
  public var count: Int { base.count }

  /// The size of every reduced picture.
  public var shape: ImageShape {
    ImageShape(resolution: base.shape.resolution / factor, channels: base.shape.channels)
  }

  /// What the labels are: those of the data set.
  public var labelKind: LabelKind { base.labelKind }

  /// The names of a vector's numbers: those of the data set.
  public var labelNames: [String] { base.labelNames }

  /// What tells the data set from others.
  public var fingerprint: DatasetFingerprint { base.fingerprint }

  /// Decodes or draws a picture, and reduces it.
  public func image(at index: Int) throws(DatasetError) -> ByteImage {
    try base.image(at: index).averaged(by: factor)
  }

  /// The label of a picture.
  public func label(at index: Int) -> [Float] { base.label(at: index) }

  /// Whom a picture shows.
  public func person(at index: Int) -> Int? { base.person(at: index) }
}

extension ByteImage {
  /// The picture with squares of pixels averaged.
  ///
  /// - Parameter factor: The side of the squares, a power of two that divides both sides.
  /// - Returns: The picture, each side divided by the factor.
  fileprivate func averaged(by factor: Int) -> ByteImage {
    guard factor > 1 else { return self }
    let (columns, rows) = (width / factor, height / factor)
    var sums = [Int](repeating: 0, count: columns * rows * channels)
    pixels.withUnsafeBufferPointer { source in
      sums.withUnsafeMutableBufferPointer { sums in
        for y in 0..<height {
          let row = y / factor * columns
          for x in 0..<width {
            let (target, from) = ((row + x / factor) * channels, (y * width + x) * channels)
            for c in 0..<channels { sums[target + c] += Int(source[from + c]) }
          }
        }
      }
    }
    let shift = 2 * factor.trailingZeroBitCount
    let half = 1 << (shift - 1)
    return ByteImage(
      width: columns, height: rows, channels: channels,
      // One less than a half where the quotient is even, so that a half itself goes to the even one.
      pixels: sums.map { UInt8(($0 + half - 1 + ($0 >> shift & 1)) >> shift) })
  }
}

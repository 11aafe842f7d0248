// A four-sided part of a picture brought to a square, sample for sample as Pillow makes it.

import Foundation

/// A place in a picture: whole numbers are the centres of pixels, (0, 0) that of the upper left one.
public struct ImagePoint: Codable, Hashable, Sendable {
  /// From left to right.
  public var x: Double
  /// From top to bottom.
  public var y: Double

  /// A place.
  public init(x: Double, y: Double) { (self.x, self.y) = (x, y) }
}

/// Four corners of a part of a picture.
public struct Quadrilateral: Codable, Hashable, Sendable {
  /// The corner that becomes the upper left one.
  public var upperLeft: ImagePoint
  /// The corner that becomes the lower left one.
  public var lowerLeft: ImagePoint
  /// The corner that becomes the lower right one.
  public var lowerRight: ImagePoint
  /// The corner that becomes the upper right one.
  public var upperRight: ImagePoint

  /// A part with these corners.
  public init(
    upperLeft: ImagePoint, lowerLeft: ImagePoint, lowerRight: ImagePoint, upperRight: ImagePoint
  ) {
    (self.upperLeft, self.lowerLeft) = (upperLeft, lowerLeft)
    (self.lowerRight, self.upperRight) = (lowerRight, upperRight)
  }

  /// The corners, counterclockwise from the upper left one.
  public var corners: [ImagePoint] { [upperLeft, lowerLeft, lowerRight, upperRight] }

  /// The same part with a change made to every corner.
  public func mapped(_ change: (ImagePoint) -> ImagePoint) -> Quadrilateral {
    Quadrilateral(
      upperLeft: change(upperLeft), lowerLeft: change(lowerLeft), lowerRight: change(lowerRight),
      upperRight: change(upperRight))
  }
}

extension ByteImage {
  /// A four-sided part of the picture as a square.
  ///
  /// Places between corners are interpolated bilinearly, and so are samples, as Pillow's `transform`
  /// does with `QUAD` and `BILINEAR`; samples are cut to whole numbers. What lies outside the
  /// picture is 0.
  ///
  /// - Parameters:
  ///   - part: The corners; a pixel's area reaches half a pixel around its centre.
  ///   - side: The width and height of the result, at least 1.
  /// - Returns: The square, with this picture's channels.
  public func square(of part: Quadrilateral, side: Int) -> ByteImage {
    precondition(side > 0, "no picture is \(side) x \(side)")
    let columns = BilinearPlaces(part, side: side, \.x)
    let rows = BilinearPlaces(part, side: side, \.y)
    let pixels = [UInt8](unsafeUninitializedCapacity: side * side * channels) { target, count in
      for row in 0..<side {
        for column in 0..<side {
          let (x, y) = (columns(column, row), rows(column, row))
          for channel in 0..<channels {
            target.initializeElement(at: count, to: sample(x, y, channel))
            count += 1
          }
        }
      }
    }
    return ByteImage(width: side, height: side, channels: channels, pixels: pixels)
  }

  /// A channel at a place counted from the picture's upper left corner.
  private func sample(_ x: Double, _ y: Double, _ channel: Int) -> UInt8 {
    guard x >= 0, y >= 0, x < Double(width), y < Double(height) else { return 0 }
    let (left, top) = ((x - 0.5).rounded(.down), (y - 0.5).rounded(.down))
    let (dx, dy) = (x - 0.5 - left, y - 0.5 - top)
    func value(_ column: Int, _ row: Int) -> Double {
      let place = min(max(row, 0), height - 1) * width + min(max(column, 0), width - 1)
      return Double(pixels[place * channels + channel])
    }
    func between(_ row: Int) -> Double {
      let first = value(Int(left), row)
      return first + (value(Int(left) + 1, row) - first) * dx
    }
    let upper = between(Int(top))
    return UInt8(upper + (between(Int(top) + 1) - upper) * dy)
  }
}

/// Where in a picture the pixels of a square come from, along one axis.
private struct BilinearPlaces {
  private let start: Double
  private let right: Double
  private let down: Double
  private let both: Double

  init(_ part: Quadrilateral, side: Int, _ axis: (ImagePoint) -> Double) {
    let step = 1 / Double(side)
    // From the centre of the first pixel to the corner of its area.
    start = axis(part.upperLeft) + 0.5
    right = (axis(part.upperRight) - axis(part.upperLeft)) * step
    down = (axis(part.lowerLeft) - axis(part.upperLeft)) * step
    both =
      (axis(part.lowerRight) - axis(part.lowerLeft) - axis(part.upperRight)
        + axis(part.upperLeft)) * step * step
  }

  func callAsFunction(_ column: Int, _ row: Int) -> Double {
    let (x, y) = (Double(column) + 0.5, Double(row) + 0.5)
    return start + right * x + down * y + both * x * y
  }
}

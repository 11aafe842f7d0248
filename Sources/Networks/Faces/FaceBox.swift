// Boxes around faces: moved, made square, and chosen where many lie over one another.

/// An upright rectangle in a picture; pixel i reaches from i to i + 1.
public struct FaceBox: Hashable, Sendable {
  /// The edge with the smallest x.
  public var left: Double
  /// The edge with the smallest y.
  public var top: Double
  /// The edge with the largest x.
  public var right: Double
  /// The edge with the largest y.
  public var bottom: Double

  /// A box with these edges.
  public init(left: Double, top: Double, right: Double, bottom: Double) {
    (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
  }

  /// From left to right.
  public var width: Double { right - left }
  /// From top to bottom.
  public var height: Double { bottom - top }
  /// Width times height.
  public var area: Double { width * height }

  /// What the part that two boxes share is compared with.
  package enum Measure {
    /// All that either covers.
    case union
    /// The smaller of the two.
    case smaller
  }

  /// The part that two boxes share, from 0 to 1.
  package func overlap(_ other: FaceBox, over measure: Measure) -> Double {
    let columns = min(right, other.right) - max(left, other.left)
    let rows = min(bottom, other.bottom) - max(top, other.top)
    guard columns > 0, rows > 0 else { return 0 }
    let shared = columns * rows
    switch measure {
    case .union: return shared / (area + other.area - shared)
    case .smaller: return shared / min(area, other.area)
    }
  }

  /// The box with each edge moved by a number of its widths or heights.
  ///
  /// - Parameter offsets: For the left, upper, right and lower edge.
  /// - Returns: The new box.
  package func moved(by offsets: some Collection<Float>) -> FaceBox {
    let o = offsets.map(Double.init)
    return FaceBox(
      left: left + o[0] * width, top: top + o[1] * height, right: right + o[2] * width,
      bottom: bottom + o[3] * height)
  }

  /// The boxes that stay if each one takes away those behind it that it shares too much with.
  ///
  /// - Parameters:
  ///   - boxes: All boxes, the best first.
  ///   - share: Boxes that share more than this are taken away.
  ///   - measure: What the shared part is compared with.
  /// - Returns: The places of the boxes that stay, in order.
  package static func places(
    of boxes: [FaceBox], sharingAtMost share: Double, of measure: Measure
  ) -> [Int] {
    var kept: [Int] = []
    for (place, box) in boxes.enumerated()
    where !kept.contains(where: { boxes[$0].overlap(box, over: measure) > share }) {
      kept.append(place)
    }
    return kept
  }
}

/// A square of whole pixels, which may reach beyond the picture.
package struct PixelSquare: Hashable {
  package let left: Int
  package let top: Int
  package let side: Int

  /// The square around a box's middle that is as wide as its longer side, brought to whole pixels.
  ///
  /// It is nil for a box without size, outside the picture, or far larger than it: no face is there,
  /// and looking would take memory without bound.
  ///
  /// - Parameters:
  ///   - box: The box.
  ///   - height: The picture's rows.
  ///   - width: The picture's columns.
  package init?(_ box: FaceBox, height: Int, width: Int) {
    let side = max(box.width, box.height).rounded()
    let left = ((box.left + box.right - side) / 2).rounded()
    let top = ((box.top + box.bottom - side) / 2).rounded()
    guard box.width > 0, box.height > 0, side >= 1, side <= Double(2 * min(height, width)),
      left + side > 0, top + side > 0, left < Double(width), top < Double(height)
    else { return nil }
    (self.left, self.top, self.side) = (Int(left), Int(top), Int(side))
  }

  package var box: FaceBox {
    FaceBox(
      left: Double(left), top: Double(top), right: Double(left + side), bottom: Double(top + side))
  }
}

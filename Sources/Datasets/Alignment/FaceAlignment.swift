// Faces brought to one place and size, by the rule that FFHQ was made with.

public import Formats
import Foundation

/// Where eyes and mouth of a face are, left and right as one looks at the picture.
public struct FaceLandmarks: Codable, Hashable, Sendable {
  /// The middle of the left eye.
  public var leftEye: ImagePoint
  /// The middle of the right eye.
  public var rightEye: ImagePoint
  /// The left corner of the mouth.
  public var leftMouth: ImagePoint
  /// The right corner of the mouth.
  public var rightMouth: ImagePoint

  /// The points of a face.
  public init(
    leftEye: ImagePoint, rightEye: ImagePoint, leftMouth: ImagePoint, rightMouth: ImagePoint
  ) {
    (self.leftEye, self.rightEye) = (leftEye, rightEye)
    (self.leftMouth, self.rightMouth) = (leftMouth, rightMouth)
  }

  /// The points of a face from the 68 that dlib's landmark files describe.
  ///
  /// - Parameter points: 68 points in dlib's order: eyes from 36 and 42 on, the corners of the mouth
  ///   48 and 54.
  public init(dlib points: [ImagePoint]) {
    precondition(points.count == 68, "\(points.count) points, expected 68")
    func middle(_ range: Range<Int>) -> ImagePoint {
      let part = points[range]
      let count = Double(part.count)
      return ImagePoint(
        x: part.reduce(0) { $0 + $1.x } / count, y: part.reduce(0) { $0 + $1.y } / count)
    }
    self.init(
      leftEye: middle(36..<42), rightEye: middle(42..<48), leftMouth: points[48],
      rightMouth: points[54])
  }
}

/// The rule by which FFHQ's faces were brought to one place and size.
///
/// The part of the picture is a square that stands as the eyes and the mouth do. Its middle lies a
/// tenth of the way from the eyes to the mouth; half its side is twice the distance of the eyes, or
/// 1.8 times that from the eyes to the mouth if this is more. Where it reaches beyond the picture,
/// the picture is mirrored at its border, blurred, and faded to its median colour.
///
/// - Source: Karras et al., "A Style-Based Generator Architecture for Generative Adversarial
///   Networks" (2019), appendix A; Style Transformer and pSp align the same way.
public struct FaceAlignment: Sendable {
  /// The width and height of aligned pictures, in pixels.
  public let size: Int
  /// How many times as large the part is sampled before it is brought to the size: 4 as for FFHQ, 1
  /// as in pSp's script.
  public let supersampling: Int
  /// Whether parts that reach beyond the picture get a border; otherwise they are black there.
  public let padsBorders: Bool

  /// The rule for some size.
  ///
  /// - Parameters:
  ///   - size: The width and height of aligned pictures, at least 1.
  ///   - supersampling: How many times as large the part is sampled first, at least 1.
  ///   - padsBorders: Whether parts that reach beyond the picture get a border.
  public init(size: Int = 256, supersampling: Int = 4, padsBorders: Bool = true) {
    precondition(size > 0 && supersampling > 0, "no picture is \(size) x \(size)")
    (self.size, self.supersampling, self.padsBorders) = (size, supersampling, padsBorders)
  }

  /// The part of a picture that a face's aligned picture shows.
  ///
  /// - Parameter face: The points of the face, of which eyes and mouth must not all coincide.
  /// - Returns: A square, which may reach beyond the picture.
  public func part(of face: FaceLandmarks) -> Quadrilateral {
    let eyes = (face.leftEye + face.rightEye) * 0.5
    let alongEyes = face.rightEye - face.leftEye
    let toMouth = (face.leftMouth + face.rightMouth) * 0.5 - eyes
    let direction = alongEyes - toMouth.turned
    let half = max(alongEyes.length * 2, toMouth.length * 1.8)
    let x = direction * (half / direction.length)
    let y = x.turned
    let middle = eyes + toMouth * 0.1
    return Quadrilateral(
      upperLeft: middle - x - y, lowerLeft: middle - x + y, lowerRight: middle + x + y,
      upperRight: middle + x - y)
  }

  /// What seems to be exchanged in the points of a face, however it is turned in the picture.
  ///
  /// Seen with the left eye at the left, the mouth lies below the eyes, and its corners follow one
  /// another as the eyes do; of other points the aligned face would be mirrored or upside down.
  ///
  /// - Parameter face: The points of the face.
  /// - Returns: The points that seem to be exchanged, in a few words; nil for none.
  public static func exchange(in face: FaceLandmarks) -> String? {
    let (alongEyes, alongMouth) = (face.rightEye - face.leftEye, face.rightMouth - face.leftMouth)
    let toMouth = (face.leftMouth + face.rightMouth) * 0.5 - (face.leftEye + face.rightEye) * 0.5
    let isUpright = toMouth.dot(alongEyes.turned) > 0
    switch (isUpright, alongMouth.dot(alongEyes) > 0) {
    case (true, true): return nil
    case (true, false): return "the corners of the mouth"
    case (false, false): return "the eyes"
    case (false, true): return "the eyes, and the corners of the mouth,"
    }
  }

  /// The aligned picture of a face.
  ///
  /// - Parameters:
  ///   - picture: The photograph, upright; alpha is left out, grey becomes RGB.
  ///   - face: The points of the face.
  /// - Returns: RGB of `size` × `size` pixels.
  public func aligned(_ picture: ByteImage, _ face: FaceLandmarks) -> ByteImage {
    var (image, part) = (picture.inRGB, part(of: face))
    var side = (part.lowerRight - part.lowerLeft).length
    let shrink = (side / Double(size) * 0.5).rounded(.down)
    if shrink > 1 {
      image = image.resized(
        width: max(1, Int((Double(image.width) / shrink).rounded(.toNearestOrEven))),
        height: max(1, Int((Double(image.height) / shrink).rounded(.toNearestOrEven))),
        filter: .lanczos)
      part = part.mapped { $0 * (1 / shrink) }
      side /= shrink
    }
    let border = max(3, Int((side * 0.1).rounded(.toNearestOrEven)))
    (image, part) = cropped(image, part, border: border)
    if padsBorders {
      let bounds = PixelBounds(part)
      let beyond = BorderWidths(
        left: max(0, border - bounds.columns.lowerBound),
        top: max(0, border - bounds.rows.lowerBound),
        right: max(0, bounds.columns.upperBound - image.width + border),
        bottom: max(0, bounds.rows.upperBound - image.height + border))
      if beyond.largest > border - 4 {
        let widths = beyond.atLeast(Int((side * 0.3).rounded(.toNearestOrEven)))
        image = image.withFadingBorder(widths, blur: side * 0.02)
        part = part.mapped { $0 + ImagePoint(x: Double(widths.left), y: Double(widths.top)) }
      }
    }
    return image.square(of: part, side: size * supersampling)
      .resized(width: size, height: size, filter: .lanczos)
  }

  /// The picture without what lies far from the part.
  private func cropped(_ image: ByteImage, _ part: Quadrilateral, border: Int) -> (
    ByteImage, Quadrilateral
  ) {
    let bounds = PixelBounds(part)
    let columns = bounds.columns.widened(by: border).clamped(to: 0..<image.width)
    let rows = bounds.rows.widened(by: border).clamped(to: 0..<image.height)
    guard !columns.isEmpty, !rows.isEmpty, columns.count < image.width || rows.count < image.height
    else { return (image, part) }
    let corner = ImagePoint(x: Double(columns.lowerBound), y: Double(rows.lowerBound))
    return (image.cropped(columns: columns, rows: rows), part.mapped { $0 - corner })
  }
}

/// The columns and rows that a part touches.
private struct PixelBounds {
  let columns: Range<Int>
  let rows: Range<Int>

  init(_ part: Quadrilateral) {
    func range(_ axis: (ImagePoint) -> Double) -> Range<Int> {
      let all = part.corners.map(axis)
      let (low, high) = (all.min() ?? 0, all.max() ?? 0)
      return Int(low.rounded(.down))..<Int(high.rounded(.up))
    }
    (columns, rows) = (range(\.x), range(\.y))
  }
}

extension Range<Int> {
  fileprivate func widened(by border: Int) -> Range<Int> {
    lowerBound - border..<upperBound + border
  }
}

extension ImagePoint {
  static func + (a: ImagePoint, b: ImagePoint) -> ImagePoint {
    ImagePoint(x: a.x + b.x, y: a.y + b.y)
  }
  static func - (a: ImagePoint, b: ImagePoint) -> ImagePoint {
    ImagePoint(x: a.x - b.x, y: a.y - b.y)
  }
  static func * (a: ImagePoint, factor: Double) -> ImagePoint {
    ImagePoint(x: a.x * factor, y: a.y * factor)
  }

  /// As steps: how far they go the same way, times their lengths.
  func dot(_ other: ImagePoint) -> Double { x * other.x + y * other.y }

  /// As a step: its length.
  var length: Double { hypot(x, y) }

  /// As a step: turned by a right angle, from right to down.
  var turned: ImagePoint { ImagePoint(x: -y, y: x) }
}

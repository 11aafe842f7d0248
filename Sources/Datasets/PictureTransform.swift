// What is done to a picture before it goes into a data set: cropped and brought to a size.

public import Formats

/// How pictures of any size become those of a data set, as the published tool does it.
public struct PictureTransform: Hashable, Sendable {
  /// What is cut off, or put around.
  public enum Crop: String, CaseIterable, Codable, Sendable {
    /// Nothing: the picture is stretched to the size.
    case none = "stretch"
    /// All but the square in the middle.
    case center = "center-crop"
    /// Rows at the top and bottom; black rows make a square of the rest. Pictures that are smaller
    /// than the size are left out.
    case centerWide = "center-crop-wide"
    /// Nothing: the picture is brought into a square as it is, with black at the sides or above and
    /// below, as Pillow's `ImageOps.pad` places it.
    case pad
    /// All but the face in CelebA's aligned pictures of 178 x 218 pixels: the 128 columns from 25 on
    /// and the 128 rows from 57 on, as the tool of StyleGAN v1 takes them.
    case celebA = "celeba-crop"
  }

  /// The size of CelebA's aligned pictures.
  private static let celebASize = Size(width: 178, height: 218)
  private static let celebAPart = (columns: 25..<153, rows: 57..<185)

  /// The width and height that are asked for.
  public struct Size: Hashable, Sendable {
    /// Columns.
    public let width: Int
    /// Rows.
    public let height: Int

    /// A size.
    public init(width: Int, height: Int) { (self.width, self.height) = (width, height) }
  }

  /// What is cut off.
  public let crop: Crop
  /// The size to bring pictures to; nil to keep theirs, which needs `Crop.none`, or what is left of
  /// them with `Crop.celebA`.
  public let size: Size?
  /// How samples are weighed.
  public let filter: ResizeFilter

  /// Whether grey pictures become RGB, and those with alpha lose it, as Pillow converts them.
  public let makesRGB: Bool

  /// A transform.
  public init(
    crop: Crop = .none, size: Size? = nil, filter: ResizeFilter = .lanczos, makesRGB: Bool = false
  ) {
    precondition(!crop.needsSize || size != nil, "\(crop.rawValue) without a size")
    precondition(
      crop != .pad || size.map { $0.height == $0.width } == true,
      "\(crop.rawValue) to a size that is no square")
    precondition(
      crop != .centerWide || size.map { $0.height <= $0.width } == true,
      "\(crop.rawValue) to a size that is higher than wide")
    (self.crop, self.size, self.filter, self.makesRGB) = (crop, size, filter, makesRGB)
  }

  /// Why a picture of a size cannot be transformed, though it should be.
  ///
  /// - Parameter picture: The size of the picture.
  /// - Returns: What should have been in place of the size; nil if it is right.
  public func objection(to picture: PictureSize) -> String? {
    let expected = Self.celebASize
    guard crop == .celebA, (picture.width, picture.height) != (expected.width, expected.height)
    else { return nil }
    return "\(expected.width)×\(expected.height), as CelebA's aligned pictures are"
  }

  /// The size of what becomes of a picture.
  ///
  /// - Parameter picture: The size of the picture.
  /// - Returns: The size; nil if the picture is left out.
  public func size(of picture: PictureSize) -> PictureSize? {
    let channels = makesRGB ? 3 : picture.channels
    guard objection(to: picture) == nil else { return nil }
    guard let size else {
      let part = Self.celebAPart
      return crop == .celebA
        ? PictureSize(width: part.columns.count, height: part.rows.count, channels: channels)
        : PictureSize(width: picture.width, height: picture.height, channels: channels)
    }
    let height = crop == .centerWide ? size.width : size.height
    let isLeftOut = crop == .centerWide && !keeps(picture, size)
    return isLeftOut ? nil : PictureSize(width: size.width, height: height, channels: channels)
  }

  /// The rows that `center-crop-wide` keeps, counted as the published tool does: those that the
  /// picture would have at the new width.
  private func wideRows(_ picture: PictureSize, _ size: Size) -> Int {
    Int((Double(size.width * picture.height) / Double(picture.width)).rounded(.toNearestOrEven))
  }

  private func keeps(_ picture: PictureSize, _ size: Size) -> Bool {
    picture.width >= size.width && wideRows(picture, size) >= size.height
  }

  /// Transforms a picture.
  ///
  /// - Parameter image: The picture.
  /// - Returns: The new picture; nil if it is left out.
  public func callAsFunction(_ image: ByteImage) -> ByteImage? {
    var image = makesRGB ? image.inRGB : image
    let picture = PictureSize(width: image.width, height: image.height, channels: image.channels)
    guard objection(to: picture) == nil else { return nil }
    if crop == .celebA {
      image = image.cropped(columns: Self.celebAPart.columns, rows: Self.celebAPart.rows)
    }
    guard let size else { return image }
    switch crop {
    case .celebA: return image.resized(width: size.width, height: size.height, filter: filter)
    case .pad: return padded(image, to: size.width)
    case .none: return image.resized(width: size.width, height: size.height, filter: filter)
    case .center:
      let side = min(image.width, image.height)
      return image.cropped(
        columns: middle(side, of: image.width), rows: middle(side, of: image.height)
      ).resized(width: size.width, height: size.height, filter: filter)
    case .centerWide:
      guard keeps(picture, size) else { return nil }
      let rows = middle(wideRows(picture, size), of: image.height)
      return image.cropped(columns: 0..<image.width, rows: rows)
        .resized(width: size.width, height: size.height, filter: filter)
        .padded(to: size.width) { $0 / 2 }
    }
  }

  /// The whole picture in a square.
  private func padded(_ image: ByteImage, to side: Int) -> ByteImage {
    func share(_ part: Int, of whole: Int) -> Int {
      max(1, Int((Double(part) / Double(whole) * Double(side)).rounded(.toNearestOrEven)))
    }
    let (width, height) =
      image.width > image.height
      ? (side, share(image.height, of: image.width)) : (share(image.width, of: image.height), side)
    return image.resized(width: width, height: height, filter: filter).padded(to: side) {
      Int((Double($0) / 2).rounded(.toNearestOrEven))
    }
  }

  private func middle(_ count: Int, of total: Int) -> Range<Int> {
    (total - count) / 2..<(total + count) / 2
  }
}

extension PictureTransform.Crop {
  /// Whether it can only be done to a size.
  public var needsSize: Bool { self != .none && self != .celebA }
}

extension ByteImage {
  /// The picture in a square of zeros: black, and transparent if there is alpha.
  ///
  /// - Parameters:
  ///   - side: Rows and columns of the square.
  ///   - half: How much of so many free rows stand above, and of columns before.
  /// - Returns: The square.
  fileprivate func padded(to side: Int, half: (Int) -> Int) -> ByteImage {
    let (above, before) = (half(side - height), half(side - width))
    var padded = [UInt8](repeating: 0, count: side * side * channels)
    for row in 0..<height {
      let (source, target) = (row * width, (row + above) * side + before)
      padded.replaceSubrange(
        target * channels..<(target + width) * channels,
        with: pixels[source * channels..<(source + width) * channels])
    }
    return ByteImage(width: side, height: side, channels: channels, pixels: padded)
  }
}

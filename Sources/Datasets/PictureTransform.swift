// What is done to a picture before it goes into a data set: cropped and brought to a size.

public import Formats

/// How pictures of any size become those of a data set, as the published tool does it.
public struct PictureTransform: Hashable, Sendable {
  /// What is cut off.
  public enum Crop: String, CaseIterable, Codable, Sendable {
    /// Nothing: the picture is stretched to the size.
    case none
    /// All but the square in the middle.
    case center = "center-crop"
    /// Rows at the top and bottom; black rows make a square of the rest. Pictures that are smaller
    /// than the size are left out.
    case centerWide = "center-crop-wide"
  }

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
  /// The size to bring pictures to; nil to keep theirs, which needs `Crop.none`.
  public let size: Size?
  /// How samples are weighed.
  public let filter: ResizeFilter

  /// Whether grey pictures become RGB, and those with alpha lose it, as Pillow converts them.
  public let makesRGB: Bool

  /// A transform.
  public init(
    crop: Crop = .none, size: Size? = nil, filter: ResizeFilter = .lanczos, makesRGB: Bool = false
  ) {
    precondition(crop == .none || size != nil, "\(crop.rawValue) without a size")
    precondition(
      crop != .centerWide || size.map { $0.height <= $0.width } == true,
      "\(crop.rawValue) to a size that is higher than wide")
    (self.crop, self.size, self.filter, self.makesRGB) = (crop, size, filter, makesRGB)
  }

  /// The size of what becomes of a picture.
  ///
  /// - Parameter picture: The size of the picture.
  /// - Returns: The size; nil if the picture is left out.
  public func size(of picture: PictureSize) -> PictureSize? {
    let channels = makesRGB ? 3 : picture.channels
    guard let size else {
      return PictureSize(width: picture.width, height: picture.height, channels: channels)
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
    let image = makesRGB ? image.inRGB : image
    guard let size else { return image }
    switch crop {
    case .none: return image.resized(width: size.width, height: size.height, filter: filter)
    case .center:
      let side = min(image.width, image.height)
      return image.cropped(
        columns: middle(side, of: image.width), rows: middle(side, of: image.height)
      ).resized(width: size.width, height: size.height, filter: filter)
    case .centerWide:
      let picture = PictureSize(
        width: image.width, height: image.height, channels: image.channels)
      guard keeps(picture, size) else { return nil }
      let rows = middle(wideRows(picture, size), of: image.height)
      return image.cropped(columns: 0..<image.width, rows: rows)
        .resized(width: size.width, height: size.height, filter: filter)
        .padded(toHeight: size.width)
    }
  }

  private func middle(_ count: Int, of total: Int) -> Range<Int> {
    (total - count) / 2..<(total + count) / 2
  }
}

extension ByteImage {
  /// The picture between rows of zeros, black, and transparent if there is alpha.
  fileprivate func padded(toHeight newHeight: Int) -> ByteImage {
    let rowBytes = width * channels
    let above = (newHeight - height) / 2
    var padded = [UInt8](repeating: 0, count: newHeight * rowBytes)
    padded.replaceSubrange(above * rowBytes..<(above + height) * rowBytes, with: pixels)
    return ByteImage(width: width, height: newHeight, channels: channels, pixels: padded)
  }
}

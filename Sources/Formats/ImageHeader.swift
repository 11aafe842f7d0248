// What a picture's file says about the picture, read without decoding the pixels.

/// The format and size of a picture in a file.
///
/// Only what stands before the pixels is looked at: the pixels may be damaged all the same.
public struct ImageHeader: Hashable, Sendable {
  /// The format of the file.
  public let format: ImageFormat
  /// Columns of the picture as it is shown.
  public let width: Int
  /// Rows of the picture as it is shown.
  public let height: Int
  /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
  public let channels: Int

  /// Reads the header of the picture that fills `bytes`.
  ///
  /// A `ByteImage` of the same bytes has this size, if it can be decoded.
  /// - Parameters:
  ///   - bytes: the file.
  ///   - limits: how large the picture may be.
  /// - Throws: `FileError` of kind `damaged`.
  public init(_ bytes: ByteRegion, limits: ImageLimits = ImageLimits()) throws(FileError) {
    switch try ImageFormat(of: bytes) {
    case .png: self = try PNG.header(of: bytes, limits: limits)
    case .jpeg: self = try JPEG.header(of: bytes, limits: limits)
    case .webP: self = try WebPFrames(bytes, limits: limits).imageHeader
    }
  }

  init(
    _ format: ImageFormat, width: Int, height: Int, channels: Int, turned: ImageOrientation
  ) {
    self.format = format
    (self.width, self.height) = turned.swapsSides ? (height, width) : (width, height)
    self.channels = channels
  }
}

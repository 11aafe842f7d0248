// How large a picture may be, and how much memory reading it may take.

/// The limits of reading pictures, the same for all formats; checked before memory is taken.
///
/// With the defaults a picture takes at most about half a gigabyte beside its file. That is enough
/// for photographs of 134 million pixels, of 89 million if they have to be turned, and of 59
/// million if they are progressive JPEG at the full resolution of colours.
public struct ImageLimits: Sendable {
  /// Pixels in each direction: as many as JPEG has, four times as many as WebP has.
  public var side = 1 << 16
  /// Pixels in all.
  public var pixels = 1 << 27
  /// Bytes for the pixels, for what the decoder keeps beside them, and for turning the picture.
  public var memoryBytes = 1 << 29
  /// Bytes of the file.
  public var fileBytes = 1 << 30
  /// Frames of an animation: nine minutes of thirty a second.
  public var frames = 1 << 14
  /// Pixels of all frames of an animation: 8192 frames of 1024 x 1024.
  public var framePixels = 1 << 33

  /// The default limits.
  public init() {}

  func check(file: ByteRegion) throws(FileError) {
    guard file.count <= fileBytes else {
      throw file.error(
        at: 0, expected: "a picture of at most \(fileBytes) bytes", found: "\(file.count)")
    }
  }

  /// Checks a picture that is about to be decoded.
  /// - Parameters:
  ///   - width: columns.
  ///   - height: rows.
  ///   - channels: bytes of a pixel.
  ///   - decoderBytes: what the decoder keeps beside the pixels.
  ///   - orientation: how the picture is turned afterwards.
  ///   - file: what errors name.
  /// - Throws: `FileError` of kind `damaged` if the picture is over a limit.
  func check(
    width: Int, height: Int, channels: Int, decoderBytes: UInt64 = 0,
    orientation: ImageOrientation, file: ByteRegion
  ) throws(FileError) {
    guard width > 0, height > 0, width <= side, height <= side, width <= pixels / height else {
      throw file.error(
        at: 0, expected: "at most \(side) pixels a side and \(pixels) in all",
        found: "\(width) x \(height)")
    }
    let pixelBytes = orientation == .upright ? channels : 2 * channels
    let room = UInt64(clamping: memoryBytes)
    guard decoderBytes <= room, width * height <= (room - decoderBytes) / UInt64(pixelBytes) else {
      throw file.error(
        at: 0, expected: "a picture that takes at most \(memoryBytes) bytes of memory",
        found: "\(width) x \(height) pixels that take more")
    }
  }
}

/// Checks that a format has pictures of this size.
func checkSize(
  _ width: Int, _ height: Int, atMost side: Int, _ format: String, file: String
) throws(FileError) {
  guard width <= side, height <= side else {
    throw FileError(
      .cannotCreate, file: file, expected: "at most \(side) pixels a side for \(format)",
      found: "\(width) x \(height)")
  }
}

// WebP: still pictures read and written.

import CMedia

/// Reading and writing WebP.
public enum WebP {
  /// How a picture is compressed.
  public enum Quality: Hashable, Sendable {
    /// Every sample is kept.
    case lossless
    /// Samples are approximated, from 0, small, to 100, close.
    case lossy(Float)

    var settings: cm_webp_quality {
      switch self {
      case .lossless: return cm_webp_quality(lossless: true, quality: 75)
      case .lossy(let quality):
        precondition(0...100 ~= quality, "a WebP quality is 0 to 100, not \(quality)")
        return cm_webp_quality(lossless: false, quality: quality)
      }
    }
  }

  /// The largest width and height of the format.
  public static let sideLimit = 16383

  /// A picture, and how many the file holds.
  public struct Content: Sendable {
    /// The picture, or the first frame of an animation, as RGB or RGBA.
    public let first: ByteImage
    /// 1, or the number of frames of an animation.
    public let frameCount: Int
  }

  /// Reads the file that fills `bytes`.
  /// - Throws: `FileError` of kind `damaged`, also if the first frame leaves a part of the canvas
  ///   free.
  /// - Returns: the first picture and the number of frames.
  public static func read(
    _ bytes: ByteRegion, limits: ImageLimits = ImageLimits()
  ) throws(FileError) -> Content {
    try limits.check(file: bytes)
    return try bytes.withUnsafeBytes { (all) throws(FileError) in
      let start = all.baseAddress?.assumingMemoryBound(to: UInt8.self)
      var header = cm_webp_header()
      guard start != nil, cm_webp_read_header(start, all.count, &header) else {
        throw bytes.error(at: 0, expected: "a valid WebP", found: "other content")
      }
      let (width, height) = (Int(header.width), Int(header.height))
      let channels = header.has_alpha ? 4 : 3
      try limits.check(width: width, height: height, file: bytes)
      var isWhole = false
      let size = width * height * channels
      let pixels = [UInt8](unsafeUninitializedCapacity: size) { target, count in
        target.initialize(repeating: 0)
        isWhole = cm_webp_decode_first(start, all.count, &header, target.baseAddress)
        count = size
      }
      guard isWhole else {
        throw bytes.error(at: 0, expected: "a whole WebP frame", found: "a broken one")
      }
      return Content(
        first: ByteImage(width: width, height: height, channels: channels, pixels: pixels),
        frameCount: Int(header.frame_count))
    }
  }

  /// Writes a still picture; grey becomes RGB.
  /// - Throws: `FileError` of kind `cannotCreate` or `ioFailed`.
  public static func write(_ image: ByteImage, quality: Quality, to path: String) throws {
    try checkSize(image.width, image.height, file: path)
    let content = image.inColour.withCImage { picture in
      collect { buffer in
        withUnsafePointer(to: picture) { cm_webp_encode($0, quality.settings, &buffer) }
      }
    }
    guard let content else {
      throw FileError(.ioFailed, file: path, expected: "a WebP picture", found: "no memory")
    }
    try writeAtomically(to: path) { try $0.write(content) }
  }

  static func checkSize(_ width: Int, _ height: Int, file: String) throws(FileError) {
    guard width <= sideLimit, height <= sideLimit else {
      throw FileError(
        .cannotCreate, file: file, expected: "at most \(sideLimit) pixels a side for WebP",
        found: "\(width) x \(height)")
    }
  }
}

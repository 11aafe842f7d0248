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

  /// Reads the first picture of the file that fills `bytes`, turned as its EXIF record says.
  ///
  /// Colour profiles are ignored, and so is what follows the picture in the file. `WebPFrames`
  /// reads all frames of an animation.
  /// - Parameters:
  ///   - bytes: the file.
  ///   - limits: how large the picture may be.
  /// - Throws: `FileError` of kind `damaged`.
  /// - Returns: the first picture and the number of frames.
  public static func read(
    _ bytes: ByteRegion, limits: ImageLimits = ImageLimits()
  ) throws(FileError) -> Content {
    let frames = try WebPFrames(bytes, limits: limits)
    return Content(first: try frames.first(), frameCount: frames.count)
  }

  /// Writes a still picture; grey becomes RGB.
  /// - Throws: `FileError` of kind `cannotCreate` or `ioFailed`.
  public static func write(_ image: ByteImage, quality: Quality, to path: String) throws {
    try checkSize(image.width, image.height, atMost: sideLimit, "WebP", file: path)
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
}

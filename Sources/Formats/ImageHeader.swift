// What a picture's file says about the picture, read without decoding the pixels.

/// The format and size of a picture in a file.
///
/// Only what stands before the pixels is looked at: the pixels may be damaged all the same.
public struct ImageHeader: Hashable, Sendable {
  /// The format of the file; nil for samples that stand in a file as they are.
  public let format: ImageFormat?
  /// Columns of the picture as it is shown.
  public var width: Int { Int(columns) }
  /// Rows of the picture as it is shown.
  public var height: Int { Int(rows) }
  /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
  public var channels: Int { Int(samples) }
  // As small as they can be: there may be millions of headers.
  private let columns: Int32
  private let rows: Int32
  private let samples: Int8

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
    let (width, height) = turned.swapsSides ? (height, width) : (width, height)
    self.init(format, width: width, height: height, channels: channels)
  }

  /// The header of a picture of samples, which has no file of its own.
  /// - Parameters:
  ///   - width: columns.
  ///   - height: rows.
  ///   - channels: 1 to 4.
  public init(width: Int, height: Int, channels: Int) {
    self.init(nil, width: width, height: height, channels: channels)
  }

  private init(_ format: ImageFormat?, width: Int, height: Int, channels: Int) {
    self.format = format
    (columns, rows, samples) = (Int32(width), Int32(height), Int8(channels))
  }
}

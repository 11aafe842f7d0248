// A picture of 8-bit samples in memory, as image files hold it.

/// A picture: rows from top to bottom, interleaved 8-bit channels, no padding.
public struct ByteImage: Hashable, Sendable {
  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int
  /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
  public let channels: Int
  /// The samples: `height` rows of `width` pixels of `channels` bytes.
  public var pixels: [UInt8] {
    didSet { checkCount() }
  }

  /// A picture of these samples.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(
      width > 0 && height > 0 && 1...4 ~= channels,
      "a picture cannot be \(width) x \(height) with \(channels) channels")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
    checkCount()
  }

  private func checkCount() {
    precondition(
      pixels.count == width * height * channels,
      "\(pixels.count) samples for \(width) x \(height) x \(channels)")
  }

  /// Whether the last channel is alpha.
  public var hasAlpha: Bool { channels.isMultiple(of: 2) }

  /// The same picture as RGB or RGBA; a grey value becomes three equal ones.
  public var inColour: ByteImage {
    guard channels < 3 else { return self }
    var colour: [UInt8] = []
    colour.reserveCapacity(width * height * (channels + 2))
    for index in stride(from: 0, to: pixels.count, by: channels) {
      colour.append(pixels[index])
      colour.append(pixels[index])
      colour += pixels[index..<index + channels]
    }
    return ByteImage(width: width, height: height, channels: channels + 2, pixels: colour)
  }
}

/// How large a picture may be; checked before memory is taken for it.
public struct ImageLimits: Sendable {
  /// Pixels in each direction.
  public var side = 1 << 16
  /// Pixels in all.
  public var pixels = 1 << 27
  /// Bytes of the file.
  public var fileBytes = 1 << 30

  /// The default limits.
  public init() {}

  func check(file: ByteRegion) throws(FileError) {
    guard file.count <= fileBytes else {
      throw file.error(
        at: 0, expected: "a picture of at most \(fileBytes) bytes", found: "\(file.count)")
    }
  }

  func check(width: Int, height: Int, file: ByteRegion) throws(FileError) {
    guard width > 0, height > 0, width <= side, height <= side, width * height <= pixels else {
      throw file.error(
        at: 0, expected: "at most \(side) pixels a side and \(pixels) in all",
        found: "\(width) x \(height)")
    }
  }
}

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

  /// The same picture as RGB: a grey value becomes three equal ones, alpha is left out.
  public var inRGB: ByteImage {
    let colour = inColour
    guard colour.hasAlpha else { return colour }
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { target, count in
      for pixel in 0..<width * height {
        for channel in 0..<3 {
          target.initializeElement(at: count, to: colour.pixels[4 * pixel + channel])
          count += 1
        }
      }
    }
    return ByteImage(width: width, height: height, channels: 3, pixels: pixels)
  }
}

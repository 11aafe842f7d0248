// What stands before the pixels of a PNG, read without libpng, which looks at the whole file.

extension PNG {
  /// The size of the picture in the file that fills `bytes`, none of whose pixels are looked at.
  static func header(of bytes: ByteRegion, limits: ImageLimits) throws(FileError) -> ImageHeader {
    try limits.check(file: bytes)
    let chunk = try bytes.slice(at: 8, count: 8 + 13)
    guard try chunk.integer(at: 4, as: UInt32.self) == chunkName("IHDR") else {
      throw chunk.error(at: 4, expected: "the chunk IHDR", found: "another")
    }
    let width = Int(try chunk.integer(at: 8, as: UInt32.self).byteSwapped)
    let height = Int(try chunk.integer(at: 12, as: UInt32.self).byteSwapped)
    let colour = chunk[17]
    guard [0, 2, 3, 4, 6].contains(colour) else {
      throw chunk.error(at: 17, expected: "a kind of colour", found: "\(colour)")
    }
    let hasAlpha = colour & 4 != 0 || hasTransparency(bytes)
    let channels = (colour & 2 != 0 ? 3 : 1) + (hasAlpha ? 1 : 0)
    try limits.check(
      width: width, height: height, channels: channels, orientation: .upright, file: bytes)
    // EXIF may stand behind the pixels, and does not matter to a square.
    let orientation = width == height ? .upright : PNGChunks(bytes).orientation
    return ImageHeader(
      .png, width: width, height: height, channels: channels, turned: orientation)
  }

  /// Whether a transparent colour is named before the pixels.
  private static func hasTransparency(_ file: ByteRegion) -> Bool {
    var offset = 8
    while let length = try? file.integer(at: offset, as: UInt32.self).byteSwapped,
      let type = try? file.integer(at: offset + 4, as: UInt32.self), type != chunkName("IDAT")
    {
      if type == chunkName("tRNS") { return true }
      offset += 8 + Int(length) + 4
    }
    return false
  }
}

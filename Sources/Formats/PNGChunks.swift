// The chunks of a PNG that are looked at before libpng: EXIF, and how much text there is.

/// What stands beside the pixels of a PNG.
///
/// Whether the chunks are valid is for libpng to say: looking stops at what is not understood.
struct PNGChunks {
  /// Which way up the picture is to be shown.
  private(set) var orientation = ImageOrientation.upright
  /// The bytes of all texts.
  private(set) var textBytes = 0

  private static let signatureBytes = 8

  init(_ file: ByteRegion) {
    var offset = Self.signatureBytes
    while let length = try? file.integer(at: offset, as: UInt32.self).byteSwapped,
      let type = try? file.integer(at: offset + 4, as: UInt32.self),
      let content = try? file.slice(at: offset + 8, count: Int(length)),
      type != chunkName("IEND")
    {
      switch type {
      case chunkName("eXIf"): orientation = ImageOrientation(exif: content)
      case chunkName("tEXt"), chunkName("zTXt"), chunkName("iTXt"): textBytes += content.count
      default: break
      }
      offset += 8 + content.count + 4
    }
  }
}

/// A chunk's name as the little-endian number that its four bytes are.
func chunkName(_ text: StaticString) -> UInt32 {
  text.withUTF8Buffer { $0.reversed().reduce(0) { $0 << 8 | UInt32($1) } }
}

// The segments of a JPEG that are looked at before libjpeg: EXIF, and how the pixels are coded.

/// What stands before the pixels of a JPEG.
///
/// Whether the segments are valid is for libjpeg to say: looking stops at what is not understood.
struct JPEGSegments {
  /// Which way up the picture is to be shown.
  private(set) var orientation = ImageOrientation.upright
  /// How the pixels are coded, if in a way that is not read whatever libjpeg's version can do.
  private(set) var unreadCoding: String?

  init(_ file: ByteRegion) {
    guard file.withUnsafeBytes({ $0.starts(with: [0xFF, 0xD8]) }) else { return }
    var hasEXIF = false
    var offset = 2
    while let (marker, content) = Self.segment(of: file, from: offset) {
      switch marker {
      case 0xE1 where !hasEXIF && ImageOrientation.isSigned(content):
        orientation = ImageOrientation(exif: content)
        hasEXIF = true
      case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
        unreadCoding = Self.unreadCoding(marker, content)
        return
      default: break
      }
      offset = content.fileOffset - file.fileOffset + content.count
    }
  }

  /// The first segment from `offset` on; none if the pixels are next.
  private static func segment(
    of file: ByteRegion, from offset: Int
  ) -> (marker: UInt8, content: ByteRegion)? {
    guard let place = markerPlace(in: file, from: offset),
      let marker = try? file.integer(at: place, as: UInt8.self), marker != 0x01,
      !(0xD0...0xDA).contains(marker),
      let length = try? file.integer(at: place + 1, as: UInt16.self).byteSwapped, length >= 2,
      let content = try? file.slice(at: place + 3, count: Int(length) - 2)
    else { return nil }
    return (marker, content)
  }

  /// The place of the first byte that is neither 0 nor 0xFF and follows 0xFF.
  private static func markerPlace(in file: ByteRegion, from offset: Int) -> Int? {
    file.withUnsafeBytes { all in
      (offset..<max(offset, all.count)).dropFirst().first {
        all[$0 - 1] == 0xFF && all[$0] != 0xFF && all[$0] != 0
      }
    }
  }

  private static func unreadCoding(_ marker: UInt8, _ frame: ByteRegion) -> String? {
    switch marker {
    case 0xC0...0xC2:
      guard frame.count > 0, frame[0] != 8 else { return nil }
      return "\(frame[0]) bits a sample"
    case 0xC3: return "lossless coding"
    case 0xC5...0xC7: return "hierarchical coding"
    default: return "arithmetic coding"
    }
  }
}

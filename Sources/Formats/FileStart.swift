// What a file is, told by its first bytes, for those who chose the wrong one.

/// The first bytes of a file.
package struct FileStart: CustomStringConvertible {
  private let bytes: [UInt8]

  private static let byteCount = 512

  /// The first bytes of `file`.
  package init(_ file: ByteRegion) {
    bytes = file.withUnsafeBytes { Array($0.prefix(Self.byteCount)) }
  }

  /// Whether the file says that it is a picture of this format.
  func isPicture(_ format: ImageFormat) -> Bool {
    switch format {
    case .png: has("\u{89}PNG\r\n\u{1A}\n")
    case .jpeg: has("\u{FF}\u{D8}\u{FF}")
    case .webP: has("RIFF") && has("WEBP", at: 8)
    }
  }

  /// What the file is, in a few words.
  package var description: String {
    guard !bytes.isEmpty else { return "an empty file" }
    if let signature = Self.signatures.first(where: { has($0.text, at: $0.offset) }) {
      return signature.name
    }
    let text = String(decoding: bytes, as: UTF8.self).lowercased()
    if text.contains("<html") || text.contains("<!doctype html") {
      return "a web page; the download was probably refused: fetch the file again"
    }
    if text.contains("<svg") { return "an SVG picture" }
    return "other content"
  }

  /// What other files begin with, in Latin-1; the more telling first.
  private static let signatures: [(text: String, offset: Int, name: String)] = [
    ("\u{89}PNG", 0, "a PNG picture"), ("\u{FF}\u{D8}\u{FF}", 0, "a JPEG picture"),
    ("WEBP", 8, "a WebP picture"), ("GIF8", 0, "a GIF picture"), ("BM", 0, "a BMP picture"),
    ("II*\0", 0, "a TIFF picture"), ("MM\0*", 0, "a TIFF picture"),
    ("II+\0", 0, "a TIFF picture"), ("MM\0+", 0, "a TIFF picture"),
    ("ftypavif", 4, "an AVIF picture"), ("ftypavis", 4, "an AVIF picture"),
    ("ftyphei", 4, "a HEIC picture"), ("ftyphev", 4, "a HEIC picture"),
    ("ftypmif1", 4, "a HEIC or AVIF picture"), ("ftypmsf1", 4, "a HEIC or AVIF picture"),
    ("ftyp", 4, "a video"), ("\u{1A}\u{45}\u{DF}\u{A3}", 0, "a video"),
    ("\0\0\0\u{C}JXL ", 0, "a JPEG XL picture"), ("\u{FF}\u{A}", 0, "a JPEG XL picture"),
    ("\0\0\0\u{C}jP  ", 0, "a JPEG 2000 picture"), ("8BPS", 0, "a Photoshop picture"),
    ("\0\0\u{1}\0", 0, "an icon"), ("%PDF", 0, "a PDF document"), ("PK", 0, "a zip archive"),
    ("version https://git-lfs", 0, "a pointer of Git LFS: fetch the file with git lfs pull"),
  ]

  private func has(_ text: String, at offset: Int = 0) -> Bool {
    bytes.dropFirst(offset).starts(with: text.unicodeScalars.map { UInt8($0.value) })
  }
}

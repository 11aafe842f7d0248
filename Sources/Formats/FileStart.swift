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
    if let signature = signature(in: Self.foreign + Self.packed) { return signature }
    let text = String(decoding: bytes, as: UTF8.self).lowercased()
    if text.contains("<html") || text.contains("<!doctype html") {
      return "a web page; the download was probably refused: fetch the file again"
    }
    if text.contains("<svg") { return "an SVG picture" }
    if text.starts(with: "version https://git-lfs") {
      return "a pointer of Git LFS: fetch the file with git lfs pull"
    }
    return isText ? "text" : bytes.isEmpty ? "an empty file" : "other content"
  }

  /// Whether the file is clearly something that holds no tensors, nor packs other files.
  var isForeign: Bool { signature(in: Self.foreign) != nil || isText }

  /// Whether the file starts as text in UTF-8.
  var isText: Bool {
    guard !bytes.isEmpty else { return false }
    // If the file goes on, the last character may be cut.
    return (0..<(bytes.count == Self.byteCount ? 4 : 1)).contains { cut in
      guard let text = String(validating: bytes.dropLast(cut), as: UTF8.self) else { return false }
      return text.unicodeScalars.allSatisfy {
        $0.value >= 0x20 && $0.value != 0x7F || "\t\n\r\u{C}\u{1B}".unicodeScalars.contains($0)
      }
    }
  }

  private typealias Signature = (text: String, offset: Int, name: String)

  private func signature(in signatures: [Signature]) -> String? {
    signatures.first { has($0.text, at: $0.offset) }?.name
  }

  /// What pictures, videos and documents begin with, in Latin-1; the more telling first.
  private static let foreign: [Signature] = [
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
    ("\0\0\u{1}\0", 0, "an icon"), ("%PDF", 0, "a PDF document"),
    ("\0\0\0\u{1}Bud1", 0, "a folder's settings"),
  ]

  /// What packed files begin with.
  private static let packed: [Signature] = [
    ("PK\u{3}", 0, "a zip archive"), ("PK\u{5}", 0, "a zip archive"),
    ("PK\u{7}", 0, "a zip archive"), ("ustar", 257, "a tar archive"),
    ("\u{1F}\u{8B}", 0, "a gzip archive"), ("BZh", 0, "a bzip2 archive"),
    ("\u{FD}7zXZ\0", 0, "an xz archive"), ("7z\u{BC}\u{AF}", 0, "a 7z archive"),
    ("(\u{B5}/\u{FD}", 0, "a Zstandard archive"), ("Rar!", 0, "a RAR archive"),
  ]

  private func has(_ text: String, at offset: Int = 0) -> Bool {
    bytes.dropFirst(offset).starts(with: text.unicodeScalars.map { UInt8($0.value) })
  }
}

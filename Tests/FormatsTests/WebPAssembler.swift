// A little WebP writer for tests: chunks around frames that libwebp made.

import Formats
import TestSupport

/// A WebP file being put together chunk by chunk.
struct WebPAssembler {
  private(set) var chunks: [UInt8] = []

  /// Chunks as they are.
  func raw(_ more: [UInt8]) -> Self {
    var copy = self
    copy.chunks += more
    return copy
  }

  /// A chunk with its length, made even.
  func chunk(_ name: String, _ content: [UInt8]) -> Self {
    let padding: [UInt8] = content.count.isMultiple(of: 2) ? [] : [0]
    return raw(Array(name.utf8) + littleEndian(UInt32(content.count)) + content + padding)
  }

  /// A still picture's chunk.
  func still(_ image: ByteImage) throws -> Self { raw(try losslessChunk(image)) }

  /// What the file holds: 2 animation, 4 XMP, 8 EXIF, 16 alpha, 32 a colour profile.
  func header(_ flags: UInt8, width: Int, height: Int) -> Self {
    chunk("VP8X", [flags, 0, 0, 0] + three(width - 1) + three(height - 1))
  }

  /// The colour behind an animation, which is not used, and how often it plays.
  func animation(loops: UInt16) -> Self { chunk("ANIM", [1, 2, 3, 4] + littleEndian(loops)) }

  /// A frame at an even place, which covers what is there or is blended with it.
  func frame(
    _ image: ByteImage, x: Int = 0, y: Int = 0, milliseconds: Int = 40, blended: Bool = false
  ) throws -> Self {
    chunk(
      "ANMF",
      try three(x / 2) + three(y / 2) + three(image.width - 1) + three(image.height - 1)
        + three(milliseconds) + [blended ? 0 : 2] + losslessChunk(image))
  }

  private func three(_ value: Int) -> [UInt8] { Array(littleEndian(UInt32(value)).prefix(3)) }

  /// The finished file.
  var region: ByteRegion {
    let content = Array("WEBP".utf8) + chunks
    return ByteRegion(
      Array("RIFF".utf8) + littleEndian(UInt32(content.count)) + content, name: "test.webp")
  }
}

/// The chunk of a still picture.
func losslessChunk(_ image: ByteImage) throws -> [UInt8] {
  try withScratchFolder { folder in
    try WebP.write(image, quality: .lossless, to: "\(folder)/a.webp")
    return Array(try ByteRegion(mapping: "\(folder)/a.webp").copy().dropFirst(12))
  }
}

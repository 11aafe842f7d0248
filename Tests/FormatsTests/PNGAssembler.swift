// A little PNG writer for tests that need what no encoder writes: odd headers, broken checks.

import Formats
import TestSupport

/// A PNG file being put together chunk by chunk.
struct PNGAssembler {
  private(set) var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// A file with a header chunk.
  init(
    width: UInt32, height: UInt32, depth: UInt8 = 8, colour: UInt8 = 2, interlaced: Bool = false
  ) {
    self = chunk(
      "IHDR", bigEndian(width) + bigEndian(height) + [depth, colour, 0, 0, interlaced ? 1 : 0])
  }

  /// A chunk with its length and check sum, the latter changed by `damage`; so many of it.
  func chunk(_ type: String, _ content: [UInt8], damage: UInt32 = 0, times: Int = 1) -> Self {
    var copy = self
    let body = Array(type.utf8) + content
    let whole = bigEndian(UInt32(content.count)) + body + bigEndian(crc32(body) ^ damage)
    for _ in 0..<times { copy.bytes += whole }
    return copy
  }

  /// Image data: rows without filter, in one chunk.
  func rows(_ rows: [[UInt8]]) -> Self {
    chunk("IDAT", zlibStored(rows.flatMap { [0] + $0 }))
  }

  /// The finished file.
  var region: ByteRegion { ByteRegion(chunk("IEND", []).bytes, name: "test.png") }

  /// What the reader makes of the finished file.
  func read(limits: ImageLimits = ImageLimits()) throws -> PNG {
    try PNG(region, limits: limits)
  }
}

private func adler32(_ bytes: [UInt8]) -> UInt32 {
  var (a, b) = (UInt32(1), UInt32(0))
  for byte in bytes {
    a = (a + UInt32(byte)) % 65521
    b = (b + a) % 65521
  }
  return b << 16 | a
}

/// A zlib stream of one stored block.
private func zlibStored(_ bytes: [UInt8]) -> [UInt8] {
  [0x78, 0x01] + deflateStored(bytes) + bigEndian(adler32(bytes))
}

/// A zlib stream that inflates to `1 + 258 * repeats` zeros.
func zlibZeros(repeats: Int) -> [UInt8] {
  let sum = UInt32((1 + 258 * repeats) % 65521)
  return [0x78, 0x01] + deflateZeros(repeats: repeats) + bigEndian(sum << 16 | 1)
}

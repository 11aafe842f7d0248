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

private func crc32(_ bytes: [UInt8]) -> UInt32 {
  ~bytes.reduce(~0) { sum, byte in
    (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
    }
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
  let count = UInt16(bytes.count)
  return [0x78, 0x01, 0x01] + littleEndian(count) + littleEndian(~count) + bytes
    + bigEndian(adler32(bytes))
}

/// A zlib stream that inflates to `1 + 258 * repeats` zeros, at 13 bits for 258 bytes.
func zlibZeros(repeats: Int) -> [UInt8] {
  var bits: [UInt8] = [1, 1, 0] + code(0x30, 8)
  for _ in 0..<repeats { bits += code(0xC5, 8) + code(0, 5) }
  bits += code(0, 7)
  var bytes: [UInt8] = [0x78, 0x01]
  for start in stride(from: 0, to: bits.count, by: 8) {
    let octet = bits[start..<min(start + 8, bits.count)]
    bytes.append(octet.reversed().reduce(0) { $0 << 1 | $1 })
  }
  let sum = UInt32((1 + 258 * repeats) % 65521)
  return bytes + bigEndian(sum << 16 | 1)
}

/// A Huffman code's bits, most significant first.
private func code(_ value: UInt8, _ length: Int) -> [UInt8] {
  (0..<length).reversed().map { value >> UInt8($0) & 1 }
}

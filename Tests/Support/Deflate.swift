// Check sums and deflate streams spelled out bit by bit, for files that no encoder writes.

/// The CRC-32 of ZIP, gzip and PNG.
package func crc32(_ bytes: [UInt8]) -> UInt32 {
  ~bytes.reduce(~0) { sum, byte in
    (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
    }
  }
}

/// A deflate stream of one stored block, which has room for 65,535 bytes.
package func deflateStored(_ bytes: [UInt8]) -> [UInt8] {
  let count = UInt16(bytes.count)
  return [0x01] + littleEndian(count) + littleEndian(~count) + bytes
}

/// A deflate stream that inflates to `1 + 258 * repeats` zeros, at 13 bits for 258 bytes.
package func deflateZeros(repeats: Int) -> [UInt8] {
  var bits: [UInt8] = [1, 1, 0] + code(0x30, 8)
  for _ in 0..<repeats { bits += code(0xC5, 8) + code(0, 5) }
  bits += code(0, 7)
  return stride(from: 0, to: bits.count, by: 8).map { start in
    bits[start..<min(start + 8, bits.count)].reversed().reduce(0) { $0 << 1 | $1 }
  }
}

/// A Huffman code's bits, most significant first.
private func code(_ value: UInt8, _ length: Int) -> [UInt8] {
  (0..<length).reversed().map { value >> UInt8($0) & 1 }
}

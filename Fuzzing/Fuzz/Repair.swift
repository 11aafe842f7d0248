// Repairing the check sums of files that were changed at random.

/// Puts the right check sum behind every chunk of a PNG, as far as chunks can be followed.
func repairPNG(_ file: UnsafeMutableBufferPointer<UInt8>) {
  var start = 8
  while start + 12 <= file.count {
    let length = file[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
    guard length <= file.count - start - 12 else { return }
    let sum = crc32(file[start + 4..<start + 8 + length])
    for index in 0..<4 {
      file[start + 8 + length + index] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * index))
    }
    start += 12 + length
  }
}

/// Puts the right check sums into the directory of a ZIP archive and into its local headers, for
/// entries that are stored as they are.
func repairZIP(_ file: UnsafeMutableBufferPointer<UInt8>) {
  let signature: [UInt8] = [0x50, 0x4B, 1, 2]
  for entry in 0..<max(0, file.count - 46) where file[entry...].starts(with: signature) {
    let (method, count) = (littleEndian(file, entry + 10, 2), littleEndian(file, entry + 20, 4))
    let header = littleEndian(file, entry + 42, 4)
    guard method == 0, header + 30 <= file.count else { continue }
    let names = littleEndian(file, header + 26, 2) + littleEndian(file, header + 28, 2)
    let content = header + 30 + names
    guard content + count <= file.count else { continue }
    let sum = crc32(file[content..<content + count])
    for index in 0..<4 {
      let byte = UInt8(truncatingIfNeeded: sum >> (8 * index))
      file[entry + 16 + index] = byte
      file[header + 14 + index] = byte
    }
  }
}

private func littleEndian(
  _ file: UnsafeMutableBufferPointer<UInt8>, _ start: Int, _ count: Int
) -> Int {
  file[start..<start + count].reversed().reduce(0) { $0 << 8 | Int($1) }
}

private func crc32(_ bytes: Slice<UnsafeMutableBufferPointer<UInt8>>) -> UInt32 {
  ~bytes.reduce(~0) { sum, byte in
    (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
    }
  }
}

// The local headers of a ZIP file, which must repeat the directory and leave no byte unaccounted.

/// Where the packed content of each record lies, in the order of the records.
///
/// In the order of the file, the first local header must stand at byte 0, each other one behind
/// the content before it, and the directory, at `end`, behind the last.
/// - Throws: `FileError` of kind `damaged`, or `refusedAsUnsafe` if entries share bytes.
func locate(
  _ records: [ZIPRecord], in bytes: ByteRegion, end: Int
) throws(FileError) -> [Range<Int>] {
  let order = records.indices.sorted { records[$0].localOffset < records[$1].localOffset }
  let starts = order.map { records[$0].localOffset } + [end]
  guard starts[0] == 0 else {
    throw bytes.error(
      at: 0, expected: "the first entry at byte 0", found: "\(starts[0]) bytes before it")
  }
  var ranges = [Range<Int>](repeating: 0..<0, count: records.count)
  for (index, next) in zip(order, starts.dropFirst()) {
    ranges[index] = try records[index].locateContent(in: bytes, before: next)
  }
  return ranges
}

extension ZIPRecord {
  private static let fixedLocalByteCount = 30

  /// Where the content lies that ends, perhaps with a descriptor, at `next`.
  fileprivate func locateContent(
    in bytes: ByteRegion, before next: Int
  ) throws(FileError) -> Range<Int> {
    let signature = try bytes.integer(at: localOffset, as: UInt32.self)
    guard signature == ZIPSignature.localHeader else {
      throw bytes.error(at: localOffset, expected: "header of \(name)", found: hex(signature))
    }
    var cursor = localOffset + Self.fixedLocalByteCount
    let localName = try bytes.part(at: &cursor, lengthAt: localOffset + 26)
    let extra = try bytes.part(at: &cursor, lengthAt: localOffset + 28)
    guard localName.copy() == Array(name.utf8) else {
      let other = localName.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
      throw localName.error(at: 0, expected: "\(name) as in the directory", found: other)
    }
    try checkNumbers(in: bytes, ZIPExtra(extra, name: name).numbers)
    guard cursor <= next, packedCount <= next - cursor else {
      throw bytes.error(
        .refusedAsUnsafe, at: localOffset, expected: "\(name) to end at byte \(next)",
        found: "bytes that other entries have too")
    }
    let content = cursor..<cursor + packedCount
    try checkDescriptor(bytes.slice(at: content.upperBound, count: next - content.upperBound))
    return content
  }

  /// Compares the header's numbers; those that the descriptor holds may be 0 here.
  private func checkNumbers(in bytes: ByteRegion, _ wide: [UInt64]) throws(FileError) {
    let flags = try bytes.integer(at: localOffset + 6, as: UInt16.self)
    let method = try bytes.integer(at: localOffset + 8, as: UInt16.self)
    let checksum = try bytes.integer(at: localOffset + 14, as: UInt32.self)
    let packedCount = try bytes.integer(at: localOffset + 18, as: UInt32.self)
    let byteCount = try bytes.integer(at: localOffset + 22, as: UInt32.self)
    // Of the 64-bit numbers, the sizes come in pairs; a last one alone is the header's own place.
    let sizes = wide.count < 2 ? [] : wide.prefix(2)
    let place = wide.count == 2 ? nil : wide.last
    let agrees =
      flags == self.flags && method == self.method
      && repeats(UInt64(checksum), UInt64(self.checksum))
      && (packedCount == .max ? !sizes.isEmpty : repeats(UInt64(packedCount), self.packedCount))
      && (byteCount == .max ? !sizes.isEmpty : repeats(UInt64(byteCount), self.byteCount))
      && zip(sizes, [self.byteCount, self.packedCount]).allSatisfy(repeats)
      && (place == nil || place == UInt64(localOffset))
    guard agrees else {
      throw bytes.error(
        at: localOffset, expected: "a header of \(name) that says what the directory says",
        found: "another flag, method, check sum or size")
    }
  }

  private func repeats(_ number: UInt64, _ known: some BinaryInteger) -> Bool {
    number == known || (hasDescriptor && number == 0)
  }

  /// Checks what lies between the content and the next header: nothing, or a descriptor.
  private func checkDescriptor(_ bytes: ByteRegion) throws(FileError) {
    guard hasDescriptor else {
      guard bytes.count == 0 else {
        throw bytes.error(
          at: 0, expected: "the next header after \(name)", found: "\(bytes.count) other bytes")
      }
      return
    }
    // A check sum and two sizes of 4 or 8 bytes, with or without a signature before.
    let isSigned = bytes.count == 16 || bytes.count == 24
    let numbers = try bytes.suffix(from: isSigned ? 4 : 0)
    guard numbers.count == 12 || numbers.count == 20 else {
      throw bytes.error(
        at: 0, expected: "a descriptor after \(name)", found: "\(bytes.count) bytes")
    }
    let signature = try isSigned ? bytes.integer(at: 0, as: UInt32.self) : ZIPSignature.descriptor
    let checksum = try numbers.integer(at: 0, as: UInt32.self)
    let sizes = try numbers.descriptorSizes()
    guard signature == ZIPSignature.descriptor, checksum == self.checksum,
      sizes.packed == packedCount, sizes.expanded == byteCount
    else {
      throw bytes.error(
        at: 0, expected: "a descriptor of \(name) that says what the directory says",
        found: "another check sum or size")
    }
  }
}

extension ByteRegion {
  /// The two sizes after the check sum, which fill the rest.
  fileprivate func descriptorSizes() throws(FileError) -> (packed: UInt64, expanded: UInt64) {
    count == 12
      ? (
        UInt64(try integer(at: 4, as: UInt32.self)), UInt64(try integer(at: 8, as: UInt32.self))
      )
      : (try integer(at: 4, as: UInt64.self), try integer(at: 12, as: UInt64.self))
  }
}

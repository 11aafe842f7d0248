// A little assembler for tar archives: the tests spell out every header, valid and hostile.

package import Formats

/// A tar archive being put together; whatever is not set agrees with the rest.
package struct TarAssembler {
  /// A header of 512 bytes and the content that follows.
  package struct Entry {
    package var name: [UInt8]
    package var content: [UInt8]
    package var kind: UInt8
    package var link: [UInt8] = []
    /// The size in the header; that of the content, if nil.
    package var size: Int?
    /// What is added to the header's check sum.
    package var damage = 0
    /// Bytes that take the place of the header's from an offset on.
    package var patch: (offset: Int, bytes: [UInt8]) = (0, [])

    /// A file, or with another type flag, something else.
    package init(_ name: String, _ content: [UInt8] = [], kind: Character = "0") {
      self.name = Array(name.utf8)
      self.content = content
      self.kind = kind.asciiValue ?? 0
    }

    fileprivate var bytes: [UInt8] {
      var header = [UInt8](repeating: 0, count: 512)
      func set(_ offset: Int, _ field: [UInt8]) {
        header.replaceSubrange(offset..<offset + field.count, with: field)
      }
      set(0, name)
      set(100, octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(size ?? content.count, 12))
      set(136, octal(0, 12) + Array("        ".utf8) + [kind])
      set(157, link)
      set(257, Array("ustar\u{0}00".utf8))
      set(patch.offset, patch.bytes)
      set(148, octal(header.reduce(damage) { $0 + Int($1) }, 7))
      return header + padded(content)
    }
  }

  package var entries: [Entry]
  /// What follows the entries: the mark of the end.
  package var end = [UInt8](repeating: 0, count: 1024)

  /// An archive of these entries.
  package init(_ entries: [Entry]) { self.entries = entries }

  package var bytes: [UInt8] { entries.flatMap(\.bytes) + end }

  package var region: ByteRegion { ByteRegion(bytes, name: "test.tar") }
}

/// The number in octal digits with a zero behind them.
private func octal(_ number: Int, _ width: Int) -> [UInt8] {
  let digits = String(number, radix: 8)
  return Array((String(repeating: "0", count: width - 1 - digits.count) + digits).utf8) + [0]
}

private func padded(_ content: [UInt8]) -> [UInt8] {
  content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
}

/// A record of a pax header, with its own length in front.
package func paxRecord(_ key: String, _ value: String) -> [UInt8] {
  let rest = " \(key)=\(value)\n"
  let count = rest.utf8.count
  let length = count + "\(count + "\(count)".count)".count
  return Array("\(length)\(rest)".utf8)
}

/// A gzip file around a deflate stream of `content`.
package func gzip(_ stream: [UInt8], of content: [UInt8]) -> [UInt8] {
  gzip(stream, checksum: crc32(content), count: content.count)
}

/// A gzip file around a deflate stream, with a check sum and a size behind it.
package func gzip(_ stream: [UInt8], checksum: UInt32, count: Int) -> [UInt8] {
  [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF] + stream + littleEndian(checksum)
    + littleEndian(UInt32(truncatingIfNeeded: count))
}

// A little assembler for ZIP archives: the tests spell out every number, valid and hostile.

package import Formats

/// A ZIP archive being put together; whatever is not set agrees with the rest.
package struct ZIPAssembler {
  /// What a local header and an entry of the directory have in common.
  package struct Header {
    package var name: [UInt8]
    package var flags: UInt16 = 0
    package var method: UInt16 = 0
    package var checksum: UInt32
    package var packedCount: UInt32
    package var byteCount: UInt32
    package var extra: [UInt8] = []

    fileprivate var bytes: [UInt8] {
      [20, flags, method, 0, 33].flatMap(littleEndian) + littleEndian(checksum)
        + littleEndian(packedCount) + littleEndian(byteCount)
        + littleEndian(UInt16(name.count)) + littleEndian(UInt16(extra.count))
    }
  }

  /// A file: its local header, its bytes and its entry of the directory.
  package struct Entry {
    package var local: Header
    package var central: Header
    package var packed: [UInt8]
    /// What follows the content.
    package var descriptor: [UInt8] = []
    /// Where the directory says that the local header lies; where it is, if nil.
    package var offset: UInt32?
    package var attributes: UInt32 = 0
    package var disk: UInt16 = 0
    package var comment: [UInt8] = []
    package var isInDirectory = true

    /// A file stored as it is.
    package init(_ name: String, _ content: [UInt8]) {
      local = Header(
        name: Array(name.utf8), checksum: crc32(content), packedCount: UInt32(content.count),
        byteCount: UInt32(content.count))
      central = local
      packed = content
    }

    /// A file of `content` for which the archive holds a deflate stream.
    package init(_ name: String, deflated stream: [UInt8], of content: [UInt8]) {
      self.init(name, content)
      packed = stream
      setBoth {
        $0.method = 8
        $0.packedCount = UInt32(stream.count)
      }
    }

    /// Changes the local header and the directory alike.
    package mutating func setBoth(_ change: (inout Header) -> Void) {
      change(&local)
      change(&central)
    }

    /// Moves the local header's sum and sizes to a descriptor, as programs do that cannot go back.
    package mutating func useDescriptor(isSigned: Bool = true, isWide: Bool = false) {
      setBoth { $0.flags |= 1 << 3 }
      let sizes = [central.packedCount, central.byteCount]
      descriptor = isSigned ? [0x50, 0x4B, 7, 8] : []
      descriptor += littleEndian(central.checksum)
      descriptor += sizes.flatMap { isWide ? littleEndian(UInt64($0)) : littleEndian($0) }
      (local.checksum, local.packedCount, local.byteCount) = (0, 0, 0)
    }
  }

  /// What an end record says; what is nil agrees with the rest.
  package struct End {
    package var disk: UInt64 = 0
    package var directoryDisk: UInt64 = 0
    package var countHere: UInt64?
    package var count: UInt64?
    package var size: UInt64?
    package var offset: UInt64?
  }

  /// The 64-bit end record and the locator that leads to it.
  package struct WideEnd {
    package var fields = End()
    package var byteCount: UInt64 = 44
    /// Where the locator says that the record lies; where it is, if nil.
    package var place: UInt64?
    package var disks: UInt32 = 1

    package init() {}
  }

  package var entries: [Entry]
  package var prefix: [UInt8] = []
  /// What lies between the last entry and the directory.
  package var gap: [UInt8] = []
  /// What follows the entries of the directory, as part of it.
  package var directorySuffix: [UInt8] = []
  package var wideEnd: WideEnd?
  package var end = End()
  package var comment: [UInt8] = []
  /// The comment's length in the end record.
  package var commentCount: UInt16?
  package var suffix: [UInt8] = []

  /// An archive of these entries.
  package init(_ entries: [Entry] = []) { self.entries = entries }

  /// An archive of stored files.
  package init(_ files: [(name: String, content: [UInt8])]) {
    self.init(files.map { Entry($0.name, $0.content) })
  }

  /// The finished file.
  package var bytes: [UInt8] {
    var file = prefix
    var directory: [UInt8] = []
    for entry in entries {
      let start = UInt32(file.count)
      file += [0x50, 0x4B, 3, 4] + entry.local.bytes + entry.local.name + entry.local.extra
      file += entry.packed + entry.descriptor
      guard entry.isInDirectory else { continue }
      directory += [0x50, 0x4B, 1, 2] + littleEndian(UInt16(0x0314)) + entry.central.bytes
      directory += littleEndian(UInt16(entry.comment.count)) + littleEndian(entry.disk) + [0, 0]
      directory += littleEndian(entry.attributes) + littleEndian(entry.offset ?? start)
      directory += entry.central.name + entry.central.extra + entry.comment
    }
    file += gap
    let start = file.count
    file += directory + directorySuffix
    return file + ends(directoryAt: start, count: file.count - start)
  }

  private func ends(directoryAt start: Int, count size: Int) -> [UInt8] {
    let count = UInt64(entries.count { $0.isInDirectory })
    func numbers(_ end: End) -> (shorts: [UInt64], longs: [UInt64]) {
      (
        [end.disk, end.directoryDisk, end.countHere ?? count, end.count ?? count],
        [end.size ?? UInt64(size), end.offset ?? UInt64(start)]
      )
    }
    var bytes: [UInt8] = []
    if let wideEnd {
      let (shorts, longs) = numbers(wideEnd.fields)
      bytes += [0x50, 0x4B, 6, 6] + littleEndian(wideEnd.byteCount) + [45, 0, 45, 0]
      bytes += shorts[..<2].flatMap { littleEndian(UInt32($0)) }
      bytes += (shorts[2...] + longs).flatMap(littleEndian)
      bytes += [0x50, 0x4B, 6, 7, 0, 0, 0, 0]
      bytes += littleEndian(wideEnd.place ?? UInt64(start + size)) + littleEndian(wideEnd.disks)
    }
    let (shorts, longs) = numbers(end)
    bytes += [0x50, 0x4B, 5, 6] + shorts.flatMap { littleEndian(UInt16($0)) }
    bytes += longs.flatMap { littleEndian(UInt32($0)) }
    return bytes + littleEndian(commentCount ?? UInt16(comment.count)) + comment + suffix
  }

  package var region: ByteRegion { ByteRegion(bytes, name: "test.zip") }

  /// What the reader makes of the finished file.
  package func read(limits: ZIPArchive.Limits = ZIPArchive.Limits()) throws -> ZIPArchive {
    try ZIPArchive(region, limits: limits)
  }
}

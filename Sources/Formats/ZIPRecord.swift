// The directory of a ZIP file: what it says about each entry, checked by itself.

/// An entry of the directory.
struct ZIPRecord {
  let name: String
  let flags: UInt16
  let method: UInt16
  let checksum: UInt32
  let packedCount: Int
  let byteCount: Int
  /// Where the entry's local header lies.
  let localOffset: Int
  /// Where the entry lies in the directory.
  let offset: Int

  private static let fixedByteCount = 46
  private static let stored: UInt16 = 0
  private static let deflated: UInt16 = 8
  /// The sizes follow the content, in a descriptor.
  private static let descriptorFlag: UInt16 = 1 << 3
  /// What else may be set: bits 1 and 2 tell how hard deflate tried, 11 that the name is UTF-8.
  private static let harmlessFlags: UInt16 = 1 << 1 | 1 << 2 | 1 << 11

  var isFolder: Bool { name.utf8.last == UInt8(ascii: "/") }
  var isStored: Bool { method == Self.stored }
  var hasDescriptor: Bool { flags & Self.descriptorFlag != 0 }

  /// The entries of the directory, which must be as many as announced and fill it.
  static func directory(
    of bytes: ByteRegion, _ end: ZIPEndRecord, _ limits: ZIPArchive.Limits
  ) throws(FileError) -> [ZIPRecord] {
    var cursor = end.directory.lowerBound
    guard end.entryCount <= end.directory.count / fixedByteCount else {
      throw bytes.error(
        at: cursor, expected: "\(end.entryCount) entries", found: "\(end.directory.count) bytes")
    }
    let bytes = try bytes.slice(at: 0, count: end.directory.upperBound)
    var (records, names, expanded) = ([ZIPRecord](), Set<String>(), 0)
    for _ in 0..<end.entryCount {
      let record = try ZIPRecord(bytes, &cursor, limits)
      guard names.insert(record.name).inserted else {
        throw bytes.error(at: record.offset, expected: "each name once", found: record.name)
      }
      try record.checkSize(limits, &expanded, in: bytes)
      records.append(record)
    }
    guard cursor == bytes.count else {
      throw bytes.error(
        at: cursor, expected: "the end after \(end.entryCount) entries",
        found: "\(bytes.count - cursor) more bytes")
    }
    return records
  }

  /// Reads the entry at `cursor`, which moves behind it.
  private init(
    _ bytes: ByteRegion, _ cursor: inout Int, _ limits: ZIPArchive.Limits
  ) throws(FileError) {
    offset = cursor
    let signature = try bytes.integer(at: offset, as: UInt32.self)
    guard signature == ZIPSignature.directoryEntry else {
      throw bytes.error(at: offset, expected: "an entry of the directory", found: hex(signature))
    }
    flags = try bytes.integer(at: offset + 8, as: UInt16.self)
    method = try bytes.integer(at: offset + 10, as: UInt16.self)
    checksum = try bytes.integer(at: offset + 16, as: UInt32.self)
    cursor += Self.fixedByteCount
    let nameBytes = try bytes.part(at: &cursor, lengthAt: offset + 28)
    let extra = try bytes.part(at: &cursor, lengthAt: offset + 30)
    _ = try bytes.part(at: &cursor, lengthAt: offset + 32)
    name = try zipName(nameBytes, limits)
    var wide = try ZIPExtra(extra, name: name).numbers[...]
    byteCount = try bytes.zipNumber(at: offset + 24, &wide)
    packedCount = try bytes.zipNumber(at: offset + 20, &wide)
    localOffset = try bytes.zipNumber(at: offset + 42, &wide)
    guard wide.isEmpty else {
      throw extra.error(at: 0, expected: "64-bit numbers where 32 bits fail", found: "more")
    }
    try checkFeatures(in: bytes)
  }

  private func checkFeatures(in bytes: ByteRegion) throws(FileError) {
    let disk = try bytes.integer(at: offset + 34, as: UInt16.self)
    let mode = try bytes.integer(at: offset + 40, as: UInt16.self)
    guard disk == 0 else {
      throw bytes.error(at: offset + 34, expected: "an archive of one file", found: "part \(disk)")
    }
    let unknown = flags & ~(Self.harmlessFlags | Self.descriptorFlag)
    guard unknown == 0 else {
      throw bytes.error(
        at: offset + 8, expected: "\(name) neither encrypted nor patched nor of unknown form",
        found: "flags \(hex(flags))")
    }
    guard method == Self.stored || method == Self.deflated else {
      throw bytes.error(
        at: offset + 10, expected: "\(name) stored or deflated", found: "method \(method)")
    }
    try checkKind(unixType: mode >> 12, in: bytes)
  }

  /// Checks that the entry is a file or a folder; most programs of other systems leave 0 here.
  private func checkKind(unixType: UInt16, in bytes: ByteRegion) throws(FileError) {
    let kinds: [UInt16] = isFolder ? [0, 0o04, 0o10] : [0, 0o10]
    guard kinds.contains(unixType) else {
      throw bytes.error(
        .refusedAsUnsafe, at: offset + 38, expected: "files and folders",
        found: "a link or device, \(name)")
    }
  }

  /// Checks the expanded size by itself and with those before.
  private func checkSize(
    _ limits: ZIPArchive.Limits, _ expanded: inout Int, in bytes: ByteRegion
  ) throws(FileError) {
    guard !isFolder || (isStored && byteCount == 0) else {
      throw bytes.error(at: offset, expected: "no content in folder \(name)", found: "some")
    }
    guard !isStored || packedCount == byteCount else {
      throw bytes.error(
        at: offset, expected: "\(byteCount) bytes of \(name), which is stored",
        found: "\(packedCount)")
    }
    guard !isStored else { return }
    guard byteCount <= limits.freeBytes || byteCount / limits.expansionRatio < packedCount else {
      throw bytes.error(
        at: offset, expected: "\(name) to expand at most \(limits.expansionRatio) times",
        found: "\(packedCount) bytes that become \(byteCount)")
    }
    guard byteCount <= limits.expandedBytes - expanded else {
      throw bytes.error(
        at: offset, expected: "at most \(limits.expandedBytes) bytes after inflating",
        found: "more with \(name)")
    }
    expanded += byteCount
  }
}

/// The name of an entry: UTF-8, whether bit 11 says so or not, that stays below its folder.
private func zipName(
  _ bytes: ByteRegion, _ limits: ZIPArchive.Limits
) throws(FileError) -> String {
  guard 1...limits.nameBytes ~= bytes.count else {
    throw bytes.error(
      at: 0, expected: "a name of 1 to \(limits.nameBytes) bytes", found: "\(bytes.count) bytes")
  }
  guard let name = String(validating: bytes.copy(), as: UTF8.self) else {
    throw bytes.error(at: 0, expected: "a name in UTF-8", found: "other bytes")
  }
  let path = name.utf8.last == UInt8(ascii: "/") ? String(name.dropLast()) : name
  if let objection = objection(toEntryName: path) {
    throw bytes.error(
      .refusedAsUnsafe, at: 0, expected: "names of files below a folder",
      found: "\(objection) in \(name)")
  }
  return name
}

// Writing ZIP archives: stored entries, each at an aligned place, into a file that appears whole.

extension ZIPArchive {
  /// A file to be written, whose content is asked for when its turn comes.
  public struct NewEntry {
    /// Its path in the archive, with `/` between the parts.
    public let name: String
    /// Gives the content.
    public let content: () throws -> ByteRegion

    /// A file whose content `content` gives, or throws why it cannot.
    public init(name: String, content: @escaping () throws -> ByteRegion) {
      self.name = name
      self.content = content
    }
  }

  /// Writes an archive; it appears under its name only when it is whole and on disk.
  ///
  /// Nothing is compressed, and every date is the format's first: equal content gives equal files.
  /// - Parameters:
  ///   - entries: the files; names must differ and be plain relative paths.
  ///   - alignment: a number of bytes by which the place of each content is divisible.
  ///   - path: the file to create or replace.
  /// - Throws: `FileError` of kind `cannotCreate` or `ioFailed`, or what an entry's content throws.
  public static func write(
    _ entries: [NewEntry], alignment: Int = 1, to path: String
  ) throws {
    try write(entries, alignment: alignment, to: path, wideFrom: Int(UInt32.max))
  }

  /// Writes an archive of files that may be millions, each made when its turn comes.
  ///
  /// All but the directory is forgotten once it is written. Else as `write(_:alignment:to:)`.
  /// - Parameters:
  ///   - ascending: files in the order of their names' bytes.
  ///   - last: a few files that follow in their order, whose names come after all of those.
  ///   - path: the file to create or replace.
  /// - Throws: what `write(_:alignment:to:)` throws.
  public static func write(
    ascending: some Sequence<NewEntry>, then last: [NewEntry], to path: String
  ) throws {
    try writeAtomically(to: path) { sink in
      var writer = ZIPWriter(sink, alignment: 1, wideFrom: Int(UInt32.max))
      func append(_ entry: NewEntry, after name: String) throws {
        precondition(
          name.utf8.lexicographicallyPrecedes(entry.name.utf8)
            && objection(toEntryName: entry.name) == nil && entry.name.utf8.count <= UInt16.max,
          "\(entry.name) after \(name)")
        try writer.append(entry.name, entry.content())
      }
      var name = ""
      for entry in ascending {
        try append(entry, after: name)
        name = entry.name
      }
      precondition(
        Set(last.map(\.name)).count == last.count, "names repeat: \(last.map(\.name))")
      for entry in last { try append(entry, after: name) }
      try writer.finish()
    }
  }

  /// Writes an archive whose numbers take 64 bits from `limit` on.
  package static func write(
    _ entries: [NewEntry], alignment: Int, to path: String, wideFrom limit: Int
  ) throws {
    let names = entries.map(\.name)
    precondition(Set(names).count == names.count, "names repeat: \(names)")
    precondition(1...(1 << 15) ~= alignment, "an alignment is 1 to 32768 bytes, not \(alignment)")
    precondition(
      names.allSatisfy { objection(toEntryName: $0) == nil && $0.utf8.count <= UInt16.max },
      "these are not all plain relative paths: \(names)")
    try writeAtomically(to: path) { sink in
      var writer = ZIPWriter(sink, alignment: alignment, wideFrom: limit)
      for entry in entries { try writer.append(entry.name, entry.content()) }
      try writer.finish()
    }
  }
}

/// What has been written, and the directory that will follow.
private struct ZIPWriter {
  private let sink: FileSink
  private let alignment: Int
  private let limit: Int
  private var directory: [UInt8] = []
  private var entryCount = 0

  init(_ sink: FileSink, alignment: Int, wideFrom limit: Int) {
    self.sink = sink
    self.alignment = alignment
    self.limit = limit
  }

  mutating func append(_ name: String, _ content: ByteRegion) throws(FileError) {
    let start = sink.byteCount
    let sizes = content.count < limit ? [] : [content.count, content.count]
    var extra = numbersField(sizes)
    extra += padding(after: start + 30 + name.utf8.count + extra.count)
    let checksum = try zipChecksum(content)
    try sink.write(
      littleEndian(ZIPSignature.localHeader) + fields(name, content.count, checksum, extra))
    try sink.write(name.bytes + extra)
    try sink.write(content)

    let wide = numbersField(sizes + (start < limit ? [] : [start]))
    directory += littleEndian(ZIPSignature.directoryEntry) + littleEndian(Self.version)
    directory += fields(name, content.count, checksum, wide)
    directory += [UInt8](repeating: 0, count: 10) + narrow(start) + name.bytes + wide
    entryCount += 1
  }

  /// What a local header and an entry of the directory have in common.
  private func fields(
    _ name: String, _ count: Int, _ checksum: UInt32, _ extra: [UInt8]
  ) -> [UInt8] {
    let (utf8Flag, stored, midnight, firstDay) = (UInt16(1 << 11), UInt16(0), UInt16(0), UInt16(33))
    return [Self.version, utf8Flag, stored, midnight, firstDay].flatMap(littleEndian)
      + littleEndian(checksum) + narrow(count) + narrow(count)
      + littleEndian(UInt16(name.utf8.count)) + littleEndian(UInt16(extra.count))
  }

  /// The version of the format that has 64-bit numbers.
  private static let version: UInt16 = 45

  /// The number in 32 bits, or ones if it is said elsewhere.
  private func narrow(_ number: Int) -> [UInt8] {
    littleEndian(number < limit ? UInt32(number) : .max)
  }

  /// The extra field of 64-bit numbers, if there are any.
  private func numbersField(_ numbers: [Int]) -> [UInt8] {
    numbers.isEmpty ? [] : field(ZIPExtra.numbersTag, numbers.flatMap { littleEndian(UInt64($0)) })
  }

  /// An extra field of zeros, if one is needed for what follows to be aligned.
  private func padding(after end: Int) -> [UInt8] {
    guard !end.isMultiple(of: alignment) else { return [] }
    let excess = (end + 4) % alignment
    return field(
      ZIPExtra.paddingTag, [UInt8](repeating: 0, count: excess == 0 ? 0 : alignment - excess))
  }

  private func field(_ tag: UInt16, _ content: [UInt8]) -> [UInt8] {
    littleEndian(tag) + littleEndian(UInt16(content.count)) + content
  }

  /// Writes the directory and the end records.
  func finish() throws(FileError) {
    let start = sink.byteCount
    try sink.write(directory)
    if start >= limit || directory.count >= limit || entryCount >= UInt16.max {
      try sink.write(wideEnd(at: start))
    }
    let count = littleEndian(UInt16(clamping: entryCount))
    try sink.write(
      littleEndian(ZIPSignature.endRecord) + [0, 0, 0, 0] + count + count + narrow(directory.count)
        + narrow(start) + [0, 0])
  }

  /// The 64-bit end record of a directory at `start`, and its locator.
  private func wideEnd(at start: Int) -> [UInt8] {
    let size = UInt64(ZIPEndRecord.byteCount64 - 12)
    let none = UInt32(0)
    return littleEndian(ZIPSignature.endRecord64) + littleEndian(size)
      + littleEndian(Self.version) + littleEndian(Self.version)
      + littleEndian(none) + littleEndian(none)
      + [entryCount, entryCount, directory.count, start].flatMap { littleEndian(UInt64($0)) }
      + littleEndian(ZIPSignature.locator64) + littleEndian(none)
      + littleEndian(UInt64(start + directory.count)) + littleEndian(UInt32(1))
  }
}

extension String {
  fileprivate var bytes: [UInt8] { Array(utf8) }
}

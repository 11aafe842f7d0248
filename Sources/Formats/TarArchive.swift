// tar archives, plain or in a gzip stream, read from front to back, one file at a time.

import CMedia

/// Reading tar archives; nothing is unpacked to the disk.
///
/// Damage, repeated names, sparse files and exceeded limits are errors of kind `damaged`. Links and
/// devices, and names that lead out of a folder, are `refusedAsUnsafe`.
public enum TarArchive {
  /// How much an archive may ask for.
  public struct Limits: Sendable {
    /// Entries, folders included.
    public var entries = 10_000
    /// Bytes of an entry's name.
    public var nameBytes = 1 << 10
    /// Bytes of an entry's content, which is in memory as a whole if the archive is in a gzip stream.
    public var entryBytes = 1 << 30
    /// Bytes that a gzip stream may inflate to.
    public var expandedBytes = 1 << 32
    /// How many times its size a gzip stream may inflate to, if that is more than `freeBytes`.
    public var expansionRatio = 200
    /// The size up to which any gzip stream may inflate.
    public var freeBytes = 1 << 24

    /// The default limits.
    public init() {}

    /// What `count` bytes of gzip may inflate to.
    fileprivate func inflated(from count: Int) -> Int {
      let (product, overflow) = count.multipliedReportingOverflow(by: expansionRatio)
      return min(expandedBytes, max(freeBytes, overflow ? .max : product))
    }
  }

  /// Whether the bytes start like a tar archive or a gzip stream, whatever follows.
  public static func recognises(_ bytes: ByteRegion) -> Bool {
    isGzip(bytes) || hasHeader(bytes)
  }

  /// Whether the bytes start with a header, by its magic word or by its check sum; the oldest form
  /// has no magic word.
  static func hasHeader(_ bytes: ByteRegion) -> Bool {
    guard let block = try? bytes.slice(at: 0, count: 512).copy() else { return false }
    return block[257...].starts(with: "ustar".utf8) || hasChecksum(block)
  }

  /// Whether a header's check sum is right.
  ///
  /// It counts its own place as spaces, and the bytes of old programs as signed.
  private static func hasChecksum(_ block: [UInt8]) -> Bool {
    let rest = block[..<148] + block[156...]
    let (sum, signedSum) = rest.reduce((256, 256)) {
      ($0.0 + Int($1), $0.1 + Int(Int8(bitPattern: $1)))
    }
    let field = block[148..<156]
    guard field[148] < 0x80 else {
      let number = (field.reduce(Int64(0)) { $0 << 8 | Int64($1) } << 8) >> 8
      return number == sum || number == signedSum
    }
    // Python reads underscores and a sign and prefix, too.
    let digits = String(decoding: field.prefix { $0 != 0 }, as: UTF8.self).lowercased()
      .filter { !$0.isWhitespace && !"_+o".contains($0) }
    let number = Int(digits, radix: 8)
    return number == sum || number == signedSum
  }

  private static func isGzip(_ bytes: ByteRegion) -> Bool {
    (try? bytes.slice(at: 0, count: 2).copy()) == [0x1F, 0x8B]
  }

  /// Calls `body` with each file of the archive that fills `bytes`, in order, without folders.
  ///
  /// Of a plain archive, contents are views; of one in a gzip stream, each is a copy.
  /// Only what comes before has been checked when `body` is called: what it makes of a file must
  /// not be used before all of the archive has been read.
  /// - Parameters:
  ///   - bytes: the archive.
  ///   - limits: how much it may ask for.
  ///   - isWanted: whether the content of a file of so many bytes is wanted; others are passed over.
  ///   - body: takes the name and the content of a file.
  /// - Throws: `FileError` of kind `damaged` or `refusedAsUnsafe`, or what the closures throw.
  public static func forEachEntry(
    in bytes: ByteRegion, limits: Limits = Limits(),
    where isWanted: (_ name: String, _ byteCount: Int) throws -> Bool = { _, _ in true },
    _ body: (_ name: String, _ content: ByteRegion) throws -> Void
  ) throws {
    try withWalk(through: bytes, limits) { walk in
      while let (name, size) = try walk.nextFile() {
        guard try isWanted(name, size) else { continue }
        try body(name, walk.content(of: name, size))
      }
    }
  }

  /// The names of the files in the archive, as far as it can be read.
  static func names(in bytes: ByteRegion) -> [String] {
    var names: [String] = []
    try? withWalk(through: bytes, Limits()) { walk in
      while let (name, _) = try walk.nextFile() { names.append(name) }
    }
    return names
  }

  private static func withWalk(
    through bytes: ByteRegion, _ limits: Limits, _ body: (inout TarWalk) throws -> Void
  ) throws {
    let isGzip = isGzip(bytes)
    let room = isGzip ? limits.inflated(from: bytes.count) : bytes.count
    try bytes.withUnsafeBytes { all in
      let reader = cm_tar_reader_new(
        all.baseAddress?.assumingMemoryBound(to: UInt8.self), all.count, room)
      guard let reader else {
        throw bytes.error(.ioFailed, at: 0, expected: "memory to read a tar archive", found: "none")
      }
      defer { cm_tar_reader_release(reader) }
      var walk = TarWalk(reader, bytes, limits, isGzip: isGzip, room: room)
      try body(&walk)
    }
  }
}

/// A reader on its way through an archive, and the names that it has seen.
private struct TarWalk {
  private let reader: OpaquePointer
  private let bytes: ByteRegion
  private let limits: TarArchive.Limits
  private let entryLimit: Int
  private let isGzip: Bool
  private var names: Set<String> = []

  /// The entries of a tar archive that has at most `room` bytes.
  init(
    _ reader: OpaquePointer, _ bytes: ByteRegion, _ limits: TarArchive.Limits, isGzip: Bool,
    room: Int
  ) {
    self.reader = reader
    self.bytes = bytes
    self.limits = limits
    self.isGzip = isGzip
    entryLimit = min(limits.entryBytes, room)
  }

  private func error(
    _ kind: FileError.Kind = .damaged, expected: String, found: String? = nil
  ) -> FileError {
    bytes.error(
      kind, at: min(cm_tar_reader_offset(reader), bytes.count), expected: expected,
      found: found ?? String(cString: cm_tar_reader_message(reader)))
  }

  /// The next file's name and size, or nil at the end.
  mutating func nextFile() throws(FileError) -> (name: String, size: Int)? {
    while true {
      var entry = cm_tar_entry()
      switch cm_tar_reader_next(reader, &entry) {
      case CM_TAR_END: return nil
      case CM_TAR_ENTRY: break
      default: throw error(expected: "a whole tar archive")
      }
      let name = try name(of: entry)
      let size = try check(entry, name)
      if entry.kind == CM_TAR_FILE { return (name, size) }
    }
  }

  /// The entry's name without `./` before it and `/` after it, which must be new.
  private mutating func name(of entry: cm_tar_entry) throws(FileError) -> String {
    guard let characters = entry.name, let text = String(validatingCString: characters) else {
      throw error(expected: "a name in UTF-8", found: "other bytes")
    }
    guard text.utf8.count <= limits.nameBytes else {
      throw error(
        expected: "a name of at most \(limits.nameBytes) bytes", found: "\(text.utf8.count) bytes")
    }
    var path = Substring(text)
    if path.utf8.starts(with: "./".utf8) { path = Substring(path.utf8.dropFirst(2)) }
    if path.utf8.last == UInt8(ascii: "/") { path = Substring(path.utf8.dropLast()) }
    let name = String(path)
    let isRoot = text == "./" && entry.kind == CM_TAR_FOLDER
    if !isRoot, let objection = objection(toEntryName: name) {
      throw error(
        .refusedAsUnsafe, expected: "names of files below a folder",
        found: "\(objection) in \(text)")
    }
    guard names.count < limits.entries else {
      throw error(expected: "at most \(limits.entries) entries", found: "more")
    }
    guard names.insert(name).inserted else {
      throw error(expected: "each name once", found: name)
    }
    return name
  }

  /// Checks the kind and the size of an entry.
  private func check(_ entry: cm_tar_entry, _ name: String) throws(FileError) -> Int {
    guard entry.kind != CM_TAR_SPARSE else {
      throw error(expected: "files without holes", found: "\(name), a sparse file")
    }
    guard entry.kind != CM_TAR_OTHER else {
      throw error(
        .refusedAsUnsafe, expected: "files and folders", found: "\(name), a link or device")
    }
    let most = entry.kind == CM_TAR_FILE ? entryLimit : 0
    guard let size = Int(exactly: entry.size), 0...most ~= size else {
      throw error(expected: "\(name) of at most \(most) bytes", found: "\(entry.size)")
    }
    return size
  }

  /// The content of the file that `nextFile` gave last.
  func content(of name: String, _ size: Int) throws(FileError) -> ByteRegion {
    guard isGzip else {
      var place = 0
      guard cm_tar_reader_place(reader, size, &place) else {
        throw error(expected: "\(size) bytes of \(name)")
      }
      return try bytes.slice(at: place, count: size)
    }
    var isWhole = false
    let content = [UInt8](unsafeUninitializedCapacity: size) { target, count in
      isWhole = cm_tar_reader_content(reader, target.baseAddress, size)
      count = isWhole ? size : 0
    }
    guard isWhole else { throw error(expected: "\(size) bytes of \(name)") }
    return ByteRegion(content, name: "\(bytes.name)/\(name)")
  }
}

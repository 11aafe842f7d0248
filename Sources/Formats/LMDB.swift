// LMDB databases, read strictly: the pairs of the main table, in the order of their keys.
//
// liblmdb maps its file and trusts every number in it. Of four databases cut short, version 0.9.36 let
// its program die with a bus error for all four; of sixty with a few bits changed in the headers of
// pages, it did so for five, and aborted for two. Nothing but reading is needed here, so the pages are
// read by what follows, which looks at no byte that it has not checked to be there.

/// The pairs of keys and values in the file `data.mdb` of an LMDB database.
///
/// Read are databases of 64-bit little-endian machines in data format 1, which all versions of
/// liblmdb before 1.0 write, with pages of any size. Named tables inside and several values for one key
/// are refused as unsupported. Contradictions and exceeded limits are errors of kind `damaged`.
public struct LMDB: Sendable {
  /// How much a database may ask for.
  public struct Limits: Sendable {
    /// Pairs of keys and values: LSUN's largest have ten million.
    public var entries = 1 << 24
    /// Bytes of a key; liblmdb allows 511 unless it is built otherwise.
    public var keyBytes = 1 << 11
    /// Pages from the root to a leaf; liblmdb has room for as many.
    public var depth = 32

    /// The default limits.
    public init() {}
  }

  /// Where a value lies in the file.
  public struct Value: Hashable, Sendable {
    fileprivate let offset: Int
    fileprivate let length: UInt32

    /// Its bytes.
    public var count: Int { Int(length) }
  }

  /// Pairs in the database, as its record says; walking through it checks that.
  public let count: Int
  private let bytes: ByteRegion
  private let limits: Limits
  private let pageBytes: Int
  private let record: Record

  /// Whether the bytes start like a database of this or a 32-bit machine, whatever follows.
  public static func recognises(_ bytes: ByteRegion) -> Bool {
    let magic = [wideMagicOffset, narrowMagicOffset].map {
      try? bytes.integer(at: $0, as: UInt32.self)
    }
    return magic.contains(Self.magic)
  }

  private static let magic: UInt32 = 0xBEEF_C0DE
  private static let wideMagicOffset = 16
  private static let narrowMagicOffset = 12

  /// Reads the two records of the database that fills `bytes`, and takes the newer.
  /// - Parameters:
  ///   - bytes: the file `data.mdb`.
  ///   - limits: how much it may ask for.
  /// - Throws: `FileError` of kind `damaged` or `unsupported`.
  public init(_ bytes: ByteRegion, limits: Limits = Limits()) throws(FileError) {
    let first = try Record(bytes, at: 0)
    guard 512...32768 ~= first.pageBytes, first.pageBytes.nonzeroBitCount == 1 else {
      throw bytes.error(
        at: Record.pageBytesOffset, expected: "pages of 512 to 32768 bytes, a power of two",
        found: "\(first.pageBytes)")
    }
    let second = try Record(bytes, at: first.pageBytes)
    record = second.transaction > first.transaction ? second : first
    pageBytes = first.pageBytes
    guard record.pageBytes == pageBytes else {
      throw bytes.error(
        at: pageBytes + Record.pageBytesOffset, expected: "pages of \(pageBytes) bytes, as before",
        found: "\(record.pageBytes)")
    }
    (self.bytes, self.limits) = (bytes, limits)
    let pages = UInt64(bytes.count / pageBytes)
    guard record.entries <= UInt64(limits.entries),
      record.entries <= pages * UInt64(pageBytes / Node.headerBytes)
    else {
      throw bytes.error(
        at: record.offset, expected: "at most \(limits.entries) pairs, each with room in the file",
        found: "\(record.entries)")
    }
    guard record.branchPages <= pages, record.leafPages <= pages else {
      throw bytes.error(
        at: record.offset, expected: "at most the \(pages) pages that the file has",
        found: "\(record.branchPages) and \(record.leafPages)")
    }
    count = Int(record.entries)
  }

  /// The bytes of a value.
  /// - Parameter value: one that a walk through this database gave.
  /// - Throws: `FileError` of kind `damaged` if they are not in the file.
  /// - Returns: a view of the file.
  public func contents(of value: Value) throws(FileError) -> ByteRegion {
    // Nothing in a leaf lies so near to its beginning: this is the first byte of a page of its own.
    if value.offset % pageBytes == Walk.headerBytes {
      let page = try Walk.page(
        UInt64(value.offset / pageBytes), Walk.Kind.overflow, of: bytes, pageBytes)
      let pages = Int(try page.integer(at: 12, as: UInt32.self))
      guard Walk.pages(for: value.count, pageBytes) <= pages else {
        throw page.error(at: 12, expected: "room for \(value.count) bytes", found: "\(pages) pages")
      }
    }
    return try bytes.slice(at: value.offset, count: value.count)
  }
}

// MARK: - The two records

/// What one of the first two pages says about the database.
private struct Record {
  let offset: Int
  let pageBytes: Int
  let flags: UInt16
  let depth: Int
  let branchPages: UInt64
  let leafPages: UInt64
  let entries: UInt64
  /// The page of the root; nil if there is nothing in the database.
  let root: UInt64?
  let transaction: UInt64

  static let pageBytesOffset = 40
  private static let byteCount = 152
  private static let mainTable = 88

  init(_ bytes: ByteRegion, at offset: Int) throws(FileError) {
    guard let page = try? bytes.slice(at: offset, count: Self.byteCount) else {
      throw bytes.error(
        at: bytes.count, expected: "two records of an LMDB database",
        found: "the end of the file")
    }
    let narrow = try page.integer(at: 12, as: UInt32.self)
    let (magic, version) = (
      try page.integer(at: 16, as: UInt32.self), try page.integer(at: 20, as: UInt32.self)
    )
    guard magic == 0xBEEF_C0DE else {
      guard narrow != 0xBEEF_C0DE else {
        throw bytes.error(
          .unsupported, at: 12, expected: "a database of a 64-bit machine",
          found: "one of a 32-bit machine")
      }
      throw page.error(at: 16, expected: "the mark of an LMDB database", found: hex(magic))
    }
    guard version == 1 else {
      throw page.error(.unsupported, at: 20, expected: "data format 1", found: "\(version)")
    }
    self.offset = offset
    pageBytes = Int(try page.integer(at: Self.pageBytesOffset, as: UInt32.self))
    flags = try page.integer(at: Self.mainTable + 4, as: UInt16.self)
    depth = Int(try page.integer(at: Self.mainTable + 6, as: UInt16.self))
    branchPages = try page.integer(at: Self.mainTable + 8, as: UInt64.self)
    leafPages = try page.integer(at: Self.mainTable + 16, as: UInt64.self)
    entries = try page.integer(at: Self.mainTable + 32, as: UInt64.self)
    let root = try page.integer(at: Self.mainTable + 40, as: UInt64.self)
    self.root = root == .max ? nil : root
    transaction = try page.integer(at: 144, as: UInt64.self)
    guard flags & Self.severalValues == 0 else {
      throw page.error(
        .unsupported, at: Self.mainTable + 4, expected: "one value for a key",
        found: "a table of several")
    }
  }

  /// Whether keys are ordered byte by byte from the first on.
  var isOrderedByBytes: Bool { flags & 0x0A == 0 }

  private static let severalValues: UInt16 = 0x04
}

// MARK: - Walking through the tree

extension LMDB {
  /// Calls `body` with each pair, in the order of the keys.
  ///
  /// No page is looked at more often than the database has pages, whatever they refer to. Long
  /// values are not looked at.
  /// - Parameter body: takes a key, valid as long as the file, and where its value lies.
  /// - Throws: `FileError` of kind `damaged` or `unsupported`, or what `body` throws.
  public func forEachEntry(
    _ body: (_ key: ByteRegion, _ value: Value) throws(FileError) -> Void
  ) throws(FileError) {
    var walk = Walk(
      bytes: bytes, limits: limits, pageBytes: pageBytes, record: record,
      pagesLeft: Int(record.branchPages + record.leafPages))
    if let root = record.root {
      guard 1...limits.depth ~= record.depth else {
        throw bytes.error(
          at: record.offset, expected: "a tree of 1 to \(limits.depth) levels",
          found: "\(record.depth)")
      }
      try walk.visit(root, levels: record.depth, body)
    }
    guard walk.entries == count else {
      throw bytes.error(
        at: record.offset, expected: "\(count) pairs, as the record says", found: "\(walk.entries)")
    }
  }
}

/// A pair, or a way to another page, in a page.
private struct Node {
  let low: UInt16
  let high: UInt16
  let flags: UInt16
  let key: ByteRegion
  /// Where in the page the value begins.
  let end: Int

  static let headerBytes = 8
  /// The value lies in pages of its own.
  static let isLong: UInt16 = 0x01

  /// The page that a node of a branch leads to.
  var child: UInt64 { UInt64(low) | UInt64(high) << 16 | UInt64(flags) << 32 }
  /// The bytes of the value of a node of a leaf.
  var valueCount: UInt32 { UInt32(low) | UInt32(high) << 16 }

  init(_ page: ByteRegion, at offset: Int, _ limits: LMDB.Limits) throws(FileError) {
    low = try page.integer(at: offset, as: UInt16.self)
    high = try page.integer(at: offset + 2, as: UInt16.self)
    flags = try page.integer(at: offset + 4, as: UInt16.self)
    let count = Int(try page.integer(at: offset + 6, as: UInt16.self))
    guard count <= limits.keyBytes else {
      throw page.error(
        at: offset + 6, expected: "a key of at most \(limits.keyBytes) bytes", found: "\(count)")
    }
    key = try page.slice(at: offset + Self.headerBytes, count: count)
    end = offset + Self.headerBytes + count
  }
}

/// A way through the tree, and how far it may go on.
private struct Walk {
  let bytes: ByteRegion
  let limits: LMDB.Limits
  let pageBytes: Int
  let record: Record
  var pagesLeft: Int
  private(set) var entries = 0
  private var lastKey: ByteRegion?

  init(
    bytes: ByteRegion, limits: LMDB.Limits, pageBytes: Int, record: Record, pagesLeft: Int
  ) {
    (self.bytes, self.limits, self.pageBytes) = (bytes, limits, pageBytes)
    (self.record, self.pagesLeft) = (record, pagesLeft)
  }

  static let headerBytes = 16
  enum Kind {
    static let branch: UInt16 = 0x01
    static let leaf: UInt16 = 0x02
    static let overflow: UInt16 = 0x04
    /// Set while a page is being written; says nothing afterwards.
    static let dirty: UInt16 = 0x10
  }

  /// The page of a number, whose header must say so.
  static func page(
    _ number: UInt64, _ kind: UInt16, of bytes: ByteRegion, _ pageBytes: Int
  ) throws(FileError) -> ByteRegion {
    guard number < UInt64(bytes.count / pageBytes), number > 1 else {
      throw bytes.error(
        at: bytes.count, expected: "page \(number), which others refer to",
        found: "\(bytes.count / pageBytes) pages")
    }
    let page = try bytes.slice(at: Int(number) * pageBytes, count: pageBytes)
    let (own, flags) = (
      try page.integer(at: 0, as: UInt64.self), try page.integer(at: 10, as: UInt16.self)
    )
    guard own == number, flags & ~Kind.dirty == kind else {
      let names = [Kind.branch: "a branch", Kind.leaf: "a leaf", Kind.overflow: "a long value"]
      throw page.error(
        at: 0, expected: "page \(number) with \(names[kind] ?? "")",
        found: "page \(own) of kind \(hex(flags))")
    }
    return page
  }

  /// The pages that a long value takes, with the header in front.
  static func pages(for count: Int, _ pageBytes: Int) -> Int {
    (headerBytes + count + pageBytes - 1) / pageBytes
  }

  /// Visits a page that is so many levels above the end of the leaves.
  mutating func visit(
    _ number: UInt64, levels: Int,
    _ body: (ByteRegion, LMDB.Value) throws(FileError) -> Void
  ) throws(FileError) {
    let page = try Self.page(number, levels > 1 ? Kind.branch : Kind.leaf, of: bytes, pageBytes)
    guard pagesLeft > 0 else {
      throw page.error(
        at: 0, expected: "\(record.branchPages + record.leafPages) pages, as the record says",
        found: "more")
    }
    pagesLeft -= 1
    if pagesLeft % 1024 == 0 { try bytes.checkCancellation() }
    let lower = Int(try page.integer(at: 12, as: UInt16.self))
    let upper = Int(try page.integer(at: 14, as: UInt16.self))
    guard Self.headerBytes <= lower, lower <= upper, upper <= pageBytes, lower.isMultiple(of: 2)
    else {
      throw page.error(
        at: 12, expected: "free bytes inside the page", found: "\(lower) to \(upper)")
    }
    for place in stride(from: Self.headerBytes, to: lower, by: 2) {
      let offset = Int(try page.integer(at: place, as: UInt16.self))
      guard offset >= upper else {
        throw page.error(at: place, expected: "a place from byte \(upper) on", found: "\(offset)")
      }
      let node = try Node(page, at: offset, limits)
      if levels > 1 {
        try visit(node.child, levels: levels - 1, body)
      } else {
        try body(node.key, pair(node, in: page))
      }
    }
  }

  /// Checks a pair and says where its value lies.
  private mutating func pair(
    _ node: Node, in page: ByteRegion
  ) throws(FileError) -> LMDB.Value {
    let start = node.end - node.key.count
    guard node.flags & ~Node.isLong == 0 else {
      throw page.error(
        .unsupported, at: start, expected: "a plain value", found: "a table or several values")
    }
    entries += 1
    guard entries <= record.entries else {
      throw page.error(at: start, expected: "\(record.entries) pairs", found: "more")
    }
    if record.isOrderedByBytes, let lastKey, !lastKey.precedes(node.key) {
      throw page.error(at: start, expected: "keys in their order, each once", found: "another")
    }
    lastKey = node.key
    let count = Int(node.valueCount)
    guard node.flags == Node.isLong else {
      let value = try page.slice(at: node.end, count: count)
      return LMDB.Value(offset: value.fileOffset - bytes.fileOffset, length: node.valueCount)
    }
    let number = try page.integer(at: node.end, as: UInt64.self)
    let pages = UInt64(bytes.count / pageBytes)
    // Whether it is such a page is seen when the value is asked for: it may be far away.
    let needed = UInt64(Self.pages(for: count, pageBytes))
    guard number > 1, number <= pages, needed <= pages - number else {
      throw page.error(
        at: node.end, expected: "a value in \(needed) pages from page \(number) on",
        found: "\(pages) pages in the file")
    }
    return LMDB.Value(
      offset: Int(number) * pageBytes + Self.headerBytes, length: node.valueCount)
  }
}

extension ByteRegion {
  /// Whether these bytes come before others, compared one by one.
  fileprivate func precedes(_ other: ByteRegion) -> Bool {
    withUnsafeBytes { some in other.withUnsafeBytes { some.lexicographicallyPrecedes($0) } }
  }
}

// LMDB: what liblmdb writes is read, and databases that would crash it are refused.

import Formats
import TestSupport
import Testing

@Suite("LMDB")
struct LMDBTests {
  private func read(
    _ bytes: ByteRegion, limits: LMDB.Limits = LMDB.Limits()
  ) throws -> [(String, [UInt8])] {
    let database = try LMDB(bytes, limits: limits)
    var pairs: [(String, LMDB.Value)] = []
    try database.forEachEntry { (key, value) throws(FileError) in
      pairs.append((String(decoding: key.copy(), as: UTF8.self), value))
    }
    #expect(pairs.count == database.count)
    return try pairs.map { key, value in
      let content = try database.contents(of: value).copy()
      #expect(content.count == value.count)
      return (key, content)
    }
  }

  private func read(_ database: LMDBAssembler) throws -> [(String, [UInt8])] {
    try read(database.region)
  }

  private func value(_ index: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: index * 7 + $0) }
  }

  /// Twenty pairs of which each third has a value in pages of its own.
  private func twenty() -> LMDBAssembler {
    LMDBAssembler(
      (0..<20).map { ("key \(100 + $0)", value($0, $0.isMultiple(of: 3) ? 5000 : 40 + $0)) })
  }

  // MARK: Valid

  /// The fixture was written by liblmdb 0.9.36: sixty pairs in two transactions, keys `key-000` and
  /// on, values of 100 bytes and more that count on from seven times the number, and three of 5000.
  @Test("a database of liblmdb's is read in the order of its keys")
  func fixture() throws {
    let path = "\(repository)/Tests/FormatsTests/Fixtures/plain.lmdb"
    let bytes = try ByteRegion(mapping: path)
    #expect(LMDB.recognises(bytes))
    let pairs = try read(bytes)
    #expect(pairs.count == 60)
    for (index, (key, content)) in pairs.enumerated() {
      #expect(key == "key-0\(index < 10 ? "0" : "")\(index)")
      #expect(content == value(index, index % 20 == 7 ? 5000 : 100 + index))
    }
  }

  @Test("pages of any size, one or many; the newer record counts", arguments: [512, 4096, 32768])
  func pages(pageBytes: Int) throws {
    for count in [1, 3, 8, 9, 60] {
      var database = LMDBAssembler((0..<count).map { ("k\(1000 + $0)", value($0, 30 + $0 % 3)) })
      (database.pageBytes, database.longFrom) = (pageBytes, 32)
      let pairs = try read(database)
      #expect(pairs.map(\.0) == (0..<count).map { "k\(1000 + $0)" })
      #expect(pairs.map(\.1) == (0..<count).map { value($0, 30 + $0 % 3) })
    }
    var empty = LMDBAssembler([])
    empty.pageBytes = pageBytes
    #expect(try read(empty).isEmpty)
    #expect(try read(twenty()).map(\.1.count).reduce(0, +) == 7 * 5000 + 13 * 40 + 127)
  }

  // MARK: Hostile

  @Test("a database that is cut anywhere is refused, or nothing of it is missing")
  func cut() throws {
    let whole = twenty().bytes
    for length in stride(from: 0, to: whole.count, by: 509) {
      let part = ByteRegion(Array(whole[..<length]), name: "test.mdb")
      #expect(throws: FileError.self) { try read(part) }
    }
  }

  @Test("a bit that is changed in a header changes a value, a key, nothing, or is refused")
  func changed() throws {
    let whole = twenty().bytes
    var refused = 0
    for page in 0..<whole.count / 4096 {
      for byte in 0..<160 {
        var bytes = whole
        bytes[page * 4096 + byte] ^= 1 << UInt8((page + byte) % 8)
        do {
          _ = try read(ByteRegion(bytes, name: "test.mdb"))
        } catch let error as FileError {
          refused += 1
          #expect(error.kind == .damaged || error.kind == .unsupported, "\(error)")
        }
      }
    }
    #expect(refused > 100)
  }

  @Test("what the records say is checked before anything is believed")
  func records() throws {
    func refused(
      _ kind: FileError.Kind, _ words: String, _ change: (inout LMDBAssembler) -> Void
    ) {
      var database = twenty()
      change(&database)
      expect(kind, says: words) { _ = try read(database) }
    }
    refused(.damaged, "the mark of an LMDB database, found 0x1") { $0.magic = 1 }
    refused(.unsupported, "data format 1, found 999") { $0.version = 999 }
    refused(.unsupported, "one value for a key") { $0.flags = 4 }
    refused(.damaged, "expected 21 pairs, as the record says, found 20") { $0.entries = 21 }
    refused(.damaged, "expected 19 pairs, found more") { $0.entries = 19 }
    refused(.damaged, "at most 16777216 pairs") { $0.entries = 1 << 62 }
    refused(.damaged, "pages of 512 to 32768 bytes, a power of two, found 4097") {
      $0.patches = [(40, littleEndian(UInt32(4097)))]
    }
    refused(.damaged, "pages of 4096 bytes, as before, found 512") {
      $0.patches = [(4096 + 40, littleEndian(UInt32(512)))]
    }
    refused(.damaged, "a tree of 1 to 32 levels, found 400") {
      $0.patches = [(4096 + 94, littleEndian(UInt16(400)))]
    }
    refused(.damaged, "page 9999, which others refer to") {
      $0.patches = [(4096 + 128, littleEndian(UInt64(9999)))]
    }
    refused(.damaged, "at most the ") { $0.patches = [(4096 + 96, littleEndian(UInt64.max))] }
    expect(.damaged, says: "two records of an LMDB database") {
      _ = try read(ByteRegion(Array(twenty().bytes[..<4200]), name: "test.mdb"))
    }
    let narrow = [UInt8](repeating: 0, count: 12) + littleEndian(UInt32(0xBEEF_C0DE))
    expect(.unsupported, at: 12, says: "a database of a 64-bit machine") {
      _ = try read(ByteRegion(narrow + [UInt8](repeating: 0, count: 200), name: "test.mdb"))
    }
  }

  @Test("pages that lead back to others end, and keys out of order or twice are refused")
  func circles() throws {
    // The root is the last page: its first way leads to itself, then to the second leaf.
    let database = twenty()
    let bytes = database.bytes
    let root = bytes.count / 4096 - 1
    let places = (0..<3).map {
      Int(bytes[root * 4096 + 16 + 2 * $0]) | Int(bytes[root * 4096 + 17 + 2 * $0]) << 8
    }
    var changed = database
    changed.patches = [(root * 4096 + places[0], littleEndian(UInt16(root)))]
    expect(.damaged, says: "page \(root) with a leaf") { _ = try read(changed) }
    changed.patches = [
      (
        root * 4096 + places[0],
        Array(bytes[root * 4096 + places[1]..<root * 4096 + places[1] + 2])
      )
    ]
    expect(.damaged, says: "keys in their order, each once") { _ = try read(changed) }
    // With the depth of three levels, the root may lead to itself, until the pages are used up.
    changed.patches = [
      (root * 4096 + places[0], littleEndian(UInt16(root))),
      (4096 + 94, littleEndian(UInt16(32))),
    ]
    expect(.damaged, says: "pages, as the record says, found more") { _ = try read(changed) }
    var twice = LMDBAssembler([("a", [1]), ("a", [2])])
    expect(.damaged, says: "keys in their order, each once") { _ = try read(twice) }
    twice.flags = 2
    #expect(try read(twice).count == 2)
  }

  @Test("places outside of pages and values outside of the file are refused")
  func places() throws {
    var database = LMDBAssembler([("key", [UInt8](repeating: 1, count: 10))])
    for (offset, bytes, words) in [
      (12, [17, 0], "free bytes inside the page"), (12, [14, 0], "free bytes inside the page"),
      (14, [1, 17], "free bytes inside the page"),
      (14, [15, 0], "free bytes inside the page"), (16, [0, 0], "a place from byte"),
      (16, [0xFF, 0x0F], "bytes, found"), (0, [3], "page 2 with a leaf, found page 3"),
      (10, [4], "page 2 with a leaf, found page 2 of kind 0x4"),
      (4096 - 22 + 2, [1, 0], "65546 bytes, found 11"),
      (4096 - 22 + 6, [0xFF, 0xFF], "a key of at most 2048 bytes, found 65535"),
      (4096 - 22 + 4, [2, 0], "a plain value"),
    ] as [(Int, [UInt8], String)] {
      database.patches = [(2 * 4096 + offset, bytes)]
      let changed = database
      let error = #expect(throws: FileError.self) { try read(changed) }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
    var long = LMDBAssembler([("key", [UInt8](repeating: 1, count: 10_000))])
    #expect(try read(long)[0].1.count == 10_000)
    // The number of the first page, the size, the pages that there are.
    for (offset, bytes, words) in [
      (2 * 4096 + 4096 - 9, littleEndian(UInt64(4)), "a value in 3 pages from page 4 on"),
      (2 * 4096 + 4096 - 9, littleEndian(UInt64.max), "a value in 3 pages from page 1844"),
      (2 * 4096 + 4096 - 20 + 2, littleEndian(UInt16.max), "a value in 1048"),
      (3 * 4096 + 12, [2, 0, 0, 0], "room for 10000 bytes, found 2 pages"),
      (3 * 4096 + 10, [2], "page 3 with a long value"),
    ] as [(Int, [UInt8], String)] {
      long.patches = [(offset, bytes)]
      let changed = long
      let error = #expect(throws: FileError.self) { try read(changed) }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
  }

  @Test("limits hold: pairs and bytes of keys")
  func limits() {
    var limits = LMDB.Limits()
    (limits.entries, limits.keyBytes) = (19, 7)
    expect(.damaged, says: "at most 19 pairs") { _ = try read(twenty().region, limits: limits) }
    limits.entries = 20
    let enough = limits
    #expect(throws: Never.self) { try read(twenty().region, limits: enough) }
    limits.keyBytes = 6
    expect(.damaged, says: "a key of at most 6 bytes, found 7") {
      _ = try read(twenty().region, limits: limits)
    }
  }
}

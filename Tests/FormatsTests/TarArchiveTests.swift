// tar: what other programs write is read file by file, and hostile archives are refused.

import Formats
import TestSupport
import Testing

@Suite("tar")
struct TarArchiveTests {
  private let text = Array("what the file holds".utf8)
  private let large = (0..<2000).map { UInt8(truncatingIfNeeded: $0) }

  /// The names and contents of an archive's files.
  private func read(
    _ bytes: [UInt8], limits: TarArchive.Limits = TarArchive.Limits()
  ) throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    try TarArchive.forEachEntry(in: ByteRegion(bytes, name: "test.tar"), limits: limits) {
      #expect(files.updateValue($1.copy(), forKey: $0) == nil)
    }
    return files
  }

  private func read(_ entries: [TarAssembler.Entry]) throws -> [String: [UInt8]] {
    try read(TarAssembler(entries).bytes)
  }

  @Test("files that are not wanted are passed over, in a gzip stream, too")
  func wanted() throws {
    let archive = TarAssembler([.init("a", large), .init("b", text), .init("c", large)]).bytes
    for bytes in [archive, gzip(deflateStored(archive), of: archive)] {
      var (asked, taken) = ([Int](), [String]())
      try TarArchive.forEachEntry(in: ByteRegion(bytes, name: "test.tar")) { name, count in
        asked.append(count)
        return name == "b"
      } _: { name, content in
        taken.append(name)
        #expect(content.copy() == text)
      }
      #expect(asked == [2000, text.count, 2000] && taken == ["b"])
    }
  }

  @Test("files come in order, with their contents, which stay in the file, without folders")
  func files() throws {
    let archive = TarAssembler([
      .init("./", kind: "5"), .init("./batches/", kind: "5"), .init("batches/data", large),
      .init("./b", text), .init("empty"),
    ])
    var names: [String] = []
    try TarArchive.forEachEntry(in: archive.region) { name, content in
      names.append(name)
      #expect(content.name == "test.tar")
      let place = content.fileOffset
      #expect((try? archive.region.slice(at: place, count: content.count).copy()) == content.copy())
      #expect(place.isMultiple(of: 512) && (place > 0 || content.count == 0))
    }
    #expect(names == ["batches/data", "b", "empty"])
    #expect(try read(archive.bytes) == ["batches/data": large, "b": text, "empty": []])
    #expect(TarArchive.recognises(archive.region))
    #expect(!TarArchive.recognises(ByteRegion(large, name: "other")))
    #expect(try read([]).isEmpty)
  }

  @Test("an archive in a gzip stream is the same")
  func gzipped() throws {
    let bytes = TarAssembler([.init("a", text), .init("b", large)]).bytes
    let file = gzip(deflateStored(bytes), of: bytes)
    #expect(try read(file) == ["a": text, "b": large])
    #expect(TarArchive.recognises(ByteRegion(file, name: "test")))
  }

  @Test("long names are read, of pax and of GNU tar")
  func longNames() throws {
    let name = String(repeating: "folder/", count: 30) + "file"
    let pax = TarAssembler.Entry("pax", paxRecord("path", name), kind: "x")
    let gnu = TarAssembler.Entry("././@LongLink", Array(name.utf8) + [0], kind: "L")
    for header in [pax, gnu] {
      #expect(try read([header, .init("short", text)]) == [name: text])
    }
  }

  // GNU tar 1.34 and CPython 3.11's tarfile, in its three formats, gzip by each.
  @Test(
    "reads what GNU tar and Python write",
    arguments: ["gnu.tar.gz", "python-ustar.tar.gz", "python-gnu.tar.gz", "python-pax.tar.gz"])
  func otherPrograms(name: String) throws {
    let files = try read(ByteRegion(mapping: fixture(name)).copy())
    #expect(
      files == [
        "folder/hi.txt": Array("hi\n".utf8), "folder/inner/zeros": Array(repeating: 0, count: 5000),
      ])
  }

  @Test("what a body throws ends the reading")
  func body() {
    struct Stop: Error {}
    var count = 0
    #expect(throws: Stop.self) {
      try TarArchive.forEachEntry(in: TarAssembler([.init("a"), .init("b")]).region) { _, _ in
        count += 1
        throw Stop()
      }
    }
    #expect(count == 1)
  }

  // MARK: Hostile archives

  @Test(
    "refuses links, devices and pipes, and names the entry",
    arguments: ["1", "2", "3", "4", "6"] as [Character], ["", "target", "/etc/passwd"])
  func links(kind: Character, target: String) {
    var entry = TarAssembler.Entry("the-entry", kind: kind)
    entry.link = Array(target.utf8)
    expect(.refusedAsUnsafe, says: "the-entry") { _ = try read([.init("a", text), entry]) }
  }

  @Test(
    "refuses names that lead elsewhere",
    arguments: [
      "../x", "a/../x", "a/..", "..", ".", "/etc/passwd", "//x", "a//b", "a\\b", "C:/x", "././x",
      "./../x", ".//x", "a/./b",
    ])
  func names(name: String) {
    expect(.refusedAsUnsafe) { _ = try read([.init(name, text)]) }
    expect(.refusedAsUnsafe) { _ = try read([.init(name, kind: "5")]) }
    let pax = TarAssembler.Entry("pax", paxRecord("path", name), kind: "x")
    expect(.refusedAsUnsafe) { _ = try read([pax, .init("good", text)]) }
  }

  @Test("refuses a link that a pax header hides in a file")
  func paxLink() {
    let pax = TarAssembler.Entry("pax", paxRecord("linkpath", "/etc/passwd"), kind: "x")
    expect(.refusedAsUnsafe) { _ = try read([pax, .init("good", kind: "1")]) }
    expect(.refusedAsUnsafe) { _ = try read([pax, .init("good", kind: "2")]) }
  }

  @Test("refuses names that come twice")
  func duplicates() {
    expect(.damaged, says: "each name once") { _ = try read([.init("a"), .init("a")]) }
    expect(.damaged, says: "each name once") { _ = try read([.init("./a"), .init("a")]) }
    expect(.damaged, says: "each name once") { _ = try read([.init("a/", kind: "5"), .init("a")]) }
  }

  @Test("refuses sparse files of every form")
  func sparse() {
    var old = TarAssembler.Entry("hole", text, kind: "S")
    // The map: 19 bytes at 100,000 of a file of 100,019 bytes.
    old.patch = (
      257,
      Array("ustar  \u{0}".utf8) + [UInt8](repeating: 0, count: 121)
        + Array("00000303240\u{0}00000000023\u{0}".utf8) + [UInt8](repeating: 0, count: 73)
        + Array("00000303263\u{0}".utf8)
    )
    expect(.damaged, says: "hole") { _ = try read([old]) }
    for size in ["100019", "1099511627776"] {
      let map =
        paxRecord("GNU.sparse.map", "100000,19") + paxRecord("GNU.sparse.size", size)
        + paxRecord("GNU.sparse.numblocks", "1")
      let pax = TarAssembler.Entry("pax", map, kind: "x")
      expect(.damaged) { _ = try read([pax, .init("hole", text)]) }
    }
    let first =
      paxRecord("GNU.sparse.major", "1") + paxRecord("GNU.sparse.minor", "0")
      + paxRecord("GNU.sparse.name", "hole") + paxRecord("GNU.sparse.realsize", "1099511627776")
    let map = Array("1\n100000\n19\n".utf8)
    let content = map + [UInt8](repeating: 0, count: 512 - map.count) + text
    expect(.damaged) { _ = try read([.init("pax", first, kind: "x"), .init("x", content)]) }
  }

  @Test("refuses sizes that the archive does not have before taking memory")
  func sizes() {
    var entry = TarAssembler.Entry("a", text)
    for size in [20_000, 1 << 30, 1 << 32] {
      entry.size = size
      expect(.damaged, says: "\(size)") { _ = try read([entry]) }
    }
    // Numbers of 95 bits, negative ones, and ones that only a pax header has.
    for bytes in [[0x80, 0, 0, 0, 0x7F], [0xFF], [0x80, 0x7F]] as [[UInt8]] {
      entry.patch = (124, bytes + [UInt8](repeating: 0xFF, count: 12 - bytes.count))
      expect(.damaged) { _ = try read([entry]) }
    }
    for size in ["-1", "9223372036854775807", "99999999999999999999", "1073741824"] {
      let pax = TarAssembler.Entry("pax", paxRecord("size", size), kind: "x")
      expect(.damaged) { _ = try read([pax, .init("a", text)]) }
    }
  }

  @Test("refuses damaged headers and marks of the end")
  func damage() {
    var entry = TarAssembler.Entry("a", text)
    entry.damage = 1
    expect(.damaged, at: 0) { _ = try read([entry]) }
    expect(.damaged, at: 1024) { _ = try read([.init("b", text), entry]) }
    for end in [0, 512, 1023] {
      var archive = TarAssembler([.init("a", text)])
      archive.end = [UInt8](repeating: 0, count: end)
      expect(.damaged) { _ = try read(archive.bytes) }
    }
    var archive = TarAssembler([.init("a", text)])
    archive.end += [UInt8](repeating: 0, count: 5000)
    #expect(throws: Never.self) { try read(archive.bytes) }
    expect(.damaged, says: "after the mark") { _ = try read(archive.bytes + [1]) }
    archive.end = [UInt8](repeating: 0, count: 1024 + 1 << 20)
    #expect(throws: Never.self) { try read(archive.bytes) }
    expect(.damaged, says: "after the mark") { _ = try read(archive.bytes + [0]) }
    expect(.damaged) { _ = try read(large) }
  }

  @Test("refuses every truncation, plain and in a gzip stream")
  func truncation() {
    let bytes = TarAssembler([.init("a", text), .init("b", large)]).bytes
    let file = gzip(deflateStored(bytes), of: bytes)
    for count in stride(from: 1, to: bytes.count, by: 7) {
      expect(.damaged) { _ = try read(Array(bytes[..<count])) }
      expect(.damaged) { _ = try read(Array(file[..<count])) }
    }
    for count in file.count - 10..<file.count {
      expect(.damaged) { _ = try read(Array(file[..<count])) }
    }
  }

  @Test("refuses gzip streams of another sum or size, and what follows them")
  func gzipDamage() {
    let bytes = TarAssembler([.init("a", text)]).bytes
    let stream = deflateStored(bytes)
    let sum = crc32(bytes)
    #expect(throws: Never.self) { try read(gzip(stream, checksum: sum, count: bytes.count)) }
    expect(.damaged) { _ = try read(gzip(stream, checksum: sum ^ 1, count: bytes.count)) }
    expect(.damaged) { _ = try read(gzip(stream, checksum: sum, count: bytes.count + 1)) }
    let whole = gzip(stream, of: bytes)
    expect(.damaged, says: "after the gzip stream") { _ = try read(whole + [0]) }
    expect(.damaged) { _ = try read(whole + whole) }
    let twice = gzip(deflateStored(whole), of: whole)
    expect(.damaged) { _ = try read(twice) }
  }

  @Test("refuses bombs, in an entry and after the end, at their limits")
  func bombs() {
    var limits = TarArchive.Limits()
    limits.freeBytes = 3000
    limits.expansionRatio = 100
    // Nothing but zeros is an empty archive; its file inflates to 158 times its size.
    let zeros = gzip(deflateZeros(repeats: 10_000), checksum: 0, count: 2_580_001)
    expect(.damaged, says: "more than is allowed") { _ = try read(zeros, limits: limits) }
    limits.expansionRatio = 1
    let bytes = TarAssembler([.init("a", text)]).bytes
    let file = gzip(deflateStored(bytes), of: bytes)
    #expect(throws: Never.self) { try read(file, limits: limits) }
    limits.expandedBytes = bytes.count - 1
    expect(.damaged, says: "more than is allowed") { _ = try read(file, limits: limits) }
  }

  @Test("keeps to the limits that it is given")
  func limits() {
    let bytes = TarAssembler([.init("folder/", kind: "5"), .init("folder/file", text)]).bytes
    var limits = TarArchive.Limits()
    limits.entries = 2
    limits.nameBytes = 11
    limits.entryBytes = text.count
    #expect(throws: Never.self) { try read(bytes, limits: limits) }
    limits.entries = 1
    expect(.damaged, says: "at most 1 entries") { _ = try read(bytes, limits: limits) }
    limits.entries = 2
    limits.nameBytes = 10
    expect(.damaged, says: "10 bytes") { _ = try read(bytes, limits: limits) }
    limits.nameBytes = 11
    limits.entryBytes -= 1
    expect(.damaged, says: "folder/file of at most 18 bytes") {
      _ = try read(bytes, limits: limits)
    }
  }

  @Test("a long row of headers about headers ends")
  func headerChains() {
    let pax = TarAssembler.Entry("pax", paxRecord("comment", "x"), kind: "x")
    let gnu = TarAssembler.Entry("././@LongLink", Array("name".utf8) + [0], kind: "L")
    for header in [pax, gnu] {
      let chain = Array(repeating: header, count: 20_000)
      expect(.damaged) { _ = try read(chain + [.init("a", text)]) }
    }
  }
}

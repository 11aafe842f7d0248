// Hostile and broken ZIP archives: the kind of the error, and that no limit is passed.

import Formats
import TestSupport
import Testing

/// A change that makes a good archive bad.
struct ZIPDamage: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let change: @Sendable (inout ZIPAssembler) -> Void

  init(_ description: String, _ change: @escaping @Sendable (inout ZIPAssembler) -> Void) {
    testDescription = description
    self.change = change
  }
}

@Suite("Hostile ZIP archives")
struct HostileZIPTests {
  private static let zeros = [UInt8](repeating: 0, count: 1 + 258 * 40)

  /// A stored file, one with a descriptor, and a deflated one.
  private static var good: ZIPAssembler {
    var second = ZIPAssembler.Entry("b", Array(repeating: 7, count: 20))
    second.useDescriptor()
    return ZIPAssembler([
      .init("a/data.pkl", Array("content".utf8)), second,
      .init("c", deflated: deflateZeros(repeats: 40), of: zeros),
    ])
  }

  /// Reads the whole archive.
  private func read(
    _ file: ZIPAssembler, limits: ZIPArchive.Limits = ZIPArchive.Limits()
  ) throws {
    let archive = try file.read(limits: limits)
    for entry in archive.entries { _ = try archive.contents(of: entry) }
  }

  private func expect(_ kind: FileError.Kind, after damage: ZIPDamage) throws {
    try read(Self.good)
    var file = Self.good
    damage.change(&file)
    TestSupport.expect(kind) { try read(file) }
  }

  @Test(
    "refuses local headers that contradict the directory",
    arguments: [
      ZIPDamage("name") { $0.entries[0].local.name = Array("a/data.pkm".utf8) },
      ZIPDamage("longer name") { $0.entries[0].local.name += [0x6B] },
      ZIPDamage("flags") { $0.entries[0].local.flags = 2 },
      ZIPDamage("encrypted in one place") { $0.entries[0].local.flags = 1 },
      ZIPDamage("method") { $0.entries[2].local.method = 0 },
      ZIPDamage("check sum") { $0.entries[0].local.checksum ^= 1 },
      ZIPDamage("check sum of 0") { $0.entries[0].local.checksum = 0 },
      ZIPDamage("packed size") { $0.entries[2].local.packedCount += 1 },
      ZIPDamage("size") { $0.entries[2].local.byteCount += 1 },
      ZIPDamage("size of 0") { $0.entries[2].local.byteCount = 0 },
      ZIPDamage("descriptor only in one place") { $0.entries[0].local.flags = 8 },
      ZIPDamage("size beside a descriptor") { $0.entries[1].local.byteCount = 21 },
      ZIPDamage("64-bit size that is not there") { $0.entries[0].local.byteCount = .max },
      ZIPDamage("64-bit sizes") {
        $0.entries[0].local.extra =
          [1, 0, 16, 0] + littleEndian(UInt64(7)) + littleEndian(UInt64(8))
      },
      ZIPDamage("64-bit place") {
        $0.entries[0].local.extra = [1, 0, 8, 0] + littleEndian(UInt64(1))
      },
    ])
  func localHeader(damage: ZIPDamage) throws { try expect(.damaged, after: damage) }

  @Test(
    "refuses descriptors that contradict the directory, or are no descriptors",
    arguments: [
      ZIPDamage("check sum") { $0.entries[1].descriptor[4] ^= 1 },
      ZIPDamage("packed size") { $0.entries[1].descriptor[8] ^= 1 },
      ZIPDamage("size") { $0.entries[1].descriptor[12] ^= 1 },
      ZIPDamage("signature") { $0.entries[1].descriptor[0] = 0 },
      ZIPDamage("short") { $0.entries[1].descriptor.removeLast() },
      ZIPDamage("missing") { $0.entries[1].descriptor = [] },
      ZIPDamage("unannounced") { $0.entries[0].descriptor = $0.entries[1].descriptor },
    ])
  func descriptor(damage: ZIPDamage) throws { try expect(.damaged, after: damage) }

  @Test("refuses encrypted, patched and unknown forms", arguments: [0, 4, 5, 6, 7, 10, 12, 13, 15])
  func flags(bit: UInt16) throws {
    try expect(
      .damaged, after: ZIPDamage("flag") { $0.entries[0].setBoth { $0.flags |= 1 << bit } })
  }

  @Test("refuses unknown methods", arguments: [1, 6, 9, 12, 14, 93, 95, 97, 99] as [UInt16])
  func method(method: UInt16) throws {
    let damage = ZIPDamage("method") { $0.entries[0].setBoth { $0.method = method } }
    try expect(.damaged, after: damage)
  }

  @Test(
    "refuses content of another sum or size",
    arguments: [
      ZIPDamage("stored") { $0.entries[0].packed[0] ^= 1 },
      ZIPDamage("check sum") { $0.entries[2].setBoth { $0.checksum ^= 1 } },
      ZIPDamage("stored size") { $0.entries[0].setBoth { $0.byteCount += 1 } },
      ZIPDamage("inflates to less") { $0.entries[2].setBoth { $0.byteCount += 1 } },
      ZIPDamage("inflates to more") { $0.entries[2].setBoth { $0.byteCount -= 1 } },
      ZIPDamage("inflates to something") { $0.entries[2].setBoth { $0.byteCount = 0 } },
      ZIPDamage("not deflate") { $0.entries[2].packed[0] = 0xFF },
      ZIPDamage("truncated deflate") {
        $0.entries[2].packed.removeLast()
        $0.entries[2].setBoth { $0.packedCount -= 1 }
      },
      ZIPDamage("bytes after deflate") {
        $0.entries[2].packed.append(0)
        $0.entries[2].setBoth { $0.packedCount += 1 }
      },
      ZIPDamage("no deflate") {
        $0.entries[2].packed = []
        $0.entries[2].setBoth { $0.packedCount = 0 }
      },
    ])
  func content(damage: ZIPDamage) throws { try expect(.damaged, after: damage) }

  @Test(
    "refuses entries that share bytes",
    arguments: [
      ZIPDamage("two for one header") {
        let twin = $0.entries[0]
        $0.entries.append(twin)
        $0.entries[3].offset = 0
        $0.entries[3].setBoth { $0.name = Array("a/data.pkm".utf8) }
      },
      ZIPDamage("size into the next") {
        $0.entries[0].setBoth {
          $0.packedCount = 40; $0.byteCount = 40
        }
      },
      ZIPDamage("size into the directory") { $0.entries[2].setBoth { $0.packedCount += 50 } },
      ZIPDamage("header into the next") {
        let header = $0.entries[1].local
        $0.entries[0].setBoth {
          $0.packedCount += 100; $0.byteCount += 100
        }
        $0.entries[1].local = header
      },
    ])
  func overlap(damage: ZIPDamage) throws { try expect(.refusedAsUnsafe, after: damage) }

  @Test("refuses an archive inside an entry's content that is an entry too")
  func nested() {
    let inner = ZIPAssembler.Entry("in", [1, 2, 3])
    let header = Array(ZIPAssembler([inner]).bytes.prefix(30 + 2 + 3))
    var file = ZIPAssembler([.init("out", header), inner])
    // The directory's second entry lies inside the first one's content.
    file.entries[1].offset = 30 + 3
    file.entries[1].local.name = []
    TestSupport.expect(.refusedAsUnsafe) { try read(file) }
  }

  @Test(
    "refuses names that mean something else elsewhere",
    arguments: [
      "../x", "a/../x", "a/..", "..", ".", "./a", "a/./b", "/etc/passwd", "//x", "a//b", "a\\b",
      "\\x", "..\\x", "C:/x", "c:x", "a\u{0}b", "\u{0}", "/", "../", "a/../",
    ])
  func names(name: String) throws {
    let damage = ZIPDamage(name) {
      $0.entries[0] = .init(name, name.hasSuffix("/") ? [] : [1])
    }
    try expect(.refusedAsUnsafe, after: damage)
  }

  @Test(
    "refuses names that are damaged",
    arguments: [
      ZIPDamage("none") { $0.entries[0].setBoth { $0.name = [] } },
      ZIPDamage("not UTF-8") { $0.entries[0].setBoth { $0.name = [0xC3, 0x28] } },
      ZIPDamage("surrogate") { $0.entries[0].setBoth { $0.name = [0xED, 0xA0, 0x80] } },
      ZIPDamage("long") { $0.entries[0].setBoth { $0.name = Array(repeating: 0x61, count: 1025) } },
      ZIPDamage("twice") { $0.entries[1].setBoth { $0.name = Array("a/data.pkl".utf8) } },
      ZIPDamage("twice in Unicode") {
        $0.entries[0].setBoth { $0.name = Array("\u{E9}".utf8) }
        $0.entries[1].setBoth { $0.name = Array("e\u{301}".utf8) }
      },
      ZIPDamage("another in Unicode") {
        $0.entries[0].central.extra = [0x75, 0x70, 6, 0, 1, 0, 0, 0, 0, 0x78]
      },
      ZIPDamage("folder with content") { $0.entries[0].setBoth { $0.name = Array("a/".utf8) } },
    ])
  func damagedNames(damage: ZIPDamage) throws { try expect(.damaged, after: damage) }

  @Test(
    "refuses links and devices",
    arguments: [0o120777, 0o010644, 0o020644, 0o060644, 0o140644, 0o040755, 0o170000] as [UInt32])
  func links(mode: UInt32) throws {
    let damage = ZIPDamage("mode") { $0.entries[0].attributes = mode << 16 }
    try expect(.refusedAsUnsafe, after: damage)
  }

  @Test(
    "refuses bytes that belong to no entry",
    arguments: [
      ZIPDamage("before the first") { $0.prefix = [0x89, 0x50, 0x4E, 0x47] },
      ZIPDamage("before the directory") { $0.gap = [0] },
      ZIPDamage("after the directory") { $0.directorySuffix = [0x50, 0x4B, 5, 5, 0, 0] },
      ZIPDamage("after the end") { $0.suffix = [0] },
      ZIPDamage("an entry that the directory hides") { $0.entries[0].isInDirectory = false },
      ZIPDamage("one between") { $0.entries[1].isInDirectory = false },
      ZIPDamage("the last") { $0.entries[2].isInDirectory = false },
    ])
  func unaccounted(damage: ZIPDamage) throws { try expect(.damaged, after: damage) }

  @Test(
    "refuses ends that contradict the file or each other",
    arguments: [
      ZIPDamage("fewer entries") {
        $0.end.count = 2; $0.end.countHere = 2
      },
      ZIPDamage("more entries") {
        $0.end.count = 4; $0.end.countHere = 4
      },
      ZIPDamage("entries elsewhere") { $0.end.countHere = 2 },
      ZIPDamage("disk") { $0.end.disk = 1 },
      ZIPDamage("directory on another disk") { $0.end.directoryDisk = 1 },
      ZIPDamage("entry on another disk") { $0.entries[0].disk = 1 },
      ZIPDamage("directory of another size") { $0.end.size = 10 },
      ZIPDamage("directory elsewhere") { $0.end.offset = 1 },
      ZIPDamage("directory beyond the file") { $0.end.offset = 0xFFFF_FFF0 },
      ZIPDamage("64 bits announced but not there") { $0.end.offset = 0xFFFF_FFFF },
      ZIPDamage("comment longer than the file") { $0.commentCount = 1 },
      ZIPDamage("comment shorter than the file") {
        $0.comment = [1, 2]; $0.commentCount = 1
      },
      ZIPDamage("an end in the comment") { $0.comment = ZIPAssembler().bytes },
      ZIPDamage("part of an end in the comment") {
        $0.comment = [0x50, 0x4B, 5, 6] + Array(repeating: 0, count: 30)
      },
    ])
  func ends(damage: ZIPDamage) throws { try expect(.damaged, after: damage) }

  @Test(
    "refuses 64-bit ends that contradict the file or the other end",
    arguments: [
      ZIPDamage("count") { $0.wideEnd?.fields.count = 2 },
      ZIPDamage("absurd count") {
        $0.wideEnd?.fields.count = .max
        $0.wideEnd?.fields.countHere = .max
        ($0.end.countHere, $0.end.count) = (0xFFFF, 0xFFFF)
      },
      ZIPDamage("count of 2^40") {
        $0.wideEnd?.fields.count = 1 << 40
        $0.wideEnd?.fields.countHere = 1 << 40
        ($0.end.countHere, $0.end.count) = (0xFFFF, 0xFFFF)
      },
      ZIPDamage("size") {
        $0.wideEnd?.fields.size = .max; $0.end.size = 0xFFFF_FFFF
      },
      ZIPDamage("offset") {
        $0.wideEnd?.fields.offset = 1 << 63; $0.end.offset = 0xFFFF_FFFF
      },
      ZIPDamage("disk") {
        $0.wideEnd?.fields.disk = 1; $0.end.disk = 0xFFFF
      },
      ZIPDamage("disks") { $0.wideEnd?.disks = 2 },
      ZIPDamage("no disks") { $0.wideEnd?.disks = 0 },
      ZIPDamage("record of another size") { $0.wideEnd?.byteCount = 45 },
      ZIPDamage("record elsewhere") { $0.wideEnd?.place = 0 },
      ZIPDamage("record beyond the file") { $0.wideEnd?.place = .max },
      ZIPDamage("other end: count") {
        $0.end.count = 2; $0.end.countHere = 2
      },
      ZIPDamage("other end: offset") { $0.end.offset = 0 },
      ZIPDamage("bytes before it") { $0.directorySuffix = [0] },
    ])
  func wideEnds(damage: ZIPDamage) throws {
    try expect(
      .damaged,
      after: ZIPDamage("wide") {
        $0.wideEnd = .init()
        damage.change(&$0)
      })
  }

  @Test(
    "refuses extra fields that do not fit",
    arguments: [
      [1], [1, 0, 9, 0], [0x46, 0x42, 1, 0], [1, 0, 4, 0, 0, 0, 0, 0],
      [1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 1, 0, 0, 0],
      [1, 0, 32, 0] + [UInt8](repeating: 0, count: 32), [0x75, 0x70, 2, 0, 1, 0],
    ] as [[UInt8]])
  func extraFields(extra: [UInt8]) throws {
    let damage = ZIPDamage("extra") { $0.entries[1].central.extra = extra }
    try expect(.damaged, after: damage)
  }

  @Test("refuses a second archive appended to the first")
  func twoArchives() {
    let one = Self.good.bytes
    let region = ByteRegion(one + one, name: "two.zip")
    TestSupport.expect(.damaged) { _ = try ZIPArchive(region) }
  }

  @Test("refuses two ends that both reach the end of the file")
  func twoEnds() {
    // The comment of the directory's last entry is an end record whose own comment is the rest.
    var file = ZIPAssembler([("a", [1])])
    file.entries[0].comment = [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 16) + [22, 0]
    TestSupport.expect(.damaged, says: "two that fit") { try read(file) }
  }

  @Test("refuses a bad entry before the good one of its name")
  func badTwin() {
    let file = ZIPAssembler([("data.pkl", [1]), ("data.pkl", [2])])
    TestSupport.expect(.damaged, says: "each name once") { try read(file) }
  }

  @Test("refuses headers without their signatures")
  func signatures() {
    let bytes = Self.good.bytes
    for start in bytes.indices where bytes[start...].starts(with: [0x50, 0x4B]) {
      var damaged = bytes
      damaged[start] ^= 1
      let region = ByteRegion(damaged, name: "test.zip")
      TestSupport.expect(.damaged) { _ = try ZIPArchive(region) }
    }
  }

  @Test("refuses every truncation")
  func truncation() {
    let bytes = Self.good.bytes
    for count in 0..<bytes.count {
      let region = ByteRegion(Array(bytes[..<count]), name: "short.zip")
      TestSupport.expect(.damaged) { _ = try ZIPArchive(region) }
    }
  }

  @Test("refuses bombs by what the directory says")
  func bombs() {
    // 4 GB of zeros take 4 MB; a directory may say so with any content.
    var bomb = ZIPAssembler.Entry(
      "weights.npy", deflated: deflateZeros(repeats: 40), of: Self.zeros)
    bomb.setBoth { $0.byteCount = 0xFFFF_FFF0 }
    TestSupport.expect(.damaged, says: "at most 200 times") { try read(ZIPAssembler([bomb])) }
    var limits = ZIPArchive.Limits()
    limits.expandedBytes = 3 * Self.zeros.count
    let many = (0..<4).map {
      ZIPAssembler.Entry("\($0)", deflated: deflateZeros(repeats: 40), of: Self.zeros)
    }
    #expect(throws: Never.self) { try read(ZIPAssembler(Array(many[..<3])), limits: limits) }
    TestSupport.expect(.damaged, says: "after inflating") {
      try read(ZIPAssembler(many), limits: limits)
    }
    let stored = (0..<4).map { ZIPAssembler.Entry("\($0)", Self.zeros) }
    #expect(throws: Never.self) { try read(ZIPAssembler(stored), limits: limits) }
  }

  @Test("a content that inflates to more than it says is stopped there")
  func hiddenBomb() throws {
    let stream = deflateZeros(repeats: 40_000)
    let bomb = ZIPAssembler.Entry("small", deflated: stream, of: [0, 0, 0])
    let before = residentBytes()
    TestSupport.expect(.damaged, says: "more bytes") { try read(ZIPAssembler([bomb])) }
    if let before, let after = residentBytes() { #expect(after - before < 8 << 20) }
  }

  @Test("keeps to the limits that it is given")
  func limits() throws {
    var limits = ZIPArchive.Limits()
    limits.entries = 2
    TestSupport.expect(.damaged, says: "at most 2 entries") { try read(Self.good, limits: limits) }
    limits.entries = 3
    limits.nameBytes = 10
    limits.freeBytes = 100
    limits.expansionRatio = Self.zeros.count / deflateZeros(repeats: 40).count + 1
    try read(Self.good, limits: limits)
    limits.nameBytes = 9
    TestSupport.expect(.damaged, says: "9 bytes") { try read(Self.good, limits: limits) }
    limits.nameBytes = 10
    limits.expansionRatio -= 1
    TestSupport.expect(.damaged, says: "expand") { try read(Self.good, limits: limits) }
  }
}

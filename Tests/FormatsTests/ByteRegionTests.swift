// Regions, mapped files and the text of errors.

import Formats
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite("Byte regions")
struct ByteRegionTests {
  @Test("a slice of a slice keeps its place in the file")
  func slices() throws {
    let region = ByteRegion(Array(0..<100), name: "a")
    let inner = try region.slice(at: 10, count: 50).slice(at: 5, count: 3)
    #expect(inner.copy() == [15, 16, 17])
    #expect(inner.fileOffset == 15)
    #expect(inner[2] == 17)
  }

  @Test(
    "refuses slices that are not inside",
    arguments: [(-1, 2), (2, -1), (5, 6), (11, 0), (Int.max, 1), (1, Int.max)])
  func outside(offset: Int, count: Int) {
    let region = ByteRegion(Array(0..<10), name: "a")
    expect(.damaged) { _ = try region.slice(at: offset, count: count) }
  }

  @Test("reads little-endian integers at any alignment")
  func integers() throws {
    let region = ByteRegion([0, 1, 2, 3, 4, 0xFF, 0xFF], name: "a")
    #expect(try region.integer(at: 1, as: UInt32.self) == 0x0403_0201)
    #expect(try region.integer(at: 5, as: Int16.self) == -1)
    expect(.damaged, at: 6) { _ = try region.integer(at: 6, as: UInt16.self) }
  }

  @Test("a mapped file has the file's bytes", arguments: [0, 1, 5000])
  func mapping(count: Int) throws {
    try withScratchFolder { folder in
      let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
      try put(content, at: "\(folder)/file")
      let region = try ByteRegion(mapping: "\(folder)/file")
      #expect(region.copy() == content)
      #expect(region.name == "\(folder)/file")
    }
  }

  @Test("a file beyond four gigabytes is mapped, not read")
  func sparse() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/large"
      try put([], at: path)
      try #require(truncate(path, 5 << 30) == 0)
      let region = try ByteRegion(mapping: path)
      #expect(region.count == 5 << 30)
      #expect(try region.integer(at: (5 << 30) - 8, as: UInt64.self) == 0)
    }
  }

  @Test("says that a file is missing")
  func missing() throws {
    try withScratchFolder { folder in
      expect(.missing) { _ = try ByteRegion(mapping: "\(folder)/none") }
      try put([1], at: "\(folder)/file")
      expect(.missing) { _ = try ByteRegion(mapping: "\(folder)/file/x") }
      symlink("nowhere", "\(folder)/dangling")
      expect(.missing) { _ = try ByteRegion(mapping: "\(folder)/dangling") }
      expect(.missing) { _ = try ByteRegion(mapping: "\(folder)/file\0name") }
      expect(.missing) { _ = try ByteRegion(mapping: "") }
    }
  }

  @Test("refuses what is not a regular file, without waiting for it")
  func irregular() throws {
    try withScratchFolder { folder in
      expect(.unreadable, says: "directory") { _ = try ByteRegion(mapping: folder) }
      expect(.unreadable, says: "device") { _ = try ByteRegion(mapping: "/dev/zero") }
      let pipe = "\(folder)/pipe"
      try #require(mkfifo(pipe, 0o600) == 0)
      expect(.unreadable, says: "pipe") { _ = try ByteRegion(mapping: pipe) }
    }
  }
}

@Suite("File errors")
struct FileErrorTests {
  @Test("the description is one line, whatever the file holds")
  func oneLine() {
    let error = FileError(
      .damaged, file: "a\nb\u{1B}[31m", offset: 7, expected: "x\r\u{202E}", found: "y\u{0}\u{2028}z"
    )
    #expect(
      error.description
        == "a\\u{a}b\\u{1b}[31m: damaged at byte 7: expected x\\u{d}\\u{202e}, "
        + "found y\\u{0}\\u{2028}z")
  }

  @Test("the description says something where the file holds an empty text")
  func emptyText() {
    let error = FileError(.damaged, file: "f", expected: "a name", found: "")
    #expect(error.description == "f: damaged: expected a name, found nothing")
  }

  @Test("long texts are cut")
  func long() {
    let error = FileError(
      .missing, file: "f", expected: String(repeating: "a", count: 1_000_000), found: "b")
    #expect(error.description.count < 500)
  }

  @Test("each kind has its exit code")
  func exitCodes() {
    let codes = FileError.Kind.allCases.map(\.exitCode)
    #expect(codes == [65, 65, 65, 69, 77, 66, 74, 73, 74])
  }
}

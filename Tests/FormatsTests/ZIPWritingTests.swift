// Writing ZIP: what is written is read back, aligned, the same each time, or not there at all.

import Formats
import TestSupport
import Testing

@Suite("ZIP writing")
struct ZIPWritingTests {
  private let files: [(name: String, content: [UInt8])] = [
    ("archive/data.pkl", Array("pickle".utf8)), ("größe 🎨", []),
    ("archive/data/0", (0..<200).map { $0 }), ("last", [9]),
  ]

  private var entries: [ZIPArchive.NewEntry] {
    files.map { file in
      .init(name: file.name) { ByteRegion(file.content, name: "memory") }
    }
  }

  private func check(_ path: String, alignment: Int) throws {
    let archive = try ZIPArchive(ByteRegion(mapping: path))
    #expect(archive.entries.map(\.name) == files.map(\.name))
    for (entry, file) in zip(archive.entries, files) {
      let content = try archive.contents(of: entry)
      #expect(content.copy() == file.content)
      #expect(content.fileOffset.isMultiple(of: alignment), "\(entry.name)")
    }
  }

  @Test("what is written is read back, aligned", arguments: [1, 2, 3, 8, 64, 4096, 32768])
  func roundTrip(alignment: Int) throws {
    try withScratchFolder { folder in
      try ZIPArchive.write(entries, alignment: alignment, to: "\(folder)/file")
      try check("\(folder)/file", alignment: alignment)
    }
  }

  @Test("64-bit numbers are written where they are needed", arguments: [0, 1, 7, 100, 150, 400])
  func wide(limit: Int) throws {
    try withScratchFolder { folder in
      try ZIPArchive.write(entries, alignment: 16, to: "\(folder)/file", wideFrom: limit)
      try check("\(folder)/file", alignment: 16)
      try ZIPArchive.write([], alignment: 16, to: "\(folder)/empty", wideFrom: limit)
      #expect(try ZIPArchive(ByteRegion(mapping: "\(folder)/empty")).entries.isEmpty)
    }
  }

  @Test("equal content gives equal files")
  func canonical() throws {
    try withScratchFolder { folder in
      for name in ["a", "b"] { try ZIPArchive.write(entries, to: "\(folder)/\(name)") }
      let a = try ByteRegion(mapping: "\(folder)/a").copy()
      #expect(try ByteRegion(mapping: "\(folder)/b").copy() == a)
    }
  }

  @Test("as many entries as 16 bits do not count survive")
  func many() throws {
    let names = (0..<65_536).map { "\($0)" }
    try withScratchFolder { folder in
      try ZIPArchive.write(
        names.map { name in .init(name: name) { ByteRegion([], name: name) } },
        to: "\(folder)/file")
      let bytes = try ByteRegion(mapping: "\(folder)/file")
      expect(.damaged, says: "at most 10000 entries") { _ = try ZIPArchive(bytes) }
      var limits = ZIPArchive.Limits()
      limits.entries = 65_536
      #expect(try ZIPArchive(bytes, limits: limits).entries.map(\.name) == names)
    }
  }

  @Test("a failing content leaves the old file as it was")
  func failure() throws {
    struct Failure: Error {}
    try withScratchFolder { folder in
      try put([1, 2, 3], at: "\(folder)/file")
      let failing = ZIPArchive.NewEntry(name: "b") { throw Failure() }
      #expect(throws: Failure.self) {
        try ZIPArchive.write(entries + [failing], to: "\(folder)/file")
      }
      #expect(try ByteRegion(mapping: "\(folder)/file").copy() == [1, 2, 3])
      #expect(names(in: folder) == ["file"])
    }
  }
}

// New folders: there when they are whole, and never in the place of anything.

import Formats
import TestSupport
import Testing

@Suite("New folders")
struct NewFolderTests {
  private func file(_ name: String, _ text: String) -> ZIPArchive.NewEntry {
    ZIPArchive.NewEntry(name: name) { ByteRegion(Array(text.utf8), name: name) }
  }

  @Test("a folder is there with all its files, or not at all")
  func whole() throws {
    try withScratchFolder { scratch in
      let folder = try NewFolder(at: "\(scratch)/set")
      try folder.write([file("a/b.txt", "1"), file("c.txt", "2")])
      #expect(!names(in: scratch).contains("set"))
      try folder.finish()
      #expect(names(in: scratch) == ["set"])
      #expect(names(in: "\(scratch)/set") == ["a", "c.txt"])
      #expect(try ByteRegion(mapping: "\(scratch)/set/a/b.txt").copy() == Array("1".utf8))
    }
  }

  @Test("what is given up leaves nothing, and errors name the file that would have been")
  func discarded() throws {
    try withScratchFolder { scratch in
      let folder = try NewFolder(at: "\(scratch)/set")
      defer { #expect(names(in: scratch).isEmpty) }
      defer { folder.discard() }
      try folder.write([file("a", "1")])
      expect(.ioFailed, says: "broken") {
        try folder.write([
          ZIPArchive.NewEntry(name: "b") {
            throw FileError(.ioFailed, file: "b", expected: "c", found: "broken")
          }
        ])
      }
      let error = expect(.cannotCreate) { try folder.write([file("a/b", "1")]) }
      #expect(error?.description.contains("partial") == false)
    }
  }

  @Test("nothing is replaced, neither at the beginning nor at the end")
  func taken() throws {
    try withScratchFolder { scratch in
      try put([1], at: "\(scratch)/file")
      expect(.cannotCreate, says: "a free name, found a file") {
        _ = try NewFolder(at: "\(scratch)/file")
      }
      expect(.cannotCreate, says: "found a directory") { _ = try NewFolder(at: scratch) }
      let folder = try NewFolder(at: "\(scratch)/set")
      defer { folder.discard() }
      try put([2], at: "\(scratch)/set")
      expect(.cannotCreate) { try folder.finish() }
      #expect(try ByteRegion(mapping: "\(scratch)/set").copy() == [2])
      expect(.cannotCreate) { _ = try NewFolder(at: "\(scratch)/absent/set") }
    }
  }
}

// Writing files: whole or not at all.

import Formats
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

@Suite("Atomic files")
struct AtomicFileTests {
  private struct Interruption: Error {}

  @Test("writes small and large pieces in order", arguments: [0, 1, 1 << 16, 200_000])
  func pieces(count: Int) throws {
    try withScratchFolder { folder in
      let large = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
      try writeAtomically(to: "\(folder)/file") { sink in
        try sink.write([1, 2])
        try sink.write(large)
        try sink.write([3])
        #expect(sink.byteCount == count + 3)
      }
      #expect(try ByteRegion(mapping: "\(folder)/file").copy() == [1, 2] + large + [3])
      #expect(names(in: folder) == ["file"])
    }
  }

  @Test("replaces an older file")
  func replaces() throws {
    try withScratchFolder { folder in
      try put([1, 2, 3], at: "\(folder)/file")
      try writeAtomically(to: "\(folder)/file") { try $0.write([9]) }
      #expect(try ByteRegion(mapping: "\(folder)/file").copy() == [9])
    }
  }

  @Test("a failure leaves the older file and nothing else")
  func failure() throws {
    try withScratchFolder { folder in
      try put([1, 2, 3], at: "\(folder)/file")
      #expect(throws: Interruption.self) {
        try writeAtomically(to: "\(folder)/file") { sink in
          try sink.write([UInt8](repeating: 0, count: 100_000))
          throw Interruption()
        }
      }
      #expect(try ByteRegion(mapping: "\(folder)/file").copy() == [1, 2, 3])
      #expect(names(in: folder) == ["file"])
    }
  }

  @Test("while it is written, the older file can still be read")
  func meanwhile() throws {
    try withScratchFolder { folder in
      try put([1], at: "\(folder)/file")
      try writeAtomically(to: "\(folder)/file") { sink in
        try sink.write([UInt8](repeating: 2, count: 100_000))
        #expect(try ByteRegion(mapping: "\(folder)/file").copy() == [1])
      }
    }
  }

  @Test("says that a file cannot be created")
  func cannotCreate() throws {
    try withScratchFolder { folder in
      expect(.cannotCreate) { try writeAtomically(to: "\(folder)/none/file") { _ in } }
      expect(.cannotCreate) { try writeAtomically(to: "\(folder)/a\0b") { _ in } }
      expect(.cannotCreate) { try writeAtomically(to: "") { _ in } }
      try #require(mkdir("\(folder)/taken", 0o700) == 0)
      expect(.cannotCreate) { try writeAtomically(to: "\(folder)/taken") { _ in } }
      #expect(names(in: folder) == ["taken"])
    }
  }

  @Test("replaces regular files only")
  func notReplaced() throws {
    try withScratchFolder { folder in
      try put([1], at: "\(folder)/file")
      try #require(mkfifo("\(folder)/pipe", 0o600) == 0)
      try #require(symlink("file", "\(folder)/link") == 0)
      try #require(symlink("nothing", "\(folder)/broken") == 0)
      let before = names(in: folder)
      for (name, found) in [("pipe", "a pipe"), ("link", "a link"), ("broken", "a link")] {
        var isAsked = false
        let error = expect(.cannotCreate, says: "found \(found)") {
          try writeAtomically(to: "\(folder)/\(name)") { _ in isAsked = true }
        }
        #expect(error?.file == "\(folder)/\(name)")
        #expect(!isAsked)
      }
      #expect(names(in: folder) == before)
      #expect(try ByteRegion(mapping: "\(folder)/file").copy() == [1])
      var status = stat()
      #expect(lstat("\(folder)/pipe", &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    }
  }

  @Test("names of any length that the system takes are written", arguments: ["a", "é", "🎨"])
  func longNames(letter: String) throws {
    try withScratchFolder { folder in
      let name = String(repeating: letter, count: 252 / letter.utf8.count)
      try writeAtomically(to: "\(folder)/\(name)") { try $0.write([1]) }
      #expect(names(in: folder) == [name])
    }
  }
}

@Suite("File replacements")
struct FileReplacementTests {
  @Test("have their names when they are finished, all of them or none")
  func several() throws {
    try withScratchFolder { folder in
      func replacements() throws -> [FileReplacement] {
        try ["a", "b"].map { try FileReplacement(of: "\(folder)/\($0)", mayReplace: false) }
      }
      let lost = try replacements()
      for file in lost { try put([1], at: file.temporary) }
      // A file that appears while the others are written.
      try put([2], at: "\(folder)/b")
      expect(.cannotCreate, says: "a free name, or --force") { try FileReplacement.finish(lost) }
      for file in lost { file.discard() }
      #expect(names(in: folder) == ["b"])
      #expect(try ByteRegion(mapping: "\(folder)/b").copy() == [2])
      expect(.cannotCreate, says: "found a file") { _ = try replacements() }

      #expect(remove("\(folder)/b") == 0)
      let kept = try replacements()
      for file in kept { try put([3], at: file.temporary) }
      try FileReplacement.finish(kept)
      for file in kept { file.discard() }
      #expect(names(in: folder) == ["a", "b"])
    }
  }

  @Test("where one cannot have its name, the others are as they were, with their old content")
  func undone() throws {
    try withScratchFolder { folder in
      try put([1], at: "\(folder)/a")
      try put([2], at: "\(folder)/c")
      let before = try inode("\(folder)/a")
      let files = try ["a", "b", "c", "d"].map { try FileReplacement(of: "\(folder)/\($0)") }
      // Of the third there is nothing that could get the name.
      for file in [files[0], files[1], files[3]] { try put([9], at: file.temporary) }
      let error = expect(.cannotCreate, says: "a name for the finished file") {
        try FileReplacement.finish(files)
      }
      #expect(error?.file == "\(folder)/c")
      for file in files { file.discard() }
      #expect(names(in: folder) == ["a", "c"])
      #expect(try ByteRegion(mapping: "\(folder)/a").copy() == [1])
      #expect(try ByteRegion(mapping: "\(folder)/c").copy() == [2])
      #expect(try inode("\(folder)/a") == before)

      for file in files { try put([9], at: file.temporary) }
      try FileReplacement.finish(files)
      #expect(names(in: folder) == ["a", "b", "c", "d"])
      for name in names(in: folder) {
        #expect(try ByteRegion(mapping: "\(folder)/\(name)").copy() == [9])
      }
    }
  }

  private func inode(_ path: String) throws -> UInt64 {
    var status = stat()
    try #require(lstat(path, &status) == 0)
    return UInt64(status.st_ino)
  }

  @Test("a file that appears after the names were checked is not replaced")
  func appearing() throws {
    try withScratchFolder { folder in
      // The first gets the name after all were checked, and before the second.
      let files = try [1, 2].map { _ in
        try FileReplacement(of: "\(folder)/a", mayReplace: false)
      }
      for (content, file) in files.enumerated() { try put([UInt8(content)], at: file.temporary) }
      expect(.cannotCreate, says: "a free name, or --force") { try FileReplacement.finish(files) }
      #expect(!names(in: folder).contains("a"))
      for file in files { file.discard() }
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test("errors about the temporary file name the file that it will be")
  func errors() throws {
    try withScratchFolder { folder in
      let file = try FileReplacement(of: "\(folder)/a")
      let missing = expect(.missing) {
        try file.write { _ = try ByteRegion(mapping: $0) }
      }
      #expect(missing?.file == "\(folder)/a")
      let damaged = expect(.damaged, at: 0) {
        try file.write { temporary in
          try put([1, 2], at: temporary)
          _ = try PNG(path: temporary)
        }
      }
      #expect(damaged?.file == "\(folder)/a")
      #expect(damaged?.description.contains("partial") == false)
      let other = expect(.missing) {
        try file.write { _ in _ = try ByteRegion(mapping: "\(folder)/other") }
      }
      #expect(other?.file == "\(folder)/other")
      file.discard()
      #expect(names(in: folder).isEmpty)
    }
  }
}

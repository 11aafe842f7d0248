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
}

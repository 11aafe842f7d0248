// gzip files and MNIST's arrays: as they are published, and damaged.

import Formats
import TestSupport
import Testing

@Suite("gzip files")
struct GzipFileTests {
  private let content = (0..<3000).map { UInt8(truncatingIfNeeded: $0 * 3) }
  private var file: [UInt8] { gzip(deflateStored(content), of: content) }

  private func read(_ bytes: [UInt8], limit: Int = 1 << 20) throws -> [UInt8] {
    try GzipFile.contents(of: ByteRegion(bytes, name: "a.gz"), limit: limit).copy()
  }

  @Test("the content comes out, whatever stands in the header")
  func contents() throws {
    #expect(try read(file) == content)
    let start = Array(file.prefix(10))
    let rest = Array(file.dropFirst(10))
    func header(_ flags: UInt8, _ more: [UInt8]) -> [UInt8] {
      start.prefix(3) + [flags] + start.dropFirst(4) + more + rest
    }
    #expect(try read(header(8, Array("train-images\0".utf8))) == content)
    #expect(try read(header(0x1C, [2, 0, 9, 9] + Array("name\0comment\0".utf8))) == content)
    #expect(try read(header(2, [1, 2])) == content)
    #expect(GzipFile.recognises(ByteRegion(file, name: "a")))
    #expect(!GzipFile.recognises(ByteRegion([0x1F, 0x8B], name: "a")))
  }

  @Test("cut, changed, doubled or padded files are refused")
  func damaged() throws {
    for length in 0..<file.count where length < 40 || length > file.count - 20 {
      #expect(throws: FileError.self) { try read(Array(file[..<length])) }
    }
    for place in [12, 15, 100, file.count - 8, file.count - 5, file.count - 4, file.count - 1] {
      var bytes = file
      bytes[place] ^= 4
      expect(.damaged) { _ = try read(bytes) }
    }
    expect(.damaged) { _ = try read(file + file) }
    expect(.damaged) { _ = try read(file + [0]) }
    var flags = file
    flags[3] = 0x20
    expect(.damaged, says: "a gzip stream") { _ = try read(flags) }
  }

  @Test("a file that was cut is said to be, wherever it was cut and whatever its end then reads as")
  func truncated() throws {
    for length in 20..<file.count {
      expect(.damaged, says: "expected a whole gzip stream, found a truncated one") {
        _ = try read(Array(file[..<length]))
      }
    }
    // What goes on to its end is not.
    var changed = file
    changed[file.count - 5] ^= 4
    expect(.damaged, says: "expected CRC-32") { _ = try read(changed) }
  }

  @Test("what would be larger than the limit, or than deflate can make, takes no memory")
  func limits() throws {
    expect(.damaged, says: "a content of at most 2999 bytes, found 3000") {
      _ = try read(file, limit: 2999)
    }
    let bomb = gzip(deflateZeros(repeats: 10), checksum: 0, count: 1 << 31)
    expect(.damaged, says: "a content of at most ") { _ = try read(bomb, limit: .max) }
  }
}

@Suite("MNIST's arrays")
struct IDXTests {
  private func read(_ bytes: [UInt8]) throws -> IDX { try IDX(ByteRegion(bytes, name: "a")) }

  private func header(_ shape: [UInt32], type: UInt8 = 8) -> [UInt8] {
    [0, 0, type, UInt8(shape.count)] + shape.flatMap { Array(littleEndian($0).reversed()) }
  }

  @Test("axes are counted from the largest on, and the elements follow")
  func shapes() throws {
    let pictures = try read(header([2, 3, 4]) + (0..<24))
    #expect(pictures.shape == [2, 3, 4] && pictures.elements.copy() == Array(0..<24))
    #expect(try read(header([3]) + [1, 2, 3]).shape == [3])
    #expect(try read(header([0, 28, 28])).elements.count == 0)
  }

  @Test("other types, other numbers of axes, and other sizes than announced are refused")
  func refused() {
    for (bytes, words) in [
      ([], "an array of bytes, found an empty file"),
      (header([1], type: 0x0D) + [1], "0x0 0x0 0xd"),
      ([0, 0, 8, 0], "1 to 4 axes"), ([0, 0, 8, 5] + [UInt8](repeating: 0, count: 20), "1 to 4"),
      (header([4]) + [1, 2, 3], "expected 3 elements, as many as bytes follow, found 4"),
      (header([2]) + [1, 2, 3], "found 2"),
      (header([.max, .max, .max]) + [1], "found 4294967295 x 4294967295 x 4294967295"),
      ([0, 0, 8, 3, 0, 0], "bytes, found"),
    ] as [([UInt8], String)] { expect(.damaged, says: words) { _ = try read(bytes) } }
  }
}

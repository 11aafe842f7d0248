// Pictures in LMDB databases: LSUN's, and those prepared for StyleSwin.

import Datasets
import Formats
import TestSupport
import Testing

@Suite("Pictures in LMDB")
struct PictureDatabaseTests {
  /// Writes a database as liblmdb leaves it, and gives its folder.
  private func makeDatabase(_ pairs: [(String, [UInt8])], in scratch: String) throws -> String {
    let sorted = pairs.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
    return try makeFolder(
      [("data.mdb", LMDBAssembler(sorted).bytes), ("lock.mdb", [])], in: scratch)
  }

  @Test("LSUN's pictures come in the order of their keys, PNG, JPEG or WebP")
  func lsun() throws {
    try withScratchFolder { scratch in
      let picture = noise(width: 16, height: 16, channels: 3, seed: 3)
      try JPEG.write(picture, quality: 95, to: "\(scratch)/a.jpg")
      try WebP.write(picture, quality: .lossless, to: "\(scratch)/a.webp")
      let pairs = [
        ("ff00", try png(16, seed: 1)),
        ("00aa", try ByteRegion(mapping: "\(scratch)/a.webp").copy()),
        ("77", try ByteRegion(mapping: "\(scratch)/a.jpg").copy()),
      ]
      let path = try makeDatabase(pairs, in: scratch)
      for place in [path, "\(path)/", "\(path)/data.mdb"] {
        let set = try ImageDataset(path: place)
        #expect(set.files.form == "lmdb" && set.files.isArchive && !set.files.hasSplits)
        #expect(set.files.pictures == ["00aa", "77", "ff00"])
        #expect(set.labelKind == .none && set.name == "set")
        #expect(try set.image(at: 0) == picture)
        #expect(try set.image(at: 2) == noise(width: 16, height: 16, channels: 3, seed: 1))
        #expect(try set.files.header(at: 1).format == .jpeg)
        #expect(set.files.byteCount(at: 2) == pairs[0].1.count)
      }
      #expect(try PictureFiles.at("\(path)/data.mdb").pictures.count == 3)
    }
  }

  /// The fixture was written by liblmdb 0.9.36 with pictures of Pillow 11.3: four of noise, each with
  /// 16 and with 32 pixels a side, the even ones as PNG, the others as lossless WebP.
  @Test("data prepared for StyleSwin are the numbered pictures of one side, or of the largest")
  func fixture() throws {
    let path = "\(repository)/Tests/DatasetsTests/Fixtures/numbered.lmdb"
    for (wanted, side) in [(nil, 32), (8, 16), (16, 16), (17, 32), (32, 32), (64, 32)] {
      let files = try PictureFiles(path: path, side: wanted)
      #expect(files.pictures == (0..<4).map { "\(side)-0000\($0)" })
      for index in 0..<4 {
        let expected = noise(width: side, height: side, channels: 3, seed: UInt32(index + side))
        #expect(try files.image(at: index) == expected)
      }
    }
  }

  @Test("numbers beyond five digits count as numbers, and those beyond the length not at all")
  func manyNumbers() throws {
    try withScratchFolder { scratch in
      let content = try png()
      var pairs = (0..<4).map { ("8-0000\($0)", content) }
      pairs += [("8-100000", try png(seed: 9)), ("length", Array("4".utf8))]
      #expect(try PictureFiles(path: makeDatabase(pairs, in: scratch)).pictures.count == 4)
    }
  }

  @Test("keys and lengths that do not fit, and values that are no pictures, are refused")
  func refused() throws {
    try withScratchFolder { scratch in
      let content = try png()
      for (pairs, words) in [
        (
          [("8-00000", content), ("8-00002", content), ("length", Array("2".utf8))],
          "picture 1 of 2 with a side of 8, found none"
        ),
        ([("8-00000", content), ("length", Array("2".utf8))], "2 pictures, as \"length\" says"),
        ([("8-00000", content), ("length", [0xFF])], "the number of pictures under \"length\""),
        ([("8-00000", content), ("length", Array("-1".utf8))], "found -1"),
        ([("a", content), ("length", Array("1".utf8))], "keys such as 256-00000 beside length"),
        ([("8-0", content), ("length", Array("1".utf8))], "found 8-0"),
      ] as [([(String, [UInt8])], String)] {
        let path = try makeDatabase(pairs, in: scratch)
        expect(.damaged, says: words) { _ = try PictureFiles(path: path) }
      }
      let path = try makeDatabase([("a", content), ("b", [1, 2, 3])], in: scratch)
      let error = expectDatasetError("set/b: damaged at byte") { _ = try ImageDataset(path: path) }
      #expect(error?.index == 1 && error?.expected == "a PNG, JPEG or WebP picture")
      expectDatasetError("expected pictures") {
        _ = try ImageDataset(path: makeDatabase([], in: scratch))
      }
    }
  }

  @Test("a database that is cut is one line of error, and keys that are no text are shown by bytes")
  func damaged() throws {
    try withScratchFolder { scratch in
      let pairs = try (0..<30).map { ("\(100 + $0)", try png(seed: UInt32($0))) }
      let bytes = LMDBAssembler(pairs).bytes
      for share in [10, 30, 50, 70, 90] {
        let path = try makeFolder(
          [("data.mdb", Array(bytes[..<(bytes.count * share / 100)]))], in: scratch)
        expectDatasetError("data.mdb: damaged at byte") { _ = try ImageDataset(path: path) }
      }
      var database = LMDBAssembler([("ab", try png())])
      database.pairs[0].key = [0x61, 0x0A]
      let path = try makeFolder([("data.mdb", database.bytes)], in: scratch)
      #expect(try PictureFiles(path: path).pictures == ["0x610a"])
    }
  }
}

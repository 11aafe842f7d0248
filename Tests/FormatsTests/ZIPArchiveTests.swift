// ZIP: what other programs write is read, contents are views or inflated, and limits hold.

import Formats
import Foundation
import TestSupport
import Testing

/// A file that another program wrote.
func fixture(_ name: String) -> String {
  URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)").path()
}

@Suite("ZIP")
struct ZIPArchiveTests {
  private let text = Array("what the file holds".utf8)

  private func contents(_ archive: ZIPArchive) throws -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    for entry in archive.entries { contents[entry.name] = try archive.contents(of: entry).copy() }
    return contents
  }

  @Test("stored files are views of the archive")
  func stored() throws {
    let archive = try ZIPAssembler([("a/data.pkl", text), ("b", []), ("ü 🎨.txt", [7])]).read()
    #expect(archive.entries.map(\.name) == ["a/data.pkl", "b", "ü 🎨.txt"])
    #expect(archive.entries.map(\.byteCount) == [text.count, 0, 1])
    let entry = try #require(archive["a/data.pkl"])
    let content = try archive.contents(of: entry)
    #expect(entry.isStored)
    #expect(content.copy() == text)
    #expect(content.name == "test.zip")
    #expect(content.fileOffset == 30 + 10)
    #expect(archive["a"] == nil)
    #expect(try contents(archive)["ü 🎨.txt"] == [7])
  }

  @Test("deflated files are inflated")
  func deflated() throws {
    let zeros = [UInt8](repeating: 0, count: 1 + 258 * 3)
    let archive = try ZIPAssembler([
      .init("zeros", deflated: deflateZeros(repeats: 3), of: zeros),
      .init("text", deflated: deflateStored(text), of: text),
      .init("empty", deflated: deflateStored([]), of: []),
    ]).read()
    #expect(archive.entries.allSatisfy { !$0.isStored })
    #expect(try contents(archive) == ["zeros": zeros, "text": text, "empty": []])
  }

  @Test("an empty archive has no entries")
  func empty() throws {
    #expect(try ZIPAssembler().read().entries.isEmpty)
    #expect(ZIPArchive.recognises(ZIPAssembler().region))
    #expect(ZIPArchive.recognises(ZIPAssembler([("a", [])]).region))
    #expect(!ZIPArchive.recognises(ByteRegion([0x50, 0x4B, 3], name: "short")))
    #expect(!ZIPArchive.recognises(ByteRegion([0x80, 2, 0x7D, 0x2E], name: "pickle")))
  }

  @Test("folders are skipped")
  func folders() throws {
    var folder = ZIPAssembler.Entry("a/", [])
    folder.attributes = 0o040755 << 16
    var file = ZIPAssembler.Entry("a/b", [1])
    file.attributes = 0o100644 << 16
    #expect(try ZIPAssembler([folder, file]).read().entries.map(\.name) == ["a/b"])
  }

  @Test("descriptors of all four forms are read", arguments: [true, false], [true, false])
  func descriptors(isSigned: Bool, isWide: Bool) throws {
    var entry = ZIPAssembler.Entry("a", text)
    entry.useDescriptor(isSigned: isSigned, isWide: isWide)
    let archive = try ZIPAssembler([entry, .init("b", [1])]).read()
    #expect(try contents(archive) == ["a": text, "b": [1]])
  }

  @Test("64-bit numbers are read where they are not needed, as NumPy writes them")
  func wideNumbers() throws {
    var entry = ZIPAssembler.Entry("a", text)
    let sizes = littleEndian(UInt64(text.count)) + littleEndian(UInt64(text.count))
    entry.local.extra = [1, 0, 16, 0] + sizes
    (entry.local.packedCount, entry.local.byteCount) = (.max, .max)
    var file = ZIPAssembler([entry])
    #expect(try contents(file.read()) == ["a": text])

    file.entries[0].central.extra = [1, 0, 24, 0] + sizes + littleEndian(UInt64(0))
    (file.entries[0].central.packedCount, file.entries[0].central.byteCount) = (.max, .max)
    file.entries[0].offset = .max
    #expect(try contents(file.read()) == ["a": text])

    file.wideEnd = ZIPAssembler.WideEnd()
    #expect(try contents(file.read()) == ["a": text])
    (file.end.countHere, file.end.count) = (0xFFFF, 0xFFFF)
    (file.end.size, file.end.offset) = (0xFFFF_FFFF, 0xFFFF_FFFF)
    #expect(try contents(file.read()) == ["a": text])
  }

  @Test("other extra fields and comments mean nothing")
  func otherFields() throws {
    var entry = ZIPAssembler.Entry("größe", text)
    entry.local.extra = [0x46, 0x42, 3, 0, 0x5A, 0x5A, 0x5A]
    entry.central.extra = [0x75, 0x70, 12, 0, 1, 0, 0, 0, 0] + Array("größe".utf8)
    entry.comment = Array("PK".utf8)
    var file = ZIPAssembler([entry])
    file.comment = Array("a comment".utf8)
    #expect(try contents(file.read()) == ["größe": text])
  }

  @Test(
    "reads what torch.save writes",
    arguments: [
      "checkpoint-rosinality-pt/views-zip.pt", "checkpoint-rosinality-pt/training-zip.pt",
      "checkpoint-psp/psp.pt", "checkpoint-styleswin/050000.pt", "checkpoint-stylenat/050000.pt",
      "checkpoint-edit/edit_transformer.pt",
    ])
  func torch(file: String) throws {
    let archive = try ZIPArchive(ByteRegion(mapping: caseFile(file)))
    let root = try #require(archive.entries.first?.name.split(separator: "/").first)
    for entry in archive.entries {
      #expect(try archive.contents(of: entry).count == entry.byteCount)
      #expect(entry.isStored)
    }
    let version = try #require(archive["\(root)/version"])
    #expect(try archive.contents(of: version).copy() == Array("3\n".utf8))
    let order = try #require(archive["\(root)/byteorder"])
    #expect(try archive.contents(of: order).copy() == Array("little".utf8))
    let storage = try #require(archive["\(root)/data/0"])
    #expect(try archive.contents(of: storage).fileOffset.isMultiple(of: 64))
  }

  // zip 3.0: `zip -rX infozip.zip folder`, with a stored, a deflated and a non-ASCII name;
  // CPython 3.11's zipfile into a pipe.
  @Test("reads what Info-ZIP and Python write")
  func otherPrograms() throws {
    let folder = try contents(ZIPArchive(ByteRegion(mapping: fixture("infozip.zip"))))
    let zeros = [UInt8](repeating: 0, count: 5000)
    #expect(
      folder == ["folder/größe.txt": Array("hi\n".utf8), "folder/inner/zeros": zeros])
    let python = try contents(ZIPArchive(ByteRegion(mapping: fixture("python-streamed.zip"))))
    #expect(python == ["a/b.txt": Array("hello".utf8), "zeros": zeros, "wide": [1, 2, 3]])
  }

  /// An archive as torch.save lays it out when a storage has more than 4 GB; the storage is a hole.
  @Test("finds entries beyond 4 GB, as PyTorch writes them")
  func beyond4GB() throws {
    let large = 5 << 30
    let name = Array("a/data/0".utf8)
    func header(_ name: [UInt8], _ extra: [UInt8], sum: UInt32, size: UInt32) -> [UInt8] {
      [0, 0x808, 0, 0, 0].flatMap { littleEndian(UInt16($0)) } + littleEndian(sum)
        + littleEndian(size) + littleEndian(size) + littleEndian(UInt16(name.count))
        + littleEndian(UInt16(extra.count))
    }
    func numbers(_ values: [Int]) -> [UInt8] {
      [1, 0, UInt8(8 * values.count), 0] + values.flatMap { littleEndian(UInt64($0)) }
    }
    // PyTorch's local header knows the size but not yet the packed size.
    let local = numbers([large, 0])
    let head = [0x50, 0x4B, 3, 4] + header(name, local, sum: 0, size: 0) + name + local
    let start = head.count + large + 24
    var tail: [UInt8] =
      [0x50, 0x4B, 7, 8] + littleEndian(UInt32(5)) + numbers([large, large])[4...]
    let second = Array("a/version".utf8)
    let content = Array("3\n".utf8)
    tail += [0x50, 0x4B, 3, 4] + header(second, numbers([start]), sum: 0, size: 0) + second
    tail += numbers([start]) + content + [0x50, 0x4B, 7, 8] + littleEndian(crc32(content))
    tail += numbers([2, 2])[4...]
    let directory = head.count + large + tail.count
    let extra = numbers([large, large])
    tail += [0x50, 0x4B, 1, 2, 0, 0] + header(name, extra, sum: 5, size: .max)
    tail += [UInt8](repeating: 0, count: 14) + name + extra
    tail += [0x50, 0x4B, 1, 2, 0, 0]
    tail += header(second, numbers([start]), sum: crc32(content), size: 2)
    tail += [UInt8](repeating: 0, count: 10) + littleEndian(UInt32.max) + second + numbers([start])
    let end = head.count + large + tail.count
    tail += [0x50, 0x4B, 6, 6] + littleEndian(UInt64(44)) + [UInt8](repeating: 0, count: 12)
    tail += numbers([2, 2, end - directory, directory])[4...]
    tail += [0x50, 0x4B, 6, 7, 0, 0, 0, 0] + littleEndian(UInt64(end)) + [1, 0, 0, 0]
    tail += [0x50, 0x4B, 5, 6, 0, 0, 0, 0, 2, 0, 2, 0] + littleEndian(UInt32(end - directory))
    tail += littleEndian(UInt32.max) + [0, 0]
    try withScratchFolder { folder in
      let path = "\(folder)/large.pt"
      try put(head, at: path)
      let file = try #require(FileHandle(forWritingAtPath: path))
      try file.seek(toOffset: UInt64(head.count + large))
      try file.write(contentsOf: tail)
      try file.close()
      let archive = try ZIPArchive(ByteRegion(mapping: path))
      #expect(archive["a/data/0"]?.byteCount == large)
      let version = try #require(archive["a/version"])
      #expect(try archive.contents(of: version).copy() == content)
    }
  }
}

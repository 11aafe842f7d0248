// Torch files in the zip form: the tensors in them, and what is refused.

import Formats
import TestSupport
import Testing

typealias ArchiveFiles = [(name: String, content: [UInt8])]

@Suite("Torch zip files")
struct TorchArchiveTests {
  private let values: [Float] = [0, 1, 2, 3, 4, 5]

  private func file(
    _ shape: [Int32] = [2, 3], _ strides: [Int32] = [3, 1], offset: Int32 = 0,
    _ change: (inout TorchFileAssembler) -> Void = { _ in }
  ) -> TorchFileAssembler {
    var file = TorchFileAssembler(values)
    file.makeTensor(shape, strides, offset: offset)
    change(&file)
    return file
  }

  private func tensor(_ bytes: ByteRegion) throws -> StoredTensor? {
    let archive = try TorchArchive(bytes)
    return try TorchTensors(storages: archive.storages, file: "test.pt").tensor(archive.root)
  }

  /// Opens the file after a change of the entries' list.
  private func open(_ change: (inout ArchiveFiles) -> Void) throws {
    _ = try TorchArchive(file().zip(change))
  }

  @Test("reads a tensor, which stays in the file")
  func reads() throws {
    let bytes = file().zip()
    #expect(try TorchArchive(bytes).form == .zip)
    let found = try #require(try tensor(bytes))
    #expect(floats(found) == values)
    let place = found.bytes.fileOffset
    #expect(try bytes.slice(at: place, count: 24).copy() == floatBytes(values))
    #expect(try tensor(file([3, 2], [1, 3]).zip()).map(floats) == [0, 3, 1, 4, 2, 5])
  }

  @Test("the folder may have any name, and the short entries may be missing or more")
  func folders() throws {
    let renamed = file().zip { files in
      for index in files.indices {
        files[index].name = "my model 🎨/" + files[index].name.dropFirst("archive/".count)
      }
      files.removeAll { $0.name.hasSuffix("byteorder") }
      files.append(("my model 🎨/.data/serialization_id", [0x31]))
      files.append(("my model 🎨/.format_version", [0x31]))
      files.append(("my model 🎨/.storage_alignment", Array("64".utf8)))
    }
    #expect(try tensor(renamed).map(floats) == values)
  }

  @Test("the entries may come in any order")
  func order() throws {
    #expect(try tensor(file().zip { $0.reverse() }).map(floats) == values)
  }

  @Test("reads versions 1 to 10", arguments: ["1", "2\n", "3\n", "10\n"])
  func versions(text: String) throws {
    #expect(throws: Never.self) {
      try open { $0[3].content = Array(text.utf8) }
    }
  }

  @Test(
    "refuses other versions",
    arguments: ["0", "0\n", "11\n", "999\n", "", "\n", "-1", "03", "3 ", "three", "3\n\n", "3.0"])
  func otherVersions(text: String) {
    expect(.damaged, says: "version 1 to 10") { try open { $0[3].content = Array(text.utf8) } }
  }

  @Test("refuses another byte order", arguments: ["big", "", "little\n", "LITTLE", "middle"])
  func byteOrder(text: String) {
    let kind: FileError.Kind = text == "big" ? .unsupported : .damaged
    expect(kind, says: "little-endian") { try open { $0[1].content = Array(text.utf8) } }
  }

  @Test("refuses an archive without its parts", arguments: ["data.pkl", "version", "data/0"])
  func missing(part: String) {
    expect(.damaged, says: part) { try open { $0.removeAll { $0.name == "archive/\(part)" } } }
  }

  @Test(
    "refuses entries that nothing accounts for",
    arguments: [
      "archive/data/1", "archive/data", "archive/more.pkl", "archive/data/0/x", "archive/.data/x",
      "archive/archive/data.pkl", "archive/readme.txt",
    ])
  func otherEntries(name: String) {
    expect(.damaged, says: String(name.dropFirst("archive/".count))) {
      try open { $0.append((name, [])) }
    }
  }

  @Test(
    "refuses entries outside the folder",
    arguments: ["data.pkl", "other/data.pkl", "Archive/version", "archived/version"])
  func otherFolders(name: String) {
    expect(.damaged, says: "in one folder archive") { try open { $0.append((name, [])) } }
  }

  @Test("refuses a second data.pkl, wherever it lies")
  func duplicates() {
    expect(.damaged) { try open { $0.append($0[0]) } }
    expect(.damaged) { try open { $0.insert(("archive/data.pkl", []), at: 0) } }
    expect(.damaged) { try open { $0.insert(("bad/data.pkl", $0[0].content), at: 0) } }
  }

  @Test("refuses compressed entries, which could expand to anything")
  func compressed() {
    for index in file().zipFiles.indices {
      var archive = ZIPAssembler(file().zipFiles)
      let (name, content) = file().zipFiles[index]
      archive.entries[index] = .init(name, deflated: deflateStored(content), of: content)
      expect(.unsupported, says: "compressed") {
        _ = try TorchArchive(ByteRegion(archive.bytes, name: "test.pt"))
      }
    }
  }

  @Test("refuses a storage of another size than the pickle says")
  func sizes() {
    for count in [0, 23, 25, 48] {
      expect(.damaged, says: "6 elements") {
        try open { $0[2].content = [UInt8](repeating: 0, count: count) }
      }
    }
    expect(.damaged) { _ = try TorchArchive(file { $0.declaredCount = -6 }.zip()) }
  }

  @Test("refuses what follows the pickle")
  func trailing() {
    expect(.damaged, says: "more bytes") { try open { $0[0].content.append(0) } }
    expect(.damaged, says: "more bytes") { try open { $0[0].content += $0[0].content } }
  }

  @Test("refuses an archive whose content is damaged")
  func checksums() throws {
    var bytes = file().zip().copy()
    let place = try #require(try tensor(ByteRegion(bytes, name: "test.pt"))).bytes.fileOffset
    bytes[place] ^= 1
    expect(.damaged, says: "CRC") { _ = try TorchArchive(ByteRegion(bytes, name: "test.pt")) }
  }

  @Test("refuses TorchScript programs, and explains")
  func programs() {
    for name in ["code/__torch__.py", "constants.pkl", "constants/0"] {
      expect(.refusedAsUnsafe, says: "a TorchScript archive, which holds a program (\(name))") {
        try open { $0.append(("archive/\(name)", [])) }
      }
    }
  }

  @Test("refuses files of other kinds")
  func otherKinds() {
    for bytes in [[], [0x80, 2, 0x4E, 0x2E], Array("\u{89}PNG\r\n\u{1A}\n".utf8)] as [[UInt8]] {
      expect(.damaged, at: 0, says: "a torch file") {
        _ = try TorchArchive(ByteRegion(bytes, name: "other"))
      }
    }
    #expect(TorchArchive.recognises(file().zip()) == .zip)
    expect(.damaged, says: "version") {
      _ = try TorchArchive(ByteRegion(ZIPAssembler([("a/b.png", [])]).bytes, name: "pictures.zip"))
    }
  }

  @Test("reads unsigned integers, which are bytes with a type")
  func rawBytes() throws {
    func raw(_ type: String, storage: String = "UntypedStorage") throws -> StoredTensor? {
      try tensor(
        file {
          $0.storageClass = storage
          $0.declaredCount = storage == "UntypedStorage" ? 24 : 6
          $0.object = { pickle, storage in
            pickle.call("torch._utils", "_rebuild_tensor_v3") {
              $0.then(storage).int(1).ints([5]).ints([1]).bool(false).ops("N").global("torch", type)
            }
          }
        }.zip())
    }
    let found = try #require(try raw("uint32"))
    #expect(found.elementType == .uint32)
    #expect(found.contiguousBytes().copy() == floatBytes(Array(values[1...])))
    expect(.damaged) { _ = try raw("float64") }
    expect(.unsupported, says: "an element type") { _ = try raw("complex64") }
    expect(.damaged, says: "an element type") { _ = try raw("uint32", storage: "FloatStorage") }
  }

  @Test("numbers that are no numbers, and infinite ones, are read as they are")
  func infinite() throws {
    let odd: [Float] = [.nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude, 1]
    let bytes = TorchFileAssembler(odd).zipFiles[2].content
    for region in [file { $0.data = bytes }.zip(), file { $0.data = bytes }.legacy] {
      #expect(try tensor(region)?.contiguousBytes().copy() == bytes)
    }
  }
}

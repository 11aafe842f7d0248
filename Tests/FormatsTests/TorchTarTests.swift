// Torch files in the oldest form, a tar archive: the tensors in them, and what is refused.

import Formats
import TestSupport
import Testing

@Suite("Torch tar files")
struct TorchTarTests {
  private let values: [Float] = [0, 1, 2, 3, 4, 5]

  private func tensor(
    _ change: (inout TorchTarAssembler) -> Void = { _ in }
  ) throws -> StoredTensor? {
    var file = TorchTarAssembler(values)
    change(&file)
    let archive = try TorchArchive(file.region)
    #expect(archive.form == .tar)
    return try TorchTensors(storages: archive.storages, file: "test.pt").tensor(archive.root)
  }

  @Test("reads what another program wrote in this form")
  func written() throws {
    let bytes = try ByteRegion(mapping: fixture("torch-tar.pt"))
    #expect(TorchArchive.recognises(bytes) == .tar)
    let archive = try TorchArchive(bytes)
    let found = try allTensors(of: archive, file: bytes.name)
    #expect(
      found.mapValues(\.shape) == [
        "weight": [2, 3], "transposed": [3, 2], "steps": [2], "half": [1], "tail": [3],
        "again": [2, 3],
      ])
    #expect(found["weight"].map(floats) == values)
    #expect(found["transposed"].map(floats) == [0, 3, 1, 4, 2, 5])
    #expect(found["tail"].map(floats) == [2, 3, 4])
    #expect(found["half"]?.elementType == .float16)
    #expect(
      found["steps"]?.contiguousBytes().copy() == [7, -8].flatMap { littleEndian(Int64($0)) })
    #expect(archive.root.asDictionary?["epoch"]?.asInt == 3)
  }

  @Test("reads a tensor of the processor's or a device's class")
  func reads() throws {
    #expect(try tensor().map(floats) == values)
    #expect(try tensor { $0.tensorClass = "torch.cuda FloatTensor" }.map(floats) == values)
    #expect(try tensor { $0.makeTensor([2], [2], offset: 1) }.map(floats) == [1, 3])
  }

  @Test("a tensor without axes or storage has no elements")
  func empty() throws {
    #expect(try tensor { $0.makeTensor([], []) }?.shape == [0])
    let none = try tensor {
      $0.root = { $0.ops("N") }
      $0.makeTensor([], [])
    }
    #expect(none?.elementType == .float32)
    #expect(none?.elementCount == 0)
    expect(.damaged) { _ = try tensor { $0.root = { $0.ops("N") } } }
  }

  @Test("reads views of storages")
  func views() throws {
    let viewed = try tensor {
      $0.views = PickleAssembler().ops("](").ints([3, 1, 2, 3]).ops("e")
      $0.root = { $0.int(3) }
      $0.makeTensor([3], [1])
    }
    #expect(viewed.map(floats) == [2, 3, 4])
  }

  @Test(
    "refuses views that leave their storage, or are none",
    arguments: [
      [3, 1, 4, 3], [3, 1, -1, 2], [3, 1, 0, -1], [3, 9, 0, 1], [1, 1, 0, 6], [3, 1, 0],
      [3, 1, 0, 1, 0],
    ] as [[Int32]])
  func badViews(view: [Int32]) {
    expect(.damaged) {
      _ = try tensor { $0.views = PickleAssembler().ops("](").ints(view).ops("e") }
    }
  }

  @Test("refuses other values where views, numbers and keys should be")
  func otherValues() {
    let views = [
      PickleAssembler().ops("N"), PickleAssembler().ops("}"), PickleAssembler().ops("]Na"),
      PickleAssembler().ops("](").text("3").int(1).int(0).int(1).ops("te"),
    ]
    for views in views { expect(.damaged) { _ = try tensor { $0.views = views } } }
    for root in [{ $0.text("1") }, { $0.int(2) }, { $0.bool(true) }, { $0.ops(")") }]
      as [(PickleAssembler) -> PickleAssembler]
    {
      expect(.damaged, says: "storage's key") { _ = try tensor { $0.root = root } }
    }
  }

  @Test("refuses numbers of storages and tensors that are not there")
  func counts() {
    for count: Int32 in [-1, .max] {
      expect(.damaged, says: "a number up to") { _ = try tensor { $0.storageCount = count } }
      expect(.damaged, says: "a number up to") { _ = try tensor { $0.tensorCount = count } }
    }
    for count: Int64 in [-1, .min, .max, 1 << 62] {
      expect(.damaged, says: "elements of float32") { _ = try tensor { $0.storedCount = count } }
    }
    // What follows is then read from the wrong place.
    for count: Int32 in [0, 2] {
      #expect(throws: FileError.self) { try tensor { $0.storageCount = count } }
      #expect(throws: FileError.self) { try tensor { $0.tensorCount = count } }
      #expect(throws: FileError.self) { try tensor { $0.storedCount = Int64(5 + count) } }
    }
  }

  @Test("refuses ranks that are too high or do not fit")
  func ranks() {
    for rank: Int32 in [-1, 0, 2, 9, .max, .min] {
      expect(.damaged) { _ = try tensor { $0.rank = rank } }
    }
  }

  @Test("refuses classes of another type, and other names")
  func classes() {
    expect(.damaged) { _ = try tensor { $0.tensorClass = "torch DoubleTensor" } }
    expect(.damaged) { _ = try tensor { $0.storageClass = "UntypedStorage" } }
    for name in ["torch Tensor", "torch FloatStorage", "os system", "torch.nn FloatTensor"] {
      expect(.refusedAsUnsafe) { _ = try tensor { $0.tensorClass = name } }
    }
  }

  @Test("refuses another machine or protocol")
  func machines() {
    func machine(_ version: Int32, _ isLittle: Bool, _ long: Int32) -> PickleAssembler {
      PickleAssembler().ops("}(").text("protocol_version").int(version).text("little_endian")
        .bool(isLittle).text("type_sizes").ops("}").text("long").int(long).ops("su")
    }
    for other in [
      machine(1001, true, 8), machine(1000, false, 8), machine(1000, true, 4),
      PickleAssembler().ops("}"), PickleAssembler().ops("N"),
    ] {
      expect(.damaged, says: "protocol 1000") { _ = try tensor { $0.machine = other } }
    }
  }

  private func archive(_ members: ArchiveFiles) -> ByteRegion {
    TarAssembler(members.map { TarAssembler.Entry($0.name, $0.content) }).region
  }

  @Test("refuses an archive without the four members, or with more")
  func members() {
    let members = TorchTarAssembler(values).members
    for index in members.indices {
      var others = members
      others.remove(at: index)
      expect(.damaged, says: members[index].name) { _ = try TorchArchive(archive(others)) }
      expect(.damaged) { _ = try TorchArchive(archive(members + [members[index]])) }
      others = members
      others[index].content += [0]
      expect(.damaged, says: "1 more bytes") { _ = try TorchArchive(archive(others)) }
    }
    expect(.damaged, says: "more") { _ = try TorchArchive(archive(members + [("more", [])])) }
  }
}

// Legacy torch files: the tensors in them, and what is refused.

import Formats
import TestSupport
import Testing

@Suite("Legacy torch files")
struct TorchLegacyTests {
  private let values: [Float] = [0, 1, 2, 3, 4, 5]

  private func tensor(_ file: TorchFileAssembler) throws -> StoredTensor? {
    let archive = try TorchArchive(file.legacy)
    return try TorchTensors(storages: archive.storages, file: "test.pt").tensor(archive.root)
  }

  /// A tensor file, changed by `change`.
  private func file(
    _ shape: [Int32] = [2, 3], _ strides: [Int32] = [3, 1], offset: Int32 = 0,
    _ change: (inout TorchFileAssembler) -> Void = { _ in }
  ) -> TorchFileAssembler {
    var file = TorchFileAssembler(values)
    file.makeTensor(shape, strides, offset: offset)
    change(&file)
    return file
  }

  @Test("reads a tensor and its strides")
  func reads() throws {
    #expect(try tensor(file()).map(floats) == values)
    #expect(try tensor(file([3, 2], [1, 3])).map(floats) == [0, 3, 1, 4, 2, 5])
    #expect(try tensor(file([2], [2], offset: 1)).map(floats) == [1, 3])
  }

  @Test("reads a view of a storage")
  func view() throws {
    let viewed = file([2], [1]) {
      $0.view = { pickle in pickle.tuple { $0.text("v").int(2).int(3) } }
    }
    #expect(try tensor(viewed).map(floats) == [2, 3])
    let outside = file([2], [1]) {
      $0.view = { pickle in pickle.tuple { $0.text("v").int(4).int(3) } }
    }
    expect(.damaged, says: "view") { _ = try tensor(outside) }
  }

  @Test("two views of one storage share its bytes")
  func sharing() throws {
    var file = TorchFileAssembler(values)
    file.object = { pickle, storage in
      [0, 3].reduce(pickle) { pickle, offset in
        pickle.call("torch._utils", "_rebuild_tensor_v2") {
          storage($0).int(offset).ints([3]).ints([1]).bool(false).ops("N")
        }
      }.op(0x86)
    }
    let archive = try TorchArchive(file.legacy)
    let tensors = TorchTensors(storages: archive.storages, file: "test.pt")
    let views = try #require(archive.root.asItems).map { try #require(try tensors.tensor($0)) }
    #expect(views.map(floats) == [[0, 1, 2], [3, 4, 5]])
    #expect(views[0].bytes.fileOffset == views[1].bytes.fileOffset)
  }

  @Test("reads parameters and torch.Size")
  func parameter() throws {
    var file = TorchFileAssembler(values)
    file.object = { pickle, storage in
      pickle.call("torch._utils", "_rebuild_parameter") { arguments in
        arguments.call("torch._utils", "_rebuild_tensor_v2") { inner in
          inner.then(storage).int(0).call("torch", "Size") { $0.ints([6]) }.ints([1]).bool(true)
            .ops("N")
        }.bool(true).ops("N")
      }
    }
    #expect(try tensor(file).map(floats) == values)
  }

  @Test("a value that records no tensor is none")
  func noTensor() throws {
    let pickle = PickleAssembler().call("collections", "OrderedDict") { $0 }
    #expect(try TorchTensors(file: "x").tensor(pickle.read()) == nil)
  }

  @Test("reads a tensor whose storage is embedded in the pickle")
  func embedded() throws {
    #expect(try embeddedTensor(TorchFileAssembler(values).legacyBytes).map(floats) == values)
  }

  private func embeddedTensor(_ bytes: [UInt8]) throws -> StoredTensor? {
    let pickle = PickleAssembler(protocol: 3).call("torch._utils", "_rebuild_tensor_v2") {
      $0.call("torch.storage", "_load_from_bytes") { $0.bytes(bytes) }
        .int(0).ints([2, 3]).ints([3, 1]).bool(false).ops("N")
    }
    return try TorchTensors(file: "test.pkl").tensor(pickle.read())
  }

  @Test("an embedded file cannot embed another")
  func nested() {
    let inner = TorchFileAssembler(values).legacyBytes
    var outer = TorchFileAssembler(values)
    outer.object = { pickle, _ in
      pickle.call("torch.storage", "_load_from_bytes") { $0.bytes(inner) }
    }
    expect(.refusedAsUnsafe, says: "_load_from_bytes") { _ = try embeddedTensor(outer.legacyBytes) }
  }

  @Test("an embedded file must be a torch file that holds a storage")
  func notEmbedded() {
    expect(.damaged) { _ = try embeddedTensor([]) }
    expect(.damaged) { _ = try embeddedTensor([1, 2, 3]) }
    var other = TorchFileAssembler(values)
    other.object = { pickle, storage in storage(pickle).op(0x85) }
    expect(.damaged, says: "a storage in the bytes") { _ = try embeddedTensor(other.legacyBytes) }
  }

  @Test(
    "refuses geometry that leaves the storage",
    arguments: [
      ([7], [1], 0), ([6], [1], 1), ([2, 3], [4, 1], 0), ([-1], [1], 0), ([2], [-1], 3),
      ([1], [1], -1), ([2, 3], [1], 0), ([Int32.max, Int32.max, Int32.max], [1, 1, 1], 0),
    ] as [([Int32], [Int32], Int32)])
  func geometry(shape: [Int32], strides: [Int32], offset: Int32) {
    expect(.damaged) { _ = try tensor(file(shape, strides, offset: offset)) }
  }

  @Test("refuses unknown storages and complex ones")
  func storageClass() {
    expect(.refusedAsUnsafe) { _ = try tensor(file { $0.storageClass = "ExecStorage" }) }
    expect(.unsupported, says: "ComplexFloatStorage") {
      _ = try tensor(file { $0.storageClass = "ComplexFloatStorage" })
    }
  }

  @Test("refuses another magic number, version or byte order")
  func header() {
    expect(.damaged, at: 0, says: "magic") { _ = try tensor(file { $0.magic[0] = 0 }) }
    for version: Int32 in [0, 999] {
      expect(.damaged, at: 15, says: "1001") { _ = try tensor(file { $0.version = version }) }
    }
    expect(.unsupported, says: "little-endian") {
      _ = try tensor(file { $0.littleEndianFlag = false })
    }
  }

  @Test("refuses storages that are not there, repeated, unused or of another size")
  func keys() {
    expect(.damaged, says: "storage 0") { _ = try tensor(file { $0.listedKeys = [] }) }
    expect(.damaged, says: "once") { _ = try tensor(file { $0.listedKeys = ["0", "0"] }) }
    expect(.damaged, says: "key 1") { _ = try tensor(file { $0.listedKeys = ["0", "1"] }) }
    expect(.damaged, says: "6 elements") { _ = try tensor(file { $0.storedCount = 5 }) }
    expect(.damaged) { _ = try tensor(file { $0.storedCount = .max }) }
    expect(.damaged) { _ = try tensor(file { $0.declaredCount = -6 }) }
  }

  @Test("refuses a file that is cut or continues")
  func length() {
    expect(.damaged, says: "24 bytes") { _ = try tensor(file { $0.data.removeLast() }) }
    expect(.damaged, says: "1 more bytes") { _ = try tensor(file { $0.data.append(0) }) }
  }

  @Test("refuses ids that disagree about a storage, or have another arity")
  func ids() {
    var file = TorchFileAssembler(values)
    file.object = { pickle, storage in
      storage(pickle).tuple {
        $0.text("storage").global("torch", "FloatStorage").text("0").text("cpu").int(5).ops("N")
      }.ops("Q").op(0x86)
    }
    expect(.damaged, says: "6 elements") { _ = try TorchArchive(file.legacy) }
    file.object = { pickle, storage in storage(pickle).ints([1, 2]).ops("Q").op(0x86) }
    expect(.damaged, says: "'storage'") { _ = try TorchArchive(file.legacy) }
  }

  @Test("recognises its own kind by the magic number alone")
  func recognises() {
    #expect(TorchArchive.recognises(file { $0.version = 7 }.legacy) == .legacy)
    #expect(TorchArchive.recognises(PickleAssembler().int(1).region) == nil)
    #expect(TorchArchive.recognises(ByteRegion([], name: "")) == nil)
  }

  @Test("refuses an embedded file of another form")
  func otherForm() {
    expect(.damaged) { _ = try embeddedTensor(TorchFileAssembler(values).zip().copy()) }
  }
}

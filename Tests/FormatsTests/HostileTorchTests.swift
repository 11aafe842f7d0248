// Hostile and broken torch files of every form: refused with a reason, and nothing is run.

import Formats
import TestSupport
import Testing

@Suite("Hostile torch files")
struct HostileTorchTests {
  private let values: [Float] = [0, 1, 2, 3, 4, 5]

  /// Files of all forms with the object that `object` assembles; its argument pushes a storage.
  private func files(
    _ object: @escaping (PickleAssembler, (PickleAssembler) -> PickleAssembler) -> PickleAssembler
  ) -> [ByteRegion] {
    var file = TorchFileAssembler(values)
    file.object = object
    let pickle = object(PickleAssembler()) { $0.text("1").ops("Q") }.region.copy()
    return [file.zip(), file.legacy, TorchTarAssembler(values, pickle: pickle).region]
  }

  private func tensor(_ bytes: ByteRegion) throws -> StoredTensor? {
    let archive = try TorchArchive(bytes)
    return try TorchTensors(storages: archive.storages, file: bytes.name).tensor(archive.root)
  }

  @Test("files of all forms are what they seem")
  func forms() throws {
    let forms = try files { $1($0).op(0x85) }.map { try TorchArchive($0).form }
    #expect(forms == [.zip, .legacy, .tar])
  }

  @Test(
    "refuses calls, by whatever instruction",
    arguments: [
      { $0.call("os", "system") { $0.text("touch canary") } },
      { $0.ops("cos\nsystem\n(S'touch canary'\ntR") },
      { $0.ops("(S'touch canary'\nios\nsystem\n") },
      { $0.ops("(").global("collections", "OrderedDict").text("x").ops("o") },
      { $0.text("os").text("system").op(0x93) },
      { $0.op(0x82, [1]) },
      { $0.global("builtins", "eval").tuple { $0.text("1") }.op(0x81) },
      { $0.global("builtins", "exec").tuple { $0.text("1") }.ops("}").op(0x92) },
      { $0.text("not a class").ops(")R") },
      { $0.text("not a class").ops(")}").op(0x92) },
      { $0.global("collections", "OrderedDict").ops("}b") },
    ] as [@Sendable (PickleAssembler) -> PickleAssembler])
  func calls(payload: @Sendable @escaping (PickleAssembler) -> PickleAssembler) {
    for bytes in files({ pickle, _ in payload(pickle) }) {
      expect(.refusedAsUnsafe) { _ = try TorchArchive(bytes) }
    }
  }

  @Test("nothing that a file asks for is done")
  func canary() throws {
    try withScratchFolder { folder in
      let command = "touch \(folder)/canary"
      let source = "import os\nos.system('\(command)')"
      let payloads: [(PickleAssembler) -> PickleAssembler] = [
        { $0.call("os", "system") { $0.text(command) } },
        { $0.ops("cposix\nsystem\n(S'\(command)'\ntR") },
        { $0.call("builtins", "exec") { $0.text(source) } },
        { $0.call("_io", "FileIO") { $0.text("\(folder)/canary").text("w") } },
        { $0.call("logging", "FileHandler") { $0.text("\(folder)/canary") } },
        {
          $0.call("argparse", "Namespace") { $0 }.ops("}").text("__setstate__").text(source).ops(
            "sb")
        },
        {
          $0.call("torch_utils.persistence", "_reconstruct_persistent_obj") {
            $0.ops("}(").text("module_src").text(source).text("type").text("class").ops("u")
          }
        },
        {
          $0.global("dnnlib.tflib.network", "Network").ops(")").op(0x81).ops("}")
            .text("build_module_src").text(source).ops("sb")
        },
      ]
      for payload in payloads {
        for bytes in files({ pickle, _ in payload(pickle) }) { _ = try? TorchArchive(bytes) }
        _ = try? payload(PickleAssembler()).read()
      }
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test("refuses a hostile pickle wherever it stands in a legacy file")
  func everyPickle() {
    let call = PickleAssembler().call("os", "system") { $0.text("touch canary") }.region.copy()
    let whole = TorchFileAssembler(values).legacyBytes
    let ends = pickleEnds(whole, count: 5)
    for index in ends.indices {
      let start = index == 0 ? 0 : ends[index - 1]
      let bytes = Array(whole[..<start]) + call + Array(whole[ends[index]...])
      expect(index == 0 ? .damaged : .refusedAsUnsafe) {
        _ = try TorchArchive(ByteRegion(bytes, name: "test.pt"))
      }
    }
  }

  private func pickleEnds(_ bytes: [UInt8], count: Int) -> [Int] {
    var ends: [Int] = []
    let reader = PickleReader(ByteRegion(bytes, name: "whole"), allowing: .standard)
    while ends.count < count, let end = try? reader.read(at: ends.last ?? 0).end {
      ends.append(end)
    }
    return ends
  }

  @Test("refuses a thousand torch files inside one another")
  func nestedFiles() throws {
    var inner = TorchFileAssembler(values).legacyBytes
    for _ in 0..<1000 {
      var outer = TorchFileAssembler(values)
      outer.object = { [inner] pickle, _ in
        pickle.call("torch.storage", "_load_from_bytes") { $0.bytes(inner) }
      }
      inner = outer.legacyBytes
    }
    let pickle = PickleAssembler().call("torch._utils", "_rebuild_tensor_v2") {
      $0.call("torch.storage", "_load_from_bytes") { $0.bytes(inner) }
        .int(0).ints([6]).ints([1]).bool(false).ops("N")
    }
    expect(.refusedAsUnsafe, says: "_load_from_bytes") {
      _ = try TorchTensors(file: "test.pkl").tensor(pickle.read())
    }
  }

  @Test("refuses objects that contain themselves, many levels and later pickles")
  func shapes() {
    let list = files { pickle, _ in pickle.ops("]").put(0).get(0).ops("a") }
    for bytes in list {
      expect(.damaged, says: "contains itself") { _ = try TorchArchive(bytes) }
    }
    let tuples = [UInt8](repeating: 0x85, count: 100_000)
    for bytes in files({ pickle, _ in pickle.ops("N").raw(tuples) }) {
      expect(.damaged, says: "inside one another") { _ = try TorchArchive(bytes) }
    }
    for bytes in files({ pickle, _ in pickle.ops("N.").raw([0x80, 2]).ops("N") }) {
      expect(.damaged) { _ = try TorchArchive(bytes) }
    }
  }

  @Test(
    "refuses geometry that leaves the storage",
    arguments: [
      ([7], [1], 0), ([6], [1], 1), ([2, 3], [4, 1], 0), ([-1], [1], 0), ([2], [-1], 3),
      ([1], [1], -1), ([2, 3], [1], 0), ([Int32.max, Int32.max, Int32.max], [1, 1, 1], 0),
      ([Int32.max, Int32.max], [0, 0], 0),
      ([1, 1, 1, 1, 1, 1, 1, 1, 1], [Int32](repeating: 1, count: 9), 0),
    ] as [([Int32], [Int32], Int32)])
  func geometry(shape: [Int32], strides: [Int32], offset: Int32) {
    var file = TorchFileAssembler(values)
    file.makeTensor(shape, strides, offset: offset)
    var tar = TorchTarAssembler(values, pickle: PickleAssembler().text("2").ops("Q").region.copy())
    tar.makeTensor(shape.map(Int64.init), strides.map(Int64.init), offset: Int64(offset))
    for bytes in [file.zip(), file.legacy, tar.region] {
      expect(.damaged) { _ = try tensor(bytes) }
    }
  }

  @Test("refuses unknown storages, and types that are no numbers")
  func storageClasses() {
    for (name, kind) in [
      ("ExecStorage", FileError.Kind.refusedAsUnsafe), ("Tensor", .refusedAsUnsafe),
      ("ComplexFloatStorage", .unsupported), ("QInt8Storage", .unsupported),
    ] {
      var file = TorchFileAssembler(values)
      file.storageClass = name
      var tar = TorchTarAssembler(values)
      tar.storageClass = name
      for bytes in [file.zip(), file.legacy] {
        expect(kind) { _ = try TorchArchive(bytes) }
      }
      expect(kind == .unsupported ? .damaged : kind) { _ = try TorchArchive(tar.region) }
    }
  }

  @Test(
    "refuses persistent ids that are not of a storage",
    arguments: [
      { $0.ops(")Q") }, { $0.ints([1, 2]).ops("Q") }, { $0.ops("NQ") }, { $0.int(1).ops("Q") },
      { $0.text("7").ops("Q") }, { $0.text("../../0").ops("Q") }, { $0.ops("P0\n") },
      {
        $0.tuple { $0.text("storage").text("FloatStorage").text("0").text("cpu").int(6) }.ops("Q")
      },
      { $0.tuple { $0.text("module").global("torch", "FloatStorage").ops("NN") }.ops("Q") },
      {
        $0.tuple {
          $0.text("storage").global("torch", "FloatStorage").int(0).text("cpu").int(6)
        }.ops("Q")
      },
      {
        $0.tuple {
          $0.text("storage").global("torch", "FloatStorage").text("9").text("cpu").int(6)
        }.ops("Q")
      },
    ] as [@Sendable (PickleAssembler) -> PickleAssembler])
  func ids(id: @Sendable @escaping (PickleAssembler) -> PickleAssembler) {
    for bytes in files({ pickle, storage in storage(pickle).then(id).op(0x86) }) {
      expect(.damaged) { _ = try TorchArchive(bytes) }
    }
  }

  @Test("ids of one storage must agree")
  func contradictions() {
    for (name, count) in [("FloatStorage", Int32(5)), ("IntStorage", 6), ("DoubleStorage", 3)] {
      let contradicting = files { pickle, storage in
        storage(pickle).tuple {
          $0.text("storage").global("torch", name).text("0").text("cpu").int(count)
        }.ops("Q").op(0x86)
      }
      for bytes in contradicting.prefix(2) {
        expect(.damaged, says: "6 elements") { _ = try TorchArchive(bytes) }
      }
    }
  }

  @Test("names that look like paths are only names")
  func paths() throws {
    let named = files { pickle, storage in
      storage(pickle.ops("}").text("../../x")).ops("s")
    }
    for bytes in named {
      let entries = try TorchArchive(bytes).root.asDictionary?.entries
      #expect(entries?.compactMap(\.key.asString) == ["../../x"])
    }
    var file = TorchFileAssembler(values)
    file.key = "../../x"
    file.listedKeys = ["../../x"]
    #expect(throws: Never.self) { try TorchArchive(file.legacy) }
    expect(.refusedAsUnsafe) { _ = try TorchArchive(file.zip()) }
  }

  @Test("refuses dictionaries with a key twice, in every form")
  func duplicateKeys() {
    let twice = files { pickle, storage in
      storage(pickle.ops("}(").text("w")).text("w").ops("Nu")
    }
    for bytes in twice { expect(.damaged, says: "w twice") { _ = try TorchArchive(bytes) } }
  }

  @Test("every prefix of a valid file is refused")
  func prefixes() throws {
    for bytes in files({ $1($0).op(0x85) }) {
      let whole = bytes.copy()
      let end = try #require(whole.lastIndex { $0 != 0 })
      for count in stride(from: 0, through: end, by: 7) {
        expect(.damaged) {
          _ = try TorchArchive(ByteRegion(Array(whole[..<count]), name: "cut"))
        }
      }
    }
  }

  @Test("a file with a changed byte is read or refused, whatever the byte")
  func mutations() throws {
    var random = SeededGenerator(seed: 23)
    for bytes in files({ $1($0).op(0x85) }) {
      let whole = bytes.copy()
      for _ in 0..<400 {
        var changed = whole
        changed[Int.random(in: changed.indices, using: &random)] = .random(
          in: 0...255, using: &random)
        let region = ByteRegion(changed, name: "changed")
        do {
          _ = try allTensors(of: TorchArchive(region), file: "changed")
        } catch let error as FileError {
          #expect(error.kind == .damaged || error.kind == .refusedAsUnsafe)
        }
      }
    }
  }
}

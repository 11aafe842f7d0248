// TorchScript archives: their tensors by name, and that their programs are only names.

import Formats
import TestSupport
import Testing

@Suite("TorchScript archives")
struct TorchScriptTests {
  /// What `torch.jit.save` of torch 2.13 wrote.
  private func saved(_ name: String) throws -> ByteRegion {
    try ByteRegion(mapping: fixture("\(name).pt"))
  }

  @Test("finds the tensors of modules, lists, tuples and dictionaries by dotted name")
  func scripted() throws {
    let tensors = try TorchScriptArchive(saved("scripted")).tensors
    #expect(
      tensors.mapValues(\.shape) == [
        "first.weight": [2, 3], "first.gain": [], "second.weight": [2, 2], "second.gain": [],
        "tied": [2, 3], "extras.0": [2], "extras.1": [1], "table.x": [1], "pair.1": [0],
      ])
    #expect(tensors["first.weight"].map(floats) == [0, 1, 2, 3, 4, 5])
    #expect(tensors["tied"]?.bytes.fileOffset == tensors["first.weight"]?.bytes.fileOffset)
    #expect(tensors["extras.0"]?.elementType == .int64)
    #expect(tensors["extras.1"]?.elementType == .bfloat16)
    #expect(tensors["table.x"].map(floats) == [5])
  }

  @Test("finds the constants of a program, into which freezing puts the parameters")
  func frozen() throws {
    let tensors = try TorchScriptArchive(saved("frozen")).tensors
    #expect(tensors.keys.sorted() == ["CONSTANTS.c0", "CONSTANTS.c1"])
    #expect(tensors["CONSTANTS.c0"].map(floats) == [0, 3, 1, 4, 2, 5])
    #expect(tensors["CONSTANTS.c1"].map(floats) == [2])
  }

  @Test("a checkpoint reader refuses programs", arguments: ["scripted", "frozen"])
  func refused(name: String) {
    expect(.refusedAsUnsafe, says: "a TorchScript archive, which holds a program") {
      _ = try TorchArchive(saved(name))
    }
  }

  /// The tensors of an archive of one object, whose one storage is not used.
  private func tensors(
    constants: PickleAssembler = PickleAssembler().ops(")"), limits: PickleLimits = PickleLimits(),
    _ object: (PickleAssembler) -> PickleAssembler
  ) throws -> [String: StoredTensor] {
    let files: ArchiveFiles = [
      ("net/data.pkl", object(PickleAssembler()).region.copy()),
      ("net/code/__torch__.py", Array("import os".utf8)),
      ("net/constants.pkl", constants.region.copy()), ("net/version", Array("3\n".utf8)),
    ]
    let bytes = ByteRegion(ZIPAssembler(files).bytes, name: "net.pt")
    return try TorchScriptArchive(bytes, limits: limits).tensors
  }

  @Test("a program's own classes are names, others are refused")
  func names() throws {
    for module in ["__torch__", "__torch__.torch.nn.modules.linear.___torch_mangle_0"] {
      #expect(try tensors { $0.call(module, "Network") { $0 }.ops("}b") }.isEmpty)
    }
    for module in ["os", "__torch__x", "__torch", "x.__torch__", "torch", "builtins"] {
      expect(.refusedAsUnsafe, says: "\(module).system") {
        _ = try tensors { $0.call(module, "system") { $0.text("touch canary") } }
      }
    }
    expect(.refusedAsUnsafe, says: "os.system") {
      _ = try tensors(constants: PickleAssembler().global("os", "system")) {
        $0.call("__torch__", "Network") { $0 }
      }
    }
    expect(.refusedAsUnsafe, says: "__torch__.Network") {
      _ = try PickleAssembler().global("__torch__", "Network").read()
    }
  }

  @Test("a shared module is named from everywhere, but not beyond the limit")
  func sharing() {
    // Thirty modules, each of which holds the one before it twice.
    var limits = PickleLimits()
    limits.values = 5000
    expect(.damaged, says: "at most 5000 values") {
      _ = try tensors(limits: limits) { start in
        (0..<30).reduce(start.call("__torch__", "M") { $0 }.put(0)) { pickle, _ in
          pickle.ops("0").call("__torch__", "M") { $0 }.ops("}(").text("a").get(0).text("b").get(0)
            .ops("ub").put(0)
        }
      }
    }
  }

  @Test("a shared list of numbers costs its length from everywhere, but not beyond the limit")
  func sharedNumbers() throws {
    var limits = PickleLimits()
    limits.values = 5000
    let sharing = { (start: PickleAssembler) in
      let numbers = start.ops("](").ints([Int32](repeating: 0, count: 100)).ops("e").put(0)
      return (0..<100).reduce(numbers.ops("0](")) { pickle, _ in pickle.get(0) }.ops("e")
    }
    #expect(try tensors(sharing).isEmpty)
    expect(.damaged, says: "at most 5000 values") {
      _ = try tensors(limits: limits, sharing)
    }
  }

  @Test("refuses names that mean two tensors, and keys that are no names")
  func clashes() {
    func tensor(_ pickle: PickleAssembler) -> PickleAssembler {
      pickle.call("torch._utils", "_rebuild_tensor_v2") {
        $0.call("torch.storage", "_load_from_bytes") {
          $0.op(0x42, littleEndian(UInt32(bytes.count)) + bytes)
        }.int(0).ints([1]).ints([1]).bool(false).ops("N")
      }
    }
    let bytes = TorchFileAssembler([1]).legacyBytes
    expect(.damaged, says: "a.b twice") {
      _ = try tensors {
        $0.call("__torch__", "M") { $0 }.ops("}(").text("a").ops("}").text("b").then(tensor)
          .ops("s").text("a.b").then(tensor).ops("ub")
      }
    }
    expect(.damaged, says: "keys of text or integers") {
      _ = try tensors { $0.call("__torch__", "M") { $0 }.ops("}").ops(")Nsb") }
    }
  }

  @Test("refuses archives without a program's parts")
  func parts() {
    let checkpoint = TorchFileAssembler([1]).zip()
    expect(.damaged, says: "constants.pkl") { _ = try TorchScriptArchive(checkpoint) }
    expect(.damaged) { _ = try TorchScriptArchive(ByteRegion([], name: "empty")) }
  }
}

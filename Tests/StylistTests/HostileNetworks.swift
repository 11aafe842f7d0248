// Groups 16 to 25: torch files whose tensors lie, and networks that are not what they should be.

import Checkpoints
import Formats
import Layers
import Networks
import Tensors
import TestSupport
import Testing

extension HostileInput {
  /// Groups 16 to 19 and 23 to 25: torch files.
  static let torchFiles: [HostileInput] =
    [
      geometry("a view larger than its storage", [7], [1]),
      geometry("a view that starts too late", [6], [1], offset: 1),
      geometry("strides beyond the storage", [2, 3], [4, 1]),
      geometry("a negative size", [-1], [1]), geometry("a negative stride", [2], [-1], offset: 3),
      geometry("a negative offset", [1], [1], offset: -1),
      geometry("sizes whose product has no room in 64 bits", [.max, .max, .max], [1, 1, 1]),
      geometry("one element repeated", [.max, .max], [0, 0]),
      HostileInput(16, "two views of one storage", 65, "a dictionary of a, b") {
        var file = TorchFileAssembler([0, 1, 2, 3, 4, 5])
        file.object = { pickle, storage in
          [("a", 0), ("b", 3)].reduce(pickle.ops("}(")) { pickle, view in
            pickle.text(view.0).call("torch._utils", "_rebuild_tensor_v2") {
              storage($0).int(view.1).ints([3]).ints([1]).bool(false).ops("N")
            }
          }.ops("u")
        }
        return file.zip().copy()
      },
      torch(17, "a storage of an unknown class", 77, "torch.ExecStorage") {
        $0.storageClass = "ExecStorage"
      },
      torch(17, "a storage of complex numbers", 69, "ComplexFloatStorage") {
        $0.storageClass = "ComplexFloatStorage"
      },
      zip(17, "big-endian numbers", 69, "found big") {
        $0[1].content = Array("big".utf8)
      },
      zip(17, "version 0", 65, "version 1 to 10") { $0[3].content = Array("0\n".utf8) },
      zip(17, "version 999", 65, "999") { $0[3].content = Array("999\n".utf8) },
      HostileInput(17, "version 999 before 1.6", 65, "1001") {
        var file = TorchFileAssembler([1])
        file.version = 999
        return file.legacyBytes
      },
      HostileInput(18, "a thousand torch files inside one another", 77, "_load_from_bytes") {
        nested(1000)
      },
      torch(19, "a persistent id of two parts", 65, "'storage'") {
        $0.object = { pickle, storage in storage(pickle).ints([1, 2]).ops("Q").op(0x86) }
      },
      torch(19, "a persistent id of nothing", 65, "persistent") {
        $0.object = { pickle, storage in storage(pickle).ops("NQ").op(0x86) }
      },
      HostileInput(23, "a call before 1.6", 77, "os.system") {
        var file = TorchFileAssembler([1])
        file.object = { pickle, _ in pickle.call("os", "system") { $0.text("touch canary") } }
        return file.legacyBytes
      },
      HostileInput(23, "a file of before 1.6 that is cut", 65, "bytes") {
        Array(TorchFileAssembler([1, 2, 3]).legacyBytes.dropLast(4))
      },
      HostileInput(23, "a call in a tar archive", 77, "os.system", command: .scan) {
        let call = PickleAssembler().call("os", "system") { $0.text("touch canary") }
        return TorchTarAssembler([1], pickle: call.region.copy()).region.copy()
      },
      HostileInput(23, "a tar archive that claims more tensors", 65, "a number up to") {
        var file = TorchTarAssembler([1])
        file.tensorCount = .max
        return file.region.copy()
      },
      program(.inspect), program(.scan),
      torch(25, "keys that are no text", 65, "keys of text") {
        $0.object = { pickle, storage in storage(pickle.ops("})")).ops("s") }
      },
      torch(25, "a key twice", 65, "w twice") {
        $0.object = { pickle, storage in
          storage(pickle.ops("}(").text("w")).text("w").ops("Nu")
        }
      },
      torch(25, "a key like a path", 65, "../../x", command: .convert) {
        $0.object = { pickle, storage in storage(pickle.ops("}").text("../../x")).ops("s") }
      },
      torch(25, "a storage like a path", 77, "../../x") { $0.key = "../../x" },
      torch(25, "names of a quarter megabyte", 65, "at most 512 bytes") {
        $0.object = { pickle, storage in longPaths(pickle, storage) }
      },
    ]

  /// A torch archive of one storage, changed.
  private static func torch(
    _ group: Int, _ title: String, _ exitCode: Int32, _ words: String,
    command: Command = .inspect, _ change: @escaping @Sendable (inout TorchFileAssembler) -> Void
  ) -> HostileInput {
    HostileInput(group, title, exitCode, words, command: command) {
      var file = TorchFileAssembler([0, 1, 2, 3, 4, 5])
      change(&file)
      return file.zip().copy()
    }
  }

  /// A torch archive whose entries are changed.
  private static func zip(
    _ group: Int, _ title: String, _ exitCode: Int32, _ words: String,
    _ change: @escaping @Sendable (inout [(name: String, content: [UInt8])]) -> Void
  ) -> HostileInput {
    HostileInput(group, title, exitCode, words) {
      TorchFileAssembler([0, 1, 2, 3, 4, 5]).zip(change).copy()
    }
  }

  /// A state dictionary of one tensor of this geometry.
  private static func geometry(
    _ title: String, _ shape: [Int32], _ strides: [Int32], offset: Int32 = 0
  ) -> HostileInput {
    torch(16, title, 65, "\(shape)") { file in
      file.makeTensor(shape, strides, offset: offset)
      let tensor = file.object
      file.object = { pickle, storage in
        tensor(pickle.ops("}").text("w"), storage).ops("s")
      }
    }
  }

  /// Torch files that each hold the next as bytes.
  private static func nested(_ depth: Int) -> [UInt8] {
    var inner = TorchFileAssembler([1]).legacyBytes
    for _ in 0..<depth {
      var outer = TorchFileAssembler([1])
      outer.object = { [inner] pickle, storage in
        storage(pickle.ops("}(").text("w")).text("x")
          .call("torch.storage", "_load_from_bytes") { $0.bytes(inner) }.ops("u")
      }
      inner = outer.legacyBytes
    }
    let network = PickleAssembler().ops("}").text("G")
      .call("torch_utils.persistence", "_reconstruct_persistent_obj") { arguments in
        arguments.ops("}(").text("type").text("class").text("version").int(6).text("class_name")
          .text("Generator").text("state").ops("}").text("_buffers").ops("}").text("w")
          .call("torch._utils", "_rebuild_tensor_v2") {
            $0.call("torch.storage", "_load_from_bytes") { $0.bytes(inner) }
              .int(0).ints([1]).ints([1]).bool(false).ops("N")
          }.ops("ssu")
      }.ops("s")
    return network.region.copy()
  }

  /// Dictionaries inside one another whose keys are long, and many keys in the innermost.
  private static func longPaths(
    _ pickle: PickleAssembler, _ storage: (PickleAssembler) -> PickleAssembler
  ) -> PickleAssembler {
    let long = String(repeating: "k", count: 1024)
    let tensor = pickle.ops("}(").text("t").call("torch._utils", "_rebuild_tensor_v2") {
      storage($0).int(0).ints([6]).ints([1]).bool(false).ops("N")
    }.put(0).text("x").text(long).put(1).ops("0")
    let deep = tensor.then { (0..<200).reduce($0) { pickle, _ in pickle.ops("}").get(1) } }
    let wide = deep.ops("}(").then {
      (0..<20_000).reduce($0) { $0.int($1).get(0) }
    }.ops("u")
    return wide.ops(String(repeating: "s", count: 200)).ops("u")
  }

  /// Group 24: a TorchScript archive, which holds a program.
  private static func program(_ command: Command) -> HostileInput {
    HostileInput(
      24, "a program", 77, "a TorchScript archive, which holds a program", command: command
    ) {
      let object = PickleAssembler().call("__torch__", "Network") { $0 }.ops("}b")
      return ZIPAssembler([
        ("net/data.pkl", object.region.copy()),
        ("net/code/__torch__.py", Array("open('canary', 'w')".utf8)),
        ("net/constants.pkl", PickleAssembler().ops(")").region.copy()),
        ("net/version", Array("3\n".utf8)),
      ]).bytes
    }
  }

  /// Groups 20 to 22: networks.
  static let networks: [HostileInput] = [
    HostileInput(20, "source that a pickle holds", 0, "") {
      try published(withSource: "open('canary', 'w').close()")
    },
    HostileInput(
      20, "source that a pickle holds, drawn", 0, "", command: .generate, leaves: ["out"]
    ) {
      try published(withSource: "import os; os.system('touch canary')")
    },
    HostileInput(21, "a tensor too few", 65, "1 missing: ", command: .generate) {
      try network { $0.removeLast() }
    },
    HostileInput(21, "a tensor too many", 65, "1 unexpected: extra") {
      try network { $0.append(Safetensors.Entry(name: "extra", $0[0].tensor)) }
    },
    HostileInput(21, "a tensor of another shape", 65, "found float32[1, 2]", command: .convert) {
      try network { entries in
        entries[0] = Safetensors.Entry(
          name: entries[0].name, elementType: .float32, shape: [1, 2]
        ) { ByteRegion(floatBytes([1, 2]), name: "w") }
      }
    },
    HostileInput(21, "a tensor too few in a torch file", 65, "missing") {
      try stateDictionary { $0.removeAll { $0.key == "synthesis.b8.conv1.bias" } }
    },
    HostileInput(21, "a tensor of another shape in a torch file", 65, "found float32") {
      try stateDictionary { $0[0] = ($0[0].0, $0[1].1) }
    },
    HostileInput(21, "a configuration that no machine could build", 65, "zDim") {
      try network(
        configuration: { $0.replacing(#""zDim":4"#, with: #""zDim":4611686018427387904"#) }
      ) { _ in }
    },
    HostileInput(21, "StyleGAN of a size that no machine could build", 65, "zDim") {
      tensorFlow("resolution", 1024, and: "latent_size", 1 << 30)
    },
    HostileInput(21, "StyleGAN that claims to be large", 65, "missing", command: .generate) {
      tensorFlow("resolution", 4096, and: "latent_size", 65536)
    },
    HostileInput(22, "NaN, drawn", 0, "not finite", command: .generate, leaves: ["out"]) {
      try network(weight: .nan) { _ in }
    },
    HostileInput(22, "infinity, drawn", 0, "not finite", command: .generate, leaves: ["out"]) {
      try network(weight: .infinity) { _ in }
    },
  ]

  /// A published pickle of NVIDIA's whose modules, which came without source, have this one.
  private static func published(withSource source: String) throws -> [UInt8] {
    let path = caseFile("checkpoint-stylegan2-ada-pkl/network-protocol3.pkl")
    var bytes = try ByteRegion(mapping: path).copy()
    let key = try #require(bytes.firstRange(of: Array("module_src".utf8)))
    let rest = bytes[key.upperBound...]
    let empty = try #require(rest.firstRange(of: PickleAssembler(protocol: nil).text("").bytes))
    bytes.replaceSubrange(empty, with: PickleAssembler(protocol: nil).text(source).bytes)
    return bytes
  }

  /// A TensorFlow pickle of StyleGAN's generator that states two sizes and has no variables.
  private static func tensorFlow(
    _ first: String, _ a: Int32, and second: String, _ b: Int32
  ) -> [UInt8] {
    PickleAssembler(protocol: 4).tuple { pickle in
      ["G", "D", "Gs"].reduce(pickle) { pickle, name in
        pickle.global("dnnlib.tflib.network", "Network").ops(")").op(0x81).ops("}(")
          .text("version").int(3).text("name").text(name).text("components").ops("}")
          .text("variables").ops("]").text("static_kwargs").ops("}(")
          .text(first).int(a).text(second).int(b).ops("uub")
      }
    }.region.copy()
  }

  /// The tensors of a small generator, in our own form after a change.
  private static func network(
    weight: Float = 1, configuration: (String) -> String = { $0 },
    _ change: (inout [Safetensors.Entry]) -> Void
  ) throws -> [UInt8] {
    try withScratchFolder { folder in
      let path = "\(folder)/network"
      let g = smallGenerator(weight: weight)
      try writeNetworkFile(g.parameters, configuration: g.configuration, to: path)
      let file = try Safetensors(path: path)
      var entries = file.names.compactMap { name in
        file.tensors[name].map { Safetensors.Entry(name: name, $0) }
      }
      change(&entries)
      let metadata = file.metadata.mapValues(configuration)
      try Safetensors.write(entries, metadata: metadata, to: "\(folder)/changed")
      return try ByteRegion(mapping: "\(folder)/changed").copy()
    }
  }

  /// The tensors of a small generator, in a torch file under NVIDIA's names after a change.
  private static func stateDictionary(
    _ change: (inout [(key: String, value: TorchArchive.Value)]) -> Void
  ) throws -> [UInt8] {
    try withScratchFolder { folder in
      let path = "\(folder)/network"
      let g = smallGenerator(weight: 1)
      try writeNetworkFile(g.parameters, configuration: g.configuration, to: path)
      let file = try Safetensors(path: path)
      var entries = file.names.compactMap { name in
        file.tensors[name].map { (key: name, value: TorchArchive.Value.tensor(TensorToWrite($0))) }
      }
      change(&entries)
      try TorchArchive.write(
        .dictionary([("G_ema", .dictionary(entries))]), to: "\(folder)/changed")
      return try ByteRegion(mapping: "\(folder)/changed").copy()
    }
  }

  /// A generator of 8×8 pictures whose first constants are multiplied by `weight`.
  private static func smallGenerator(weight: Float) -> StyleGAN2 {
    var configuration = StyleGAN2Configuration(resolution: 8)
    (configuration.zDim, configuration.wDim, configuration.mappingLayers) = (4, 4, 2)
    (configuration.channelBase, configuration.channelMax) = (32, 4)
    let g = StyleGAN2(configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
    withoutGradients {
      let const = g.parameters["synthesis.b4.const"]
      const.assign(const * Double(weight))
    }
    return g
  }
}

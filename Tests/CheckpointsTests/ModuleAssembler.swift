// Pickles of persistent modules, assembled by hand: what NVIDIA's programs write, and what they
// never would.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport

/// A persistent module about to be pickled.
struct Module {
  var className: String
  var kind = "class"
  var version: Int32 = 6
  var source = "raise SystemExit"
  var positional: [PlainValue] = []
  /// Assembles the arguments; `arguments` unless a test wants something else.
  var assembleArguments: ((PickleAssembler) -> PickleAssembler)?
  var arguments: [String: PlainValue] = [:]
  var attributes: [String: PlainValue] = [:]
  var parameters: OrderedDictionary<String, Tensor> = [:]
  var buffers: OrderedDictionary<String, Tensor> = [:]
  var children: OrderedDictionary<String, Module> = [:]

  init(_ className: String) { self.className = className }

  /// A module with the parameters and buffers of a store.
  init(_ className: String, _ store: ParameterStore) {
    self.init(className)
    for (name, entry) in store.entries {
      let path = name.split(separator: ".").map(String.init)
      insert(entry.tensor, isParameter: entry.role == .parameter, at: path[...])
    }
  }

  /// Adds a tensor, and the parts on the way to it.
  mutating func insert(_ tensor: Tensor, isParameter: Bool, at path: ArraySlice<String>) {
    guard let first = path.first else { return }
    if path.count > 1 {
      children[first, default: Module("Part")].insert(
        tensor, isParameter: isParameter, at: path.dropFirst())
    } else if isParameter {
      parameters[first] = tensor
    } else {
      buffers[first] = tensor
    }
  }

  /// Changes the part at a path of one or more names.
  mutating func change(_ path: String, _ body: (inout Module) -> Void) {
    let parts = path.split(separator: ".", maxSplits: 1).map(String.init)
    if parts.count == 1 {
      body(&children[parts[0], default: Module("Part")])
    } else {
      children[parts[0], default: Module("Part")].change(parts[1], body)
    }
  }
}

extension PickleAssembler {
  /// A dictionary of what `items` assembles: a name and a value, again and again.
  func dictionary(_ items: (Self) -> Self) -> Self { ops("}(").then(items).ops("u") }

  func plain(_ value: PlainValue) -> Self {
    switch value {
    case .null: ops("N")
    case .bool(let truth): bool(truth)
    case .int(let number): int(Int32(number))
    case .double(let number): op(0x47, littleEndian(number.bitPattern).reversed())
    case .string(let string): text(string)
    case .list(let items): ops("](").then { items.reduce($0) { $0.plain($1) } }.ops("e")
    case .dictionary(let entries):
      dictionary { entries.reduce($0) { $0.text($1.key).plain($1.value) } }
    }
  }

  func tensor(_ tensor: Tensor) -> Self {
    let file = TorchFileAssembler(tensor.values())
    var strides: [Int32] = []
    for size in tensor.shape.reversed() { strides.append((strides.last ?? 1) * Int32(size)) }
    strides = Array(([1] + strides.dropLast()).reversed())
    return call("torch._utils", "_rebuild_tensor_v2") {
      $0.call("torch.storage", "_load_from_bytes") { $0.bytes(file.legacyBytes) }
        .int(0).ints(tensor.shape.map(Int32.init)).ints(tensor.rank == 0 ? [] : strides).bool(false)
        .call("collections", "OrderedDict") { $0 }
    }
  }

  func tensors(_ tensors: OrderedDictionary<String, Tensor>) -> Self {
    dictionary { tensors.reduce($0) { $0.text($1.key).tensor($1.value) } }
  }

  func module(_ module: Module) -> Self {
    call("torch_utils.persistence", "_reconstruct_persistent_obj") {
      $0.dictionary {
        $0.text("type").text(module.kind).text("version").int(module.version)
          .text("module_src").text(module.source).text("class_name").text(module.className)
          .text("state").dictionary { $0.state(of: module) }
      }
    }
  }

  private func state(of module: Module) -> Self {
    let arguments = module.assembleArguments ?? { $0.plain(.dictionary(module.arguments)) }
    return module.attributes.reduce(self) { $0.text($1.key).plain($1.value) }
      .text("_init_args").plain(.list(module.positional)).text("_init_kwargs").then(arguments)
      .text("_parameters").tensors(module.parameters).text("_buffers").tensors(module.buffers)
      .text("_modules").dictionary {
        module.children.reduce($0) { $0.text($1.key).module($1.value) }
      }
  }

  /// A checkpoint of networks by role.
  static func checkpoint(_ networks: OrderedDictionary<String, Module>) -> Self {
    PickleAssembler(protocol: 3).dictionary {
      networks.reduce($0) { $0.text($1.key).module($1.value) }
    }
  }

  /// Writes the pickle to a file, and opens it as a checkpoint.
  func open() throws -> Checkpoint {
    try withScratchFolder { folder in
      try TestSupport.put(region.copy(), at: "\(folder)/network.pkl")
      return try Checkpoint.open("\(folder)/network.pkl")
    }
  }
}

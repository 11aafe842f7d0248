// NVIDIA's persistent objects: modules that a pickle holds with their Python source, here read as
// data alone.

import Formats
import OrderedCollections

/// A module of a network as NVIDIA's pickles hold it: its class's name, arguments, plain
/// attributes, tensors and parts.
///
/// The Python source in the file is never looked at.
struct PersistentModule {
  /// The name of its class, such as `SynthesisNetwork`.
  let className: String
  /// Its parts by name.
  let children: OrderedDictionary<String, PersistentModule>
  /// Its own parameters and buffers by name, without those of its parts.
  let ownTensors: OrderedDictionary<String, StoredTensor>
  /// Its attributes: arguments, plain values, and the tables that the other properties were read
  /// from.
  private let state: PickleDictionary
  private let name: String
  private let file: String

  private static let constructor = PickleGlobal(
    "torch_utils.persistence", "_reconstruct_persistent_obj")

  /// The module that a value records, or nil if it records something else.
  init?(_ value: PickleValue, name: String, tensors: TorchTensors, file: String) throws(FileError) {
    var reader = Reader(tensors: tensors, file: file)
    try self.init(value, name: name, &reader)
  }

  private init?(_ value: PickleValue, name: String, _ reader: inout Reader) throws(FileError) {
    guard let call = value.asCall(of: Self.constructor) else { return nil }
    guard let meta = call.arguments.items.first?.asDictionary,
      let className = meta["class_name"]?.asString, let state = meta["state"]?.asDictionary
    else {
      throw reader.damaged(call, "the class and state of \(name)", "something else")
    }
    let (type, version) = (meta["type"]?.asString, meta["version"]?.asInt)
    guard type == "class", version == 6 else {
      throw reader.damaged(
        call, "\(name): a class in version 6 of the format",
        "\(type ?? "nothing") in version \(version.map(String.init) ?? "none")")
    }
    self.className = className
    self.state = state
    self.name = name
    file = reader.file
    ownTensors = try reader.tensors(of: state, in: name)
    var children: OrderedDictionary<String, PersistentModule> = [:]
    for (key, value) in state["_modules"]?.asDictionary?.entries ?? [] {
      let key = try reader.component(key, of: state, in: name)
      let path = "\(name).\(key)"
      if value.isNone { continue }
      guard let child = try PersistentModule(value, name: path, &reader) else {
        throw reader.damaged(call, "\(path): a persistent module", value.kind)
      }
      children[key] = child
    }
    self.children = children
  }

  /// The named arguments that it was constructed with.
  ///
  /// - Throws: `FileError` if there are others, or if they are not plain values.
  func arguments() throws(FileError) -> PlainValue {
    guard state["_init_args"]?.asItems?.isEmpty ?? true else {
      throw damaged("\(name): constructed with named arguments only", "positional ones")
    }
    guard let arguments = state["_init_kwargs"] else { return .null }
    guard let plain = PlainValue(arguments) else {
      throw damaged("\(name): arguments that are plain values", "others in \(arguments.kind)")
    }
    return plain
  }

  /// An attribute of the part at a path, if it is there and a plain value.
  func attribute(_ attribute: String, at path: String) -> PlainValue? {
    self[path]?.state[attribute].flatMap { PlainValue($0, limit: 64) }
  }

  /// The part at a path such as `synthesis.b4.conv1`, if there is one.
  subscript(path: String) -> PersistentModule? {
    path.split(separator: ".").reduce(Optional(self)) { $0?.children[String($1)] }
  }

  /// All parameters and buffers under their dotted names.
  var tensors: OrderedDictionary<String, StoredTensor> {
    var all = ownTensors
    for (name, child) in children {
      for (rest, tensor) in child.tensors { all["\(name).\(rest)"] = tensor }
    }
    return all
  }

  /// The error of a module that contradicts itself.
  func disagreement(_ expected: String, _ found: String) -> FileError {
    damaged("\(name): \(expected)", found)
  }

  private func damaged(_ expected: String, _ found: String) -> FileError {
    FileError(.damaged, file: file, offset: state.offset, expected: expected, found: found)
  }
}

/// Reads the tables of modules, which may be mentioned many times over, and counts what it has
/// read.
private struct Reader {
  let tensors: TorchTensors
  let file: String
  /// Modules and tensors that may still come; the largest published networks have under a thousand.
  private var remaining = 1 << 14

  init(tensors: TorchTensors, file: String) { (self.tensors, self.file) = (tensors, file) }

  func damaged(_ node: PickleNode, _ expected: String, _ found: String) -> FileError {
    FileError(.damaged, file: file, offset: node.offset, expected: expected, found: found)
  }

  /// The key of a part: one component of a dotted name.
  mutating func component(
    _ key: PickleValue, of state: PickleDictionary, in name: String
  ) throws(FileError) -> String {
    remaining -= 1
    guard remaining >= 0 else {
      throw damaged(state, "at most \(1 << 14) modules and tensors", "more")
    }
    guard let text = key.asString, 1...128 ~= text.utf8.count, !text.contains(".") else {
      throw damaged(state, "\(name): parts with short names without dots", key.asString ?? key.kind)
    }
    return text
  }

  /// A module's own parameters and buffers.
  mutating func tensors(
    of state: PickleDictionary, in name: String
  ) throws(FileError) -> OrderedDictionary<String, StoredTensor> {
    var found: OrderedDictionary<String, StoredTensor> = [:]
    for group in ["_parameters", "_buffers"] {
      for (key, value) in state[group]?.asDictionary?.entries ?? [] {
        let key = try component(key, of: state, in: name)
        if value.isNone { continue }
        guard let tensor = try tensors.tensor(value) else {
          throw damaged(state, "\(name).\(key): a tensor in \(group)", value.kind)
        }
        guard found.updateValue(tensor, forKey: key) == nil else {
          throw damaged(state, "\(name).\(key) once", "it both as a parameter and a buffer")
        }
      }
    }
    return found
  }
}

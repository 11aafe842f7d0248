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
  /// The named arguments that it was constructed with.
  let arguments: PlainValue
  /// Its attributes that are plain values.
  let attributes: [String: PlainValue]
  /// Its parts by name.
  let children: OrderedDictionary<String, PersistentModule>
  /// Its own parameters and buffers by name, without those of its parts.
  let ownTensors: OrderedDictionary<String, StoredTensor>

  private static let constructor = PickleGlobal(
    "torch_utils.persistence", "_reconstruct_persistent_obj")

  /// The module that a value records, or nil if it records something else.
  init?(_ value: PickleValue, name: String, tensors: TorchTensors, file: String) throws(FileError) {
    guard let call = value.asCall(of: Self.constructor) else { return nil }
    func damaged(_ expected: String, _ found: String) -> FileError {
      FileError(.damaged, file: file, offset: call.offset, expected: expected, found: found)
    }
    guard let meta = call.arguments.items.first?.asDictionary,
      let className = meta["class_name"]?.asString, let state = meta["state"]?.asDictionary
    else { throw damaged("the class and state of \(name)", "something else") }
    guard meta["type"]?.asString == "class", meta["version"]?.asInt == 6 else {
      throw damaged(
        "\(name): a class in version 6 of the format",
        "version \(meta["version"]?.asInt.map(String.init) ?? "none")")
    }
    guard state["_init_args"]?.asItems?.isEmpty ?? true || name.contains(".") else {
      throw damaged("\(name): constructed with named arguments only", "positional ones")
    }
    self.className = className
    arguments = state["_init_kwargs"].flatMap { PlainValue($0) } ?? .null
    var attributes: [String: PlainValue] = [:]
    for (key, value) in state.entries {
      guard let key = key.asString, !key.hasPrefix("_") else { continue }
      attributes[key] = PlainValue(value)
    }
    self.attributes = attributes
    ownTensors = try Self.ownTensors(state, name: name, tensors: tensors, file: file)
    var children: OrderedDictionary<String, PersistentModule> = [:]
    for (key, value) in state["_modules"]?.asDictionary?.entries ?? [] {
      guard let key = key.asString, !value.isNone else { continue }
      let path = "\(name).\(key)"
      guard let child = try PersistentModule(value, name: path, tensors: tensors, file: file) else {
        throw damaged("\(path): a persistent module", value.kind)
      }
      children[key] = child
    }
    self.children = children
  }

  private static func ownTensors(
    _ state: PickleDictionary, name: String, tensors: TorchTensors, file: String
  ) throws(FileError) -> OrderedDictionary<String, StoredTensor> {
    var found: OrderedDictionary<String, StoredTensor> = [:]
    for group in ["_parameters", "_buffers"] {
      for (key, value) in state[group]?.asDictionary?.entries ?? [] where !value.isNone {
        guard let key = key.asString, let tensor = try tensors.tensor(value) else {
          throw FileError(
            .damaged, file: file, offset: state.offset, expected: "\(name): tensors in \(group)",
            found: value.kind)
        }
        guard found.updateValue(tensor, forKey: key) == nil else {
          throw FileError(
            .damaged, file: file, offset: state.offset, expected: "\(name).\(key) once",
            found: "it both as a parameter and a buffer")
        }
      }
    }
    return found
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
}

// The content of a torch file: its tensors under dotted names, and its plain values.

public import Formats
import Layers
public import OrderedCollections

/// What a torch file holds, however it nests its dictionaries.
///
/// A training program's `{"g": {"conv1.weight": …}, "g_optim": {"state": {0: …}}}` has the tensors
/// `g.conv1.weight` and `g_optim.state.0.…`.
public struct TorchState {
  /// All tensors by the path of keys that leads to them, with dots between.
  public let tensors: OrderedDictionary<String, StoredTensor>
  /// The plain values of the outermost dictionary; `argparse`'s namespaces are dictionaries.
  public let values: OrderedDictionary<String, PlainValue>
  /// The keys of the outermost dictionary.
  public let keys: [String]
  /// The file.
  let file: String

  /// Reads a torch file of any form.
  ///
  /// - Parameter path: The file.
  /// - Throws: `FileError` if it cannot be read, is damaged, or asks for something that is never
  ///   done.
  public init(reading path: String) throws(FileError) {
    let bytes = try ByteRegion(mapping: path)
    try self.init(TorchArchive(bytes), file: path)
  }

  init(_ archive: TorchArchive, file: String) throws(FileError) {
    guard let entries = archive.root.asDictionary else {
      throw FileError(
        .damaged, file: file, expected: "a dictionary of tensors", found: archive.root.kind)
    }
    var collector = Collector(TorchTensors(storages: archive.storages, file: file), file: file)
    var (keys, values) = ([String](), OrderedDictionary<String, PlainValue>())
    for (key, value) in entries.entries {
      let name = try collector.name(of: key, in: entries)
      keys.append(name)
      let countBefore = collector.tensors.count
      try collector.collect(value, at: name)
      guard collector.tensors.count == countBefore else { continue }
      values[name] = PlainValue(value.attributes ?? value)
    }
    (self.keys, self.values, self.file) = (keys, values, file)
    tensors = collector.tensors
  }

  /// The tensors below a path, without it, as parameters.
  ///
  /// - Parameter path: Whole keys with dots between; empty for all.
  /// - Returns: The parameters in the order of the file.
  /// - Throws: `FileError` if networks have no such elements.
  func parameters(under path: String) throws(FileError) -> StoredParameters {
    var found: StoredParameters = [:]
    let prefix = path.isEmpty ? "" : path + "."
    for (name, tensor) in tensors where name.hasPrefix(prefix) {
      found[String(name.dropFirst(prefix.count))] = try StoredParameter(tensor)
    }
    return found
  }
}

/// Walks through dictionaries and lists; the pickle reader has bounded how deep they nest.
private struct Collector {
  private(set) var tensors: OrderedDictionary<String, StoredTensor> = [:]
  private let source: TorchTensors
  private let file: String
  /// Values that may still come, counting again what the pickle mentions again.
  private var remaining = 1 << 18
  /// Bytes of a path, each of which repeats the keys that lead to it.
  private static let pathLimit = 1 << 9

  init(_ source: TorchTensors, file: String) { (self.source, self.file) = (source, file) }

  mutating func name(
    of key: PickleValue, in node: PickleNode
  ) throws(FileError) -> String {
    guard let name = key.asString ?? key.asInt.map(String.init), !name.isEmpty else {
      throw damaged(node, "keys of text, or numbers", key.asString ?? key.kind)
    }
    return name
  }

  mutating func collect(_ value: PickleValue, at path: String) throws(FileError) {
    remaining -= 1
    guard path.utf8.count <= Self.pathLimit else {
      throw FileError(
        .damaged, file: file, expected: "names of at most \(Self.pathLimit) bytes", found: path)
    }
    if let tensor = try source.tensor(value) {
      guard tensors.updateValue(tensor, forKey: path) == nil else {
        throw FileError(.damaged, file: file, expected: "\(path) once", found: "it again")
      }
      return
    }
    if let dictionary = value.attributes?.asDictionary ?? value.asDictionary {
      for (key, item) in dictionary.entries {
        try step(dictionary)
        let name = try name(of: key, in: dictionary)
        try collect(item, at: "\(path).\(name)")
      }
    } else if let items = value.asItems, let node = value.sequence {
      for (index, item) in items.enumerated() {
        try step(node)
        try collect(item, at: "\(path).\(index)")
      }
    }
  }

  private func step(_ node: PickleNode) throws(FileError) {
    guard remaining > 0 else { throw damaged(node, "at most \(1 << 18) values", "more") }
  }

  private func damaged(_ node: PickleNode, _ expected: String, _ found: String) -> FileError {
    FileError(.damaged, file: file, offset: node.offset, expected: expected, found: found)
  }
}

extension PickleValue {
  /// The attributes of a namespace of Python's argument parser, as a dictionary.
  fileprivate var attributes: PickleValue? {
    asCall(of: PickleGlobal("argparse", "Namespace"))?.state
  }

  fileprivate var sequence: PickleNode? {
    switch self {
    case .tuple(let items), .list(let items), .set(let items): items
    default: nil
    }
  }
}

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
    try self.init(reading: path, expecting: "a torch file")
  }

  /// Reads a torch file of any form, which is to hold something.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - expected: What it is to hold, in a few words, for those who chose another file.
  /// - Throws: `FileError` if it cannot be read, is damaged, or asks for something that is never
  ///   done.
  init(reading path: String, expecting expected: String) throws(FileError) {
    let bytes = try ByteRegion(mapping: path)
    switch FileForm(of: bytes) {
    case .numPy, .safetensors, .pickle, .foreign:
      throw FileError(
        .notRecognised, file: path, expected: expected, found: FileForm.words(for: bytes))
    case .torch, .torchScript, .zip, .tar, .unknown:
      try self.init(TorchArchive(bytes), file: path)
    }
  }

  package init(_ archive: TorchArchive, file: String) throws(FileError) {
    let source = TorchTensors(storages: archive.storages, file: file)
    guard let entries = archive.root.asDictionary else {
      let tensor = try source.tensor(archive.root)
      throw FileError(
        tensor == nil ? .damaged : .notRecognised, file: file, expected: "a dictionary of tensors",
        found: tensor.map { Checkpoint.array($0.shape) } ?? archive.root.kind)
    }
    var collector = Collector(source, file: file)
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

  /// The path at which networks wrapped for training on several devices keep what others keep at
  /// `path`: with `module` wherever all names below begin with it.
  ///
  /// - Parameter path: Whole keys with dots between; empty for the whole file.
  /// - Returns: The path, which is `path` itself where nothing is wrapped.
  func unwrapped(_ path: String) -> String {
    var found = wrapping("")
    for key in path.split(separator: ".") { found = wrapping(found.appending(key: key)) }
    return found
  }

  private func wrapping(_ path: String) -> String {
    let (prefix, wrapper) = (path.appending(key: ""), path.appending(key: "module."))
    var isWrapped = false
    for name in tensors.keys where name.hasPrefix(prefix) {
      guard name.hasPrefix(wrapper) else { return path }
      isWrapped = true
    }
    return isWrapped ? path.appending(key: "module") : path
  }

  /// The outermost keys; of keys with dots, which stand for dictionaries, the first parts.
  var parts: OrderedSet<String> {
    OrderedSet(keys.lazy.map { key in key.split(separator: ".").first.map(String.init) ?? key })
  }

  /// The first keys of the tensors below a path, each once.
  ///
  /// - Parameter path: Whole keys with dots between.
  /// - Returns: The keys in the order of the file.
  func parts(of path: String) -> OrderedSet<Substring> {
    let prefix = path.appending(key: "")
    return OrderedSet(
      tensors.keys.lazy.filter { $0.hasPrefix(prefix) }.map { name in
        name.dropFirst(prefix.count).prefix { $0 != "." }
      })
  }

  /// The tensors below a path, without it, as parameters.
  ///
  /// - Parameter path: Whole keys with dots between; empty for all.
  /// - Returns: The parameters in the order of the file.
  /// - Throws: `FileError` if networks have no such elements.
  func parameters(under path: String) throws(FileError) -> StoredParameters {
    var found: StoredParameters = [:]
    let prefix = path.appending(key: "")
    for (name, tensor) in tensors where name.hasPrefix(prefix) {
      found[String(name.dropFirst(prefix.count))] = try StoredParameter(tensor)
    }
    return found
  }
}

extension String {
  /// The path of a key below this path; an empty key gives what the names below begin with.
  func appending(key: some StringProtocol) -> String { isEmpty ? String(key) : "\(self).\(key)" }
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

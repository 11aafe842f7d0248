// TorchScript archives as data: the tensors in them; the program is not looked at.

/// The parameters, buffers and constants of a program that `torch.jit.save` wrote.
///
/// Such an archive holds a program and the object that it works on. Of the object, only the tensors
/// are read; whoever uses them knows the network that they belong to.
public struct TorchScriptArchive {
  /// The tensors by dotted name, as the program's modules call them.
  ///
  /// Items of lists and tuples are named by their position. Constants of the program have the names
  /// that it has for them, such as `CONSTANTS.c0`.
  public let tensors: [String: StoredTensor]

  /// Reads the archive that fills `bytes`.
  /// - Throws: `FileError` of kind `damaged` or `refusedAsUnsafe`.
  public init(
    _ bytes: ByteRegion, limits: PickleLimits = PickleLimits()
  ) throws(FileError) {
    let folder = try TorchZIPFolder(bytes)
    var walk = TensorWalk(file: bytes.name, limit: limits.values)
    let (object, parameters) = try Self.read("data", in: folder, limits, file: bytes.name)
    try walk.collect(from: object, named: "", parameters)
    let (tuple, constants) = try Self.read("constants", in: folder, limits, file: bytes.name)
    for (index, constant) in (tuple.asItems ?? []).enumerated() {
      try walk.collect(from: constant, named: "CONSTANTS.c\(index)", constants)
    }
    tensors = walk.tensors
  }

  /// One of the archive's two pickles, and the tensors whose elements lie beside it.
  private static func read(
    _ name: String, in folder: TorchZIPFolder, _ limits: PickleLimits, file: String
  ) throws(FileError) -> (PickleValue, TorchTensors) {
    let pickle = try folder.pickle("\(name).pkl", allowing: .torchScript, limits: limits)
    let storages = try folder.storages(name, of: pickle.persistentIDs)
    return (pickle.value, TorchTensors(storages: storages, file: file))
  }
}

/// Collects the tensors of a tree of values; a part that has two names is visited twice.
private struct TensorWalk {
  private(set) var tensors: [String: StoredTensor] = [:]
  private let file: String
  private let limit: Int
  private var visits = 0

  init(file: String, limit: Int) {
    self.file = file
    self.limit = limit
  }

  mutating func collect(
    from value: PickleValue, named name: String, _ source: TorchTensors
  ) throws(FileError) {
    guard name.utf8.count <= Self.nameLimit else {
      throw damaged("names of at most \(Self.nameLimit) bytes", found: "more")
    }
    if let tensor = try source.tensor(value) {
      guard tensors.updateValue(tensor, forKey: name) == nil else {
        throw damaged("different names", found: "\(name) twice")
      }
      return
    }
    let parts = try parts(of: value)
    visits += 1 + parts.count
    guard visits <= limit else { throw damaged("at most \(limit) values", found: "more") }
    for (key, part) in parts where part.node != nil {
      try collect(from: part, named: name.isEmpty ? key : "\(name).\(key)", source)
    }
  }

  /// What a value consists of, by name.
  private func parts(of value: PickleValue) throws(FileError) -> [(String, PickleValue)] {
    switch value {
    case .tuple(let items), .list(let items):
      return items.items.enumerated().map { ("\($0)", $1) }
    case .dictionary(let dictionary):
      return try dictionary.entries.map { (key, part) throws(FileError) in
        guard let name = key.asString ?? key.asInt.map(String.init) else {
          throw damaged("keys of text or integers", found: key.kind)
        }
        return (name, part)
      }
    case .object(let object) where object.callable.module == "torch.jit._pickle":
      return try object.arguments.items.first.map(parts) ?? []
    case .object(let object): return try object.state.map(parts) ?? []
    default: return []
    }
  }

  private func damaged(_ expected: String, found: String) -> FileError {
    FileError(.damaged, file: file, expected: expected, found: found)
  }

  private static let nameLimit = 1 << 12
}

// Writing torch files: the zip form, which `torch.load` opens without running anything.

extension TorchArchive {
  /// What a torch file can be written of.
  public indirect enum Value {
    /// Python's `None`.
    case none
    /// `True` or `False`.
    case bool(Bool)
    /// An integer.
    case int(Int)
    /// A floating-point number.
    case double(Double)
    /// Text.
    case string(String)
    /// A list.
    case list([Value])
    /// A dictionary in the order of its entries; keys must differ.
    case dictionary([(key: String, value: Value)])
    /// A tensor; the same instance in two places becomes two tensors that share their elements.
    case tensor(TensorToWrite)
  }

  /// Writes a file; it appears under its name only when it is whole and on disk.
  ///
  /// The file has the form of torch 1.6 and later, and equal content gives equal files. Tensors are
  /// row-major, each in a storage of its own, and asked for one after another.
  /// - Parameters:
  ///   - value: the object to save.
  ///   - path: the file to create or replace.
  /// - Throws: `FileError` of kind `cannotCreate` or `ioFailed`, or what a tensor's content throws.
  public static func write(_ value: Value, to path: String) throws {
    var pickle = TorchPickle()
    pickle.write(value)
    let object = pickle.finished()
    var entries = [entry("data.pkl", object), entry("byteorder", Array("little".utf8))]
    for (key, tensor) in pickle.tensors.enumerated() {
      entries.append(ZIPArchive.NewEntry(name: "archive/data/\(key)") { try tensor.bytes() })
    }
    entries.append(entry("version", Array("3\n".utf8)))
    try ZIPArchive.write(entries, alignment: 64, to: path)
  }

  private static func entry(_ name: String, _ content: [UInt8]) -> ZIPArchive.NewEntry {
    ZIPArchive.NewEntry(name: "archive/\(name)") { ByteRegion(content, name: name) }
  }
}

/// The pickle of a torch file being written, and the tensors whose elements lie outside it.
private struct TorchPickle {
  /// The tensors in the order of their storages' keys, which count from 0.
  private(set) var tensors: [TensorToWrite] = []
  private var keys: [ObjectIdentifier: Int] = [:]
  private var pickle = PickleWriter()

  mutating func finished() -> [UInt8] {
    pickle.write(.stop)
    return pickle.bytes
  }

  mutating func write(_ value: TorchArchive.Value) {
    switch value {
    case .none: pickle.write(.none)
    case .bool(let truth): pickle.write(truth)
    case .int(let number): pickle.write(number)
    case .double(let number): pickle.write(number)
    case .string(let text): pickle.write(text)
    case .list(let items):
      pickle.write(.emptyList)
      pickle.write(.mark)
      for item in items { write(item) }
      pickle.write(.appends)
    case .dictionary(let entries): write(entries)
    case .tensor(let tensor): write(tensor)
    }
  }

  private mutating func write(_ entries: [(key: String, value: TorchArchive.Value)]) {
    precondition(
      Set(entries.map(\.key)).count == entries.count, "keys repeat: \(entries.map(\.key))")
    pickle.write(.emptyDict)
    pickle.write(.mark)
    for (key, value) in entries {
      pickle.write(key)
      write(value)
    }
    pickle.write(.setItems)
  }

  private mutating func write(_ tensor: TensorToWrite) {
    let key = keys[ObjectIdentifier(tensor)] ?? tensors.count
    if key == tensors.count { tensors.append(tensor) }
    keys[ObjectIdentifier(tensor)] = key
    let storage = storageClass(tensor.elementType)
    let constructor = storage == nil ? "_rebuild_tensor_v3" : "_rebuild_tensor_v2"
    pickle.writeCall(PickleGlobal("torch._utils", constructor)) { arguments in
      arguments.writeTuple {
        $0.write("storage")
        $0.write(storage ?? PickleGlobal("torch.storage", "UntypedStorage"))
        $0.write("\(key)")
        $0.write("cpu")
        $0.write(storage == nil ? tensor.byteCount : tensor.elementCount)
      }
      arguments.write(.binPersID)
      arguments.write(0)
      arguments.writeTuple { for size in tensor.shape { $0.write(size) } }
      arguments.writeTuple { for stride in rowMajorStrides(tensor.shape) { $0.write(stride) } }
      arguments.write(false)
      arguments.writeCall(PickleGlobal("collections", "OrderedDict")) { _ in }
      if storage == nil { arguments.write(PickleGlobal("torch", tensor.elementType.rawValue)) }
    }
  }

  /// The storage class of a type, or nil for types that came after torch had given up such classes.
  private func storageClass(_ type: ElementType) -> PickleGlobal? {
    torchStorageNames.map { PickleGlobal("torch", $0) }
      .first { ElementType(torchStorage: $0) == type }
  }
}

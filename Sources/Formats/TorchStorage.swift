// What torch's file forms share: typed storages, and the persistent ids that name them.

/// The elements that one or more tensors view.
public struct TorchStorage: Sendable {
  /// The type of the elements.
  public let elementType: ElementType
  /// The elements, still in the file.
  public let bytes: ByteRegion

  /// The storage of `bytes`.
  public init(elementType: ElementType, bytes: ByteRegion) {
    self.elementType = elementType
    self.bytes = bytes
  }
}

/// A persistent id of a torch file: `('storage', class, key, location, element count[, view])`.
struct TorchStorageID {
  /// A part of a storage: the part's own key, and where it lies, in elements.
  struct View: Equatable {
    let key: String
    let offset: Int
    let count: Int
  }

  let elementType: ElementType
  let key: String
  let elementCount: Int
  let view: View?

  /// Reads the tuple of a persistent id.
  /// - Throws: `FileError` of kind `damaged` if it is not one of a storage, `unsupported` if it is
  ///   one of complex or quantised numbers.
  init(_ id: PickleSequence, file: String) throws(FileError) {
    let items = id.items
    guard items.count == 5 || items.count == 6, items[0].text(atMost: 7) == "storage",
      case .global(let storageClass) = items[1], let key = items[2].text(atMost: Self.keyLimit),
      let count = items[4].asInt, count >= 0
    else {
      let kinds = items.prefix(7).map(\.kind).joined(separator: ", ")
      throw damagedID(
        id, file, expected: "('storage', class, key, location, count)", found: "(\(kinds))")
    }
    guard let type = ElementType(torchStorage: storageClass) else {
      let isKnown = PickleAllowList.torchStorage.contains(storageClass)
      throw damagedID(
        id, file, kind: isKnown ? .unsupported : .damaged,
        expected: isKnown ? "real numbers" : "a known storage class", found: "\(storageClass)")
    }
    elementType = type
    self.key = key
    elementCount = Int(count)
    view = try items.count == 6 ? Self.view(items[5], of: elementCount, id, file) : nil
  }

  private static func view(
    _ value: PickleValue, of elementCount: Int, _ id: PickleSequence, _ file: String
  ) throws(FileError) -> View? {
    guard !value.isNone else { return nil }
    guard let items = value.asItems, items.count == 3,
      let key = items[0].text(atMost: keyLimit),
      let offset = items[1].asInt, let count = items[2].asInt, offset >= 0, count >= 0,
      offset <= elementCount, count <= Int64(elementCount) - offset
    else {
      throw damagedID(
        id, file, expected: "a view inside \(elementCount) elements", found: value.kind)
    }
    return View(key: key, offset: Int(offset), count: Int(count))
  }

  /// Bytes of a storage's key; torch uses numbers.
  static let keyLimit = 256
}

extension TorchStorageID {
  /// The ids by storage key.
  /// - Throws: `FileError` of kind `damaged` if ids disagree about the storage of one key.
  static func byKey(
    _ ids: [PickleSequence], file: String
  ) throws(FileError) -> [String: TorchStorageID] {
    var described: [String: TorchStorageID] = [:]
    var seen: Set<ObjectIdentifier> = []
    for id in ids where seen.insert(ObjectIdentifier(id)).inserted {
      let storage = try TorchStorageID(id, file: file)
      let first = described[storage.key] ?? storage
      guard first.elementType == storage.elementType, first.elementCount == storage.elementCount
      else {
        throw damagedID(
          id, file,
          expected: "\(first.elementCount) elements of \(first.elementType) for key \(first.key)",
          found: "\(storage.elementCount) of \(storage.elementType)")
      }
      described[storage.key] = first
    }
    return described
  }
}

private func damagedID(
  _ id: PickleSequence, _ file: String, kind: FileError.Kind = .damaged, expected: String,
  found: String
) -> FileError {
  FileError(kind, file: file, offset: id.offset, expected: expected, found: found)
}

extension ElementType {
  /// The element type of a torch storage class, or nil for complex and quantised ones.
  init?(torchStorage storageClass: PickleGlobal) {
    switch storageClass.name {
    case "DoubleStorage": self = .float64
    case "FloatStorage": self = .float32
    case "HalfStorage": self = .float16
    case "BFloat16Storage": self = .bfloat16
    case "LongStorage": self = .int64
    case "IntStorage": self = .int32
    case "ShortStorage": self = .int16
    case "CharStorage": self = .int8
    case "ByteStorage", "UntypedStorage": self = .uint8
    case "BoolStorage": self = .bool
    default: return nil
    }
  }

  /// The element type of a torch tensor class.
  init?(torchTensor tensorClass: PickleGlobal) {
    guard tensorClass.name.hasSuffix("Tensor") else { return nil }
    let storage = "\(tensorClass.name.dropLast("Tensor".count))Storage"
    self.init(torchStorage: PickleGlobal(tensorClass.module, storage))
  }

  /// The element type of the name `torch.float32` or another.
  init?(torchElementType global: PickleGlobal) {
    guard global.module == "torch" else { return nil }
    self.init(rawValue: global.name)
  }
}

/// The storages of a torch file by key, and what else its persistent ids name.
public struct TorchStorages: Sendable {
  private let storages: [String: TorchStorage]
  /// The tensors that the oldest form of file keeps outside its pickle, by key.
  private let tensors: [String: StoredTensor]

  /// No storages.
  public init() {
    self.init([:])
  }

  /// The storages of a file, by the keys that its persistent ids use.
  init(_ storages: [String: TorchStorage], tensors: [String: StoredTensor] = [:]) {
    self.storages = storages
    self.tensors = tensors
  }

  /// The storages' keys.
  var keys: some Collection<String> { storages.keys }

  /// The tensor that a persistent id means, or nil if the id means a storage.
  /// - Throws: `FileError` of kind `damaged` if the id is one key and there is nothing under it.
  func tensor(for id: PickleSequence, file: String) throws(FileError) -> StoredTensor? {
    guard id.items.count == 1 else { return nil }
    let key = id.items[0].text(atMost: TorchStorageID.keyLimit)
    guard let key, tensors[key] != nil || storages[key] != nil else {
      throw damagedID(
        id, file, expected: "the key of a tensor or storage in the file",
        found: key.map { "key \($0)" } ?? "another value")
    }
    return tensors[key]
  }

  /// The storage that a persistent id means.
  /// - Throws: `FileError` of kind `damaged` if there is none, or it is of another type or size.
  public func storage(for id: PickleSequence, file: String) throws(FileError) -> TorchStorage {
    let wanted = try TorchStorageID(id, file: file)
    guard let storage = storages[wanted.key] else {
      throw damagedID(id, file, expected: "a storage in the file", found: "key \(wanted.key)")
    }
    let size = wanted.elementType.byteCount
    guard storage.elementType == wanted.elementType,
      product([wanted.elementCount, size]) == storage.bytes.count
    else {
      throw damagedID(
        id, file,
        expected: "\(storage.bytes.count) bytes of \(storage.elementType) for key \(wanted.key)",
        found: "\(wanted.elementCount) elements of \(wanted.elementType)")
    }
    guard let view = wanted.view else { return storage }
    let bytes = try storage.bytes.slice(at: view.offset * size, count: view.count * size)
    return TorchStorage(elementType: wanted.elementType, bytes: bytes)
  }
}

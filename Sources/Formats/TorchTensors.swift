// Tensors out of the recorded calls that torch's pickles hold.

/// Turns recorded tensor constructors into stored tensors; storages stay shared and in the file.
public final class TorchTensors {
  private let storages: TorchStorages
  private let file: String
  /// Embedded storages already opened, by the node that holds them.
  private var embedded: [ObjectIdentifier: (node: PickleObject, storage: TorchStorage)] = [:]

  /// A source of tensors for the values of one file.
  /// - Parameters:
  ///   - storages: the storages that persistent ids name; none in NVIDIA's pickles, which embed
  ///     them.
  ///   - file: the file's name for errors.
  public init(storages: TorchStorages = TorchStorages(), file: String) {
    self.storages = storages
    self.file = file
  }

  /// The tensor that a value records, or nil if it records something else.
  /// - Throws: `FileError` if the value records a tensor that does not fit its storage.
  public func tensor(_ value: PickleValue) throws(FileError) -> StoredTensor? {
    if let parameter = value.asCall(of: Self.rebuildParameter) {
      guard let data = parameter.arguments.items.first,
        let tensor = try plainTensor(data)
      else { throw damaged(parameter, expected: "a tensor in a parameter", found: "another value") }
      return tensor
    }
    return try plainTensor(value)
  }

  private func plainTensor(_ value: PickleValue) throws(FileError) -> StoredTensor? {
    if case .persistentID(let id) = value { return try storages.tensor(for: id, file: file) }
    guard case .object(let call) = value, Self.rebuildTensor.contains(call.callable) else {
      return nil
    }
    let items = call.arguments.items
    guard items.count >= 4, let offset = items[1].asInt, let shape = sizes(items[2]),
      let strides = sizes(items[3])
    else {
      let kinds = items.prefix(4).map(\.kind).joined(separator: ", ")
      throw damaged(call, expected: "storage, offset, size and stride", found: "(\(kinds))")
    }
    let storage = try storage(items[0], of: call)
    return try StoredTensor(
      elementType: elementType(of: call, storage), shape: shape, strides: strides,
      bytes: storage.bytes, storageOffset: Int(offset))
  }

  /// The storage's type, or the one that the third form of constructor gives to raw bytes.
  private func elementType(
    of call: PickleObject, _ storage: TorchStorage
  ) throws(FileError) -> ElementType {
    guard call.callable == Self.rebuildRawTensor else { return storage.elementType }
    let items = call.arguments.items
    guard items.count > 6, case .global(let name) = items[6], storage.elementType == .uint8 else {
      throw damaged(call, expected: "bytes and an element type", found: "others")
    }
    guard let type = ElementType(torchElementType: name) else {
      throw FileError(
        .unsupported, file: file, offset: call.offset, expected: "an element type of real numbers",
        found: "\(name)")
    }
    return type
  }

  /// The integers of a tuple or list, or of a `torch.Size` of one.
  private func sizes(_ value: PickleValue) -> [Int]? {
    let inner = value.asCall(of: PickleGlobal("torch", "Size"))?.arguments.items.first
    guard let items = (inner ?? value).asItems else { return nil }
    let sizes = items.compactMap { $0.asInt.map(Int.init) }
    return sizes.count == items.count ? sizes : nil
  }

  private func storage(
    _ value: PickleValue, of call: PickleObject
  ) throws(FileError) -> TorchStorage {
    if case .persistentID(let id) = value { return try storages.storage(for: id, file: file) }
    guard let load = value.asCall(of: .loadFromBytes) else {
      throw damaged(call, expected: "a storage", found: value.kind)
    }
    if let known = embedded[ObjectIdentifier(load)] { return known.storage }
    let storage = try embeddedStorage(load)
    embedded[ObjectIdentifier(load)] = (load, storage)
    return storage
  }

  /// The storage in the torch file that a pickle embeds; such a file cannot embed another.
  private func embeddedStorage(_ load: PickleObject) throws(FileError) -> TorchStorage {
    guard load.arguments.items.count == 1, let bytes = load.arguments.items[0].asBytes else {
      throw damaged(load, expected: "the bytes of a torch file", found: "other arguments")
    }
    let archive = try TorchLegacyArchive(embedded: bytes)
    guard case .persistentID(let id) = archive.root else {
      throw damaged(load, expected: "a storage in the bytes", found: archive.root.kind)
    }
    return try archive.storages.storage(for: id, file: file)
  }

  private func damaged(_ object: PickleObject, expected: String, found: String) -> FileError {
    FileError(.damaged, file: file, offset: object.offset, expected: expected, found: found)
  }

  private static let rebuildParameter = PickleGlobal("torch._utils", "_rebuild_parameter")
  private static let rebuildRawTensor = PickleGlobal("torch._utils", "_rebuild_tensor_v3")
  private static let rebuildTensor: Set = [
    PickleGlobal("torch._utils", "_rebuild_tensor"),
    PickleGlobal("torch._utils", "_rebuild_tensor_v2"), rebuildRawTensor,
  ]
}

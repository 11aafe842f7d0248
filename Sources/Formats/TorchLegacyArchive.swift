// The torch file of before version 1.6: five pickles in a row, then the storages' raw bytes.

/// A legacy torch file, whole or embedded in another pickle.
///
/// The layout is: a magic number, the protocol version, a description of the writing machine, the
/// saved object, the list of storage keys; then for each key a 64-bit element count and the data.
public struct TorchLegacyArchive {
  /// The saved object; its persistent ids are keys of `storages`.
  public let root: PickleValue
  /// The storages that the object's tensors view.
  public let storages: TorchStorages

  /// Reads the torch file that fills `bytes`.
  /// - Throws: `FileError` of kind `damaged` or `refusedAsUnsafe`.
  public init(
    _ bytes: ByteRegion, allowing allowed: PickleAllowList = .standard,
    limits: PickleLimits = PickleLimits()
  ) throws(FileError) {
    var parser = Parser(bytes, limits)
    try parser.checkHeader()
    let object = try parser.pickle(allowing: allowed)
    let keys = try parser.keys()
    let described = try describe(object.persistentIDs, file: bytes.name)
    root = object.value
    storages = try parser.storages(keys, described)
  }

  /// Whether the bytes start like a legacy torch file, whatever follows.
  public static func recognises(_ bytes: ByteRegion) -> Bool {
    var parser = Parser(bytes, PickleLimits())
    return (try? parser.checkMagic()) != nil
  }

  /// The first thing in the file, 0x1950A86A20F9469CFC6C, least significant byte first.
  static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
  /// The only protocol version that was ever written.
  static let protocolVersion: Int64 = 1001
}

/// The persistent ids by storage key; ids of one key must agree.
private func describe(
  _ ids: [PickleSequence], file: String
) throws(FileError) -> [String: TorchStorageID] {
  var described: [String: TorchStorageID] = [:]
  for id in ids {
    let storage = try TorchStorageID(id, file: file)
    let first = described[storage.key] ?? storage
    guard first.elementType == storage.elementType, first.elementCount == storage.elementCount
    else {
      throw FileError(
        .damaged, file: file, offset: id.offset,
        expected: "\(first.elementCount) elements of \(first.elementType) for key \(first.key)",
        found: "\(storage.elementCount) of \(storage.elementType)")
    }
    described[storage.key] = first
  }
  return described
}

/// A position in the file, and the parts in their order.
private struct Parser {
  private let bytes: ByteRegion
  private let limits: PickleLimits
  private var cursor = 0

  init(_ bytes: ByteRegion, _ limits: PickleLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  /// The next pickle.
  mutating func pickle(allowing allowed: PickleAllowList) throws(FileError) -> PickleReader.Result {
    let result = try PickleReader(bytes, allowing: allowed, limits: limits).read(at: cursor)
    cursor = result.end
    return result
  }

  private mutating func plainPickle() throws(FileError) -> PickleValue {
    try pickle(allowing: PickleAllowList([])).value
  }

  mutating func checkMagic() throws(FileError) {
    try refuseOtherContainers()
    guard case .bigInt(let digits) = try plainPickle(), digits == TorchLegacyArchive.magic else {
      throw bytes.error(at: 0, expected: "torch's magic number", found: "another pickle")
    }
  }

  mutating func checkHeader() throws(FileError) {
    try checkMagic()
    let versionOffset = cursor
    let version = try plainPickle().asInt
    guard version == TorchLegacyArchive.protocolVersion else {
      throw bytes.error(
        at: versionOffset, expected: "torch protocol \(TorchLegacyArchive.protocolVersion)",
        found: version.map(String.init) ?? "no number")
    }
    let machineOffset = cursor
    guard try plainPickle().asDictionary?["little_endian"]?.asBool == true else {
      throw bytes.error(
        at: machineOffset, expected: "little-endian data", found: "another byte order, or none")
    }
  }

  /// Names the container in the error if it is a well-known other one.
  private func refuseOtherContainers() throws(FileError) {
    let starts: [(String, Int, [UInt8])] = [
      ("a zip archive", 0, [0x50, 0x4B, 0x03, 0x04]),
      ("a tar archive from before torch 0.1.10", 257, [0x75, 0x73, 0x74, 0x61, 0x72]),
    ]
    for (name, offset, signature) in starts {
      let start = try? bytes.slice(at: offset, count: signature.count)
      guard start?.copy() != signature else {
        throw bytes.error(at: 0, expected: "a legacy torch file", found: name)
      }
    }
  }

  /// The list of storage keys, each once.
  mutating func keys() throws(FileError) -> [String] {
    let offset = cursor
    guard case .list(let list) = try plainPickle() else {
      throw bytes.error(at: offset, expected: "a list of storage keys", found: "another value")
    }
    let keys = list.items.compactMap(\.asString)
    guard keys.count == list.items.count, Set(keys).count == keys.count else {
      throw bytes.error(
        at: offset, expected: "storage keys, each once", found: "repeated or other values")
    }
    return keys
  }

  /// The data of all keys, which must end with the file.
  mutating func storages(
    _ keys: [String], _ described: [String: TorchStorageID]
  ) throws(FileError) -> TorchStorages {
    if let missing = Set(described.keys).subtracting(keys).min() {
      throw bytes.error(at: cursor, expected: "data of storage \(missing)", found: "none")
    }
    var storages: [String: TorchStorage] = [:]
    for key in keys {
      guard let id = described[key] else {
        throw bytes.error(at: cursor, expected: "storages that tensors use", found: "key \(key)")
      }
      storages[key] = try storage(id)
    }
    guard cursor == bytes.count else {
      throw bytes.error(
        at: cursor, expected: "the end after the last storage",
        found: "\(bytes.count - cursor) more bytes")
    }
    return TorchStorages(storages)
  }

  private mutating func storage(_ id: TorchStorageID) throws(FileError) -> TorchStorage {
    let count = try bytes.integer(at: cursor, as: Int64.self)
    guard count == id.elementCount, let size = product([id.elementCount, id.elementType.byteCount])
    else {
      throw bytes.error(
        at: cursor, expected: "\(id.elementCount) elements in storage \(id.key)",
        found: "\(count)")
    }
    let data = try bytes.slice(at: cursor + 8, count: size)
    cursor += 8 + size
    return TorchStorage(elementType: id.elementType, bytes: data)
  }
}

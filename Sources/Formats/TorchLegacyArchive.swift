// The torch file of before version 1.6: five pickles in a row, then the storages' raw bytes.

/// A legacy torch file, whole or embedded in another pickle.
///
/// The layout is: a magic number, the protocol version, a description of the writing machine, the
/// saved object, the list of storage keys; then for each key a 64-bit element count and the data.
struct TorchLegacyArchive {
  let root: PickleValue
  let storages: TorchStorages

  init(
    _ bytes: ByteRegion, allowing allowed: PickleAllowList, limits: PickleLimits
  ) throws(FileError) {
    var stream = TorchStream(bytes)
    let machine = try readHeader(&stream)
    let object = try stream.pickle(allowing: allowed, limits: limits)
    let keys = try readKeys(&stream, limits)
    // Only now is it known that there is nothing worse.
    guard machine.isLittleEndian else {
      throw bytes.error(
        .unsupported, at: machine.offset, expected: "little-endian data", found: "big-endian data")
    }
    root = object.value
    storages = try readStorages(&stream, keys, of: object.persistentIDs)
    try stream.requireEnd(after: "the last storage")
  }

  /// Reads the file of one storage that a pickle embeds.
  /// - Throws: `FileError` of kind `damaged` or `refusedAsUnsafe`; what is not supported is
  ///   `damaged`, because whoever stops there knows nothing of the pickle's other files.
  init(embedded bytes: ByteRegion) throws(FileError) {
    var limits = PickleLimits()
    limits.values = 256
    do throws(FileError) {
      try self.init(bytes, allowing: .torchStorage, limits: limits)
    } catch {
      guard error.kind == .unsupported else { throw error }
      throw FileError(
        .damaged, file: error.file, offset: error.offset, expected: error.expected,
        found: error.found)
    }
  }

  /// Whether the bytes start like a legacy torch file, whatever follows.
  static func recognises(_ bytes: ByteRegion) -> Bool {
    var stream = TorchStream(bytes)
    return (try? checkMagic(&stream)) != nil
  }
}

/// The first thing in the file, 0x1950A86A20F9469CFC6C, least significant byte first.
private let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
/// The only protocol version that was ever written.
private let protocolVersion: Int64 = 1001

private func checkMagic(_ stream: inout TorchStream) throws(FileError) {
  guard case .bigInt(magic) = try stream.plainPickle(values: 1) else {
    throw stream.bytes.error(at: 0, expected: "torch's magic number", found: "another pickle")
  }
}

/// The description of the writing machine: where it stands, and the order of bytes.
private func readHeader(
  _ stream: inout TorchStream
) throws(FileError) -> (offset: Int, isLittleEndian: Bool) {
  try checkMagic(&stream)
  let versionOffset = stream.cursor
  let version = try stream.plainPickle(values: 1).asInt
  guard version == protocolVersion else {
    throw stream.bytes.error(
      at: versionOffset, expected: "torch protocol \(protocolVersion)",
      found: version.map(String.init) ?? "no number")
  }
  let machineOffset = stream.cursor
  let machine = try stream.plainPickle(values: 64).asDictionary
  guard let isLittleEndian = machine?["little_endian"]?.asBool else {
    throw stream.bytes.error(
      at: machineOffset, expected: "whether data are little-endian", found: "nothing about it")
  }
  return (machineOffset, isLittleEndian)
}

/// The list of storage keys, each once.
private func readKeys(
  _ stream: inout TorchStream, _ limits: PickleLimits
) throws(FileError) -> [String] {
  let offset = stream.cursor
  guard case .list(let list) = try stream.plainPickle(values: limits.values) else {
    throw stream.bytes.error(
      at: offset, expected: "a list of storage keys", found: "another value")
  }
  let keys = list.items.compactMap { $0.text(atMost: TorchStorageID.keyLimit) }
  guard keys.count == list.items.count, Set(keys).count == keys.count else {
    throw stream.bytes.error(
      at: offset, expected: "storage keys, each once", found: "repeated or other values")
  }
  return keys
}

/// The data of all keys, which must be those that the object uses.
private func readStorages(
  _ stream: inout TorchStream, _ keys: [String], of ids: [PickleSequence]
) throws(FileError) -> TorchStorages {
  let ids = try TorchStorageID.byKey(ids, file: stream.bytes.name)
  if let missing = Set(ids.keys).subtracting(keys).min() {
    throw stream.bytes.error(
      at: stream.cursor, expected: "data of storage \(missing)", found: "none")
  }
  var storages: [String: TorchStorage] = [:]
  for key in keys {
    guard let id = ids[key] else {
      throw stream.bytes.error(
        at: stream.cursor, expected: "storages that tensors use", found: "key \(key)")
    }
    storages[key] = try stream.storage(of: id.elementType, count: id.elementCount)
  }
  return TorchStorages(storages)
}

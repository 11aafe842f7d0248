// The torch file of before version 0.1.10: a tar archive of an object, its tensors and storages.

/// A torch file that is a tar archive of four members.
///
/// - `sys_info`: a pickle that describes the writing machine.
/// - `storages`: a number of storages, each a pickle (key, location, class), a 64-bit element count
///   and the data; then a list of views (key, root's key, offset, count).
/// - `tensors`: a number of tensors, each a pickle (key, storage's key, class), a 32-bit rank, four
///   bytes without meaning, and as 64-bit integers the sizes, the strides and the offset.
/// - `pickle`: the object, whose persistent ids are keys of tensors and storages as text.
struct TorchTarArchive {
  let root: PickleValue
  let storages: TorchStorages

  init(
    _ bytes: ByteRegion, allowing allowed: PickleAllowList, limits: PickleLimits
  ) throws(FileError) {
    let members = try Members(of: bytes)
    try checkMachine(members["sys_info"])
    let parts = try readStorages(TorchStream(members["storages"]), limits)
    let tensors = try readTensors(TorchStream(members["tensors"]), of: parts)
    storages = TorchStorages(byText(parts), tensors: byText(tensors))
    var stream = TorchStream(try members["pickle"])
    let object = try stream.pickle(allowing: allowed, limits: limits)
    try stream.requireEnd(after: "the pickle")
    root = object.value
    for id in object.persistentIDs {
      guard id.items.count == 1 else {
        throw FileError(
          .damaged, file: stream.bytes.name, offset: id.offset,
          expected: "the key of a tensor or storage", found: "another persistent id")
      }
      _ = try storages.tensor(for: id, file: stream.bytes.name)
    }
  }

  /// Whether a tar archive has any of the members, as far as it can be read.
  static func isIn(_ bytes: ByteRegion) -> Bool {
    TarArchive.names(in: bytes).contains(where: Members.names.contains)
  }
}

/// The archive's files; together they are no longer than the archive.
private struct Members {
  private var contents: [String: ByteRegion] = [:]
  private let file: String
  static let names: Set = ["sys_info", "pickle", "tensors", "storages"]

  init(of bytes: ByteRegion) throws(FileError) {
    file = bytes.name
    var limits = TarArchive.Limits()
    limits.entries = 2 * Self.names.count
    limits.entryBytes = bytes.count
    limits.expandedBytes = bytes.count
    do {
      try TarArchive.forEachEntry(in: bytes, limits: limits) { contents[$0] = $1 }
    } catch {
      throw error as? FileError
        ?? bytes.error(at: 0, expected: "a tar archive", found: "\(error)")
    }
    if let other = Set(contents.keys).subtracting(Self.names).min() {
      throw FileError(
        .damaged, file: file, expected: "the members of a torch file", found: "more: \(other)")
    }
  }

  subscript(name: String) -> ByteRegion {
    get throws(FileError) {
      guard let content = contents[name] else {
        throw FileError(.damaged, file: file, expected: "a member \(name)", found: "none")
      }
      return content
    }
  }
}

private func checkMachine(_ bytes: ByteRegion) throws(FileError) {
  var stream = TorchStream(bytes)
  let machine = try stream.plainPickle(values: 64).asDictionary
  try stream.requireEnd(after: "the description of the machine")
  guard machine?["protocol_version"]?.asInt == 1000, machine?["little_endian"]?.asBool == true,
    machine?["type_sizes"]?.asDictionary?["long"]?.asInt == 8
  else {
    throw bytes.error(
      at: 0, expected: "torch protocol 1000, little-endian with 64-bit integers",
      found: "another description")
  }
}

// MARK: - Storages

private func readStorages(
  _ stream: consuming TorchStream, _ limits: PickleLimits
) throws(FileError) -> [Int64: TorchStorage] {
  var storages: [Int64: TorchStorage] = [:]
  for _ in 0..<(try count(&stream)) {
    let start = stream.cursor
    let (key, location, type) = try triple(&stream, allowing: .torchStorage)
    guard let key = key.asInt, location.asString != nil,
      let type = ElementType(torchStorage: type), storages[key] == nil
    else {
      throw stream.bytes.error(
        at: start, expected: "a new key, a location and a known storage class",
        found: "other values")
    }
    storages[key] = try stream.storage(of: type)
  }
  try readViews(&stream, into: &storages, limits)
  try stream.requireEnd(after: "the last storage")
  return storages
}

/// The storages that are parts of others.
private func readViews(
  _ stream: inout TorchStream, into storages: inout [Int64: TorchStorage], _ limits: PickleLimits
) throws(FileError) {
  let start = stream.cursor
  guard case .list(let views) = try stream.plainPickle(values: limits.values) else {
    throw stream.bytes.error(at: start, expected: "a list of views", found: "another value")
  }
  for view in views.items {
    let numbers = (view.asItems ?? []).map { $0.asInt ?? -1 }
    guard numbers.count == 4, let root = storages[numbers[1]], storages[numbers[0]] == nil,
      let offset = product([Int(numbers[2]), root.elementType.byteCount]),
      let size = product([Int(numbers[3]), root.elementType.byteCount])
    else {
      throw stream.bytes.error(
        at: start, expected: "views of storages: key, root, offset and count",
        found: "other values")
    }
    storages[numbers[0]] = TorchStorage(
      elementType: root.elementType, bytes: try root.bytes.slice(at: offset, count: size))
  }
}

// MARK: - Tensors

private func readTensors(
  _ stream: consuming TorchStream, of storages: [Int64: TorchStorage]
) throws(FileError) -> [Int64: StoredTensor] {
  var tensors: [Int64: StoredTensor] = [:]
  for _ in 0..<(try count(&stream)) {
    let start = stream.cursor
    let (key, root, type) = try triple(&stream, allowing: .torchTensor)
    guard let key = key.asInt, tensors[key] == nil, storages[key] == nil,
      let type = ElementType(torchTensor: type), let storage = storage(root, type, in: storages)
    else {
      throw stream.bytes.error(
        at: start, expected: "a new key, a storage's key and a tensor class of its type",
        found: "other values")
    }
    tensors[key] = try tensor(&stream, of: storage)
  }
  try stream.requireEnd(after: "the last tensor")
  return tensors
}

/// The storage of a tensor; one without elements may have none.
private func storage(
  _ key: PickleValue, _ type: ElementType, in storages: [Int64: TorchStorage]
) -> TorchStorage? {
  guard !key.isNone else {
    return TorchStorage(elementType: type, bytes: ByteRegion([], name: "no storage"))
  }
  let storage = key.asInt.flatMap { storages[$0] }
  return storage?.elementType == type ? storage : nil
}

private func tensor(
  _ stream: inout TorchStream, of storage: TorchStorage
) throws(FileError) -> StoredTensor {
  let start = stream.cursor
  let rank = try Int(stream.integer(Int32.self))
  _ = try stream.integer(Int32.self)
  guard 0...StoredTensor.rankLimit ~= rank else {
    throw stream.bytes.error(
      at: start, expected: "at most \(StoredTensor.rankLimit) axes", found: "\(rank)")
  }
  var numbers: [Int] = []
  for _ in 0..<2 * rank + 1 { numbers.append(try Int(stream.integer(Int64.self))) }
  // A tensor without axes had no elements then.
  return try StoredTensor(
    elementType: storage.elementType, shape: rank == 0 ? [0] : Array(numbers[..<rank]),
    strides: rank == 0 ? [1] : Array(numbers[rank..<2 * rank]), bytes: storage.bytes,
    storageOffset: numbers[2 * rank])
}

// MARK: - Parts of both

/// A number of things that follow, each of at least a byte.
private func count(_ stream: inout TorchStream) throws(FileError) -> Int {
  let start = stream.cursor
  let left = stream.bytes.count
  guard let count = try stream.plainPickle(values: 1).asInt, 0...Int64(left) ~= count else {
    throw stream.bytes.error(at: start, expected: "a number up to \(left)", found: "another value")
  }
  return Int(count)
}

/// Two values and a class.
private func triple(
  _ stream: inout TorchStream, allowing classes: PickleAllowList
) throws(FileError) -> (PickleValue, PickleValue, PickleGlobal) {
  let start = stream.cursor
  var limits = PickleLimits()
  limits.values = 16
  let items = try stream.pickle(allowing: classes, limits: limits).value.asItems ?? []
  guard items.count == 3, case .global(let type) = items[2] else {
    throw stream.bytes.error(at: start, expected: "two values and a class", found: "others")
  }
  return (items[0], items[1], type)
}

/// The same by the text that persistent ids hold.
private func byText<Value>(_ values: [Int64: Value]) -> [String: Value] {
  Dictionary(uniqueKeysWithValues: values.map { ("\($0)", $1) })
}

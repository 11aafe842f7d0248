// The one folder of a torch zip archive: its entries, and the pickles and storages in it.

/// What archives of checkpoints and of TorchScript programs have in common.
struct TorchZIPFolder {
  /// The entries by their names in the folder.
  let entries: [String: ZIPArchive.Entry]
  private let archive: ZIPArchive
  private let file: String

  /// Opens the archive that fills `bytes`.
  /// - Throws: `FileError` of kind `damaged` unless there is one folder, of a version that is known
  ///   and in little-endian order.
  init(_ bytes: ByteRegion) throws(FileError) {
    file = bytes.name
    archive = try ZIPArchive(bytes)
    entries = try Self.entriesOfOneFolder(in: archive, file: file)
    try checkVersion()
    try checkByteOrder()
  }

  /// The pickle in an entry, which it must fill.
  func pickle(
    _ name: String, allowing allowed: PickleAllowList, limits: PickleLimits
  ) throws(FileError) -> PickleReader.Result {
    let bytes = try contents(name)
    let result = try PickleReader(bytes, allowing: allowed, limits: limits).read()
    guard result.end == bytes.count else {
      throw bytes.error(
        at: result.end, expected: "the end of \(name) after the pickle",
        found: "\(bytes.count - result.end) more bytes")
    }
    return result
  }

  /// The storages that persistent ids name, in the entries below `prefix`.
  func storages(_ prefix: String, of ids: [PickleSequence]) throws(FileError) -> TorchStorages {
    var storages: [String: TorchStorage] = [:]
    for (key, id) in try TorchStorageID.byKey(ids, file: file) {
      let bytes = try contents("\(prefix)/\(key)")
      guard product([id.elementCount, id.elementType.byteCount]) == bytes.count else {
        throw bytes.error(
          at: 0, expected: "\(id.elementCount) elements of \(id.elementType) in storage \(key)",
          found: "\(bytes.count) bytes")
      }
      storages[key] = TorchStorage(elementType: id.elementType, bytes: bytes)
    }
    return TorchStorages(storages)
  }

  /// The content of an entry, which is a part of the file.
  private func contents(_ name: String) throws(FileError) -> ByteRegion {
    guard let entry = entries[name] else { throw damaged("an entry \(name)", found: "none") }
    guard entry.isStored else {
      throw FileError(
        .unsupported, file: file, expected: "entries without compression",
        found: "\(name) compressed")
    }
    return try archive.contents(of: entry)
  }

  private func checkVersion() throws(FileError) {
    let bytes = try contents("version")
    let text = String(decoding: bytes.copy().prefix(8), as: UTF8.self)
    let digits = text.hasSuffix("\n") ? text.dropLast() : text[...]
    guard let version = Int(digits), Self.versions.contains(version), digits == "\(version)" else {
      throw bytes.error(
        at: 0, expected: "a torch archive of version 1 to \(Self.versions.upperBound)", found: text)
    }
  }

  private func checkByteOrder() throws(FileError) {
    guard entries["byteorder"] != nil else { return }
    let bytes = try contents("byteorder")
    let order = String(decoding: bytes.copy().prefix(8), as: UTF8.self)
    guard order == "little" else {
      throw bytes.error(
        order == "big" ? .unsupported : .damaged, at: 0, expected: "little-endian data",
        found: order)
    }
  }

  private static func entriesOfOneFolder(
    in archive: ZIPArchive, file: String
  ) throws(FileError) -> [String: ZIPArchive.Entry] {
    var entries: [String: ZIPArchive.Entry] = [:]
    let folder = archive.entries.first?.name.prefix { $0 != "/" } ?? ""
    for entry in archive.entries {
      guard entry.name.hasPrefix("\(folder)/") else {
        throw FileError(
          .damaged, file: file, expected: "all entries in one folder \(folder)", found: entry.name)
      }
      entries[String(entry.name.dropFirst(folder.count + 1))] = entry
    }
    return entries
  }

  private func damaged(_ expected: String, found: String) -> FileError {
    FileError(.damaged, file: file, expected: expected, found: found)
  }

  /// The versions that were ever written; the layout of what is read here is the same in all.
  private static let versions = 1...10
}

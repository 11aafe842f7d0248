// The torch file since version 1.6: a zip archive of one pickle and the storages it names.

/// A torch file that is a zip archive.
///
/// The layout is: in one folder of any name, `data.pkl` with the saved object, `data/KEY` with the
/// bytes of each storage, `version`, and a few short entries that describe the archive.
struct TorchZIPArchive {
  let root: PickleValue
  let storages: TorchStorages

  init(
    _ bytes: ByteRegion, allowing allowed: PickleAllowList, limits: PickleLimits
  ) throws(FileError) {
    let folder = try TorchZIPFolder(bytes)
    if let program = folder.entries.keys.filter(Self.belongsToProgram).min() {
      throw FileError(
        .refusedAsUnsafe, file: bytes.name, expected: "a checkpoint, which holds tensors",
        found: "a TorchScript archive, which holds a program (\(program))")
    }
    let object = try folder.pickle("data.pkl", allowing: allowed, limits: limits)
    root = object.value
    storages = try folder.storages("data", of: object.persistentIDs)
    try Self.checkEntries(folder, storages, file: bytes.name)
  }

  /// Whether only TorchScript writes an entry of this name.
  private static func belongsToProgram(_ name: String) -> Bool {
    name.hasPrefix("code/") || name.hasPrefix("constants")
  }

  /// Refuses entries that nothing accounts for.
  private static func checkEntries(
    _ folder: TorchZIPFolder, _ storages: TorchStorages, file: String
  ) throws(FileError) {
    let used = storages.keys.map { "data/\($0)" }
    if let other = Set(folder.entries.keys).subtracting(used).subtracting(descriptions).min() {
      throw FileError(
        .damaged, file: file, expected: "a pickle and the storages that its tensors use",
        found: "an entry \(other)")
    }
  }

  /// The entries beside the storages.
  private static let descriptions: Set = [
    "data.pkl", "version", "byteorder", ".format_version", ".storage_alignment",
    ".data/serialization_id",
  ]
}

// A torch file in any of its three forms: an object, and the storages that its tensors view.

/// What `torch.save` of any version wrote; nothing in it is run.
public struct TorchArchive {
  /// How the file is put together.
  public enum Form: String, Sendable {
    /// A zip archive, since torch 1.6.
    case zip
    /// A magic number, then pickles and raw storages one after another, before torch 1.6.
    case legacy
    /// A tar archive, before torch 0.1.10.
    case tar
  }

  /// How the file is put together.
  public let form: Form
  /// The saved object.
  public let root: PickleValue
  /// What the object's tensors view.
  public let storages: TorchStorages

  /// Reads the torch file that fills `bytes`.
  /// - Parameters:
  ///   - bytes: the file.
  ///   - allowed: the names that its object may mention.
  ///   - limits: how much the object may ask for.
  /// - Throws: `FileError` of kind `damaged`, or `refusedAsUnsafe` if the object mentions other
  ///   names or the file holds a program, or `unsupported` if it is compressed, or its numbers are
  ///   complex, quantised or big-endian.
  public init(
    _ bytes: ByteRegion, allowing allowed: PickleAllowList = .standard,
    limits: PickleLimits = PickleLimits()
  ) throws(FileError) {
    guard let form = Self.recognises(bytes) else {
      throw bytes.error(
        at: 0, expected: "a torch file: a zip archive, torch's magic number or a tar archive",
        found: "another start")
    }
    self.form = form
    switch form {
    case .zip:
      let archive = try TorchZIPArchive(bytes, allowing: allowed, limits: limits)
      (root, storages) = (archive.root, archive.storages)
    case .legacy:
      let archive = try TorchLegacyArchive(bytes, allowing: allowed, limits: limits)
      (root, storages) = (archive.root, archive.storages)
    case .tar:
      let archive = try TorchTarArchive(bytes, allowing: allowed, limits: limits)
      (root, storages) = (archive.root, archive.storages)
    }
  }

  /// The form of a file by its first bytes, whatever follows, asked in torch's order; other files
  /// may be zip or tar archives too.
  public static func recognises(_ bytes: ByteRegion) -> Form? {
    if ZIPArchive.recognises(bytes) { return .zip }
    if TarArchive.hasHeader(bytes) { return .tar }
    return TorchLegacyArchive.recognises(bytes) ? .legacy : nil
  }
}

// NumPy's .npz: a ZIP archive of .npy files, one for each named array.

/// The arrays of a .npz file; what is stored without compression stays in the file.
public struct NPZ: Sendable {
  /// The arrays' names in the order of the file.
  public let names: [String]
  /// The arrays by name.
  public let tensors: [String: StoredTensor]

  private static let suffix = ".npy"

  /// Opens a file.
  /// - Throws: `FileError` if it cannot be read, or is not a whole and valid .npz of numbers.
  public init(path: String, limits: ZIPArchive.Limits = ZIPArchive.Limits()) throws(FileError) {
    try self.init(ByteRegion(mapping: path), limits: limits)
  }

  /// Reads the file that fills `bytes`.
  /// - Throws: `FileError` of kind `damaged`, `refusedAsUnsafe` or `unsupported`.
  public init(_ bytes: ByteRegion, limits: ZIPArchive.Limits = ZIPArchive.Limits())
    throws(FileError)
  {
    let archive = try ZIPArchive(bytes, limits: limits)
    var names: [String] = []
    var tensors: [String: StoredTensor] = [:]
    for entry in archive.entries {
      guard entry.name.hasSuffix(Self.suffix) else {
        throw bytes.error(
          at: entry.packed.lowerBound, expected: "only .npy files", found: entry.name)
      }
      let name = String(entry.name.dropLast(Self.suffix.count))
      tensors[name] = try NPY(archive.contents(of: entry)).tensor
      names.append(name)
    }
    self.names = names
    self.tensors = tensors
  }

  /// Writes a file as `numpy.savez` does, uncompressed; it appears under its name when it is whole.
  ///
  /// Equal content gives equal files. The arrays' elements are aligned to 64 bytes.
  /// - Parameters:
  ///   - tensors: the arrays, of types that NumPy has; names must differ and be plain paths.
  ///   - path: the file to create or replace.
  /// - Throws: `FileError` of kind `cannotCreate` or `ioFailed`.
  public static func write(
    _ tensors: [(name: String, tensor: StoredTensor)], to path: String
  ) throws {
    let entries = tensors.map { name, tensor in
      ZIPArchive.NewEntry(name: name + suffix) { ByteRegion(NPY.encoded(tensor), name: name) }
    }
    try ZIPArchive.write(entries, alignment: 64, to: path)
  }
}

// Where the files of a published data set lie: in a folder, or in the archive that they come in.

import Formats
import SystemPackage

/// A folder or tar archive with files of known names.
struct SampleShelf: Sendable {
  /// The folder or archive, as the caller named it.
  let path: String
  /// The known names that there are.
  let names: Set<String>
  private let archive: ByteRegion?
  /// The paths of the files in the archive, by their names.
  private let paths: [String: String]

  /// The folder.
  ///
  /// - Parameters:
  ///   - folder: The folder.
  ///   - known: The names that mean something.
  init(folder: String, known: Set<String>) {
    path = folder
    names = known.filter { name in
      let type = try? FilePath(folder).appending(name).stat().type
      return type == .regular
    }
    (archive, paths) = (nil, [:])
  }

  /// The archive.
  ///
  /// - Parameters:
  ///   - archive: A tar archive, in a gzip stream or not.
  ///   - known: The names that mean something.
  /// - Throws: `FileError` if it is damaged or unsafe.
  init(archive: ByteRegion, known: Set<String>) throws(FileError) {
    var paths: [String: String] = [:]
    try Self.walk(archive) { path, _ in
      let name = path.split(separator: "/").last.map(String.init) ?? path
      if known.contains(name) {
        guard paths[name] == nil else {
          throw archive.error(at: 0, expected: "one file \(name)", found: "several")
        }
        paths[name] = path
      }
      return false
    } take: { _, _ in
    }
    self.path = archive.name
    (self.archive, self.paths, names) = (archive, paths, Set(paths.keys))
  }

  /// The contents of files, which in a packed archive are copies.
  ///
  /// - Parameter wanted: Names of which all are there.
  /// - Returns: The content of each.
  /// - Throws: `FileError` if one cannot be read, or needs more memory than it should.
  func contents(of wanted: Set<String>) throws(FileError) -> [String: ByteRegion] {
    var contents: [String: ByteRegion] = [:]
    guard let archive else {
      for name in wanted {
        let place = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
        contents[name] = try ByteRegion(mapping: place)
      }
      return contents
    }
    let names = Dictionary(
      wanted.compactMap { name in paths[name].map { ($0, name) } }, uniquingKeysWith: { $1 })
    let isPacked = GzipFile.recognises(archive)
    var total = 0
    try Self.walk(archive) { path, byteCount in
      guard names[path] != nil else { return false }
      total += byteCount
      guard !isPacked || total <= Self.packedLimit else {
        throw archive.error(
          .unsupported, at: 0,
          expected: "at most \(Self.packedLimit) bytes to take from a packed archive; unpack it, "
            + "and give the folder",
          found: "\(path) of \(byteCount) bytes")
      }
      return true
    } take: { path, content in
      if let name = names[path] { contents[name] = content }
    }
    return contents
  }

  /// Bytes that may be taken from an archive that is packed: six times CIFAR-10.
  private static let packedLimit = 1 << 30

  private static func walk(
    _ archive: ByteRegion, where isWanted: (String, Int) throws -> Bool,
    take: (String, ByteRegion) throws -> Void
  ) throws(FileError) {
    var limits = TarArchive.Limits()
    // What is passed over takes no memory, and STL-10 has 2.8 gigabytes in one file.
    (limits.entryBytes, limits.expandedBytes) = (1 << 33, 1 << 33)
    do {
      try TarArchive.forEachEntry(in: archive, limits: limits, where: isWanted, take)
    } catch let error as FileError {
      throw error
    } catch {
      throw archive.error(.ioFailed, at: 0, expected: "to read on", found: "\(error)")
    }
  }
}

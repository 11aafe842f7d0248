// Folders that get their names when they are whole: filled under a temporary name, then renamed.

import Foundation
import SystemPackage

/// A folder that is filled beside its place; it never takes the place of anything.
public struct NewFolder: Sendable {
  /// The name that the folder will have.
  public let path: String
  /// The name under which it is filled; no error says it.
  public let temporary: String

  /// Makes the folder under its temporary name, beside its place.
  /// - Parameter path: the folder to create, in a folder that is there.
  /// - Throws: `FileError` of kind `cannotCreate`, also if something has the name.
  public init(at path: String) throws(FileError) {
    try Self.check(path)
    self.path = path
    temporary = temporaryNeighbour(of: FilePath(path)).string
    do throws(Errno) {
      try makeFolder(FilePath(temporary))
    } catch {
      throw FileError(
        .cannotCreate, file: path, expected: "a new folder in \(folder(of: FilePath(path)))",
        found: reason(error))
    }
  }

  /// Checks that nothing has this name.
  /// - Parameter path: the folder or file to create.
  /// - Throws: `FileError` of kind `cannotCreate`.
  public static func check(_ path: String) throws(FileError) {
    let location = try filePath(path, .cannotCreate)
    let type: FileType
    do {
      type = try Stat(location, followTargetSymlink: false).type
    } catch .noSuchFileOrDirectory, .notDirectory {
      return
    } catch {
      throw FileError(
        .cannotCreate, file: path, expected: "the name of a new folder or file",
        found: reason(error))
    }
    throw FileError(
      .cannotCreate, file: path, expected: "a free name",
      found: type == .regular ? "a file" : describe(type))
  }

  /// Writes files into the folder, in this order, with the folders that their names need.
  /// - Parameter files: the files; names must be plain relative paths.
  /// - Throws: `FileError` that names the place that the file will have, or what a content throws.
  public func write(_ files: some Sequence<ZIPArchive.NewEntry>) throws {
    for file in files {
      precondition(objection(toEntryName: file.name) == nil, "\(file.name) is no relative path")
      let place = FilePath("\(temporary)/\(file.name)")
      let content = try file.content()
      do {
        try? makeFolders(folder(of: place).string)
        try writeAtomically(to: place.string) { try $0.write(content) }
      } catch let error as FileError where error.file == place.string {
        throw FileError(
          error.kind, file: "\(path)/\(file.name)",
          expected: error.expected.replacing(temporary, with: path), found: error.found)
      }
    }
  }

  /// Gives the whole folder its name.
  /// - Throws: `FileError` of kind `cannotCreate` or `ioFailed`.
  public func finish() throws(FileError) {
    try Self.check(path)
    try rename(FilePath(temporary), to: FilePath(path))
    try syncFolder(of: FilePath(path))
  }

  /// Removes what there is under the temporary name.
  public func discard() {
    try? FileManager.default.removeItem(atPath: temporary)
  }
}

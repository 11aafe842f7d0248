// Files that get their names when they are whole: written under a temporary name, then renamed.

import Foundation
import SystemPackage

/// A file that is written beside the one that it will replace.
///
/// What has the name before is replaced only if it is a regular file: never a folder, a device, a
/// pipe or a socket, nor a link, whatever that points to.
public struct FileReplacement: Sendable {
  /// The name that the file will have.
  public let path: String
  /// The name under which it is written; no error says it.
  public let temporary: String
  private let mayReplace: Bool

  /// A replacement for the file at `path`, which need not be there yet.
  /// - Parameters:
  ///   - path: the file to create or replace.
  ///   - mayReplace: whether a file that has the name may be replaced.
  /// - Throws: `FileError` of kind `cannotCreate`, as `check(_:mayReplace:)` does.
  public init(of path: String, mayReplace: Bool = true) throws(FileError) {
    try Self.check(path, mayReplace: mayReplace)
    self.path = path
    self.mayReplace = mayReplace
    temporary = temporaryNeighbour(of: FilePath(path)).string
  }

  /// Checks that a file can get this name, without making anything.
  /// - Parameters:
  ///   - path: the file to create or replace.
  ///   - mayReplace: whether a file that has the name may be replaced.
  /// - Throws: `FileError` of kind `cannotCreate` if something else than a regular file has the
  ///   name, or a file that may not be replaced.
  public static func check(_ path: String, mayReplace: Bool = true) throws(FileError) {
    let location = try filePath(path, .cannotCreate)
    let type: FileType
    do {
      type = try Stat(location, followTargetSymlink: false).type
    } catch .noSuchFileOrDirectory, .notDirectory {
      return
    } catch {
      throw FileError(
        .cannotCreate, file: path, expected: "the name of a file", found: reason(error))
    }
    guard type == .regular else {
      throw FileError(
        .cannotCreate, file: path, expected: "a free name, or a regular file to replace",
        found: describe(type))
    }
    guard mayReplace else {
      throw FileError(
        .cannotCreate, file: path, expected: "a free name, or --force to replace the file",
        found: "a file")
    }
  }

  /// Runs `body` with the temporary name; errors about that file name the file that it will be.
  /// - Parameter body: writes the file, or reads what was written.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws.
  public func write<Result>(_ body: (_ temporary: String) throws -> Result) throws -> Result {
    do {
      return try body(temporary)
    } catch let error as FileError where error.file == temporary {
      throw FileError(
        error.kind, file: path, offset: error.offset, expected: error.expected, found: error.found)
    }
  }

  /// Gives the whole file its name.
  /// - Throws: `FileError` of kind `cannotCreate` or `ioFailed`.
  public func finish() throws(FileError) {
    try Self.finish([self])
  }

  /// Gives whole files their names: none of them if one cannot have its name.
  ///
  /// The folders are synced last, so that the names too survive a power cut.
  /// - Parameter files: the files, all written.
  /// - Throws: `FileError` of kind `cannotCreate` or `ioFailed`.
  public static func finish(_ files: [FileReplacement]) throws(FileError) {
    for file in files { try check(file.path, mayReplace: file.mayReplace) }
    for file in files { try rename(FilePath(file.temporary), to: FilePath(file.path)) }
    for file in files { try syncFolder(of: FilePath(file.path)) }
  }

  /// Removes what there is of the temporary file.
  public func discard() {
    try? FileManager.default.removeItem(atPath: temporary)
  }
}

/// A hidden name in the same folder, short enough for any file system.
func temporaryNeighbour(of path: FilePath) -> FilePath {
  var name = Substring(path.lastComponent?.string ?? "file")
  while name.utf8.count > 200 { name.removeLast() }
  let tag = String(UInt64.random(in: .min ... .max), radix: 36)
  return folder(of: path).appending(".\(name).\(tag).partial")
}

func folder(of path: FilePath) -> FilePath {
  let folder = path.removingLastComponent()
  return folder.isEmpty ? "." : folder
}

func rename(_ temporary: FilePath, to path: FilePath) throws(FileError) {
  let status = temporary.withPlatformString { old in
    path.withPlatformString { new in rename(old, new) }
  }
  guard status != 0 else { return }
  throw FileError(
    .cannotCreate, file: path.string, expected: "a name for the finished file",
    found: reason(Errno(rawValue: errno)))
}

func syncFolder(of path: FilePath) throws(FileError) {
  guard let descriptor = try? FileDescriptor.open(folder(of: path), .readOnly) else { return }
  defer { try? descriptor.close() }
  try sync(descriptor, file: path)
}

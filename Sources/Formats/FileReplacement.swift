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
  /// Until the last has its name, the files that the others replace keep a second name, a hard link
  /// in the same folder; where there can be none, nothing is replaced. The folders are synced last,
  /// so that the names too survive a power cut.
  /// - Parameter files: the files, all written.
  /// - Throws: `FileError` of kind `cannotCreate`; of kind `ioFailed` if a file that was replaced
  ///   cannot get its name back, which then says where it lies, or if syncing fails.
  public static func finish(_ files: [FileReplacement]) throws(FileError) {
    for file in files { try check(file.path, mayReplace: file.mayReplace) }
    var named: [NamedFile] = []
    do {
      for file in files.dropLast() { named.append(try file.takeName()) }
      try files.last?.takeLastName()
    } catch {
      throw named.reversed().compactMap { $0.undo(after: error) }.first ?? error
    }
    for file in named { file.forgetOld() }
    for file in files { try syncFolder(of: FilePath(file.path)) }
  }

  /// Takes the name in a way that can be undone.
  private func takeName() throws(FileError) -> NamedFile {
    let (new, name) = (FilePath(temporary), FilePath(path))
    guard mayReplace else {
      try renameToFree(new, name)
      return NamedFile(path: name, old: nil)
    }
    let old = temporaryNeighbour(of: name)
    do {
      try system { link(name, old) }
    } catch .noSuchFileOrDirectory {
      try renameToFree(new, name)
      return NamedFile(path: name, old: nil)
    } catch {
      throw FileError(
        .cannotCreate, file: path,
        expected: "a second name for the old file until all new ones have theirs",
        found: reason(error))
    }
    let named = NamedFile(path: name, old: old)
    do {
      try rename(new, to: name)
    } catch {
      named.forgetOld()
      throw error
    }
    return named
  }

  private func takeLastName() throws(FileError) {
    let (new, name) = (FilePath(temporary), FilePath(path))
    if mayReplace { try rename(new, to: name) } else { try renameToFree(new, name) }
  }

  /// Removes what there is of the temporary file.
  public func discard() {
    try? FileManager.default.removeItem(atPath: temporary)
  }
}

/// A new file that has its name, and the second name of the file that it replaced, if there was one.
private struct NamedFile {
  let path: FilePath
  let old: FilePath?

  /// Makes the name what it was before.
  /// - Returns: why that failed, if it did.
  func undo(after cause: FileError) -> FileError? {
    do {
      try system { if let old { rename(old, path) } else { unlink(path) } }
      return nil
    } catch {
      let place = old.map { "; the old file lies in \($0.string)" } ?? ""
      return FileError(
        .ioFailed, file: path.string, expected: "it as it was before \(cause.file) failed",
        found: "\(reason(error))\(place)")
    }
  }

  /// Removes the second name of the file that was replaced.
  func forgetOld() { _ = old.map(unlink) }
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
  do {
    try system { rename(temporary, path) }
  } catch {
    throw noName(path, error)
  }
}

/// Gives a file its name, unless something has that by now.
private func renameToFree(_ temporary: FilePath, _ path: FilePath) throws(FileError) {
  do {
    try system { renameIfFree(temporary, path) }
  } catch .fileExists {
    try FileReplacement.check(path.string, mayReplace: false)
    throw noName(path, .fileExists)
  } catch {
    throw noName(path, error)
  }
}

private func noName(_ path: FilePath, _ error: Errno) -> FileError {
  FileError(
    .cannotCreate, file: path.string, expected: "a name for the finished file",
    found: reason(error))
}

func syncFolder(of path: FilePath) throws(FileError) {
  guard let descriptor = try? FileDescriptor.open(folder(of: path), .readOnly) else { return }
  defer { try? descriptor.close() }
  try sync(descriptor, file: path)
}

// MARK: - System calls, which give 0 or set errno

private func system(_ call: () -> CInt) throws(Errno) {
  guard call() != 0 else { return }
  throw Errno(rawValue: errno)
}

private func rename(_ old: FilePath, _ new: FilePath) -> CInt {
  old.withPlatformString { old in new.withPlatformString { new in rename(old, new) } }
}

private func link(_ old: FilePath, _ new: FilePath) -> CInt {
  old.withPlatformString { old in new.withPlatformString { new in link(old, new) } }
}

private func unlink(_ path: FilePath) -> CInt { path.withPlatformString { unlink($0) } }

/// Renames by a link, which never replaces anything, where the file system has links.
private func renameIfFree(_ old: FilePath, _ new: FilePath) -> CInt {
  guard link(old, new) != 0 else { return unlink(old) }
  // A file system without links; the name was free when it was last looked at.
  guard errno != EPERM, errno != ENOTSUP else { return rename(old, new) }
  return -1
}

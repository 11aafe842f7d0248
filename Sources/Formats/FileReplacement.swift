// Files that another program writes: under a temporary name, renamed when they are whole.

import Foundation
import SystemPackage

/// A file that another program writes beside the one it will replace.
public struct FileReplacement: Sendable {
  /// Where the other program writes.
  public let temporary: String
  private let path: String

  /// A replacement for the file at `path`, which need not be there yet.
  public init(of path: String) {
    self.path = path
    temporary = temporaryNeighbour(of: FilePath(path)).string
  }

  /// Gives the whole file its name.
  /// - Throws: `FileError` of kind `cannotCreate` or `ioFailed`.
  public func finish() throws(FileError) {
    try rename(FilePath(temporary), to: FilePath(path))
    try syncFolder(of: FilePath(path))
  }

  /// Removes what there is of the temporary file.
  public func discard() {
    try? FileManager.default.removeItem(atPath: temporary)
  }
}

// The folder that a job writes into.

public import Formats
import Foundation

/// A folder for a job's files, made if it is not there.
public struct OutputFolder: Sendable {
  /// The folder, as the caller named it.
  public let path: String

  /// Makes the folder, with those above it, unless it is there.
  ///
  /// - Parameter path: The folder.
  /// - Throws: `FileError` of kind `cannotCreate`.
  public init(making path: String) throws(FileError) {
    self.path = path
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw FileError(
        .cannotCreate, file: path, expected: "a folder for the pictures", found: "\(reason(error))")
    }
  }

  /// The path of a file in the folder.
  ///
  /// - Parameter name: The file's name.
  /// - Returns: The folder's path and the name.
  public func file(_ name: String) -> String {
    path.hasSuffix("/") ? path + name : "\(path)/\(name)"
  }
}

private func reason(_ error: any Error) -> String {
  let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
  return (underlying ?? error).localizedDescription
}

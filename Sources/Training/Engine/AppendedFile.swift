// A log file: only appended to, a whole record at a time.

import Formats
import Foundation
import SystemPackage

/// A file that grows by whole records.
final class AppendedFile {
  /// The file.
  let path: String
  private let descriptor: FileDescriptor

  /// Opens a file to append to, or makes it.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - byteCount: How much of a file that is there is kept; nil for all.
  /// - Throws: `FileError` if it cannot be written to.
  init(_ path: String, keeping byteCount: Int? = nil) throws(FileError) {
    self.path = path
    do {
      // What is no regular file is refused: a link may lead anywhere, a pipe would hold the training
      // up. The file is looked at again when it is open: it may have become something else.
      if let status = try? Stat(FilePath(path), followTargetSymlink: false) {
        try Self.requireRegular(status, path)
      }
      descriptor = try FileDescriptor.open(
        FilePath(path), .writeOnly,
        options: [.create, .append, .closeOnExec, .noFollow, .nonBlocking],
        permissions: FilePermissions(rawValue: 0o666))
      try Self.requireRegular(descriptor.stat(), path)
      if let byteCount, try size() > byteCount {
        try descriptor.resize(to: Int64(byteCount))
      }
    } catch let error as FileError {
      throw error
    } catch {
      throw Self.refused(path, "\(error)")
    }
  }

  private static func requireRegular(_ status: Stat, _ path: String) throws(FileError) {
    guard status.type == .regular else { throw refused(path, describe(status.type)) }
  }

  private static func refused(_ path: String, _ found: String) -> FileError {
    FileError(.cannotCreate, file: path, expected: "a regular file to append to", found: found)
  }

  deinit { try? descriptor.close() }

  /// The bytes so far.
  func size() throws -> Int { Int(try descriptor.seek(offset: 0, from: .end)) }

  /// Appends a record.
  ///
  /// - Parameter bytes: The record.
  /// - Throws: `FileError` of kind `ioFailed`, such as for a full disk.
  func append(_ bytes: [UInt8]) throws(FileError) {
    do {
      try descriptor.writeAll(bytes)
    } catch {
      throw FileError(
        .ioFailed, file: path, expected: "\(bytes.count) bytes written", found: "\(error)")
    }
  }
}

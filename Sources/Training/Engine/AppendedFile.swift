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
      descriptor = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .append, .closeOnExec],
        permissions: FilePermissions(rawValue: 0o666))
      if let byteCount, try size() > byteCount {
        try descriptor.resize(to: Int64(byteCount))
      }
    } catch {
      throw FileError(.cannotCreate, file: path, expected: "a log to append to", found: "\(error)")
    }
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

// Features of pictures in a file that grows: what was computed before an interruption, or by an
// earlier run, is not computed again.

import Formats
import Foundation
import Tensors

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Rows of float32 numbers, one for each picture, in the order of the pictures.
///
/// The file holds nothing but whole rows, little-endian; what its name is made of says whose rows
/// they are. A row that an interruption cut off is dropped. While one program adds rows, others
/// that want the same ones keep theirs in memory.
final class FeatureFile {
  /// The numbers of a row.
  let width: Int
  private let path: String?
  private let handle: FileHandle?
  private var rows: [Float]

  /// Rows in memory alone.
  ///
  /// - Parameter width: The numbers of a row.
  init(width: Int) {
    self.width = width
    (path, handle, rows) = (nil, nil, [])
  }

  /// Opens a file, or begins one.
  ///
  /// - Parameters:
  ///   - path: The file, in a folder that is there.
  ///   - width: The numbers of a row.
  /// - Throws: `FileError` if it cannot be read or written.
  init(path: String, width: Int) throws {
    (self.width, self.path) = (width, path)
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw FileError(
        .cannotCreate, file: path, expected: "a file for features",
        found: String(cString: strerror(errno)))
    }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      (self.handle, rows) = (nil, [])
      return
    }
    let rowBytes = width * MemoryLayout<Float>.size
    do {
      let whole = Int(try handle.seekToEnd()) / rowBytes
      try handle.truncate(atOffset: UInt64(whole * rowBytes))
      try handle.seek(toOffset: 0)
      let data = try handle.read(upToCount: whole * rowBytes) ?? Data()
      rows = [Float](unsafeUninitializedCapacity: whole * width) { buffer, count in
        count = data.copyBytes(to: buffer) / MemoryLayout<Float>.size
      }
    } catch {
      throw FileError(.ioFailed, file: path, expected: "features to read", found: "\(error)")
    }
    self.handle = handle
  }

  /// The rows that are there.
  var count: Int { rows.count / width }

  /// Adds rows.
  ///
  /// - Parameter features: [N, width].
  /// - Throws: `FileError` if they cannot be written.
  func add(_ features: Tensor) throws {
    let values: [Float] = features.cast(to: .float32).values()
    rows += values
    do {
      try values.withUnsafeBytes { try handle?.write(contentsOf: Data($0)) }
    } catch {
      throw FileError(
        .ioFailed, file: path ?? "", expected: "features to write", found: "\(error)")
    }
  }

  /// Drops all but the first rows.
  ///
  /// - Parameter count: How many stay, at most as many as there are.
  /// - Throws: `FileError` if the file cannot be written.
  func keep(_ count: Int) throws {
    rows.removeLast(rows.count - count * width)
    do {
      try handle?.truncate(atOffset: UInt64(count * width * MemoryLayout<Float>.size))
    } catch {
      throw FileError(
        .ioFailed, file: path ?? "", expected: "features to drop", found: "\(error)")
    }
  }

  /// All rows: [N, width].
  var features: Tensor { Tensor(rows, shape: [count, width]) }
}

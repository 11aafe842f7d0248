// Features of pictures in a file that grows: what was computed before an interruption, or by an
// earlier run, is not computed again.

import Crypto
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
/// The file holds nothing but rows, little-endian, each with a seal behind it; what its name is made
/// of says whose rows they are. From the first row on that an interruption cut off, or whose seal is
/// not that of its place and its numbers, everything is dropped and computed again. While one program
/// adds rows, others that want the same ones keep theirs in memory.
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
    do {
      let size = Int(try handle.seekToEnd())
      try handle.seek(toOffset: 0)
      let data = try handle.read(upToCount: size) ?? Data()
      rows = Self.rows(in: data, width: width)
      try handle.truncate(atOffset: UInt64(rows.count / width * Self.rowBytes(width)))
    } catch {
      throw FileError(.ioFailed, file: path, expected: "features to read", found: "\(error)")
    }
    self.handle = handle
  }

  /// The rows that are there.
  var count: Int { rows.count / width }

  // MARK: Seals

  /// Bytes of a seal: the first of a SHA-256.
  private static let sealBytes = 8

  private static func rowBytes(_ width: Int) -> Int {
    width * MemoryLayout<Float>.size + sealBytes
  }

  /// What stands behind a row: damage, and rows in other places, have another.
  private static func seal(_ row: UnsafeRawBufferPointer, at place: Int) -> some Sequence<UInt8> {
    var hash = SHA256()
    withUnsafeBytes(of: UInt64(place).littleEndian) { hash.update(bufferPointer: $0) }
    hash.update(bufferPointer: row)
    return hash.finalize().prefix(sealBytes)
  }

  /// The rows of a file as far as their seals are theirs.
  private static func rows(in data: Data, width: Int) -> [Float] {
    let (step, numbers) = (rowBytes(width), width * MemoryLayout<Float>.size)
    return [Float](unsafeUninitializedCapacity: data.count / step * width) { rows, count in
      count = 0
      data.withUnsafeBytes { file in
        for place in 0..<file.count / step {
          let row = UnsafeRawBufferPointer(rebasing: file[place * step..<place * step + numbers])
          let found = file[place * step + numbers..<(place + 1) * step]
          guard found.elementsEqual(seal(row, at: place)) else { return }
          let space = UnsafeMutableRawBufferPointer(rows)
          UnsafeMutableRawBufferPointer(rebasing: space[place * numbers..<(place + 1) * numbers])
            .copyMemory(from: row)
          count += width
        }
      }
    }
  }

  /// The bytes of rows, each with its seal.
  private static func sealed(_ values: [Float], from first: Int, width: Int) -> Data {
    var data = Data(capacity: values.count / width * rowBytes(width))
    values.withUnsafeBytes { all in
      let numbers = width * MemoryLayout<Float>.size
      for place in 0..<values.count / width {
        let row = UnsafeRawBufferPointer(rebasing: all[place * numbers..<(place + 1) * numbers])
        data.append(contentsOf: row)
        data.append(contentsOf: seal(row, at: first + place))
      }
    }
    return data
  }

  /// Adds rows.
  ///
  /// - Parameter features: [N, width].
  /// - Throws: `FileError` if they cannot be written.
  func add(_ features: Tensor) throws {
    let values: [Float] = features.cast(to: .float32).values()
    do {
      try handle?.write(contentsOf: Self.sealed(values, from: count, width: width))
    } catch {
      throw FileError(
        .ioFailed, file: path ?? "", expected: "features to write", found: "\(error)")
    }
    rows += values
  }

  /// Drops all but the first rows.
  ///
  /// - Parameter count: How many stay, at most as many as there are.
  /// - Throws: `FileError` if the file cannot be written.
  func keep(_ count: Int) throws {
    rows.removeLast(rows.count - count * width)
    do {
      try handle?.truncate(atOffset: UInt64(count * Self.rowBytes(width)))
    } catch {
      throw FileError(
        .ioFailed, file: path ?? "", expected: "features to drop", found: "\(error)")
    }
  }

  /// All rows: [N, width].
  var features: Tensor { Tensor(rows, shape: [count, width]) }
}

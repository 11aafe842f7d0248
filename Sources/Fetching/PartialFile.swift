// A file that is being downloaded: it stays under a name of its own until all of it is there.

import Formats
import Foundation
import SystemPackage

/// What there is of a download, and its hash so far.
///
/// It lies beside the name that it will have, and under the same name from one try to the next. One
/// process at a time has it.
final class PartialFile {
  /// The name that the file will have.
  let path: String
  private let place: FilePath
  private let descriptor: FileDescriptor
  private let algorithm: ContentDigest.Algorithm
  private var running: RunningDigest
  /// Bytes that are there.
  private(set) var byteCount = 0

  /// The name of what there is of a file.
  static func place(of path: String) -> String { path + ".part" }

  /// Opens what there is of a file, or makes it, and reads it for its hash.
  ///
  /// - Parameters:
  ///   - path: The name that the file will have; nothing has it yet.
  ///   - algorithm: How its content is hashed.
  /// - Throws: `FileError`, also if another process is downloading it; `CancellationError`.
  init(for path: String, _ algorithm: ContentDigest.Algorithm) throws {
    try NewFolder.check(path)
    (self.path, self.algorithm, running) = (path, algorithm, RunningDigest(algorithm))
    place = FilePath(Self.place(of: path))
    do {
      descriptor = try FileDescriptor.open(
        place, .readWrite, options: [.create, .noFollow, .closeOnExec],
        permissions: FilePermissions(rawValue: 0o666))
    } catch {
      throw FileError(
        .cannotCreate, file: place.string, expected: "a file to download into", found: "\(error)")
    }
    try lock()
    try readAgain()
  }

  deinit { try? descriptor.close() }

  private func lock() throws(FileError) {
    guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0, isStillThere else {
      throw FileError(
        .cannotCreate, file: path, expected: "a file that nobody else is downloading",
        found: "another process at work on it")
    }
  }

  /// Whether the name still belongs to the file that was opened, and nobody has finished it between.
  private var isStillThere: Bool {
    var (own, named) = (stat(), stat())
    guard fstat(descriptor.rawValue, &own) == 0, lstat(place.string, &named) == 0 else {
      return false
    }
    return own.st_ino == named.st_ino && own.st_dev == named.st_dev
      && named.st_mode & S_IFMT == S_IFREG
  }

  /// Takes what is there into account.
  private func readAgain() throws {
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      try Task.checkCancellation()
      let count = try working {
        try buffer.withUnsafeMutableBytes { try descriptor.read(into: $0) }
      }
      guard count > 0 else { return }
      buffer.withUnsafeBytes { running.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      byteCount += count
    }
  }

  /// The hash of what is there.
  var digest: ContentDigest { running.digest }

  /// Adds bytes at the end.
  func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    _ = try working { try descriptor.writeAll(bytes) }
    running.update(bytes)
    byteCount += bytes.count
  }

  /// Forgets all that is there.
  func startAnew() throws(FileError) {
    try working {
      try descriptor.seek(offset: 0, from: .start)
      try descriptor.resize(to: 0)
    }
    (running, byteCount) = (RunningDigest(algorithm), 0)
  }

  /// Gives the file its name, when it is on disk.
  func finish() throws(FileError) {
    guard fsync(descriptor.rawValue) == 0 else { throw failure(Errno(rawValue: errno)) }
    try NewFolder.check(path)
    guard rename(place.string, path) == 0 else { throw failure(Errno(rawValue: errno)) }
    let folder = FilePath(path).removingLastComponent()
    guard
      let names = try? FileDescriptor.open(folder.isEmpty ? "." : folder, .readOnly)
    else { return }
    fsync(names.rawValue)
    try? names.close()
  }

  /// Removes what is there.
  func remove() { unlink(place.string) }

  private func working<Result>(_ body: () throws -> Result) throws(FileError) -> Result {
    do {
      return try body()
    } catch {
      throw failure(error)
    }
  }

  private func failure(_ reason: any Error) -> FileError {
    FileError(
      .ioFailed, file: place.string, expected: "the download on disk", found: "\(reason)")
  }
}

// Writing a file so that its name always holds either the old content or the whole new one.

import SystemPackage

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A file being written; what it receives reaches the disk before the file gets its name.
public final class FileSink {
  private let descriptor: FileDescriptor
  private let name: String
  private var pending: [UInt8] = []
  /// The bytes received so far.
  public private(set) var byteCount = 0
  private static let pendingLimit = 1 << 16

  fileprivate init(_ descriptor: FileDescriptor, name: String) {
    self.descriptor = descriptor
    self.name = name
    pending.reserveCapacity(Self.pendingLimit)
  }

  /// Appends bytes to the file.
  /// - Throws: `FileError` of kind `ioFailed`.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    byteCount += bytes.count
    if pending.count + bytes.count > Self.pendingLimit { try flush() }
    guard bytes.count < Self.pendingLimit else { return try writeNow(bytes) }
    pending.append(contentsOf: bytes)
  }

  /// Appends bytes to the file.
  /// - Throws: `FileError` of kind `ioFailed`.
  public func write(_ bytes: ByteRegion) throws(FileError) {
    try bytes.withUnsafeBytes { (all) throws(FileError) in try write(all) }
  }

  /// Appends bytes to the file.
  /// - Throws: `FileError` of kind `ioFailed`.
  public func write(_ bytes: [UInt8]) throws(FileError) {
    try write(ByteRegion(bytes, name: name))
  }

  fileprivate func flush() throws(FileError) {
    let bytes = ByteRegion(pending, name: name)
    try bytes.withUnsafeBytes { (all) throws(FileError) in try writeNow(all) }
    pending.removeAll(keepingCapacity: true)
  }

  private func writeNow(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    do {
      try descriptor.writeAll(bytes)
    } catch {
      throw FileError(
        .ioFailed, file: name, expected: "\(bytes.count) bytes written", found: reason(error))
    }
  }
}

/// Writes a whole file: into a temporary file in the same folder, synced, then renamed.
///
/// If anything fails, the temporary file is removed and a file that had the name before is as it
/// was. Only a regular file is replaced, as `FileReplacement` says.
/// - Parameters:
///   - path: the file to create or replace.
///   - content: writes the content into the sink.
/// - Throws: `FileError` of kind `cannotCreate` or `ioFailed`, or what `content` throws.
public func writeAtomically(
  to path: String, content: (FileSink) throws -> Void
) throws {
  let replacement = try FileReplacement(of: path)
  do {
    try write(replacement, content)
    try replacement.finish()
  } catch {
    replacement.discard()
    throw error
  }
}

private func write(_ file: FileReplacement, _ content: (FileSink) throws -> Void) throws {
  let descriptor = try create(file)
  defer { try? descriptor.close() }
  let sink = FileSink(descriptor, name: file.path)
  try content(sink)
  try sink.flush()
  try sync(descriptor, file: FilePath(file.path))
}

private func create(_ file: FileReplacement) throws(FileError) -> FileDescriptor {
  do {
    return try FileDescriptor.open(
      FilePath(file.temporary), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
      permissions: FilePermissions(rawValue: 0o666))
  } catch {
    throw FileError(
      .cannotCreate, file: file.path, expected: "a new file in \(folder(of: FilePath(file.path)))",
      found: reason(error))
  }
}

func sync(_ descriptor: FileDescriptor, file: FilePath) throws(FileError) {
  guard fsync(descriptor.rawValue) != 0 else { return }
  throw FileError(
    .ioFailed, file: file.string, expected: "the content on disk",
    found: reason(Errno(rawValue: errno)))
}

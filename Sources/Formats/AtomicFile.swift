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
/// was. The folder is synced last, so that the name too survives a power cut.
/// - Parameters:
///   - path: the file to create or replace.
///   - content: writes the content into the sink.
/// - Throws: `FileError` of kind `cannotCreate` or `ioFailed`, or what `content` throws.
public func writeAtomically(
  to path: String, content: (FileSink) throws -> Void
) throws {
  let path = try filePath(path, .cannotCreate)
  let temporary = temporaryNeighbour(of: path)
  let descriptor = try create(temporary, for: path)
  do {
    do {
      defer { try? descriptor.close() }
      let sink = FileSink(descriptor, name: path.string)
      try content(sink)
      try sink.flush()
      try sync(descriptor, file: path)
    }
    try rename(temporary, to: path)
  } catch {
    unlink(temporary.string)
    throw error
  }
  try syncFolder(of: path)
}

func temporaryNeighbour(of path: FilePath) -> FilePath {
  let name = path.lastComponent?.string ?? "file"
  let tag = String(UInt64.random(in: .min ... .max), radix: 36)
  return folder(of: path).appending(".\(name.prefix(100)).\(tag).partial")
}

private func folder(of path: FilePath) -> FilePath {
  let folder = path.removingLastComponent()
  return folder.isEmpty ? "." : folder
}

private func create(_ temporary: FilePath, for path: FilePath) throws(FileError) -> FileDescriptor {
  do {
    return try FileDescriptor.open(
      temporary, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
      permissions: FilePermissions(rawValue: 0o666))
  } catch {
    throw FileError(
      .cannotCreate, file: path.string, expected: "a new file in \(folder(of: path))",
      found: reason(error))
  }
}

private func sync(_ descriptor: FileDescriptor, file: FilePath) throws(FileError) {
  guard fsync(descriptor.rawValue) != 0 else { return }
  throw FileError(
    .ioFailed, file: file.string, expected: "the content on disk",
    found: reason(Errno(rawValue: errno)))
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

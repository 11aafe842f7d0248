// Opening a file for reading: checked to be a regular file, then mapped into memory.

package import SystemPackage

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

extension ByteRegion {
  /// The content of a regular file, read by the system page by page when it is used.
  ///
  /// What is no regular file is not opened: a pipe could hold the program up, and opening a device
  /// can do something. The file must not be shortened while the region is in use.
  /// - Throws: `FileError` of kind `missing`, `unreadable` or `ioFailed`.
  public init(mapping path: String) throws(FileError) {
    let descriptor = try openForReading(path)
    defer { try? descriptor.close() }
    let count = try regularFileSize(descriptor, name: path)
    guard count > 0 else {
      self.init([], name: path)
      return
    }
    let memory = try MappedMemory(descriptor, count: count, name: path)
    self.init(owner: ByteOwner(mapping: memory, name: path), count: count)
  }
}

private func openForReading(_ path: String) throws(FileError) -> FileDescriptor {
  let location = try filePath(path, .missing)
  do {
    try requireRegular(location.stat(), name: path)
    // It may have become something else meanwhile.
    return try FileDescriptor.open(location, .readOnly, options: [.nonBlocking, .closeOnExec])
  } catch let error as FileError {
    throw error
  } catch {
    let isMissing = error as? Errno == .noSuchFileOrDirectory || error as? Errno == .notDirectory
    throw FileError(
      isMissing ? .missing : .unreadable, file: path, expected: "a file to read",
      found: reason(error))
  }
}

private func regularFileSize(_ descriptor: FileDescriptor, name: String) throws(FileError) -> Int {
  let status: Stat
  do {
    status = try descriptor.stat()
  } catch {
    throw FileError(.ioFailed, file: name, expected: "the file's size", found: reason(error))
  }
  try requireRegular(status, name: name)
  return Int(status.size)
}

private func requireRegular(_ status: Stat, name: String) throws(FileError) {
  guard status.type == .regular else {
    throw FileError(
      .unreadable, file: name, expected: "a regular file", found: describe(status.type))
  }
}

/// What has a name in the place of a regular file.
package func describe(_ type: FileType) -> String {
  switch type {
  case .directory: "a directory"
  case .symbolicLink: "a link"
  case .fifo: "a pipe"
  case .socket: "a socket"
  case .characterSpecial, .blockSpecial: "a device"
  default: "something else"
  }
}

/// The path as the operating system takes it, which would cut it at a zero byte.
func filePath(_ path: String, _ kind: FileError.Kind) throws(FileError) -> FilePath {
  guard !path.isEmpty, !path.utf8.contains(0) else {
    throw FileError(
      kind, file: path, expected: "the name of a file", found: "no name, or a zero byte in it")
  }
  return FilePath(path)
}

/// The operating system's words for an error.
func reason(_ error: any Error) -> String {
  (error as? Errno)?.description ?? "\(error)"
}

/// Read-only pages of a file, given back when the last user is gone.
final class MappedMemory: Sendable {
  // The address is kept as a number because pointers are not Sendable. Sharing it is safe: the
  // pages are private, never written, and unmapped only in `deinit`.
  private let address: UInt
  private let count: Int

  init(_ descriptor: FileDescriptor, count: Int, name: String) throws(FileError) {
    let pages = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor.rawValue, 0)
    guard let pages, pages != MAP_FAILED else {
      throw FileError(
        .ioFailed, file: name, expected: "\(count) bytes mapped into memory",
        found: reason(Errno(rawValue: errno)))
    }
    self.address = UInt(bitPattern: pages)
    self.count = count
  }

  deinit {
    munmap(UnsafeMutableRawPointer(bitPattern: address), count)
  }

  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: count)
  }
}

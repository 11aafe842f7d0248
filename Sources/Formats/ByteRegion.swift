// Immutable bytes with an owner: a memory-mapped file or an array, sliced without copying.

/// A run of bytes in a file or in memory; slices share the owner and nothing is copied.
public struct ByteRegion: Sendable {
  private let owner: ByteOwner
  /// Where this region starts, counted from the start of the file or array.
  public let fileOffset: Int
  /// The number of bytes.
  public let count: Int

  /// The bytes of an array.
  /// - Parameters:
  ///   - bytes: the content.
  ///   - name: what errors call it.
  public init(_ bytes: [UInt8], name: String) {
    self.init(owner: ByteOwner(array: bytes, name: name), count: bytes.count)
  }

  init(owner: ByteOwner, count: Int, fileOffset: Int = 0) {
    self.owner = owner
    self.fileOffset = fileOffset
    self.count = count
  }

  /// The name of the file or array that these bytes are in.
  public var name: String { owner.name }

  /// The byte at an index that the caller has checked.
  public subscript(index: Int) -> UInt8 {
    precondition(0 <= index && index < count, "index \(index) is not in a region of \(count) bytes")
    return owner.withUnsafeBytes { $0[fileOffset + index] }
  }

  /// Calls `body` with the bytes, which are valid during the call only.
  /// - Throws: whatever `body` throws.
  /// - Returns: whatever `body` returns.
  public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try owner.withUnsafeBytes { (all) throws(Failure) in
      try body(UnsafeRawBufferPointer(rebasing: all[fileOffset..<fileOffset + count]))
    }
  }

  /// A copy of the bytes.
  public func copy() -> [UInt8] {
    withUnsafeBytes { [UInt8]($0) }
  }
}

extension ByteRegion {
  /// The part of this region that starts at `offset` and holds `length` bytes.
  /// - Throws: `FileError` of kind `damaged` if the part is not inside.
  public func slice(at offset: Int, count length: Int) throws(FileError) -> ByteRegion {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else {
      throw error(
        at: min(max(offset, 0), count), expected: "\(length) bytes",
        found: "\(max(0, count - max(offset, 0))) left")
    }
    return ByteRegion(owner: owner, count: length, fileOffset: fileOffset + offset)
  }

  /// The part of this region from `offset` to the end.
  /// - Throws: `FileError` of kind `damaged` if `offset` is not inside.
  public func suffix(from offset: Int) throws(FileError) -> ByteRegion {
    try slice(at: offset, count: count - offset)
  }

  /// The little-endian integer at `offset`.
  /// - Throws: `FileError` of kind `damaged` if the integer is not inside.
  public func integer<Value: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, as type: Value.Type
  ) throws(FileError) -> Value {
    try slice(at: offset, count: MemoryLayout<Value>.size).withUnsafeBytes {
      Value(littleEndian: $0.loadUnaligned(as: type))
    }
  }

  /// An error about these bytes; `offset` counts from the start of the region.
  public func error(
    _ kind: FileError.Kind = .damaged, at offset: Int, expected: String, found: String
  ) -> FileError {
    FileError(kind, file: name, offset: fileOffset + offset, expected: expected, found: found)
  }

  /// Ends long work on these bytes if the task that does it is cancelled.
  func checkCancellation() throws(FileError) {
    guard !Task.isCancelled else {
      throw error(.ioFailed, at: 0, expected: "to read on", found: "an interruption")
    }
  }
}

/// The little-endian bytes of a number.
func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// Whoever keeps the bytes alive.
final class ByteOwner: Sendable {
  private enum Storage: Sendable {
    case array([UInt8])
    case mapping(MappedMemory)
  }

  let name: String
  private let storage: Storage

  init(array: [UInt8], name: String) {
    self.storage = .array(array)
    self.name = name
  }

  init(mapping: MappedMemory, name: String) {
    self.storage = .mapping(mapping)
    self.name = name
  }

  func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch storage {
    case .array(let array):
      try array.withUnsafeBufferPointer { (elements) throws(Failure) in
        try body(UnsafeRawBufferPointer(elements))
      }
    case .mapping(let memory): try body(memory.bytes)
    }
  }
}

// Pickles and raw storages one after another, as the torch files of before version 1.6 hold them.

/// A position in bytes that are read from front to back.
struct TorchStream {
  let bytes: ByteRegion
  private(set) var cursor = 0

  init(_ bytes: ByteRegion) {
    self.bytes = bytes
  }

  /// The next pickle.
  mutating func pickle(
    allowing allowed: PickleAllowList, limits: PickleLimits
  ) throws(FileError) -> PickleReader.Result {
    let result = try PickleReader(bytes, allowing: allowed, limits: limits).read(at: cursor)
    cursor = result.end
    return result
  }

  /// The next pickle, which mentions no names and holds at most `count` values.
  mutating func plainPickle(values count: Int) throws(FileError) -> PickleValue {
    var limits = PickleLimits()
    limits.values = count
    return try pickle(allowing: PickleAllowList([]), limits: limits).value
  }

  /// The next little-endian integer.
  mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type
  ) throws(FileError) -> Value {
    let value = try bytes.integer(at: cursor, as: type)
    cursor += MemoryLayout<Value>.size
    return value
  }

  /// The next storage: a 64-bit element count, which is `expected` if that is given, and the data.
  mutating func storage(
    of type: ElementType, count expected: Int? = nil
  ) throws(FileError) -> TorchStorage {
    let start = cursor
    let count = try Int(integer(Int64.self))
    guard count >= 0, count == expected ?? count, let size = product([count, type.byteCount])
    else {
      throw bytes.error(
        at: start, expected: "\(expected.map(String.init) ?? "a number of") elements of \(type)",
        found: "\(count)")
    }
    let data = try bytes.slice(at: cursor, count: size)
    cursor += size
    return TorchStorage(elementType: type, bytes: data)
  }

  /// Checks that nothing is left.
  func requireEnd(after part: String) throws(FileError) {
    guard cursor == bytes.count else {
      throw bytes.error(
        at: cursor, expected: "the end after \(part)", found: "\(bytes.count - cursor) more bytes")
    }
  }
}

// Single files in gzip, inflated into memory after their size is checked.

import CMedia

/// Reading files that gzip packed one by one, as MNIST is published.
public enum GzipFile {
  /// Whether the bytes start like a gzip stream.
  public static func recognises(_ bytes: ByteRegion) -> Bool {
    (try? bytes.slice(at: 0, count: 3).copy()) == [0x1F, 0x8B, 8]
  }

  private static let trailerBytes = 8
  /// What follows the fixed part of the header, if its bit is set.
  private enum Flag {
    static let sum: UInt8 = 1 << 1
    static let extra: UInt8 = 1 << 2
    static let name: UInt8 = 1 << 3
    static let comment: UInt8 = 1 << 4
    static let known: UInt8 = 0x1F
  }

  /// The content of the gzip file that fills `bytes`.
  /// - Parameters:
  ///   - bytes: one gzip stream.
  ///   - limit: how many bytes the content may have.
  /// - Throws: `FileError` of kind `damaged`, also if there is more than one stream.
  /// - Returns: the content, under the same name.
  public static func contents(of bytes: ByteRegion, limit: Int) throws(FileError) -> ByteRegion {
    let start = try headerCount(of: bytes)
    do throws(FileError) {
      return try contents(of: bytes, from: start, limit: limit)
    } catch {
      // Whatever else does not fit then follows from it: the sizes at the end are none.
      guard isCut(bytes, from: start, limit: limit) else { throw error }
      throw bytes.error(
        at: bytes.count, expected: "a whole gzip stream",
        found: "a truncated one: the file ends too early")
    }
  }

  private static func isCut(_ bytes: ByteRegion, from start: Int, limit: Int) -> Bool {
    guard let rest = try? bytes.suffix(from: start) else { return true }
    return rest.withUnsafeBytes {
      cm_deflate_is_cut(
        $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count, trailerBytes, limit)
    }
  }

  private static func contents(
    of bytes: ByteRegion, from start: Int, limit: Int
  ) throws(FileError) -> ByteRegion {
    guard bytes.count - start >= trailerBytes else {
      throw bytes.error(
        at: bytes.count, expected: "a whole gzip stream", found: "the end of the file")
    }
    let end = bytes.count - trailerBytes
    let checksum = try bytes.integer(at: end, as: UInt32.self)
    let count = Int(try bytes.integer(at: end + 4, as: UInt32.self))
    // Deflate makes at most 1032 bytes of one.
    guard count <= limit, count <= (end - start) * 1032 else {
      throw bytes.error(
        at: end + 4, expected: "a content of at most \(min(limit, (end - start) * 1032)) bytes",
        found: "\(count)")
    }
    let packed = try bytes.slice(at: start, count: end - start)
    var (failure, consumed): (UnsafePointer<CChar>?, Int) = (nil, 0)
    let content = [UInt8](unsafeUninitializedCapacity: count) { target, filled in
      failure = packed.withUnsafeBytes {
        cm_inflate(
          $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count, target.baseAddress, count,
          &consumed)
      }
      filled = failure == nil ? count : 0
    }
    if let failure {
      throw packed.error(
        at: consumed, expected: "\(count) bytes in one gzip stream",
        found: String(cString: failure))
    }
    let region = ByteRegion(content, name: bytes.name)
    let sum = try zipChecksum(region)
    guard sum == checksum else {
      throw bytes.error(at: end, expected: "CRC-32 \(hex(checksum))", found: hex(sum))
    }
    return region
  }

  /// The bytes before the deflate stream.
  private static func headerCount(of bytes: ByteRegion) throws(FileError) -> Int {
    let fixed = try bytes.slice(at: 0, count: 10)
    let flags = fixed[3]
    guard recognises(bytes), flags & ~Flag.known == 0 else {
      throw bytes.error(
        at: 0, expected: "a gzip stream", found: FileStart(bytes).description)
    }
    var cursor = 10
    if flags & Flag.extra != 0 {
      cursor += 2 + Int(try bytes.integer(at: cursor, as: UInt16.self))
    }
    for flag in [Flag.name, Flag.comment] where flags & flag != 0 {
      let rest = try bytes.suffix(from: cursor)
      guard let end = rest.withUnsafeBytes({ $0.prefix(1 << 16).firstIndex(of: 0) }) else {
        throw bytes.error(
          at: cursor, expected: "a text of at most 65535 bytes", found: "a longer one")
      }
      cursor += end + 1
    }
    return flags & Flag.sum == 0 ? cursor : cursor + 2
  }
}

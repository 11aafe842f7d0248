// ZIP archives, read strictly: one meaning for every file, or none.
//
// The directory is read here because libzip neither tells where in the file an entry's bytes lie,
// so that a checkpoint of many gigabytes could be viewed there, nor refuses every contradiction;
// zlib inflates and sums.

import CMedia

/// The entries of a ZIP file; what is stored without compression stays in the file.
///
/// The whole file must be accounted for: local headers, contents and descriptors follow each other
/// from the first byte to the directory, which the end record follows, and all say the same.
/// Contradictions, damage, unsupported features and exceeded limits are errors of kind `damaged`.
/// What no writer produces by accident is `refusedAsUnsafe`: names that lead out of a folder, links
/// and devices, and entries that share bytes.
public struct ZIPArchive: Sendable {
  /// How much an archive may ask for.
  public struct Limits: Sendable {
    /// Entries in the directory, folders included.
    public var entries = 10_000
    /// Bytes of an entry's name.
    public var nameBytes = 1 << 10
    /// How many times its packed size an entry may expand to, if it is larger than `freeBytes`.
    public var expansionRatio = 200
    /// The size up to which an entry may expand from any packed size.
    public var freeBytes = 1 << 24
    /// Bytes that all compressed entries together may expand to.
    public var expandedBytes = 1 << 28

    /// The default limits.
    public init() {}
  }

  /// A file in the archive.
  public struct Entry: Sendable {
    /// Its path in the archive, with `/` between the parts.
    public let name: String
    /// Bytes of its content, expanded.
    public let byteCount: Int
    /// Whether the content lies in the archive as it is.
    public let isStored: Bool
    let packed: Range<Int>
    let checksum: UInt32
  }

  /// The files in the order of the directory, without folders.
  public let entries: [Entry]
  private let bytes: ByteRegion
  /// The places of the files in the order of their names' bytes; there may be millions.
  private let order: [Int32]

  /// Reads and checks the directory of the archive that fills `bytes`, and all local headers.
  /// - Throws: `FileError` of kind `damaged` or `refusedAsUnsafe`.
  public init(_ bytes: ByteRegion, limits: Limits = Limits()) throws(FileError) {
    let end = try ZIPEndRecord(bytes, limits)
    let records = try ZIPRecord.directory(of: bytes, end, limits)
    let packed = try locate(records, in: bytes, end: end.directory.lowerBound)
    var entries: [Entry] = []
    entries.reserveCapacity(records.count)
    for (record, range) in zip(records, packed) where !record.isFolder {
      entries.append(
        Entry(
          name: record.name, byteCount: record.byteCount, isStored: record.isStored,
          packed: range, checksum: record.checksum))
    }
    self.bytes = bytes
    self.entries = entries
    order = entries.indices.sorted { entries[$0].name.bytesPrecede(entries[$1].name) }
      .map { Int32(truncatingIfNeeded: $0) }
  }

  /// Whether the bytes start like a ZIP archive, whatever follows.
  public static func recognises(_ bytes: ByteRegion) -> Bool {
    let start = try? bytes.integer(at: 0, as: UInt32.self)
    return start == ZIPSignature.localHeader || start == ZIPSignature.endRecord
  }

  /// The file of a name.
  public subscript(name: String) -> Entry? {
    var (low, high) = (0, order.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[Int(order[middle])].name.bytesPrecede(name) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    guard low < order.count else { return nil }
    let entry = entries[Int(order[low])]
    return name.bytesPrecede(entry.name) ? nil : entry
  }

  /// The content of a file: a view of the archive if it is stored there, else inflated.
  /// - Parameters:
  ///   - entry: the file.
  ///   - checksSum: whether all of it is read to compare its sum; not needed for a first look.
  /// - Throws: `FileError` of kind `damaged` if the content is not what the directory says.
  /// - Returns: the content.
  public func contents(of entry: Entry, checksSum: Bool = true) throws(FileError) -> ByteRegion {
    let packed = try bytes.slice(at: entry.packed.lowerBound, count: entry.packed.count)
    let content = entry.isStored ? packed : try inflate(packed, entry)
    guard checksSum else { return content }
    let sum = try zipChecksum(content)
    guard sum == entry.checksum else {
      throw packed.error(
        at: 0, expected: "\(entry.name) with CRC-32 \(hex(entry.checksum))", found: hex(sum))
    }
    return content
  }

  private func inflate(_ packed: ByteRegion, _ entry: Entry) throws(FileError) -> ByteRegion {
    var failure: UnsafePointer<CChar>?
    var consumed = 0
    let content = [UInt8](unsafeUninitializedCapacity: entry.byteCount) { target, count in
      failure = packed.withUnsafeBytes {
        cm_inflate(
          $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count, target.baseAddress,
          entry.byteCount, &consumed)
      }
      count = failure == nil ? entry.byteCount : 0
    }
    if let failure {
      throw packed.error(
        at: consumed, expected: "\(entry.name) of \(entry.byteCount) bytes in one deflate stream",
        found: String(cString: failure))
    }
    return ByteRegion(content, name: "\(bytes.name)/\(entry.name)")
  }
}

extension String {
  /// Whether the bytes of the text come before those of another.
  func bytesPrecede(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}

/// The CRC-32 of bytes.
/// - Throws: `FileError` if the task is cancelled before the next 64 MB.
func zipChecksum(_ bytes: ByteRegion) throws(FileError) -> UInt32 {
  let chunk = 1 << 26
  var sum: UInt32 = 0
  for start in stride(from: 0, to: bytes.count, by: chunk) {
    if start > 0 { try bytes.checkCancellation() }
    let part = try bytes.slice(at: start, count: min(chunk, bytes.count - start))
    sum = part.withUnsafeBytes {
      cm_crc32(sum, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
    }
  }
  return sum
}

/// The number as errors show it.
func hex(_ value: some BinaryInteger) -> String { "0x" + String(value, radix: 16) }

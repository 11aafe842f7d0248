// The end of a ZIP file: where the directory lies and how many entries it has.

/// The four bytes with which each part of a ZIP file starts.
enum ZIPSignature {
  static let localHeader: UInt32 = 0x0403_4B50
  static let descriptor: UInt32 = 0x0807_4B50
  static let directoryEntry: UInt32 = 0x0201_4B50
  static let endRecord: UInt32 = 0x0605_4B50
  static let endRecord64: UInt32 = 0x0606_4B50
  static let locator64: UInt32 = 0x0706_4B50
}

/// What the record at the end of the file says, or the two if there is one of 64 bits.
struct ZIPEndRecord {
  static let byteCount = 22
  static let byteCount64 = 56
  static let locatorByteCount = 20

  let entryCount: Int
  let directory: Range<Int>

  init(_ bytes: ByteRegion, _ limits: ZIPArchive.Limits) throws(FileError) {
    let start = try Self.locate(in: bytes)
    let record = try Fields(bytes, at: start)
    let locator = start - Self.locatorByteCount
    var (end, fields) = (start, record)
    if let signature = try? bytes.integer(at: locator, as: UInt32.self),
      signature == ZIPSignature.locator64
    {
      end = try Self.locate64(locator, in: bytes)
      fields = try Fields(bytes, at64: end)
      guard record.agrees(with: fields) else {
        throw bytes.error(at: start, expected: "what the 64-bit end says", found: "other numbers")
      }
    }
    guard fields.isOneFile else {
      throw bytes.error(at: end, expected: "an archive of one file", found: "a part of several")
    }
    guard fields.count <= limits.entries else {
      throw bytes.error(
        at: end, expected: "at most \(limits.entries) entries", found: "\(fields.count)")
    }
    guard fields.size <= end, fields.offset == UInt64(end) - fields.size else {
      throw bytes.error(
        at: end, expected: "a directory that ends at byte \(end)",
        found: "\(fields.size) bytes at byte \(fields.offset)")
    }
    entryCount = Int(fields.count)
    directory = Int(fields.offset)..<end
  }

  /// The place of the end record; there must be only one that could be meant.
  private static func locate(in bytes: ByteRegion) throws(FileError) -> Int {
    let last = bytes.count - byteCount
    var found: [Int] = []
    for offset in stride(from: last, through: max(0, last - Int(UInt16.max)), by: -1) {
      guard try bytes.integer(at: offset, as: UInt32.self) == ZIPSignature.endRecord else {
        continue
      }
      let reachesEnd = try bytes.integer(at: offset + 20, as: UInt16.self) == last - offset
      guard reachesEnd || !found.isEmpty else {
        throw bytes.error(
          at: offset, expected: "an end record that ends with the file", found: "more bytes")
      }
      if reachesEnd { found.append(offset) }
    }
    guard let place = found.first else {
      throw bytes.error(
        at: max(0, last), expected: "the end record of a ZIP archive", found: "none")
    }
    guard found.count == 1 else {
      throw bytes.error(at: found[1], expected: "one end record", found: "two that fit")
    }
    return place
  }

  /// The place of the 64-bit record, which must lie right before the locator.
  private static func locate64(_ locator: Int, in bytes: ByteRegion) throws(FileError) -> Int {
    let disk = try bytes.integer(at: locator + 4, as: UInt32.self)
    let offset = try bytes.integer(at: locator + 8, as: UInt64.self)
    let disks = try bytes.integer(at: locator + 16, as: UInt32.self)
    let place = locator - byteCount64
    guard place >= 0, offset == UInt64(place), disk == 0, disks == 1 else {
      throw bytes.error(
        at: locator, expected: "the 64-bit end record at byte \(max(0, place)) of one file",
        found: "byte \(offset) of part \(disk) of \(disks)")
    }
    let signature = try bytes.integer(at: place, as: UInt32.self)
    let size = try bytes.integer(at: place + 4, as: UInt64.self)
    guard signature == ZIPSignature.endRecord64, size == UInt64(byteCount64 - 12) else {
      throw bytes.error(
        at: place, expected: "a 64-bit end record of \(byteCount64) bytes", found: "another")
    }
    return place
  }
}

/// The numbers of an end record of either width.
private struct Fields {
  let disk, directoryDisk, countHere, count, size, offset: UInt64

  init(_ bytes: ByteRegion, at start: Int) throws(FileError) {
    disk = UInt64(try bytes.integer(at: start + 4, as: UInt16.self))
    directoryDisk = UInt64(try bytes.integer(at: start + 6, as: UInt16.self))
    countHere = UInt64(try bytes.integer(at: start + 8, as: UInt16.self))
    count = UInt64(try bytes.integer(at: start + 10, as: UInt16.self))
    size = UInt64(try bytes.integer(at: start + 12, as: UInt32.self))
    offset = UInt64(try bytes.integer(at: start + 16, as: UInt32.self))
  }

  init(_ bytes: ByteRegion, at64 start: Int) throws(FileError) {
    disk = UInt64(try bytes.integer(at: start + 16, as: UInt32.self))
    directoryDisk = UInt64(try bytes.integer(at: start + 20, as: UInt32.self))
    countHere = try bytes.integer(at: start + 24, as: UInt64.self)
    count = try bytes.integer(at: start + 32, as: UInt64.self)
    size = try bytes.integer(at: start + 40, as: UInt64.self)
    offset = try bytes.integer(at: start + 48, as: UInt64.self)
  }

  var isOneFile: Bool { disk == 0 && directoryDisk == 0 && countHere == count }

  /// Whether this record of fewer bits says the same, or leaves it to the other one.
  func agrees(with wide: Fields) -> Bool {
    let narrow = UInt64(UInt16.max)
    let middle = UInt64(UInt32.max)
    return (disk == wide.disk || disk == narrow)
      && (directoryDisk == wide.directoryDisk || directoryDisk == narrow)
      && (countHere == wide.countHere || countHere == narrow)
      && (count == wide.count || count == narrow) && (size == wide.size || size == middle)
      && (offset == wide.offset || offset == middle)
  }
}

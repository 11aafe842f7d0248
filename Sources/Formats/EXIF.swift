// EXIF: the one thing of a camera's record that decides how a picture looks.

extension ImageOrientation {
  private static let signature = Array("Exif\0\0".utf8)
  private static let tag: UInt16 = 0x0112
  private static let shortType: UInt16 = 3

  /// The orientation that an EXIF record tells.
  ///
  /// A record that is broken or says nothing leaves the picture as it is: it is not a part of the
  /// picture.
  /// - Parameter record: a TIFF header and its directories, perhaps behind EXIF's signature.
  init(exif record: ByteRegion) {
    let value = try? Self.value(in: record)
    self = value.flatMap(Self.init(rawValue:)) ?? .upright
  }

  /// Whether the bytes begin as EXIF does in a JPEG.
  static func isSigned(_ bytes: ByteRegion) -> Bool {
    bytes.withUnsafeBytes { $0.starts(with: signature) }
  }

  /// The value of the orientation's entry in the first directory.
  private static func value(in record: ByteRegion) throws(FileError) -> UInt16? {
    let tiff = try record.suffix(from: isSigned(record) ? signature.count : 0)
    let numbers = EXIFNumbers(tiff)
    guard try numbers.short(at: 2) == 42 else { return nil }
    let directory = try numbers.long(at: 4)
    for index in 0..<Int(try numbers.short(at: directory)) {
      let entry = directory + 2 + 12 * index
      guard try numbers.short(at: entry) == tag else { continue }
      guard try numbers.short(at: entry + 2) == shortType, try numbers.long(at: entry + 4) == 1
      else { return nil }
      return try numbers.short(at: entry + 8)
    }
    return nil
  }
}

/// Numbers in the byte order that the first two bytes tell.
private struct EXIFNumbers {
  private let tiff: ByteRegion
  private let isBigEndian: Bool

  init(_ tiff: ByteRegion) {
    self.tiff = tiff
    isBigEndian = tiff.withUnsafeBytes { $0.starts(with: Array("MM".utf8)) }
  }

  func short(at offset: Int) throws(FileError) -> UInt16 {
    let value = try tiff.integer(at: offset, as: UInt16.self)
    return isBigEndian ? value.byteSwapped : value
  }

  func long(at offset: Int) throws(FileError) -> Int {
    let value = try tiff.integer(at: offset, as: UInt32.self)
    return Int(isBigEndian ? value.byteSwapped : value)
  }
}

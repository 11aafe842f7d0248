// The pictures in an LMDB database: LSUN as it is published, and the data prepared for StyleSwin.

import Formats

/// Pictures in files' formats that are the values of a database.
///
/// Either every value is a picture, in the order of the keys, as LSUN is published; or there is a key
/// `length`, and the pictures are under `256-00000`, `256-00001` and so on, of one side or several.
struct PictureDatabase: Sendable {
  /// The keys of the pictures.
  let names: [String]
  private let database: LMDB
  private let values: [LMDB.Value]

  /// The file of a database in a folder.
  static let fileName = "data.mdb"
  private static let lengthKey = "length"

  /// Finds the pictures in a database.
  ///
  /// - Parameters:
  ///   - bytes: The file `data.mdb`.
  ///   - side: Of several sides, the one that is wanted, or a larger one; nil for the largest.
  /// - Throws: `FileError` if it is damaged, or has numbers for pictures that are not there.
  init(_ bytes: ByteRegion, side: Int?) throws(FileError) {
    let database = try LMDB(bytes)
    var (names, values) = ([String](), [LMDB.Value]())
    names.reserveCapacity(database.count)
    values.reserveCapacity(database.count)
    var length: LMDB.Value?
    try database.forEachEntry { (key, value) throws(FileError) in
      let name = key.withUnsafeBytes(Self.name)
      if name == Self.lengthKey {
        length = value
      } else {
        names.append(name)
        values.append(value)
      }
    }
    if let length {
      let numbered = try Numbered(names, file: bytes.name)
      (names, values) = try numbered.pictures(
        Self.count(database.contents(of: length)), side: side, names, values, file: bytes.name)
    }
    (self.database, self.names, self.values) = (database, names, values)
  }

  /// A key as text; one that is no text of one line, by its bytes.
  private static func name(_ key: UnsafeRawBufferPointer) -> String {
    let isText = key.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    if isText, let text = String(validating: key, as: UTF8.self) { return text }
    return "0x" + key.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func count(_ value: ByteRegion) throws(FileError) -> Int {
    let text = value.count < 16 ? String(validating: value.copy(), as: UTF8.self) : nil
    guard let text, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let count = Int(text) else {
      throw value.error(
        at: 0, expected: "the number of pictures under \"\(lengthKey)\"",
        found: text ?? "\(value.count) bytes")
    }
    return count
  }

  /// The bytes of a picture's file.
  func bytes(at index: Int) throws(FileError) -> ByteRegion {
    try database.contents(of: values[index])
  }

  /// The bytes of a picture's file, counted.
  func byteCount(at index: Int) -> Int { values[index].count }
}

/// Keys such as `256-00000`.
private struct Numbered {
  /// The side and the number that each key says.
  private let keys: [(side: Int, index: Int)]

  init(_ names: [String], file: String) throws(FileError) {
    var keys: [(side: Int, index: Int)] = []
    keys.reserveCapacity(names.count)
    for name in names {
      let parts = name.split(separator: "-", omittingEmptySubsequences: false)
      let areDigits = parts.allSatisfy { $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } }
      guard parts.count == 2, areDigits, parts[1].count >= 5, let side = Int(parts[0]),
        let index = Int(parts[1]), side > 0
      else {
        throw FileError(
          .damaged, file: file, expected: "keys such as 256-00000 beside length", found: name)
      }
      keys.append((side, index))
    }
    self.keys = keys
  }

  /// The pictures of one side in the order of their numbers, from 0 up to the length.
  func pictures(
    _ length: Int, side wanted: Int?, _ names: [String], _ values: [LMDB.Value], file: String
  ) throws(FileError) -> ([String], [LMDB.Value]) {
    let sides = Set(keys.map(\.side)).sorted()
    let larger = wanted.flatMap { wanted in sides.first { $0 >= wanted } }
    guard let side = larger ?? sides.last else { return ([], []) }
    guard length <= keys.count else {
      throw FileError(
        .damaged, file: file, expected: "\(length) pictures, as \"length\" says",
        found: "\(keys.count)")
    }
    var places = [Int](repeating: -1, count: length)
    for (place, key) in keys.enumerated() where key.side == side && key.index < length {
      places[key.index] = place
    }
    if let absent = places.firstIndex(of: -1) {
      throw FileError(
        .damaged, file: file, expected: "picture \(absent) of \(length) with a side of \(side)",
        found: "none")
    }
    return (places.map { names[$0] }, places.map { values[$0] })
  }
}

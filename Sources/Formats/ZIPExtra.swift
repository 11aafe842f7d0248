// The extra fields of a ZIP entry: 64-bit numbers and names; the others mean nothing here.

/// What the extra fields of an entry say.
struct ZIPExtra {
  /// The 64-bit numbers.
  private(set) var numbers: [UInt64] = []

  static let numbersTag: UInt16 = 0x0001
  /// The tag with which PyTorch pads, "FB".
  static let paddingTag: UInt16 = 0x4246
  private static let unicodeNameTag: UInt16 = 0x7075

  /// Reads the fields of the entry `name`.
  /// - Throws: `FileError` of kind `damaged` if they do not fill `bytes`, or contradict themselves
  ///   or the name.
  init(_ bytes: ByteRegion, name: String) throws(FileError) {
    var seen: Set<UInt16> = []
    var cursor = 0
    while cursor < bytes.count {
      let start = cursor
      let tag = try bytes.integer(at: start, as: UInt16.self)
      cursor += 4
      let content = try bytes.part(at: &cursor, lengthAt: start + 2)
      guard tag == Self.numbersTag || tag == Self.unicodeNameTag else { continue }
      guard seen.insert(tag).inserted else {
        throw bytes.error(at: start, expected: "one field \(hex(tag))", found: "two")
      }
      if tag == Self.numbersTag {
        try readNumbers(content)
      } else {
        try Self.checkName(content, name)
      }
    }
  }

  private mutating func readNumbers(_ content: ByteRegion) throws(FileError) {
    guard content.count.isMultiple(of: 8), content.count <= 24 else {
      throw content.error(
        at: 0, expected: "up to three 64-bit numbers", found: "\(content.count) bytes")
    }
    for offset in stride(from: 0, to: content.count, by: 8) {
      numbers.append(try content.integer(at: offset, as: UInt64.self))
    }
  }

  /// Checks that the second name, after a version and a check sum, is the first.
  private static func checkName(_ content: ByteRegion, _ name: String) throws(FileError) {
    guard try content.suffix(from: min(5, content.count)).copy() == Array(name.utf8) else {
      throw content.error(at: 0, expected: "the name \(name) again", found: "another name")
    }
  }
}

extension ByteRegion {
  /// The part at `cursor`, which moves behind it, whose 16-bit length stands at `place`.
  func part(at cursor: inout Int, lengthAt place: Int) throws(FileError) -> ByteRegion {
    let part = try slice(at: cursor, count: Int(integer(at: place, as: UInt16.self)))
    cursor += part.count
    return part
  }

  /// The 32-bit number at `offset`, or if all its bits are set, the next 64-bit number.
  func zipNumber(at offset: Int, _ wide: inout ArraySlice<UInt64>) throws(FileError) -> Int {
    let narrow = try integer(at: offset, as: UInt32.self)
    guard narrow == UInt32.max else { return Int(narrow) }
    guard let next = wide.popFirst(), let number = Int(exactly: next) else {
      throw error(at: offset, expected: "a 64-bit number instead", found: "none that fits")
    }
    return number
  }
}

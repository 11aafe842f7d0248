// A strict scanner for JSON, whose caller says what may come next.

/// Reads JSON tokens one after another from a header or a file.
struct JSONScanner {
  let header: ByteRegion
  let bytes: [UInt8]
  var cursor = 0
  /// What errors call the whole.
  private let subject: String

  init(_ header: ByteRegion, subject: String = "header") {
    self.header = header
    self.subject = subject
    bytes = header.copy()
  }

  func damaged(_ expected: String) -> FileError {
    damaged(expected, found: describeNext())
  }

  func damaged(_ expected: String, found: String) -> FileError {
    header.error(at: cursor, expected: expected, found: found)
  }

  private func describeNext() -> String {
    guard cursor < bytes.count else { return "the end of the \(subject)" }
    let byte = bytes[cursor]
    guard 0x20 <= byte, byte < 0x7F else { return "byte 0x\(String(byte, radix: 16))" }
    return "'\(Character(Unicode.Scalar(byte)))'"
  }

  mutating func skipSpace() {
    while cursor < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[cursor]) { cursor += 1 }
  }

  /// The byte at the cursor, if the end is not reached.
  var next: UInt8? { cursor < bytes.count ? bytes[cursor] : nil }

  /// Whether the next token is this character, which is then skipped.
  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard cursor < bytes.count, bytes[cursor] == UInt8(ascii: character) else { return false }
    cursor += 1
    return true
  }

  mutating func require(_ character: Unicode.Scalar) throws(FileError) {
    guard skip(character) else { throw damaged("'\(character)'") }
  }

  mutating func requireEnd() throws(FileError) {
    skipSpace()
    guard cursor == bytes.count else { throw damaged("the end of the \(subject)") }
  }

  /// Calls `member` with each key of an object, at the key's value; keys must differ.
  mutating func object(
    _ member: (String, inout JSONScanner) throws(FileError) -> Void
  ) throws(FileError) {
    var keys: Set<String> = []
    try require("{")
    guard !skip("}") else { return }
    repeat {
      let key = try string()
      guard keys.insert(key).inserted else {
        throw damaged("different names", found: "\(key) twice")
      }
      try require(":")
      try member(key, &self)
    } while skip(",")
    try require("}")
  }

  /// An array of at most `limit` sizes.
  mutating func sizes(limit: Int) throws(FileError) -> [Int] {
    var sizes: [Int] = []
    try require("[")
    guard !skip("]") else { return [] }
    repeat {
      guard sizes.count < limit else { throw damaged("at most \(limit) numbers", found: "more") }
      sizes.append(try size())
    } while skip(",")
    try require("]")
    return sizes
  }

  /// A whole number of at least 0, without sign, fraction or leading zeros.
  mutating func size() throws(FileError) -> Int {
    skipSpace()
    let start = cursor
    while cursor < bytes.count, 0x30...0x39 ~= bytes[cursor] { cursor += 1 }
    let digits = bytes[start..<cursor]
    guard let first = digits.first, digits.count == 1 || first != 0x30 else {
      throw damaged("a whole number")
    }
    guard let value = Int(String(decoding: digits, as: UTF8.self)) else {
      throw damaged("a number that 64 bits hold", found: "\(digits.count) digits")
    }
    return value
  }
}

// MARK: - Arrays, numbers, and values that nobody asks for

extension JSONScanner {
  /// Calls `element` at each element of an array.
  mutating func array(
    _ element: (inout JSONScanner) throws(FileError) -> Void
  ) throws(FileError) {
    try require("[")
    guard !skip("]") else { return }
    repeat { try element(&self) } while skip(",")
    try require("]")
  }

  /// Whether the next token is this word, which is then skipped.
  mutating func skip(word: String) -> Bool {
    skipSpace()
    guard bytes[cursor...].starts(with: word.utf8) else { return false }
    cursor += word.utf8.count
    return true
  }

  /// A number as it is written, and whether it has neither fraction nor exponent.
  mutating func number() throws(FileError) -> (text: String, isWhole: Bool) {
    skipSpace()
    let start = cursor
    _ = skip("-")
    try digits(afterZero: false)
    let end = cursor
    if cursor < bytes.count, bytes[cursor] == UInt8(ascii: ".") {
      cursor += 1
      try digits(afterZero: true)
    }
    if cursor < bytes.count, [UInt8(ascii: "e"), UInt8(ascii: "E")].contains(bytes[cursor]) {
      cursor += 1
      if cursor < bytes.count, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[cursor]) {
        cursor += 1
      }
      try digits(afterZero: true)
    }
    return (String(decoding: bytes[start..<cursor], as: UTF8.self), cursor == end)
  }

  /// At least one digit; several may begin with 0 only behind a point or in an exponent.
  private mutating func digits(afterZero: Bool) throws(FileError) {
    let start = cursor
    while cursor < bytes.count, 0x30...0x39 ~= bytes[cursor] { cursor += 1 }
    let isNumber = cursor > start && (afterZero || cursor == start + 1 || bytes[start] != 0x30)
    guard isNumber else {
      cursor = start
      throw damaged("a number")
    }
  }

  /// Skips a value of any kind whose arrays and objects are nested at most `depth` deep.
  mutating func skipValue(depth: Int) throws(FileError) {
    skipSpace()
    guard cursor < bytes.count else { throw damaged("a value") }
    let start = Unicode.Scalar(bytes[cursor])
    guard depth > 0 || (start != "[" && start != "{") else {
      throw damaged("values that are not nested so deep")
    }
    switch start {
    case "[": try array { (scanner) throws(FileError) in try scanner.skipValue(depth: depth - 1) }
    case "{":
      try object { (_, scanner) throws(FileError) in try scanner.skipValue(depth: depth - 1) }
    case "\"": _ = try string()
    default:
      guard !skip(word: "true"), !skip(word: "false"), !skip(word: "null") else { return }
      _ = try number()
    }
  }
}

// MARK: - Strings

extension JSONScanner {
  mutating func string() throws(FileError) -> String {
    guard skip("\"") else { throw damaged("a string") }
    var utf8: [UInt8] = []
    while cursor < bytes.count {
      let byte = bytes[cursor]
      guard byte >= 0x20 else { throw damaged("no control character in a string") }
      cursor += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: utf8, as: UTF8.self) else {
          throw damaged("text in UTF-8", found: "other bytes")
        }
        return text
      case UInt8(ascii: "\\"): utf8 += try escape().utf8
      default: utf8.append(byte)
      }
    }
    throw damaged("the end of a string")
  }

  private mutating func escape() throws(FileError) -> String {
    guard cursor < bytes.count else { throw damaged("an escape") }
    let letter = bytes[cursor]
    cursor += 1
    switch Unicode.Scalar(letter) {
    case "\"": return "\""
    case "\\": return "\\"
    case "/": return "/"
    case "b": return "\u{8}"
    case "f": return "\u{C}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "u": return try unicodeEscape()
    default:
      cursor -= 1
      throw damaged("a JSON escape")
    }
  }

  /// The character of `\uXXXX`, or of two such escapes that are surrogates.
  private mutating func unicodeEscape() throws(FileError) -> String {
    var units = [try hexUnit()]
    if UTF16.isLeadSurrogate(units[0]) {
      guard bytes[cursor...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
        throw damaged("the second half of a surrogate pair")
      }
      cursor += 2
      units.append(try hexUnit())
    }
    guard let text = String(validating: units, as: UTF16.self) else {
      throw damaged("a character", found: "half a surrogate pair")
    }
    return text
  }

  private mutating func hexUnit() throws(FileError) -> UInt16 {
    let digits = bytes[cursor...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw damaged("four hexadecimal digits") }
    cursor += 4
    return unit
  }
}

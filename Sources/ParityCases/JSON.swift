// JSON that keeps the order of keys and tells integers from other numbers, as case files need.

package import Formats
import Foundation
package import OrderedCollections

/// A JSON value; the order of an object's keys decides between the globs of a tolerance.
package enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  /// A number written without fraction or exponent.
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSON])
  case object(OrderedDictionary<String, JSON>)

  /// Reads the one value that a file holds.
  ///
  /// - Parameter file: The whole file.
  /// - Throws: `FileError` of kind `damaged` at the first byte that is not JSON.
  package init(_ file: ByteRegion) throws(FileError) {
    var parser = JSONParser(file)
    self = try parser.value(depth: 0)
    try parser.requireEnd()
  }
}

extension JSON: CustomStringConvertible {
  /// The value as error messages show it: scalars whole, lists and objects by their kind.
  package var description: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "\"\(value)\""
    case .array(let elements): "a list of \(elements.count)"
    case .object(let members): "an object of \(members.count)"
    }
  }
}

/// Reads JSON by descent, one byte ahead.
private struct JSONParser {
  /// Lists and objects inside one another; case files have six.
  private static let depthLimit = 64

  private let file: ByteRegion
  private let bytes: [UInt8]
  private var cursor = 0

  init(_ file: ByteRegion) {
    self.file = file
    bytes = file.copy()
  }

  mutating func value(depth: Int) throws(FileError) -> JSON {
    guard depth < Self.depthLimit else { throw damaged("at most \(Self.depthLimit) levels") }
    switch next() {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    default: return try number()
    }
  }

  mutating func requireEnd() throws(FileError) {
    guard next() == nil else { throw damaged("the end of the file") }
  }

  private mutating func object(_ depth: Int) throws(FileError) -> JSON {
    var members: OrderedDictionary<String, JSON> = [:]
    cursor += 1
    guard !skip("}") else { return .object(members) }
    repeat {
      guard next() == UInt8(ascii: "\"") else { throw damaged("a key") }
      let key = try string()
      guard members[key] == nil else { throw damaged("different keys", found: "\(key) twice") }
      try require(":")
      members[key] = try value(depth: depth + 1)
    } while skip(",")
    try require("}")
    return .object(members)
  }

  private mutating func array(_ depth: Int) throws(FileError) -> JSON {
    var elements: [JSON] = []
    cursor += 1
    guard !skip("]") else { return .array(elements) }
    repeat { elements.append(try value(depth: depth + 1)) } while skip(",")
    try require("]")
    return .array(elements)
  }

  /// The string at the cursor, which stands on its opening quote.
  private mutating func string() throws(FileError) -> String {
    let start = cursor
    var hasEscapes = false
    cursor += 1
    while cursor < bytes.count, bytes[cursor] != UInt8(ascii: "\"") {
      guard bytes[cursor] >= 0x20 else { throw damaged("no control character in a string") }
      let isEscape = bytes[cursor] == UInt8(ascii: "\\")
      hasEscapes = hasEscapes || isEscape
      cursor += isEscape ? 2 : 1
    }
    guard cursor < bytes.count else { throw damaged("the end of a string") }
    cursor += 1
    let text =
      hasEscapes
      ? try? JSONDecoder().decode(String.self, from: Data(bytes[start..<cursor]))
      : String(validating: bytes[start + 1..<cursor - 1], as: UTF8.self)
    guard let text else { throw damaged("text in UTF-8 with JSON's escapes", found: "other bytes") }
    return text
  }

  private mutating func number() throws(FileError) -> JSON {
    let start = cursor
    while cursor < bytes.count, "+-.eE0123456789".utf8.contains(bytes[cursor]) { cursor += 1 }
    let text = String(decoding: bytes[start..<cursor], as: UTF8.self)
    if let integer = Int(text) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else {
      cursor = start
      throw damaged("a value")
    }
    return .number(number)
  }

  private mutating func word(_ word: String, _ value: JSON) throws(FileError) -> JSON {
    guard bytes[cursor...].starts(with: word.utf8) else { throw damaged("a value") }
    cursor += word.utf8.count
    return value
  }

  /// The next byte that is not white space, on which the cursor then stands.
  private mutating func next() -> UInt8? {
    while cursor < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[cursor]) { cursor += 1 }
    return cursor < bytes.count ? bytes[cursor] : nil
  }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard next() == UInt8(ascii: character) else { return false }
    cursor += 1
    return true
  }

  private mutating func require(_ character: Unicode.Scalar) throws(FileError) {
    guard skip(character) else { throw damaged("'\(character)'") }
  }

  private func damaged(_ expected: String, found: String? = nil) -> FileError {
    let byte = cursor < bytes.count ? "byte 0x\(String(bytes[cursor], radix: 16))" : "the end"
    return file.error(at: min(cursor, bytes.count), expected: expected, found: found ?? byte)
  }
}

// An object of a case file of which every key must be read: nothing unknown is ignored.

import OrderedCollections

/// Why a case could not be run, on one line.
package struct CaseError: Error, CustomStringConvertible, Equatable {
  /// What was expected and what was found.
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// A type that one JSON value can hold.
package protocol JSONReadable {
  /// What a value of this type is called in error messages, such as `a number`.
  static var expectation: String { get }
  /// The value, or nil if the JSON holds something else.
  init?(_ json: JSON)
}

/// An object of a case file that remembers which of its keys have been read.
package final class StrictObject {
  /// Where the object stands, such as `config.variants[3]`.
  package let path: String
  private let members: OrderedDictionary<String, JSON>
  private var read: Set<String> = []
  private var children: [StrictObject] = []

  package init(_ json: JSON, path: String) throws(CaseError) {
    guard case .object(let members) = json else {
      throw CaseError("\(path): expected an object, found \(json)")
    }
    self.path = path
    self.members = members
  }

  /// The keys in the order of the file.
  package var keys: [String] { Array(members.keys) }

  /// A value that must be there, unless there is a default.
  package func value<Value: JSONReadable>(_ key: String, default fallback: Value? = nil)
    throws(CaseError) -> Value
  {
    read.insert(key)
    guard let json = members[key] else {
      guard let fallback else { throw CaseError("\(path).\(key) is missing") }
      return fallback
    }
    guard let value = Value(json) else {
      throw CaseError("\(path).\(key): expected \(Value.expectation), found \(json)")
    }
    return value
  }

  /// A value that may be missing or null.
  package func optional<Value: JSONReadable>(_ key: String, as type: Value.Type = Value.self)
    throws(CaseError) -> Value?
  {
    read.insert(key)
    guard let json = members[key], json != .null else { return nil }
    return try value(key)
  }

  /// A number of things or pixels, within bounds that keep a wrong file from taking all memory.
  package func count(
    _ key: String, in range: ClosedRange<Int> = 1...65536, default fallback: Int? = nil
  ) throws(CaseError) -> Int {
    let count = try value(key, default: fallback)
    guard range.contains(count) else {
      throw CaseError(
        "\(path).\(key): expected \(range.lowerBound) to \(range.upperBound), found \(count)")
    }
    return count
  }

  /// An object inside this one, which must be read to the last key too; empty if it is missing.
  package func object(_ key: String) throws(CaseError) -> StrictObject {
    read.insert(key)
    return try child(members[key] ?? .object([:]), "\(path).\(key)")
  }

  /// A list of objects, each to be read to the last key.
  package func objects(_ key: String) throws(CaseError) -> [StrictObject] {
    let list: [JSON] = try value(key)
    var objects: [StrictObject] = []
    for (i, json) in list.enumerated() { objects.append(try child(json, "\(path).\(key)[\(i)]")) }
    return objects
  }

  /// Checks that nothing was left unread here or in any object inside.
  package func requireFullyRead() throws(CaseError) {
    let unread = unread
    guard unread.isEmpty else {
      throw CaseError("\(unread.joined(separator: ", ")): not known here")
    }
  }

  private var unread: [String] {
    keys.filter { !read.contains($0) }.map { "\(path).\($0)" } + children.flatMap(\.unread)
  }

  private func child(_ json: JSON, _ path: String) throws(CaseError) -> StrictObject {
    let child = try StrictObject(json, path: path)
    children.append(child)
    return child
  }
}

// MARK: - What values can be read as

extension JSON: JSONReadable {
  package static var expectation: String { "any value" }
  package init?(_ json: JSON) { self = json }
}

extension Int: JSONReadable {
  package static var expectation: String { "an integer" }
  package init?(_ json: JSON) {
    guard case .integer(let value) = json else { return nil }
    self = value
  }
}

extension Double: JSONReadable {
  package static var expectation: String { "a number that float32 can hold" }
  package init?(_ json: JSON) {
    switch json {
    case .integer(let value): self.init(value)
    case .number(let value) where abs(value) <= Double(Float.greatestFiniteMagnitude): self = value
    default: return nil
    }
  }
}

extension Bool: JSONReadable {
  package static var expectation: String { "true or false" }
  package init?(_ json: JSON) {
    guard case .bool(let value) = json else { return nil }
    self = value
  }
}

extension String: JSONReadable {
  package static var expectation: String { "a string" }
  package init?(_ json: JSON) {
    guard case .string(let value) = json else { return nil }
    self = value
  }
}

extension Array: JSONReadable where Element: JSONReadable {
  package static var expectation: String { "a list, each \(Element.expectation)" }
  package init?(_ json: JSON) {
    guard case .array(let elements) = json else { return nil }
    let values = elements.compactMap(Element.init)
    guard values.count == elements.count else { return nil }
    self = values
  }
}

extension JSONReadable where Self: RawRepresentable & CaseIterable, RawValue == String {
  package static var expectation: String {
    "one of \(allCases.map(\.rawValue).joined(separator: ", "))"
  }
  package init?(_ json: JSON) {
    guard case .string(let name) = json else { return nil }
    self.init(rawValue: name)
  }
}

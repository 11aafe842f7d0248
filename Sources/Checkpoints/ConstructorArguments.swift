// Constructor arguments read strictly: an argument that nobody asked for could change the picture,
// so it is an error.

import Formats

/// The named arguments that a network in a checkpoint was constructed with.
struct ConstructorArguments {
  private var values: [String: PlainValue]
  private var unread: Set<String>
  private let owner: String
  private let file: String

  /// The arguments in `value`, which must be a dictionary or nothing.
  init(_ value: PlainValue?, of owner: String, file: String) throws(FileError) {
    self.owner = owner
    self.file = file
    switch value {
    case nil, .null: values = [:]
    case .dictionary(let entries): values = entries
    case .some(let other):
      throw FileError(
        .damaged, file: file, expected: "named arguments of \(owner)", found: "\(other)")
    }
    unread = Set(values.keys)
  }

  mutating func int(_ name: String) throws(FileError) -> Int? {
    try read(name, as: "an integer") { if case .int(let number) = $0 { number } else { nil } }
  }

  mutating func double(_ name: String) throws(FileError) -> Double? {
    try read(name, as: "a finite number", \.finiteNumber)
  }

  mutating func bool(_ name: String) throws(FileError) -> Bool? {
    try read(name, as: "true or false") { if case .bool(let truth) = $0 { truth } else { nil } }
  }

  /// One of the names of a choice.
  mutating func choice<Choice: RawRepresentable<String>>(
    _ name: String, of choices: Choice.Type
  ) throws(FileError) -> Choice? {
    try read(name, as: "a known choice") { $0.choice(of: choices) }
  }

  mutating func doubles(_ name: String) throws(FileError) -> [Double]? {
    try read(name, as: "a list of finite numbers") {
      guard case .list(let items) = $0 else { return nil }
      let numbers = items.compactMap(\.finiteNumber)
      return numbers.count == items.count ? numbers : nil
    }
  }

  /// A list of whole numbers without which the network is not known.
  mutating func requiredInts(_ name: String) throws(FileError) -> [Int] {
    let found = try read(name, as: "a list of integers") { value -> [Int]? in
      guard case .list(let items) = value else { return nil }
      let numbers = items.compactMap { if case .int(let number) = $0 { number } else { nil } }
      return numbers.count == items.count ? numbers : nil
    }
    guard let found else {
      throw FileError(
        .damaged, file: file, expected: "\(owner): \(name), a list of integers", found: "none")
    }
    return found
  }

  /// The arguments that are handed on to a part of the network.
  mutating func nested(_ name: String) throws(FileError) -> ConstructorArguments {
    unread.remove(name)
    return try ConstructorArguments(values[name], of: "\(owner).\(name)", file: file)
  }

  /// Takes the arguments that are handed on to a part as if they had been given here.
  mutating func unfold(_ name: String) throws(FileError) {
    for (inner, value) in try nested(name).values {
      guard values.updateValue(value, forKey: inner) == nil else {
        throw FileError(
          .damaged, file: file, expected: "\(owner): \(inner) once", found: "it in \(name) again")
      }
      unread.insert(inner)
    }
  }

  /// Whether the argument is given, be it as nothing.
  func has(_ name: String) -> Bool { values[name] != nil }

  /// Takes an argument that has no influence on what is computed.
  mutating func ignore(_ names: String...) { unread.subtract(names) }

  /// Takes an argument for which only one value is supported.
  mutating func require(_ name: String, _ supported: PlainValue) throws(FileError) {
    unread.remove(name)
    guard let found = values[name], found != supported else { return }
    throw FileError(
      .damaged, file: file, expected: "\(owner): \(name) = \(supported), the only one supported",
      found: "\(found)")
  }

  /// Checks that no argument is left that nobody asked for.
  func requireAllRead() throws(FileError) {
    guard let name = unread.min() else { return }
    throw FileError(
      .damaged, file: file, expected: "only known arguments of \(owner)",
      found: "\(name) = \(values[name] ?? .null)")
  }

  /// The argument, or nil if it is absent or null.
  private mutating func read<Value>(
    _ name: String, as expected: String, _ convert: (PlainValue) -> Value?
  ) throws(FileError) -> Value? {
    unread.remove(name)
    guard let found = values[name], found != .null else { return nil }
    guard let value = convert(found) else {
      throw FileError(
        .damaged, file: file, expected: "\(owner): \(name) to be \(expected)", found: "\(found)")
    }
    return value
  }
}

extension PlainValue {
  /// The number, unless it is none that arithmetic can use.
  var finiteNumber: Double? {
    switch self {
    case .int(let number): Double(number)
    case .double(let number) where number.isFinite: number
    default: nil
    }
  }

  /// The choice that the text names.
  func choice<Choice: RawRepresentable<String>>(of choices: Choice.Type) -> Choice? {
    guard case .string(let name) = self else { return nil }
    return Choice(rawValue: name)
  }
}

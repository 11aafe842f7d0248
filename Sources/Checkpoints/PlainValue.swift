// The plain values inside a checkpoint: numbers, text, lists and dictionaries, such as constructor
// arguments.

import Formats

/// A value that JSON could also hold.
public enum PlainValue: Equatable, Sendable {
  /// Nothing.
  case null
  /// True or false.
  case bool(Bool)
  /// A whole number.
  case int(Int)
  /// A number with a fraction.
  case double(Double)
  /// Text.
  case string(String)
  /// Values in order.
  case list([PlainValue])
  /// Values by name.
  case dictionary([String: PlainValue])

  /// The plain value that a pickle holds, or nil if it holds something else, such as an object.
  ///
  /// - Parameters:
  ///   - value: A value of the pickle.
  ///   - limit: How many values it may hold, where one that the pickle mentions again counts again,
  ///     and text as one for every 64 bytes.
  init?(_ value: PickleValue, limit: Int = 1 << 16) {
    var remaining = limit
    self.init(value, &remaining)
  }

  private init?(_ value: PickleValue, _ remaining: inout Int) {
    remaining -= 1
    guard remaining >= 0 else { return nil }
    switch value {
    case .none: self = .null
    case .bool(let truth): self = .bool(truth)
    case .int(let number): self = .int(Int(number))
    case .float(let number): self = .double(number)
    case .string, .byteString:
      guard let text = Self.text(value, &remaining) else { return nil }
      self = .string(text)
    case .tuple(let sequence), .list(let sequence), .set(let sequence):
      self.init(sequence, &remaining)
    case .dictionary, .object:
      if let number = PlainValue(numpyScalar: value) {
        self = number
      } else if let dictionary = value.asDictionary {
        self.init(dictionary, &remaining)
      } else {
        return nil
      }
    case .bigInt, .bytes, .global, .persistentID: return nil
    }
  }

  private init?(_ sequence: PickleSequence, _ remaining: inout Int) {
    var items: [PlainValue] = []
    for item in sequence.items {
      guard let plain = PlainValue(item, &remaining) else { return nil }
      items.append(plain)
    }
    self = .list(items)
  }

  private init?(_ dictionary: PickleDictionary, _ remaining: inout Int) {
    var entries: [String: PlainValue] = [:]
    for (key, value) in dictionary.entries {
      guard let name = Self.text(key, &remaining), let plain = PlainValue(value, &remaining) else {
        return nil
      }
      entries[name] = plain
    }
    self = .dictionary(entries)
  }

  /// The value's text, counted before it is decoded.
  private static func text(_ value: PickleValue, _ remaining: inout Int) -> String? {
    switch value {
    case .string(let text): remaining -= text.utf8.count / 64
    case .byteString(let bytes): remaining -= bytes.count / 64
    default: return nil
    }
    return remaining >= 0 ? value.asString : nil
  }

  /// A number that NumPy wrote: `scalar(dtype(name, …), bytes)`.
  private init?(numpyScalar value: PickleValue) {
    guard let scalar = try? StoredTensor(numPy: value, file: ""), scalar.shape.isEmpty else {
      return nil
    }
    func bits<Bits: FixedWidthInteger & BitwiseCopyable>(_: Bits.Type) -> Bits {
      scalar.bytes.withUnsafeBytes { Bits(littleEndian: $0.loadUnaligned(as: Bits.self)) }
    }
    switch scalar.elementType {
    case .float64: self = .double(Double(bitPattern: bits(UInt64.self)))
    case .float32: self = .double(Double(Float(bitPattern: bits(UInt32.self))))
    case .int64: self = .int(Int(bits(Int64.self)))
    case .int32: self = .int(Int(bits(Int32.self)))
    case .bool: self = .bool(bits(UInt8.self) != 0)
    default: return nil
    }
  }
}

extension PlainValue: CustomStringConvertible {
  /// The value in a JSON-like spelling, for messages.
  public var description: String {
    switch self {
    case .null: "null"
    case .bool(let truth): "\(truth)"
    case .int(let number): "\(number)"
    case .double(let number): "\(number)"
    case .string(let text): "\"\(text)\""
    case .list(let items): "[\(items.map(\.description).joined(separator: ", "))]"
    case .dictionary(let entries):
      "{\(entries.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", "))}"
    }
  }
}

// A pickle's dictionary: entries in file order, found by text or integer key.

/// The entries of a dictionary in the order of the file.
public final class PickleDictionary: PickleNode {
  /// A key and its value; keys may be any value.
  public typealias Entry = (key: PickleValue, value: PickleValue)

  /// The entries in order.
  public private(set) var entries: [Entry] = []
  private var positions: [Key: Int] = [:]

  private enum Key: Hashable {
    case string(String)
    case int(Int64)

    init?(_ value: PickleValue) {
      if let text = value.asString {
        self = .string(text)
      } else if let number = value.asInt {
        self = .int(number)
      } else {
        return nil
      }
    }
  }

  /// The value of a text key, if there is one.
  public subscript(key: String) -> PickleValue? {
    positions[.string(key)].map { entries[$0].value }
  }

  /// The value of an integer key, if there is one.
  public subscript(key: Int64) -> PickleValue? {
    positions[.int(key)].map { entries[$0].value }
  }

  /// Adds an entry.
  /// - Returns: whether the key, if it is text or an integer, is new.
  func insert(_ key: PickleValue, _ value: PickleValue) -> Bool {
    if let name = Key(key) {
      guard positions[name] == nil else { return false }
      positions[name] = entries.count
    }
    entries.append((key, value))
    return true
  }

  override var children: [PickleNode] {
    entries.flatMap { [$0.key.node, $0.value.node].compactMap(\.self) }
  }

  override func dismantle() {
    entries = []
    positions = [:]
  }
}

// Asking a pickle's value for what it ought to be.

extension PickleValue {
  /// The text, if the value is text; a string of Python 2 is read as Latin-1, if it is short.
  ///
  /// A pickle can mention one long string of Python 2 very often, and each use of it is decoded.
  public var asString: String? {
    switch self {
    case .string(let text): text
    case .byteString(let bytes) where bytes.count <= 1 << 12: bytes.withUnsafeBytes(latin1)
    default: nil
    }
  }

  /// The text, if the value is text of at most `limit` bytes.
  func text(atMost limit: Int) -> String? {
    switch self {
    case .string(let text) where text.utf8.count <= limit: text
    case .byteString(let bytes) where bytes.count <= limit: asString
    default: nil
    }
  }

  /// The integer, if the value is one; a Boolean is none.
  public var asInt: Int64? {
    guard case .int(let number) = self else { return nil }
    return number
  }

  /// The number, if the value is an integer or floating-point number.
  public var asDouble: Double? {
    switch self {
    case .float(let number): number
    case .int(let number): Double(number)
    default: nil
    }
  }

  /// The Boolean, if the value is one.
  public var asBool: Bool? {
    guard case .bool(let truth) = self else { return nil }
    return truth
  }

  /// Whether the value is `None`.
  public var isNone: Bool {
    guard case .none = self else { return false }
    return true
  }

  /// The bytes, if the value is bytes, a string of Python 2, or bytes dressed as Latin-1 text, as
  /// Python 3 writes them with protocol 2.
  public var asBytes: ByteRegion? {
    switch self {
    case .bytes(let bytes), .byteString(let bytes): return bytes
    case .object(let object): return object.encodedText
    default: return nil
    }
  }

  /// The items, if the value is a tuple, list or set.
  public var asItems: [PickleValue]? {
    switch self {
    case .tuple(let sequence), .list(let sequence), .set(let sequence): sequence.items
    default: nil
    }
  }

  /// The record of a call to `callable`, if the value is one.
  public func asCall(of callable: PickleGlobal) -> PickleObject? {
    guard case .object(let object) = self, object.callable == callable else { return nil }
    return object
  }

  /// The entries, if the value is a dictionary or an object that stands for one.
  ///
  /// An `OrderedDict` is filled after it is made, or made from a list of pairs, as Python 2 wrote
  /// it; one without entries is an empty dictionary.
  public var asDictionary: PickleDictionary? {
    switch self {
    case .dictionary(let dictionary): dictionary
    case .object(let object) where PickleGlobal.dictionaries.contains(object.callable):
      object.dictionaryItems ?? object.dictionaryOfArguments
    default: nil
    }
  }

  /// What kind of value this is, in a few words for an error.
  public var kind: String {
    switch self {
    case .none: "None"
    case .bool: "a Boolean"
    case .int, .bigInt: "an integer"
    case .float: "a floating-point number"
    case .string, .byteString: "a string"
    case .bytes: "bytes"
    case .tuple: "a tuple"
    case .list: "a list"
    case .set: "a set"
    case .dictionary: "a dictionary"
    case .global(let global): "the name \(global)"
    case .object(let object): "an object of \(object.callable)"
    case .persistentID: "a persistent id"
    }
  }
}

extension PickleObject {
  /// The dictionary that the one argument, a list of pairs, makes; nil if it is something else.
  fileprivate var dictionaryOfArguments: PickleDictionary? {
    guard !arguments.items.isEmpty else { return PickleDictionary(offset: offset) }
    guard arguments.items.count == 1 else { return nil }
    switch arguments.items[0] {
    case .tuple(let pairs), .list(let pairs), .set(let pairs): return pairs.dictionaryOfPairs
    default: return nil
    }
  }

  func encodeText() -> ByteRegion? {
    guard callable == .encode, arguments.items.count == 2,
      arguments.items[1].asString == "latin1", case .string(let text) = arguments.items[0]
    else { return nil }
    return latin1Bytes(text).map { ByteRegion($0, name: "bytes as text") }
  }
}

extension PickleSequence {
  func makeDictionary() -> PickleDictionary? {
    let dictionary = PickleDictionary(offset: offset)
    for pair in items {
      guard let items = pair.asItems, items.count == 2, dictionary.insert(items[0], items[1])
      else { return nil }
    }
    return dictionary
  }
}

extension PickleGlobal {
  /// What Python 3 calls, in protocol 2, to make bytes of text.
  static let encode = PickleGlobal("_codecs", "encode")

  /// What opens a torch file that stands in a pickle as bytes, and runs the pickles in it.
  static let loadFromBytes = PickleGlobal("torch.storage", "_load_from_bytes")

  /// The classes whose objects are dictionaries.
  static let dictionaries: Set<PickleGlobal> = [
    PickleGlobal("collections", "OrderedDict"), PickleGlobal("dnnlib.util", "EasyDict"),
  ]
}

// What a pickle says, as data: a tree of values in which nothing has been called or imported.

/// One value of a pickle.
///
/// Containers are reference nodes: a value that the pickle mentions twice is one node, and never
/// copied. The reader makes sure that nodes contain no cycle and are not nested too deeply, so a
/// recursive walk is safe.
public enum PickleValue {
  /// Python's `None`.
  case none
  /// `True` or `False`.
  case bool(Bool)
  /// An integer that fits 64 bits.
  case int(Int64)
  /// A longer integer: two's complement, least significant byte first.
  case bigInt([UInt8])
  /// A floating-point number.
  case float(Double)
  /// Text.
  case string(String)
  /// A string of Python 2, which is text or bytes: whoever uses the value decides.
  case byteString(ByteRegion)
  /// Bytes, still in the file.
  case bytes(ByteRegion)
  /// A tuple.
  case tuple(PickleSequence)
  /// A list.
  case list(PickleSequence)
  /// A set or frozen set.
  case set(PickleSequence)
  /// A dictionary.
  case dictionary(PickleDictionary)
  /// The name of a class or function.
  case global(PickleGlobal)
  /// The record of a call that was not made.
  case object(PickleObject)
  /// A reference to something outside the pickle; the tuple, or one text, says to what.
  case persistentID(PickleSequence)
}

/// The name of a Python class or function.
public struct PickleGlobal: Hashable, Sendable, CustomStringConvertible {
  /// The dotted module.
  public let module: String
  /// The name in the module.
  public let name: String

  /// The name `module.name`.
  public init(_ module: String, _ name: String) {
    self.module = module
    self.name = name
  }

  /// Module and name with a dot between them.
  public var description: String { "\(module).\(name)" }
}

/// What all containers of a pickle have in common.
public class PickleNode {
  /// The position in the file of the opcode that made this node.
  public let offset: Int
  /// Levels below and including this one; set by the reader's last check.
  var height = Height.unseen

  enum Height: Equatable {
    case unseen, inProgress
    case known(Int)
  }

  init(offset: Int) {
    self.offset = offset
  }

  /// The nodes directly inside this one.
  var children: [PickleNode] { [] }

  /// Lets go of everything inside.
  func dismantle() {}
}

/// The items of a tuple, list or set.
public final class PickleSequence: PickleNode {
  /// The items in order.
  public internal(set) var items: [PickleValue]
  /// The dictionary that the items make as pairs of key and value, or nil if they are something
  /// else; made once, because a file may name the same pairs often.
  private(set) lazy var dictionaryOfPairs = makeDictionary()

  init(_ items: [PickleValue], offset: Int) {
    self.items = items
    super.init(offset: offset)
  }

  override var children: [PickleNode] { items.compactMap(\.node) }

  override func dismantle() {
    items = []
  }
}

/// The record of a call `callable(arguments)` and of what the pickle then puts into its result.
public final class PickleObject: PickleNode {
  /// The class or function, one of the allowed.
  public let callable: PickleGlobal
  /// The positional arguments.
  public internal(set) var arguments: PickleSequence
  /// The keyword arguments, which few pickles have.
  public internal(set) var keywordArguments: PickleDictionary?
  /// The state handed over afterwards, usually a dictionary of attributes.
  public internal(set) var state: PickleValue?
  /// What was appended afterwards.
  public internal(set) var listItems: [PickleValue] = []
  /// What was set by key afterwards.
  public internal(set) var dictionaryItems: PickleDictionary?
  /// The bytes that a call makes of Latin-1 text, or nil if it makes something else; made once,
  /// because a file may name the same call often.
  private(set) lazy var encodedText = encodeText()

  init(
    _ callable: PickleGlobal, arguments: PickleSequence, keywordArguments: PickleDictionary?,
    offset: Int
  ) {
    self.callable = callable
    self.arguments = arguments
    self.keywordArguments = keywordArguments
    super.init(offset: offset)
  }

  override var children: [PickleNode] {
    [arguments, keywordArguments, state?.node, dictionaryItems].compactMap(\.self)
      + listItems.compactMap(\.node)
  }

  override func dismantle() {
    arguments = PickleSequence([], offset: offset)
    keywordArguments = nil
    state = nil
    listItems = []
    dictionaryItems = nil
  }
}

extension PickleValue {
  /// The container, if the value is one.
  var node: PickleNode? {
    switch self {
    case .tuple(let node), .list(let node), .set(let node), .persistentID(let node): node
    case .dictionary(let node): node
    case .object(let node): node
    case .none, .bool, .int, .bigInt, .float, .string, .byteString, .bytes, .global: nil
    }
  }
}

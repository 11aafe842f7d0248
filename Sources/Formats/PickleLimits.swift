// How much a pickle may ask for. Every limit is checked before memory is taken.

/// The limits of the pickle reader.
///
/// The defaults are ten times and more what the largest published checkpoints need; tensors' bytes
/// stay in the file and do not count.
public struct PickleLimits: Sendable {
  /// Values that wait on the stack, and open marks.
  public var stackDepth = 1 << 20
  /// Values that opcodes may push, counting repeats through the memo.
  public var values = 1 << 21
  /// Values that the memo remembers.
  public var memoEntries = 1 << 21
  /// The largest number under which the memo remembers a value.
  public var memoIndex = 1 << 24
  /// Containers inside containers.
  public var nesting = 256
  /// Instructions, of which most push no value in the worst case.
  public var instructions = 1 << 23
  /// Bytes of all lines of text together in a pickle that is not read.
  public var lineBytes = 1 << 28
  /// Bytes of one text, or of one line.
  public var stringBytes = 1 << 24
  /// Bytes of a text that is a key of a dictionary; of a string of Python 2, no more than of a name.
  public var keyBytes = 1 << 12
  /// Bytes of a module's or class's name.
  public var nameBytes = 256
  /// Different names that are looked for in a pickle that is not read.
  public var names = 1 << 12
  /// Bytes of a long integer.
  public var integerBytes = 256

  /// The default limits.
  public init() {}
}

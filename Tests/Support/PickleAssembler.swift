// A little assembler for pickles: the tests spell out instructions, valid and hostile.

package import Formats

/// A pickle being written, one instruction after another.
package struct PickleAssembler {
  package private(set) var bytes: [UInt8] = []

  /// A pickle that starts with the protocol, if one is given.
  package init(protocol version: UInt8? = 2) {
    if let version { bytes = [0x80, version] }
  }

  /// Raw bytes.
  package func raw(_ more: [UInt8]) -> Self {
    var copy = self
    copy.bytes += more
    return copy
  }

  /// Instructions of one character each.
  package func ops(_ characters: String) -> Self { raw(Array(characters.utf8)) }

  package func op(_ code: UInt8, _ operand: [UInt8] = []) -> Self { raw([code] + operand) }

  package func int(_ value: Int32) -> Self { op(0x4A, littleEndian(value)) }

  package func bool(_ value: Bool) -> Self { op(value ? 0x88 : 0x89) }

  package func text(_ text: String) -> Self {
    op(0x58, littleEndian(UInt32(text.utf8.count)) + Array(text.utf8))
  }

  package func bytes(_ content: [UInt8]) -> Self {
    op(0x42, littleEndian(UInt32(content.count)) + content)
  }

  package func global(_ module: String, _ name: String) -> Self { ops("c\(module)\n\(name)\n") }

  package func put(_ index: UInt8) -> Self { op(0x71, [index]) }

  package func get(_ index: UInt8) -> Self { op(0x68, [index]) }

  /// A tuple of what `items` assembles.
  package func tuple(_ items: (Self) -> Self) -> Self { items(ops("(")).ops("t") }

  /// A tuple of integers.
  package func ints(_ values: [Int32]) -> Self {
    tuple { values.reduce($0) { $0.int($1) } }
  }

  /// A call of `module.name` with the arguments that `arguments` assembles.
  package func call(_ module: String, _ name: String, _ arguments: (Self) -> Self) -> Self {
    global(module, name).tuple(arguments).ops("R")
  }

  /// Another pickle's instructions.
  package func then(_ part: (Self) -> Self) -> Self { part(self) }

  /// The finished pickle.
  package var region: ByteRegion { ByteRegion(ops(".").bytes, name: "test.pkl") }

  /// What the reader makes of the finished pickle.
  package func read(
    allowing allowed: PickleAllowList = .standard, limits: PickleLimits = PickleLimits()
  ) throws -> PickleValue {
    try PickleReader(region, allowing: allowed, limits: limits).readWhole()
  }
}

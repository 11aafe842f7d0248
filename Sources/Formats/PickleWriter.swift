// Writing pickles of protocol 2: the few instructions that plain values and tensors need.

/// A pickle being written.
struct PickleWriter {
  private(set) var bytes: [UInt8] = []
  private var memo: [PickleGlobal: UInt8] = [:]

  init() {
    write(.proto, [2])
  }

  /// An instruction and its operand.
  mutating func write(_ opcode: PickleOpcode, _ operand: [UInt8] = []) {
    bytes.append(opcode.rawValue)
    bytes += operand
  }

  mutating func write(_ truth: Bool) {
    write(truth ? .newTrue : .newFalse)
  }

  mutating func write(_ number: Int) {
    if let short = Int32(exactly: number) {
      write(.binInt, littleEndian(short))
    } else {
      write(.long1, [8] + littleEndian(Int64(number)))
    }
  }

  mutating func write(_ number: Double) {
    write(.binFloat, littleEndian(number.bitPattern.byteSwapped))
  }

  mutating func write(_ text: String) {
    precondition(text.utf8.count <= Int32.max, "a text of \(text.utf8.count) bytes is too long")
    write(.binUnicode, littleEndian(UInt32(text.utf8.count)) + text.utf8)
  }

  /// A class or function, spelled out once.
  mutating func write(_ global: PickleGlobal) {
    if let index = memo[global] { return write(.binGet, [index]) }
    write(.global, Array("\(global.module)\n\(global.name)\n".utf8))
    guard let index = UInt8(exactly: memo.count) else { return }
    write(.binPut, [index])
    memo[global] = index
  }

  /// A tuple of what `items` writes.
  mutating func writeTuple(_ items: (inout PickleWriter) throws -> Void) rethrows {
    write(.mark)
    try items(&self)
    write(.tuple)
  }

  /// A call of `callable` with the arguments that `arguments` writes.
  mutating func writeCall(
    _ callable: PickleGlobal, _ arguments: (inout PickleWriter) throws -> Void
  ) rethrows {
    write(callable)
    try writeTuple(arguments)
    write(.reduce)
  }
}

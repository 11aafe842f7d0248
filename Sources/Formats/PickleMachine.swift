// The stack machine of the pickle reader: one instruction after another, nothing called.

/// Stack, marks and memo of one pickle being read.
struct PickleMachine {
  let bytes: ByteRegion
  let allowed: PickleAllowList
  let limits: PickleLimits
  /// The offset of the next byte.
  private(set) var cursor: Int
  /// The offset of the instruction being performed.
  private(set) var start: Int
  private(set) var stack: [PickleValue] = []
  private(set) var marks: [Int] = []
  private(set) var persistentIDs: [PickleSequence] = []
  /// The torch files that calls would open, each in the pickle's bytes.
  private(set) var embeddedFiles: [ByteRegion] = []
  private var memo: [Int: PickleValue] = [:]
  private var nodes: [PickleNode] = []
  private var valueCount = 0
  private var encodedCount = 0
  private var embeddedCount = 0
  private var frameEnd: Int?

  init(
    _ bytes: ByteRegion, at offset: Int, allowing allowed: PickleAllowList, limits: PickleLimits
  ) {
    self.bytes = bytes
    self.allowed = allowed
    self.limits = limits
    cursor = offset
    start = offset
  }

  /// Performs instructions up to STOP.
  /// - Returns: the value that STOP leaves.
  mutating func run() throws(FileError) -> PickleValue {
    var instructionCount = 0
    while true {
      start = cursor
      instructionCount += 1
      guard instructionCount <= limits.instructions else {
        throw damaged("at most \(limits.instructions) instructions", found: "more")
      }
      let opcode = try nextOpcode()
      guard opcode != .stop else { return try finish() }
      try perform(opcode)
      try leaveFrame(expected: "an instruction that ends inside its frame")
    }
  }

  /// Empties the nodes that `isDoomed` chooses, one by one, so that no chain of them is ever
  /// released recursively and no cycle is kept.
  func releaseNodes(_ isDoomed: (PickleNode) -> Bool) {
    for node in nodes where isDoomed(node) { node.dismantle() }
  }

  private mutating func nextOpcode() throws(FileError) -> PickleOpcode {
    guard cursor < bytes.count else {
      throw damaged("an instruction or STOP", found: "the end of the data")
    }
    let byte = bytes[cursor]
    guard let opcode = PickleOpcode(rawValue: byte) else {
      throw damaged("a pickle instruction", found: "byte 0x\(String(byte, radix: 16))")
    }
    cursor += 1
    return opcode
  }

  private mutating func finish() throws(FileError) -> PickleValue {
    guard marks.isEmpty, stack.count == 1, let value = stack.popLast() else {
      throw damaged("one value at STOP", found: "\(stack.count) and \(marks.count) open marks")
    }
    try leaveFrame(expected: "STOP inside its frame")
    guard frameEnd == nil else {
      throw damaged("instructions up to the frame's end", found: "STOP before it")
    }
    return value
  }
}

// MARK: - Errors

extension PickleMachine {
  func damaged(_ expected: String, found: String) -> FileError {
    bytes.error(at: start, expected: expected, found: found)
  }

  func unsafe(_ expected: String, found: String) -> FileError {
    bytes.error(.refusedAsUnsafe, at: start, expected: expected, found: found)
  }
}

// MARK: - Reading operands

extension PickleMachine {
  mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type
  ) throws(FileError) -> Value {
    let value = try bytes.integer(at: cursor, as: type)
    cursor += MemoryLayout<Value>.size
    return value
  }

  /// A length of the given width that the rest of the data can satisfy.
  mutating func length<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type
  ) throws(FileError) -> Int {
    let value = try integer(type)
    guard let length = Int(exactly: value), length >= 0, length <= bytes.count - cursor else {
      throw damaged("a length of at most \(bytes.count - cursor) bytes", found: "\(value)")
    }
    return length
  }

  mutating func take(_ count: Int) throws(FileError) -> ByteRegion {
    let region = try bytes.slice(at: cursor, count: count)
    cursor += count
    return region
  }

  /// The at most `limit` bytes up to the next line feed, which is skipped.
  mutating func line(atMost limit: Int) throws(FileError) -> ByteRegion {
    let rest = try bytes.suffix(from: cursor)
    let length = rest.withUnsafeBytes { $0.prefix(limit + 1).firstIndex(of: 0x0A) }
    guard let length else {
      throw damaged("a line of at most \(limit) bytes", found: "a longer one, or no end of it")
    }
    let line = try take(length)
    cursor += 1
    return line
  }

  /// The text of a line that names a module, or something in one.
  mutating func nameLine() throws(FileError) -> String {
    try text(line(atMost: limits.nameBytes))
  }

  /// Text from UTF-8.
  func text(_ region: ByteRegion) throws(FileError) -> String {
    guard region.count <= limits.stringBytes else {
      throw damaged("text of at most \(limits.stringBytes) bytes", found: "\(region.count) bytes")
    }
    guard let text = region.withUnsafeBytes({ String(validating: $0, as: UTF8.self) }) else {
      throw damaged("text in UTF-8", found: "other bytes")
    }
    return text
  }
}

// MARK: - Stack and marks

extension PickleMachine {
  /// The height below which the stack belongs to values before the last mark.
  private var floor: Int { marks.last ?? 0 }

  mutating func push(_ value: PickleValue) throws(FileError) {
    valueCount += 1
    guard valueCount <= limits.values else {
      throw damaged("at most \(limits.values) values", found: "more")
    }
    guard stack.count < limits.stackDepth else {
      throw damaged("a stack of at most \(limits.stackDepth) values", found: "a deeper one")
    }
    stack.append(value)
  }

  mutating func pop() throws(FileError) -> PickleValue {
    guard stack.count > floor, let value = stack.popLast() else {
      throw damaged("a value on the stack", found: "none")
    }
    return value
  }

  func top() throws(FileError) -> PickleValue {
    guard stack.count > floor, let value = stack.last else {
      throw damaged("a value on the stack", found: "none")
    }
    return value
  }

  mutating func mark() throws(FileError) {
    guard marks.count < limits.stackDepth else {
      throw damaged("at most \(limits.stackDepth) open marks", found: "more")
    }
    marks.append(stack.count)
  }

  /// Takes the values above the last mark, and the mark.
  mutating func popToMark() throws(FileError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw damaged("an open mark", found: "none") }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  /// POP takes the last value, or the last mark if nothing is above it.
  mutating func popValueOrMark() throws(FileError) {
    if marks.last == stack.count {
      marks.removeLast()
    } else {
      _ = try pop()
    }
  }
}

// MARK: - Memo, frames and nodes

extension PickleMachine {
  mutating func remember(as index: Int?) throws(FileError) {
    let index = index ?? memo.count
    guard index <= limits.memoIndex else {
      throw damaged("a memo index of at most \(limits.memoIndex)", found: "\(index)")
    }
    memo[index] = try top()
    guard memo.count <= limits.memoEntries else {
      throw damaged("at most \(limits.memoEntries) memo entries", found: "more")
    }
  }

  mutating func recall(_ index: Int) throws(FileError) {
    guard let value = memo[index] else {
      throw damaged("a memo entry \(index)", found: "none")
    }
    try push(value)
  }

  mutating func enterFrame() throws(FileError) {
    guard frameEnd == nil else {
      throw damaged("the end of the frame before the next", found: "a frame inside a frame")
    }
    let length = try length(UInt64.self)
    frameEnd = cursor + length
  }

  private mutating func leaveFrame(expected: String) throws(FileError) {
    guard let end = frameEnd, cursor >= end else { return }
    guard cursor == end else { throw damaged(expected, found: "one that crosses the end") }
    frameEnd = nil
  }

  /// Registers a new node, so that it can be released safely whatever happens.
  mutating func new<Node: PickleNode>(_ node: Node) -> Node {
    nodes.append(node)
    return node
  }

  /// Checks that the texts that calls make bytes of are together no longer than the pickle: one
  /// text that is named often would become many copies.
  mutating func checkEncoding(
    _ callable: PickleGlobal, _ arguments: [PickleValue]
  ) throws(FileError) {
    guard callable == .encode, case .string(let text) = arguments.first else { return }
    encodedCount += text.utf8.count
    guard encodedCount <= bytes.count else {
      throw damaged("at most \(bytes.count) bytes written as text", found: "more")
    }
  }

  /// Notes the torch file that a call would open: bytes that stand in the pickle, all such files
  /// together no longer than the pickle.
  mutating func checkEmbedding(
    _ callable: PickleGlobal, _ arguments: [PickleValue]
  ) throws(FileError) {
    guard callable == .loadFromBytes else { return }
    guard arguments.count == 1, let file = arguments[0].asBytes else {
      throw unsafe("the bytes of a torch file", found: "other arguments of \(callable)")
    }
    embeddedCount += file.count
    guard embeddedCount <= bytes.count else {
      throw damaged("at most \(bytes.count) bytes of torch files", found: "more")
    }
    embeddedFiles.append(file)
  }

  mutating func pushPersistentID() throws(FileError) {
    let id: PickleSequence
    switch try pop() {
    case .tuple(let items): id = items
    case let name where name.text(atMost: limits.nameBytes) != nil: id = newSequence([name])
    default: throw damaged("a tuple or short text as persistent id", found: "another value")
    }
    persistentIDs.append(id)
    try push(.persistentID(id))
  }
}

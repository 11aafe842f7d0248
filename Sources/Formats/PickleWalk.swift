// What Python would come upon in bytes that it takes for a pickle: names, and whether it gets to an
// end. Unlike the reader of pickles it builds nothing and forgives whatever some Python forgives.

/// A way through the instructions of a pickle, as far as any Python could go.
///
/// It ends at STOP, or where every Python ends with an error. What is not certain, such as a text
/// that a call makes, is taken to be possible, so that no name is missed that Python would look up.
struct PickleWalk {
  /// How a walk ends.
  enum Ending: Error, Equatable {
    /// A STOP before this offset leaves a value.
    case stop(end: Int)
    /// Python ends with an error.
    case failure
    /// Python might go on: there is too much to follow or remember, or a frame ends inside an
    /// instruction, after which Pythons read differently.
    case unclear
  }

  /// The names that Python looks up before the walk ends.
  private(set) var names: Set<PickleGlobal> = []
  /// Whether any of the names is in a module that Python could have; extension codes stand for
  /// names only if a program has registered them.
  private(set) var reachesModule = false
  /// How the walk ended.
  private(set) var ending = Ending.failure

  /// Whether Python takes the bytes for a pickle: it gets to an end, or to a name.
  var isPickle: Bool { ending != .failure || reachesModule }

  /// What stands on the stack.
  fileprivate enum Item {
    /// Text that lies here in the file: in UTF-8, or if that is not sure, at least in ASCII.
    case text(Range<Int>, isUTF8: Bool)
    /// Something that is neither text nor can be called.
    case plain
    /// A name, what a call gives, or something from outside the pickle.
    case unknown
  }

  private let bytes: ByteRegion
  private let limits: PickleLimits
  private var cursor: Int
  private var frameEnd: Int?
  private var stack: [Item] = []
  private var marks: [Int] = []
  private var memo: [Int: Item] = [:]
  private let knowsIDs: Bool
  /// Bytes of the lines so far.
  private var lineCount = 0
  /// Whether something was remembered under a number that Pythons read differently.
  private var isMemoUncertain = false

  /// Walks from `offset` to where the walk ends.
  ///
  /// Python ends with an error at a persistent id, unless the program that reads the pickle knows
  /// what such ids mean.
  /// - Parameters:
  ///   - bytes: what Python takes for a pickle.
  ///   - offset: where it starts.
  ///   - knowsIDs: whether the program knows persistent ids, as torch does when it reads the object
  ///     of a file.
  ///   - limits: how much is followed and remembered.
  init(
    _ bytes: ByteRegion, at offset: Int = 0, knowsIDs: Bool = false,
    limits: PickleLimits = PickleLimits()
  ) {
    (self.bytes, self.knowsIDs, self.limits, cursor) = (bytes, knowsIDs, limits, offset)
    do throws(Ending) {
      for _ in 0..<limits.instructions { try perform(nextOpcode()) }
      ending = .unclear
    } catch {
      ending = error
    }
  }

  private mutating func nextOpcode() throws(Ending) -> PickleOpcode {
    let start = cursor
    try skip(1)
    guard let opcode = PickleOpcode(rawValue: bytes[start]) else { throw .failure }
    return opcode
  }

  private mutating func perform(_ opcode: PickleOpcode) throws(Ending) {
    switch opcode {
    case .stop:
      _ = try pop()
      throw .stop(end: cursor)
    case .proto: guard try number(UInt8.self) <= 5 else { throw .failure }
    case .frame: try enterFrame(number(UInt64.self))

    case .mark: try mark()
    case .pop: try popValueOrMark()
    case .popMark: try popToMark()
    case .dup: try push(top())

    case .none, .newTrue, .newFalse, .emptyTuple, .emptyList, .emptyDict, .emptySet, .nextBuffer:
      try push(.plain)
    case .readOnlyBuffer: _ = try top()
    case .binInt1: try pushPlain(skipping: 1)
    case .binInt2: try pushPlain(skipping: 2)
    case .binInt: try pushPlain(skipping: 4)
    case .binFloat: try pushPlain(skipping: 8)
    case .long1, .shortBinBytes: try pushPlain(skipping: number(UInt8.self))
    case .long4: try pushPlain(skipping: number(Int32.self))
    case .binBytes: try pushPlain(skipping: number(UInt32.self))
    case .binBytes8, .byteArray8: try pushPlain(skipping: number(UInt64.self))
    case .int, .long, .float:
      _ = try numberLine()
      try push(.plain)

    case .shortBinString: try pushText(number(UInt8.self), isUTF8: false)
    case .binString: try pushText(number(Int32.self), isUTF8: false)
    case .shortBinUnicode: try pushText(number(UInt8.self), isUTF8: true)
    case .binUnicode: try pushText(number(UInt32.self), isUTF8: true)
    case .binUnicode8: try pushText(number(UInt64.self), isUTF8: true)
    case .unicode: try push(.text(line(), isUTF8: false))
    case .string: try push(quotedLine())

    case .tuple1: try replace(1)
    case .tuple2: try replace(2)
    case .tuple3: try replace(3)
    case .tuple, .list, .dict, .frozenSet:
      try popToMark()
      try push(.plain)
    case .append, .build:
      _ = try pop()
      _ = try top()
    case .setItem:
      _ = try (pop(), pop())
      _ = try top()
    case .appends, .setItems, .addItems:
      try popToMark()
      _ = try top()

    case .memoize: try remember(memo.count)
    case .binPut: try remember(Int(number(UInt8.self)))
    case .longBinPut: try remember(Int(number(UInt32.self)))
    case .put: try remember(memoIndexLine())
    case .binGet: try recall(Int(number(UInt8.self)))
    case .longBinGet: try recall(Int(number(UInt32.self)))
    case .get: try recall(memoIndexLine())

    case .global: try reach(moduleLine(), lastLine())
    case .stackGlobal: try reachTexts()
    case .inst:
      // The reader written in Python imports the module before it looks for the mark.
      try reach(moduleLine(), lastLine())
      try popToMark()
      try push(.unknown)
    case .ext1: try reachExtension(number(UInt8.self))
    case .ext2: try reachExtension(number(UInt16.self))
    case .ext4: try reachExtension(number(Int32.self))
    case .obj: try callFirstAfterMark()
    case .reduce, .newObj: try call(argumentCount: 1)
    case .newObjEx: try call(argumentCount: 2)
    case .persID, .binPersID: try pushPersistentID(opcode)
    }
  }
}

// MARK: - Names and calls

extension PickleWalk {
  /// A part of a name that a call puts together, or that is written with escapes.
  private static let computed = "(computed)"
  /// Bytes of a name's part that are shown; a longer one is on no list.
  private static let nameBytes = 1 << 10

  private mutating func reach(_ module: Range<Int>, _ name: Range<Int>) throws(Ending) {
    try reach(module: text(module), name: text(name))
  }

  /// Takes a module and a name in it from the stack.
  private mutating func reachTexts() throws(Ending) {
    let (name, module) = try (pop(), pop())
    try reach(module: namePart(module), name: namePart(name))
  }

  private func namePart(_ item: Item) throws(Ending) -> String {
    switch item {
    case .text(let range, let isUTF8): isUTF8 || isPlain(range) ? text(range) : Self.computed
    case .unknown: Self.computed
    case .plain: throw .failure
    }
  }

  /// Whether text means the same in every encoding and notation, and can be shown.
  private func isPlain(_ range: Range<Int>) -> Bool {
    range.count <= Self.nameBytes
      && bytes.withUnsafeBytes { $0[range].allSatisfy { 0x20..<0x7F ~= $0 && $0 != 0x5C } }
  }

  /// Takes a code that a program may have registered for a name; Python's own registry is empty.
  private mutating func reachExtension(_ code: some BinaryInteger) throws(Ending) {
    guard code > 0 else { throw .failure }
    try look(up: PickleGlobal("copyreg", "extension \(code)"))
  }

  private mutating func reach(module: String, name: String) throws(Ending) {
    // Nothing is called; the reader written in Python would load the module before it fails.
    let canBe = !name.isEmpty && (module == Self.computed || Self.canBeModule(module))
    reachesModule = reachesModule || canBe
    try look(up: PickleGlobal(module, name))
  }

  private mutating func look(up name: PickleGlobal) throws(Ending) {
    names.insert(name)
    guard names.count <= limits.names else { throw .unclear }
    try push(.unknown)
  }

  /// Whether Python could find a module of this name: every part between the dots is looked for as
  /// a file or folder, and without all of them nothing is taken from any.
  private static func canBeModule(_ module: String) -> Bool {
    module.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty && part.allSatisfy { $0.isLetter || $0.isNumber || "_-…".contains($0) }
    }
  }

  /// Takes a persistent id, which gives something from outside the pickle.
  private mutating func pushPersistentID(_ opcode: PickleOpcode) throws(Ending) {
    guard knowsIDs else { throw .failure }
    if opcode == .persID { _ = try line() } else { _ = try pop() }
    try push(.unknown)
  }

  private func text(_ range: Range<Int>) -> String {
    bytes.withUnsafeBytes {
      let text = String(decoding: $0[range].prefix(Self.nameBytes), as: UTF8.self)
      return range.count > Self.nameBytes ? "\(text)…" : text
    }
  }

  /// Takes arguments and what is called; only a name or the result of a call can be.
  private mutating func call(argumentCount: Int) throws(Ending) {
    for _ in 0..<argumentCount { _ = try pop() }
    guard case .unknown = try pop() else { throw .failure }
    try push(.unknown)
  }

  private mutating func callFirstAfterMark() throws(Ending) {
    guard let first = marks.last, first < stack.count, case .unknown = stack[first] else {
      throw .failure
    }
    try popToMark()
    try push(.unknown)
  }
}

// MARK: - Operands

extension PickleWalk {
  private mutating func skip(_ count: some BinaryInteger) throws(Ending) {
    guard count >= 0, count <= bytes.count - cursor else { throw .failure }
    try move(to: cursor + Int(count))
  }

  private mutating func move(to end: Int) throws(Ending) {
    cursor = end
    guard let frameEnd, end >= frameEnd else { return }
    guard end == frameEnd else { throw .unclear }
    self.frameEnd = nil
  }

  /// Notes where a frame ends.
  ///
  /// Frames are not needed to read a pickle, but some Pythons lose the rest of one if they read
  /// beyond its end. One that is longer than the file has no end.
  private mutating func enterFrame(_ count: UInt64) throws(Ending) {
    guard count > 0, count <= bytes.count - cursor else { return }
    let end = cursor + Int(count)
    guard end <= frameEnd ?? end else { throw .unclear }
    frameEnd = frameEnd ?? end
  }

  private mutating func number<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type
  ) throws(Ending) -> Value {
    let start = cursor
    try skip(MemoryLayout<Value>.size)
    guard let value = try? bytes.integer(at: start, as: type) else { throw .failure }
    return value
  }

  private mutating func pushPlain(skipping count: some BinaryInteger) throws(Ending) {
    try skip(count)
    try push(.plain)
  }

  private mutating func pushText(
    _ count: some BinaryInteger, isUTF8: Bool
  ) throws(Ending) {
    let start = cursor
    try skip(count)
    try push(.text(start..<cursor, isUTF8: isUTF8))
  }

  /// The bytes up to the next line feed, which is skipped.
  private mutating func line() throws(Ending) -> Range<Int> {
    guard let line = try nextLine() else { throw .failure }
    return line
  }

  /// The same for a name, after which the line may lack its end.
  private mutating func lastLine() throws(Ending) -> Range<Int> {
    if let line = try nextLine() { return line }
    let start = cursor
    try move(to: bytes.count)
    return start..<cursor
  }

  /// The same for a module; one that cannot be needs no end, however far away that is.
  private mutating func moduleLine() throws(Ending) -> Range<Int> {
    let start = text(cursor..<min(bytes.count, cursor + 4 * Self.nameBytes))
    guard start.contains("\n") || Self.canBeModule(start) else { throw .failure }
    return try line()
  }

  /// The line, or nil if there is no line feed; Python needs memory for all of a line.
  private mutating func nextLine() throws(Ending) -> Range<Int>? {
    let most = min(limits.stringBytes, limits.lineBytes - lineCount)
    let rest = cursor..<min(bytes.count, cursor + most + 1)
    let end = bytes.withUnsafeBytes { $0[rest].firstIndex(of: 0x0A) }
    guard let end else {
      guard rest.upperBound == bytes.count else { throw .unclear }
      return nil
    }
    lineCount += end - cursor
    let start = cursor
    try move(to: end + 1)
    return start..<end
  }

  /// A line in quotes, without them; some Pythons forgive what stands behind the last.
  private mutating func quotedLine() throws(Ending) -> Item {
    let line = try line()
    guard let quote = line.first.map({ bytes[$0] }), quote == 0x22 || quote == 0x27 else {
      throw .failure
    }
    let hasEnd = line.count > 1 && bytes[line.upperBound - 1] == quote
    return hasEnd ? .text(line.dropFirst().dropLast(), isUTF8: false) : .unknown
  }

  /// A line that Python could read as a number; some read no further than a zero byte.
  private mutating func numberLine() throws(Ending) -> Range<Int> {
    // Other text is not looked through for the end of its line.
    let start = bytes.withUnsafeBytes { $0[cursor...].prefix(Self.nameBytes).prefix { $0 != 0x0A } }
    guard isNumber(start.startIndex..<start.endIndex) else { throw .failure }
    let line = try line()
    guard isNumber(line) else { throw .failure }
    return line
  }

  private func isNumber(_ range: Range<Int>) -> Bool {
    bytes.withUnsafeBytes {
      $0[range].prefix { $0 != 0 }.allSatisfy(Self.numberCharacters.contains)
    }
  }

  /// What numbers are written with: digits of any base, signs, fractions, exponents, infinity and
  /// its like, the mark of a long integer, and space.
  private static let numberCharacters = Set(
    "0123456789abcdefABCDEFxXoO_+-.nitfyNITFYlL \t\r\u{B}\u{C}".utf8)

  /// A number that all Pythons read alike, or nil.
  private mutating func memoIndexLine() throws(Ending) -> Int? {
    let digits = text(try numberLine())
    return Int(digits).flatMap { $0 >= 0 && "\($0)" == digits ? $0 : nil }
  }
}

// MARK: - Stack and memo

extension PickleWalk {
  private mutating func push(_ item: Item) throws(Ending) {
    guard stack.count < limits.stackDepth else { throw .unclear }
    stack.append(item)
  }

  private func top() throws(Ending) -> Item {
    guard stack.count > marks.last ?? 0, let item = stack.last else { throw .failure }
    return item
  }

  private mutating func pop() throws(Ending) -> Item {
    let item = try top()
    stack.removeLast()
    return item
  }

  private mutating func replace(_ count: Int) throws(Ending) {
    for _ in 0..<count { _ = try pop() }
    try push(.plain)
  }

  private mutating func mark() throws(Ending) {
    guard marks.count < limits.stackDepth else { throw .unclear }
    marks.append(stack.count)
  }

  private mutating func popToMark() throws(Ending) {
    guard let mark = marks.popLast() else { throw .failure }
    stack.removeSubrange(mark...)
  }

  private mutating func popValueOrMark() throws(Ending) {
    if marks.last == stack.count {
      marks.removeLast()
    } else {
      _ = try pop()
    }
  }

  private mutating func remember(_ index: Int?) throws(Ending) {
    let item = try top()
    guard let index else {
      isMemoUncertain = true
      return
    }
    memo[index] = item
    guard memo.count <= limits.memoEntries else { throw .unclear }
  }

  private mutating func recall(_ index: Int?) throws(Ending) {
    guard !isMemoUncertain, let index else { return try push(.unknown) }
    guard let item = memo[index] else { throw .failure }
    try push(item)
  }
}

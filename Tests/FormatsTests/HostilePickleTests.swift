// Hostile and broken pickles: the kind of the error, its place, and that nothing runs away.

import Formats
import TestSupport
import Testing

@Suite("Hostile pickles")
struct HostilePickleTests {
  @Test(
    "refuses names that checkpoints do not need, and says which",
    arguments: [
      "os system", "posix system", "nt system", "subprocess Popen", "builtins eval",
      "builtins exec", "builtins getattr", "__builtin__ eval", "__builtin__ apply",
      "functools partial", "operator attrgetter", "pkgutil resolve_name", "runpy run_path",
      "ctypes CDLL", "numpy.f2py.crackfortran getlincoef", "torch.utils.collect_env run",
      "logging FileHandler", "_io FileIO", "urllib.request urlopen", "torch.hub load",
      "torch load", "collections namedtuple", "torch.storage _load_from_bytes.__globals__",
      "torch_utils.persistence _module_to_src", "numpy.core.multiarray fromfile",
      "copyreg _reconstructor", "copy_reg _reconstructor", "copyreg add_extension",
      "__torch__ Network",
    ])
  func forbidden(name: String) {
    let parts = name.split(separator: " ").map(String.init)
    let dotted = "\(parts[0]).\(parts[1])"
    let call = PickleAssembler().call(parts[0], parts[1]) { $0.text("touch canary") }
    expect(.refusedAsUnsafe, at: 2, says: dotted) { _ = try call.read() }
    let stacked = PickleAssembler(protocol: 4).text(parts[0]).text(parts[1]).op(0x93)
    let offset = 2 + 5 + parts[0].utf8.count + 5 + parts[1].utf8.count
    expect(.refusedAsUnsafe, at: offset, says: dotted) { _ = try stacked.read() }
    let lines = "c\(parts[0])\n\(parts[1])\np0\n(S'touch canary'\np1\ntp2\nRp3\n"
    expect(.refusedAsUnsafe, at: 0, says: dotted) {
      _ = try PickleAssembler(protocol: nil).ops(lines).read()
    }
  }

  @Test("refuses to make bytes of one text again and again")
  func repeatedEncoding() throws {
    let text = String(repeating: "a", count: 1000)
    let encoding = { (calls: Int) in
      (0..<calls).reduce(PickleAssembler().text(text).put(0).ops("0]")) { pickle, _ in
        pickle.call("_codecs", "encode") { $0.get(0).text("latin1") }.ops("a")
      }
    }
    #expect(try encoding(1).read().asItems?.first?.asBytes?.count == 1000)
    expect(.damaged, says: "bytes written as text") { _ = try encoding(40).read() }
  }

  @Test("refuses a name put together from the memo")
  func memoName() {
    let pickle = PickleAssembler(protocol: 4).text("system").put(0).text("os").put(1).ops("00")
      .get(1).get(0).op(0x93)
    expect(.refusedAsUnsafe, says: "os.system") { _ = try pickle.read() }
  }

  @Test("refuses dotted names inside allowed modules")
  func dottedName() {
    let pickle = PickleAssembler(protocol: 4).text("collections").text("OrderedDict.fromkeys")
      .op(0x93)
    expect(.refusedAsUnsafe, says: "OrderedDict.fromkeys") { _ = try pickle.read() }
  }

  @Test("refuses a hostile name even if the rest of the file is garbage")
  func payloadFirst() {
    let pickle = PickleAssembler().global("os", "system").raw([0xFF, 0xFE, 0xFD])
    expect(.refusedAsUnsafe, at: 2) { _ = try pickle.read() }
  }

  @Test("an allow-list can be narrower")
  func narrower() {
    let pickle = PickleAssembler().global("numpy", "dtype")
    expect(.refusedAsUnsafe, says: "numpy.dtype") { _ = try pickle.read(allowing: .torch) }
    #expect(throws: Never.self) { try pickle.read(allowing: .standard) }
  }

  @Test("refuses instructions that call by other ways")
  func otherCalls() {
    let inst = PickleAssembler().ops("(").text("x").ops("ios\nsystem\n")
    expect(.refusedAsUnsafe, says: "os.system") { _ = try inst.read() }
    let obj = PickleAssembler().ops("(").global("collections", "OrderedDict").ops("o")
    expect(.refusedAsUnsafe) { _ = try obj.read() }
    for (code, width) in [(UInt8(0x82), 1), (0x83, 2), (0x84, 4)] {
      let extended = PickleAssembler().op(code, [UInt8](repeating: 1, count: width))
      expect(.refusedAsUnsafe, at: 2) { _ = try extended.read() }
    }
  }

  @Test("refuses calls of anything but a name")
  func callOfValue() {
    expect(.refusedAsUnsafe) { _ = try PickleAssembler().text("os").ops(")R").read() }
    let twice = PickleAssembler().call("collections", "OrderedDict") { $0 }.ops(")R")
    expect(.refusedAsUnsafe, says: "a call of an object") { _ = try twice.read() }
    expect(.refusedAsUnsafe) { _ = try PickleAssembler().int(1).ops(")").op(0x81).read() }
    expect(.refusedAsUnsafe) { _ = try PickleAssembler().int(1).ops(")}").op(0x92).read() }
  }

  @Test("state is only recorded, and only for objects")
  func build() throws {
    let state = PickleAssembler().call("argparse", "Namespace") { $0 }.ops("}")
      .text("__setstate__").text("os.system").ops("sb")
    guard case .object(let object) = try state.read() else {
      Issue.record("not an object")
      return
    }
    #expect(object.state?.asDictionary?["__setstate__"]?.asString == "os.system")
    let onName = PickleAssembler().global("argparse", "Namespace").ops("}b")
    expect(.refusedAsUnsafe, says: "state for the name") { _ = try onName.read() }
    let onList = PickleAssembler().ops("]}b")
    expect(.refusedAsUnsafe) { _ = try onList.read() }
    let again = PickleAssembler().call("argparse", "Namespace") { $0 }.ops("}b}b")
    expect(.damaged, says: "second") { _ = try again.read() }
  }

  @Test("sharing is not expanded: thirty doublings stay sixty values")
  func billionLaughs() throws {
    let start = PickleAssembler().text("ha").op(0x85)
    let doubled = (0..<30).reduce(start) { pickle, _ in pickle.ops("2").op(0x86) }
    guard case .tuple(let outer) = try doubled.read(), case .tuple(let a) = outer.items[0],
      case .tuple(let b) = outer.items[1]
    else {
      Issue.record("not tuples")
      return
    }
    #expect(a === b)
  }

  @Test(
    "refuses a million values inside one another",
    arguments: [[0x85], [0x5D, 0x32, 0x30], [0x51], [0x71, 0, 0x5D, 0x68, 0, 0x61]] as [[UInt8]])
  func deep(step: [UInt8]) {
    let steps = Array([[UInt8]](repeating: step, count: 1_000_000).joined())
    var limits = PickleLimits()
    limits.values = 10_000_000
    limits.stackDepth = 10_000_000
    expect(.damaged) { _ = try PickleAssembler().ops(")").raw(steps).read(limits: limits) }
  }

  @Test("refuses a million tuples inside one another by the nesting limit")
  func deepTuples() {
    let steps = [UInt8](repeating: 0x85, count: 1_000_000)
    expect(.damaged, says: "inside one another") {
      _ = try PickleAssembler().ops("N").raw(steps).read()
    }
  }

  @Test("refuses a chain of lists that is built from the outside in")
  func deepFromOutside() {
    // Each round: the new list is remembered, appended to the last one, and taken up again.
    let round: [UInt8] = [0x5D, 0x71, 1, 0x61, 0x30, 0x68, 1]
    let rounds = Array([[UInt8]](repeating: round, count: 100_000).joined())
    let pickle = PickleAssembler().ops("]").put(0).get(0).raw(rounds).ops("0")
    expect(.damaged, says: "inside one another") { _ = try pickle.read() }
  }

  @Test("counts the depth of shared values from every place that holds them")
  func deepBySharing() throws {
    let chain = [UInt8](repeating: 0x85, count: 150)
    let pickle = PickleAssembler().ops("N").raw(chain).ops("2").raw(chain).op(0x86)
    expect(.damaged, says: "inside one another") { _ = try pickle.read() }
    var limits = PickleLimits()
    limits.nesting = 301
    #expect(throws: Never.self) { try pickle.read(limits: limits) }
    limits.nesting = 300
    expect(.damaged) { _ = try pickle.read(limits: limits) }
  }

  @Test("refuses values that contain themselves")
  func cycles() {
    let list = PickleAssembler().ops("]").put(0).get(0).ops("a")
    expect(.damaged, at: 2, says: "contains itself") { _ = try list.read() }
    let dictionary = PickleAssembler().ops("}").put(0).text("me").get(0).ops("s")
    expect(.damaged, says: "contains itself") { _ = try dictionary.read() }
    let object = PickleAssembler().call("argparse", "Namespace") { $0 }.put(0).get(0).ops("b")
    expect(.damaged, says: "contains itself") { _ = try object.read() }
  }

  @Test("a value that contains itself and is thrown away does no harm")
  func discardedCycle() throws {
    #expect(try PickleAssembler().ops("]").put(0).get(0).ops("a0N").read().isNone)
  }

  @Test("refuses absurd memo indices before taking memory")
  func memoIndex() {
    let put = PickleAssembler().ops("N").op(0x72, littleEndian(UInt32(1 << 31)))
    expect(.damaged, at: 3, says: "2147483648") { _ = try put.read() }
    let get = PickleAssembler().op(0x6A, littleEndian(UInt32.max))
    expect(.damaged, at: 2, says: "memo entry") { _ = try get.read() }
  }

  @Test(
    "refuses lengths beyond the file before taking memory",
    arguments: [
      (0x8D, 8), (0x8E, 8), (0x96, 8), (0x95, 8), (0x58, 4), (0x42, 4), (0x54, 4), (0x8B, 4),
    ] as [(UInt8, Int)], [UInt64(1) << 63, .max, 1 << 30])
  func lengths(instruction: (UInt8, Int), length: UInt64) {
    let (code, width) = instruction
    let operand = Array(littleEndian(length).prefix(width))
    guard operand.contains(where: { $0 != 0 }) else { return }
    expect(.damaged, at: 2) { _ = try PickleAssembler(protocol: 5).op(code, operand).read() }
  }

  @Test("refuses negative lengths")
  func negativeLength() {
    for code: UInt8 in [0x8B, 0x54] {
      let pickle = PickleAssembler().op(code, littleEndian(Int32(-1)))
      expect(.damaged, at: 2, says: "-1") { _ = try pickle.read() }
    }
  }

  @Test("refuses integers of thousands of digits")
  func longIntegers() {
    let pickle = PickleAssembler().op(
      0x8B, littleEndian(Int32(1000)) + [UInt8](repeating: 1, count: 1000))
    expect(.damaged, says: "1000 bytes") { _ = try pickle.read() }
  }

  @Test("refuses frames that disagree with their content")
  func frames() {
    let nones = String(repeating: "N", count: 20)
    let frame = { (length: UInt64) in
      PickleAssembler(protocol: 4).op(0x95, littleEndian(length))
    }
    expect(.damaged, says: "crosses") { _ = try frame(3).int(1).read() }
    expect(.damaged, says: "frame inside") {
      _ = try frame(20).op(0x95, littleEndian(UInt64(1))).ops(nones).read()
    }
    expect(.damaged, says: "STOP before") { _ = try frame(9).ops("N.NNNNNNNNNN").read() }
  }

  @Test("refuses data without STOP, at its end")
  func missingStop() {
    let bytes = PickleAssembler().int(1).bytes
    let region = ByteRegion(bytes, name: "cut")
    expect(.damaged, at: bytes.count, says: "STOP") {
      _ = try PickleReader(region, allowing: .standard).read()
    }
    expect(.damaged, at: 0) {
      _ = try PickleReader(ByteRegion([], name: "empty"), allowing: .standard).read()
    }
  }

  @Test("every prefix of a valid pickle is refused")
  func prefixes() throws {
    let whole = PickleAssembler(protocol: 4).ops("}(").text("a").ints([1, 2, 3]).text("b")
      .call("collections", "OrderedDict") { $0 }.ops("u").region.copy()
    for count in 0..<whole.count {
      let region = ByteRegion(Array(whole.prefix(count)), name: "cut")
      expect(.damaged) { _ = try PickleReader(region, allowing: .standard).read() }
    }
  }

  @Test(
    "refuses a stack that does not hold what an instruction needs",
    arguments: ["", "0", "1", "2", "t", "e", "a", "s", "u", "R", "b", "(.", "NN", "Q", "NQ", "(a"])
  func stack(instructions: String) {
    expect(.damaged) { _ = try PickleAssembler().ops(instructions).read() }
  }

  @Test("an instruction cannot reach below an open mark")
  func belowMark() {
    expect(.damaged) { _ = try PickleAssembler().ops("]N(a").read() }
    expect(.damaged) { _ = try PickleAssembler().ops("N(").op(0x85).read() }
  }

  @Test("refuses fillings of the wrong container")
  func wrongContainer() {
    expect(.damaged, says: "a dictionary") { _ = try PickleAssembler().ops("}Na").read() }
    expect(.damaged, says: "a list") { _ = try PickleAssembler().ops("]NNs").read() }
    expect(.damaged, says: "a list") { _ = try PickleAssembler().ops("](N").op(0x90).read() }
    expect(.damaged, says: "pairs") { _ = try PickleAssembler().ops("}(Nu").read() }
  }

  @Test("refuses a key that is set twice")
  func duplicateKeys() {
    let pickle = PickleAssembler().ops("}(").text("w").int(1).text("w").int(2).ops("u")
    expect(.damaged, says: "w twice") { _ = try pickle.read() }
    let mixed = PickleAssembler().ops("}(").text("w").int(1).op(0x55, [1, 0x77]).int(2).ops("u")
    expect(.damaged, says: "w twice") { _ = try mixed.read() }
  }

  @Test("refuses keys of many kilobytes")
  func longKeys() {
    let long = String(repeating: "k", count: 5000)
    expect(.damaged, says: "5000 bytes") {
      _ = try PickleAssembler().ops("}").text(long).ops("Ns").read()
    }
    // A string of Python 2 is decoded for every dictionary that it is a key of.
    let old = PickleAssembler().op(0x54, littleEndian(Int32(257)) + Array(long.utf8.prefix(257)))
    expect(.damaged, says: "257 bytes") {
      _ = try PickleAssembler().ops("}").raw(Array(old.bytes.dropFirst(2))).ops("Ns").read()
    }
  }

  @Test("refuses text that is not UTF-8")
  func badText() {
    let pickle = PickleAssembler().op(0x58, [2, 0, 0, 0, 0xC3, 0x28])
    expect(.damaged, at: 2, says: "UTF-8") { _ = try pickle.read() }
  }

  @Test("a long string that is used very often is not decoded each time")
  func repeatedText() {
    let long = [UInt8](repeating: 0x78, count: 1 << 20)
    let start = PickleAssembler().op(0x54, littleEndian(Int32(long.count)) + long).put(0)
    expect(.damaged, says: "at most 256 bytes") { _ = try start.get(0).op(0x93).read() }
    expect(.damaged, says: "short text") { _ = try start.ops("Q").read() }
  }

  @Test("refuses names without an end")
  func endlessName() {
    let pickle = PickleAssembler().ops("c" + String(repeating: "a", count: 10_000))
    expect(.damaged, at: 2, says: "line") { _ = try pickle.read() }
  }

  @Test("refuses out-of-band buffers and unknown instructions")
  func unsupported() {
    for code: UInt8 in [0x97, 0x98] {
      expect(.damaged, at: 2) { _ = try PickleAssembler(protocol: 5).ops("").op(code).read() }
    }
    expect(.damaged, at: 2, says: "0xff") { _ = try PickleAssembler().op(0xFF).read() }
  }

  @Test("keeps to its limits of values, stack and memo")
  func limits() {
    var limits = PickleLimits()
    limits.values = 10
    limits.stackDepth = 5
    limits.memoEntries = 3
    let nones = { (text: String, count: Int) in String(repeating: text, count: count) }
    expect(.damaged, says: "at most 10 values") {
      _ = try PickleAssembler().ops(nones("N0", 11)).ops("N").read(limits: limits)
    }
    expect(.damaged, says: "at most 5 values") {
      _ = try PickleAssembler().ops(nones("N", 6)).read(limits: limits)
    }
    expect(.damaged, says: "at most 5 open marks") {
      _ = try PickleAssembler().ops(nones("(", 6)).read(limits: limits)
    }
    expect(.damaged, says: "at most 3 memo") {
      _ = try PickleAssembler().ops("N").put(0).put(1).put(2).put(3).read(limits: limits)
    }
  }
}

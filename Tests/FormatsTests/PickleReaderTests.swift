// Valid pickles: every instruction the reader knows, and what it makes of it.

import Formats
import TestSupport
import Testing

@Suite("Pickle reader")
struct PickleReaderTests {
  @Test(
    "reads integers of every width",
    arguments: [
      ([0x4A, 0xFE, 0xFF, 0xFF, 0xFF], -2), ([0x4B, 0xFF], 255), ([0x4D, 0x01, 0xFF], 0xFF01),
      ([0x8A, 0x00], 0), ([0x8A, 0x01, 0x80], -128), ([0x8A, 0x02, 0x80, 0x00], 128),
      ([0x8A, 0x08, 0, 0, 0, 0, 0, 0, 0, 0x80], Int64.min),
      ([0x8B, 0x02, 0, 0, 0, 0x34, 0x12], 0x1234),
    ] as [([UInt8], Int64)])
  func integers(instruction: [UInt8], value: Int64) throws {
    #expect(try PickleAssembler().raw(instruction).read().asInt == value)
  }

  @Test("keeps the bytes of an integer beyond 64 bits")
  func bigIntegers() throws {
    let digits: [UInt8] = Array(1...10)
    guard case .bigInt(digits) = try PickleAssembler().op(0x8A, [10] + digits).read() else {
      Issue.record("not a big integer")
      return
    }
  }

  @Test("reads None, Booleans and numbers")
  func scalars() throws {
    #expect(try PickleAssembler().ops("N").read().isNone)
    #expect(try PickleAssembler().bool(true).read().asBool == true)
    #expect(try PickleAssembler().bool(false).read().asBool == false)
    let double = PickleAssembler().op(0x47, [0x3F, 0xF8, 0, 0, 0, 0, 0, 0])
    #expect(try double.read().asDouble == 1.5)
  }

  @Test("reads text with 1, 4 and 8 byte lengths")
  func text() throws {
    let utf8 = Array("héé".utf8)
    let short = PickleAssembler(protocol: 4).op(0x8C, [UInt8(utf8.count)] + utf8)
    #expect(try short.read().asString == "héé")
    #expect(try PickleAssembler().text("héé").read().asString == "héé")
    let long = PickleAssembler(protocol: 4).op(0x8D, littleEndian(UInt64(utf8.count)) + utf8)
    #expect(try long.read().asString == "héé")
  }

  @Test("a string of Python 2 is Latin-1 text or bytes, as the caller asks")
  func byteStrings() throws {
    for pickle in [
      PickleAssembler().op(0x55, [2, 0x41, 0xE9]),
      PickleAssembler().op(0x54, [2, 0, 0, 0, 0x41, 0xE9]),
    ] {
      #expect(try pickle.read().asString == "Aé")
      #expect(try pickle.read().asBytes?.copy() == [0x41, 0xE9])
    }
  }

  @Test("a long string of Python 2 is bytes only, however often it is mentioned")
  func longByteStrings() throws {
    for (count, isText) in [(1 << 12, true), (1 << 12 | 1, false)] {
      let text = [UInt8](repeating: 0x41, count: count)
      let value = try PickleAssembler().op(0x54, littleEndian(Int32(count)) + text).read()
      #expect((value.asString?.utf8.count == count) == isText)
      #expect(value.asBytes?.count == count)
    }
  }

  @Test("bytes stay in the file")
  func bytes() throws {
    let value = try PickleAssembler().bytes([7, 8, 9]).read()
    #expect(value.asBytes?.copy() == [7, 8, 9])
    #expect(value.asBytes?.fileOffset == 7)
    #expect(value.asString == nil)
    let short = try PickleAssembler().op(0x43, [1, 5]).read()
    #expect(short.asBytes?.copy() == [5])
    for code: UInt8 in [0x8E, 0x96] {
      let long = PickleAssembler(protocol: 5).op(code, littleEndian(UInt64(2)) + [1, 2])
      #expect(try long.read().asBytes?.copy() == [1, 2])
    }
  }

  @Test("bytes written as text by protocol 2 are bytes")
  func encodedBytes() throws {
    let pickle = PickleAssembler().call("_codecs", "encode") { $0.text("Aÿ").text("latin1") }
    #expect(try pickle.read().asBytes?.copy() == [0x41, 0xFF])
  }

  @Test("reads tuples of every length in order")
  func tuples() throws {
    let integers = { (count: Int32) in
      (0..<count).reduce(PickleAssembler()) { $0.int($1) }
    }
    #expect(try PickleAssembler().ops(")").read().asItems?.count == 0)
    for (count, code) in [(Int32(1), UInt8(0x85)), (2, 0x86), (3, 0x87)] {
      let items = try integers(count).op(code).read().asItems
      #expect(items?.compactMap(\.asInt) == (0..<Int64(count)).map { $0 })
    }
    #expect(try PickleAssembler().ints([4, 5, 6, 7]).read().asItems?.compactMap(\.asInt).last == 7)
  }

  @Test("reads lists and sets, written at once or in parts")
  func sequences() throws {
    let lists = [
      PickleAssembler().ops("](").int(1).int(2).ops("e"),
      PickleAssembler().ops("(").int(1).int(2)
        .ops("l"), PickleAssembler().ops("]").int(1).ops("a").int(2).ops("a"),
      PickleAssembler(protocol: 4).op(0x8F).ops("(").int(1).int(2).op(0x90),
      PickleAssembler(protocol: 4).ops("(").int(1).int(2).op(0x91),
    ]
    for pickle in lists {
      #expect(try pickle.read().asItems?.compactMap(\.asInt) == [1, 2])
    }
  }

  @Test("reads dictionaries in file order, with any keys")
  func dictionaries() throws {
    let entries = { (pickle: PickleAssembler) in
      pickle.text("b").int(1).int(7).int(2).ops(")").int(3)
    }
    let pickles = [
      PickleAssembler().ops("}(").then(entries).ops("u"),
      PickleAssembler().ops("(").then(entries).ops("d"),
      PickleAssembler().ops("}").text("b").int(1).ops("s").int(7).int(2).ops("s)").int(3).ops("s"),
    ]
    for pickle in pickles {
      let dictionary = try #require(try pickle.read().asDictionary)
      #expect(dictionary.entries.compactMap(\.value.asInt) == [1, 2, 3])
      #expect(dictionary["b"]?.asInt == 1)
      #expect(dictionary[7]?.asInt == 2)
      #expect(dictionary["c"] == nil)
      #expect(dictionary[1] == nil)
    }
  }

  @Test("the memo gives back the same node, also filled later")
  func memo() throws {
    let shared = PickleAssembler().ops("]").put(0).get(0).op(0x86).get(0).int(5).ops("a0")
    let items = try #require(try shared.read().asItems)
    guard case .list(let first) = items[0], case .list(let second) = items[1] else {
      Issue.record("not two lists")
      return
    }
    #expect(first === second)
    #expect(first.items.compactMap(\.asInt) == [5])
  }

  @Test("memo indices may be sparse, long and implied")
  func memoForms() throws {
    let long = PickleAssembler().text("a").op(0x72, [0, 0, 1, 0]).ops("0").op(0x6A, [0, 0, 1, 0])
    #expect(try long.read().asString == "a")
    let implied = PickleAssembler(protocol: 4).text("a").op(0x94).text("b").op(0x94).ops("00").get(
      1)
    #expect(try implied.read().asString == "b")
  }

  @Test("records calls, states and items, and makes nothing of them")
  func objects() throws {
    let pickle = PickleAssembler().global("dnnlib.util", "EasyDict").ops(")").op(0x81)
      .text("a").int(1).ops("s").text("b").int(2).ops("s").ops("}").text("x").int(3).ops("sb")
    guard case .object(let object) = try pickle.read() else {
      Issue.record("not an object")
      return
    }
    #expect(object.callable == PickleGlobal("dnnlib.util", "EasyDict"))
    #expect(object.arguments.items.isEmpty)
    #expect(object.dictionaryItems?["b"]?.asInt == 2)
    #expect(object.state?.asDictionary?["x"]?.asInt == 3)
    #expect(try pickle.read().asDictionary?["a"]?.asInt == 1)
  }

  @Test("records keyword arguments")
  func keywords() throws {
    let pickle = PickleAssembler(protocol: 4).global("argparse", "Namespace").ops(")}").text("k")
      .int(9).ops("s").op(0x92)
    guard case .object(let object) = try pickle.read() else {
      Issue.record("not an object")
      return
    }
    #expect(object.keywordArguments?["k"]?.asInt == 9)
  }

  @Test("an object that is never filled is an empty dictionary")
  func emptyObject() throws {
    let pickle = PickleAssembler().call("collections", "OrderedDict") { $0 }
    #expect(try pickle.read().asDictionary?.entries.isEmpty == true)
  }

  @Test("pairs that several OrderedDicts share become one dictionary")
  func sharedPairs() throws {
    let pairs = PickleAssembler().ops("]").tuple { $0.text("a").int(1) }.ops("a").put(0).ops("0")
    let pickle = pairs.tuple { items in
      (0..<2).reduce(items) { pickle, _ in
        pickle.call("collections", "OrderedDict") { $0.get(0) }
      }
    }
    let made = try #require(pickle.read().asItems).map(\.asDictionary)
    #expect(made[0]?["a"]?.asInt == 1)
    #expect(made[0] === made[1])
  }

  @Test("bytes that were written as text are made once")
  func encodedOnce() throws {
    let pickle = PickleAssembler().tuple {
      $0.call("_codecs", "encode") { $0.text("Aÿ").text("latin1") }.put(0).get(0)
    }
    let made = try #require(pickle.read().asItems).map { try #require($0.asBytes) }
    #expect(made.map { $0.copy() } == [[0x41, 0xFF], [0x41, 0xFF]])
    let places = made.map { bytes in bytes.withUnsafeBytes { $0.baseAddress } }
    #expect(places[0] == places[1])
  }

  @Test("an OrderedDict may be made from pairs")
  func orderedPairs() throws {
    let pairs = PickleAssembler().call("collections", "OrderedDict") {
      $0.ops("](").tuple { $0.text("a").int(1) }.tuple { $0.text("b").int(2) }.ops("e")
    }
    #expect(try pairs.read().asDictionary?["b"]?.asInt == 2)
    let other = PickleAssembler().call("collections", "OrderedDict") { $0.int(1) }
    #expect(try other.read().asDictionary == nil)
  }

  @Test("collects persistent ids in file order")
  func persistentIDs() throws {
    let pickle = PickleAssembler().ints([1]).ops("Q").ints([2]).ops("Q").op(0x86)
    let result = try PickleReader(pickle.region, allowing: .standard).read()
    #expect(result.persistentIDs.map { $0.items.compactMap(\.asInt) } == [[1], [2]])
  }

  @Test("reads a pickle among others and says where it ends")
  func twoInARow() throws {
    let first = PickleAssembler().int(1).region.copy()
    let both = ByteRegion(first + PickleAssembler().int(2).region.copy(), name: "two")
    let reader = PickleReader(both, allowing: .standard)
    let result = try reader.read()
    #expect(result.value.asInt == 1)
    #expect(result.end == first.count)
    #expect(try reader.read(at: result.end).value.asInt == 2)
    expect(.damaged, at: first.count, says: "end of the file") { _ = try reader.readWhole() }
  }

  @Test("reads every protocol's header but no later one", arguments: UInt8(0)...6)
  func protocols(version: UInt8) throws {
    let pickle = PickleAssembler(protocol: version).int(3)
    if version <= 5 {
      #expect(try pickle.read().asInt == 3)
    } else {
      expect(.damaged, at: 0, says: "protocol") { _ = try pickle.read() }
    }
  }

  @Test("reads a pickle without a header, as protocol 1 writes it")
  func headerless() throws {
    #expect(try PickleAssembler(protocol: nil).int(3).read().asInt == 3)
  }

  @Test("frames are only packaging")
  func frames() throws {
    let pickle = PickleAssembler(protocol: 4).op(0x95, littleEndian(UInt64(5))).int(3)
      .op(0x95, littleEndian(UInt64(2))).ops("0N")
      .op(0x95, littleEndian(UInt64(1)))
    #expect(try pickle.read().isNone)
  }

  @Test("offsets count from the start of the file")
  func offsets() throws {
    let file = ByteRegion([0, 0, 0, 0] + PickleAssembler().ops("]").region.copy(), name: "file")
    let value = try PickleReader(file.suffix(from: 4), allowing: .standard).readWhole()
    guard case .list(let list) = value else {
      Issue.record("not a list")
      return
    }
    #expect(list.offset == 6)
  }
}

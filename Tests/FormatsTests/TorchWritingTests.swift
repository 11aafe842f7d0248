// Writing torch files: what is written is read back, and equal content gives equal files.

import Formats
import TestSupport
import Testing

@Suite("Writing torch files")
struct TorchWritingTests {
  /// Bytes that count from 0.
  private func tensor(_ type: ElementType, _ shape: [Int]) -> TensorToWrite {
    let count = shape.reduce(type.byteCount, *)
    return TensorToWrite(elementType: type, shape: shape) {
      ByteRegion((0..<count).map { UInt8($0) }, name: "memory")
    }
  }

  /// The values of a dictionary after a round trip.
  private func reopen(
    _ entries: [(key: String, value: TorchArchive.Value)]
  ) throws -> (PickleDictionary, TorchTensors) {
    try withScratchFolder { folder in
      let path = "\(folder)/file.pt"
      try TorchArchive.write(.dictionary(entries), to: path)
      let archive = try TorchArchive(ByteRegion(mapping: path))
      let tensors = TorchTensors(storages: archive.storages, file: path)
      return (try #require(archive.root.asDictionary), tensors)
    }
  }

  @Test("tensors of every type and rank are read back", arguments: ElementType.allCases)
  func tensors(type: ElementType) throws {
    let shapes = [[2, 3], [], [0], [2, 0, 3], [1, 1, 1, 1, 1, 1, 1, 2]]
    let (dictionary, tensors) = try reopen(
      shapes.map { (key: "\($0)", value: .tensor(tensor(type, $0))) })
    for shape in shapes {
      let found = try #require(try dictionary["\(shape)"].flatMap { try tensors.tensor($0) })
      #expect(found.shape == shape)
      #expect(found.elementType == type)
      #expect(found.isContiguous)
      #expect(found.bytes.copy() == (0..<found.byteCount).map { UInt8($0) })
      #expect(found.bytes.fileOffset.isMultiple(of: 64))
    }
  }

  @Test("plain values are read back in order")
  func values() throws {
    let (dictionary, _) = try reopen([
      ("z", .none), ("t", .bool(true)), ("f", .bool(false)), ("small", .int(-7)),
      ("large", .int(.max)), ("least", .int(.min)), ("half", .double(0.5)),
      ("nan", .double(.nan)), ("text", .string("größe 🎨\n")), ("", .string("")),
      ("list", .list([.int(1), .list([]), .dictionary([("k", .int(2))])])),
    ])
    #expect(
      dictionary.entries.compactMap(\.key.asString) == [
        "z", "t", "f", "small", "large", "least", "half", "nan", "text", "", "list",
      ])
    #expect(dictionary["z"]?.isNone == true)
    #expect(dictionary["t"]?.asBool == true)
    #expect(dictionary["f"]?.asBool == false)
    #expect(dictionary["small"]?.asInt == -7)
    #expect(dictionary["large"]?.asInt == .max)
    #expect(dictionary["least"]?.asInt == .min)
    #expect(dictionary["half"]?.asDouble == 0.5)
    #expect(dictionary["nan"]?.asDouble?.isNaN == true)
    #expect(dictionary["text"]?.asString == "größe 🎨\n")
    #expect(dictionary[""]?.asString == "")
    let items = try #require(dictionary["list"]?.asItems)
    #expect(items[0].asInt == 1)
    #expect(items[1].asItems?.isEmpty == true)
    #expect(items[2].asDictionary?["k"]?.asInt == 2)
  }

  @Test("one tensor under two names has one storage")
  func aliases() throws {
    var requests = 0
    let weight = TensorToWrite(elementType: .uint8, shape: [3]) {
      requests += 1
      return ByteRegion([1, 2, 3], name: "memory")
    }
    let (dictionary, tensors) = try reopen([
      ("a", .tensor(weight)), ("b", .tensor(weight)), ("c", .tensor(tensor(.uint8, [3]))),
    ])
    let places = try ["a", "b", "c"].map { key in
      try dictionary[key].flatMap { try tensors.tensor($0) }?.bytes.fileOffset
    }
    #expect(places[0] == places[1])
    #expect(places[0] != places[2])
    #expect(requests == 1)
  }

  @Test("equal content gives equal files, and nothing but the file is left")
  func canonical() throws {
    try withScratchFolder { folder in
      let value = TorchArchive.Value.list([.tensor(tensor(.float32, [4])), .string("x")])
      for name in ["a", "b"] { try TorchArchive.write(value, to: "\(folder)/\(name)") }
      let contents = try ["a", "b"].map { try ByteRegion(mapping: "\(folder)/\($0)").copy() }
      #expect(contents[0] == contents[1])
      #expect(names(in: folder) == ["a", "b"])
    }
  }

  @Test("a tensor whose content fails leaves the old file")
  func failure() throws {
    struct Failure: Error {}
    let broken = TensorToWrite(elementType: .uint8, shape: [1]) { throw Failure() }
    try withScratchFolder { folder in
      try put([1], at: "\(folder)/file")
      #expect(throws: Failure.self) {
        try TorchArchive.write(.tensor(broken), to: "\(folder)/file")
      }
      #expect(try ByteRegion(mapping: "\(folder)/file").copy() == [1])
      #expect(names(in: folder) == ["file"])
    }
  }

  @Test("more storage classes than a byte can count are still written")
  func manyTensors() throws {
    let entries = (0..<400).map { index in
      (
        key: "layer.\(index)",
        value: TorchArchive.Value.tensor(tensor(ElementType.allCases[index % 13], [1]))
      )
    }
    let (dictionary, tensors) = try reopen(entries)
    #expect(dictionary.entries.count == 400)
    let last = try dictionary["layer.399"].flatMap { try tensors.tensor($0) }
    #expect(last?.elementType == ElementType.allCases[399 % 13])
  }
}

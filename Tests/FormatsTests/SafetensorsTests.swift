// safetensors: what is written is read back, and broken headers are refused.

import Formats
import TestSupport
import Testing

@Suite("safetensors")
struct SafetensorsTests {
  /// A file from header text and data.
  private func file(_ header: String, data count: Int = 0, length: UInt64? = nil) -> ByteRegion {
    let json = Array(header.utf8)
    let bytes = littleEndian(length ?? UInt64(json.count)) + json
    return ByteRegion(bytes + [UInt8](repeating: 1, count: count), name: "test.safetensors")
  }

  private func entry(_ name: String, _ begin: Int, _ end: Int, shape: String = "[1]") -> String {
    #""\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(begin),\#(end)]}"#
  }

  @Test("what is written is read back")
  func roundTrip() throws {
    let metadata = ["b": "line\n\"quoted\" \\ \u{1}", "a": "größe 🎨", "": ""]
    let tensors = try ElementType.allCases.map { type in
      let content = (0..<UInt8(6 * type.byteCount)).map { $0 }
      return Safetensors.Entry(
        name: "layer.\(type)/ü\"",
        try StoredTensor(
          elementType: type, shape: [2, 3], bytes: ByteRegion(content, name: "memory")))
    }
    try withScratchFolder { folder in
      try Safetensors.write(tensors, metadata: metadata, to: "\(folder)/file")
      let read = try Safetensors(path: "\(folder)/file")
      #expect(read.metadata == metadata)
      #expect(read.names.sorted() == tensors.map(\.name).sorted())
      for type in ElementType.allCases {
        let tensor = try #require(read.tensors["layer.\(type)/ü\""])
        #expect(tensor.elementType == type)
        #expect(tensor.shape == [2, 3])
        #expect(tensor.contiguousBytes().copy() == (0..<UInt8(6 * type.byteCount)).map { $0 })
        #expect(tensor.bytes.fileOffset.isMultiple(of: type.byteCount))
      }
    }
  }

  @Test("tensors are written in the given order, wider types first")
  func order() throws {
    let entry = { (name: String, type: ElementType) in
      Safetensors.Entry(name: name, elementType: type, shape: [1]) {
        ByteRegion([UInt8](repeating: 0, count: type.byteCount), name: name)
      }
    }
    try withScratchFolder { folder in
      let entries = [
        entry("z", .float32), entry("y", .uint8), entry("x", .float32), entry("w", .int64),
      ]
      try Safetensors.write(entries, to: "\(folder)/file")
      #expect(try Safetensors(path: "\(folder)/file").names == ["w", "z", "x", "y"])
    }
  }

  @Test("strided, empty and scalar tensors are written row-major")
  func strided() throws {
    let storage = ByteRegion(floatBytes([0, 1, 2, 3, 4, 5]), name: "memory")
    let view = { (shape: [Int], strides: [Int]) in
      try StoredTensor(elementType: .float32, shape: shape, strides: strides, bytes: storage)
    }
    try withScratchFolder { folder in
      let entries = [
        Safetensors.Entry(name: "t", try view([3, 2], [1, 3])),
        Safetensors.Entry(name: "e", try view([0, 4], [4, 1])),
        Safetensors.Entry(name: "s", try view([], [])),
      ]
      try Safetensors.write(entries, to: "\(folder)/file")
      let read = try Safetensors(path: "\(folder)/file")
      #expect(read.tensors["t"].map(floats) == [0, 3, 1, 4, 2, 5])
      #expect(read.tensors["e"]?.shape == [0, 4])
      #expect(read.tensors["s"].map(floats) == [0])
    }
  }

  @Test("equal content gives equal files")
  func canonical() throws {
    try withScratchFolder { folder in
      var contents: [[UInt8]] = []
      for name in ["a", "b"] {
        let metadata = Dictionary(uniqueKeysWithValues: (0..<50).map { ("key\($0)", "value") })
        try Safetensors.write([], metadata: metadata, to: "\(folder)/\(name)")
        contents.append(try ByteRegion(mapping: "\(folder)/\(name)").copy())
      }
      #expect(contents[0] == contents[1])
      #expect(contents[0].count.isMultiple(of: 8))
    }
  }

  @Test("reads spaces, escapes and any order of an entry's members")
  func jsonForms() throws {
    let header = #"""
      { "\u0061\ud83c\udfa8\/" : {"data_offsets":[ 0 , 4 ],"shape":[ ] , "dtype":"F32" } ,
      	"__metadata__" : { } }
      """#
    let read = try Safetensors(file(header + "   ", data: 4))
    #expect(read.names == ["a🎨/"])
    #expect(read.metadata.isEmpty)
  }

  @Test(
    "refuses headers of the wrong length",
    arguments: [0, 1, 7, 100, 1 << 40, 1 << 63, .max] as [UInt64])
  func headerLength(length: UInt64) {
    expect(.damaged) { _ = try Safetensors(file("{}", length: length)) }
  }

  @Test("refuses files shorter than the length", arguments: 0..<8)
  func short(count: Int) {
    let bytes = ByteRegion([UInt8](repeating: 0, count: count), name: "short")
    expect(.damaged, at: 0) { _ = try Safetensors(bytes) }
  }

  @Test(
    "refuses headers that are not this JSON",
    arguments: [
      "  {}", "[]", "{}x", "{}{}", #"{"a"}"#, #"{"a":1}"#, #"{"a":{}}"#, #"{,}"#, #"{"a":{},}"#,
      #"{'a':{}}"#, #"{"__metadata__":{"a":1}}"#, #"{"__metadata__":{"a":{"b":"c"}}}"#,
      #"{"__metadata__":{"a":"b"},}"#, #"{"__metadata__":{"a":"\x"}}"#,
      #"{"__metadata__":{"a":"\ud83c"}}"#, #"{"__metadata__":{"a":"\ud83c\u0041"}}"#,
      #"{"__metadata__":{"a":"\u12g4"}}"#, #"{"__metadata__":{"a":"\u+123"}}"#,
      #"{"__metadata__":{"a":"\u12"#, #"{"__metadata__":{"a":"\"#, #"{"__metadata__":{"a":"b"#,
      "{\"__metadata__\":{\"a\":\"\n\"}}", #"{"__metadata__":{"a":"b","a":"c"}}"#,
      #"{"__metadata__":{},"__metadata__":{}}"#, #"{"__metadata__":null}"#, "{\u{FEFF}}", "{", "}",
    ])
  func syntax(header: String) {
    expect(.damaged) { _ = try Safetensors(file(header)) }
  }

  @Test(
    "refuses entries with wrong members",
    arguments: [
      #""dtype":"F32","shape":[1]"#, #""dtype":"F32","data_offsets":[0,4]"#,
      #""shape":[1],"data_offsets":[0,4]"#, #""dtype":"F8","shape":[1],"data_offsets":[0,4]"#,
      #""dtype":"f32","shape":[1],"data_offsets":[0,4]"#,
      #""dtype":"F32","shape":[-1],"data_offsets":[0,4]"#,
      #""dtype":"F32","shape":[1.0],"data_offsets":[0,4]"#,
      #""dtype":"F32","shape":[01],"data_offsets":[0,4]"#,
      #""dtype":"F32","shape":["1"],"data_offsets":[0,4]"#,
      #""dtype":"F32","shape":1,"data_offsets":[0,4]"#,
      #""dtype":"F32","shape":[1,],"data_offsets":[0,4]"#,
      #""dtype":"F32","shape":[1],"data_offsets":[0]"#,
      #""dtype":"F32","shape":[1],"data_offsets":[0,4,4]"#,
      #""dtype":"F32","shape":[1],"data_offsets":[4,0]"#,
      #""dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]"#,
      #""dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1"#,
      #""dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]"#,
      #""dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]"#,
      #""dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]"#,
      #""dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]"#,
      #""dtype":"F32","shape":[2],"data_offsets":[0,4]"#,
      #""dtype":"F32","shape":[0],"data_offsets":[0,4]"#,
    ])
  func members(members: String) {
    expect(.damaged) { _ = try Safetensors(file(#"{"a":{\#(members)}}"#, data: 4)) }
  }

  @Test("refuses holes, overlaps, shared ranges and bytes that belong to nothing")
  func placement() {
    for (second, count) in [((8, 12), 12), ((2, 6), 6), ((0, 4), 4), ((4, 8), 9), ((4, 8), 7)] {
      let header = "{\(entry("a", 0, 4)),\(entry("b", second.0, second.1))}"
      expect(.damaged) { _ = try Safetensors(file(header, data: count)) }
    }
    expect(.damaged) { _ = try Safetensors(file("{\(entry("a", 4, 8))}", data: 8)) }
    expect(.damaged, says: "1 more bytes") { _ = try Safetensors(file("{}", data: 1)) }
  }

  @Test("refuses a name that appears twice")
  func duplicateNames() {
    let header = "{\(entry("a", 0, 4)),\(entry("a", 4, 8))}"
    expect(.damaged, says: "a twice") { _ = try Safetensors(file(header, data: 8)) }
    let escaped = "{\(entry("a", 0, 4)),\(entry(#"\u0061"#, 4, 8))}"
    expect(.damaged, says: "a twice") { _ = try Safetensors(file(escaped, data: 8)) }
  }

  @Test("refuses text that is not UTF-8")
  func invalidText() {
    let json = Array(#"{"__metadata__":{"a":""#.utf8) + [0xC3, 0x28] + Array(#""}}"#.utf8)
    let region = ByteRegion(littleEndian(UInt64(json.count)) + json, name: "test")
    expect(.damaged, says: "UTF-8") { _ = try Safetensors(region) }
  }

  @Test("keeps to its limits of header, tensors and names")
  func limits() {
    var limits = Safetensors.Limits()
    limits.headerBytes = 200
    limits.tensors = 2
    limits.nameBytes = 5
    let empty = { (names: [String]) in
      file("{\(names.map { entry($0, 0, 0, shape: "[0]") }.joined(separator: ","))}")
    }
    #expect(throws: Never.self) { try Safetensors(empty(["a", "b"]), limits: limits) }
    expect(.damaged, says: "2 tensors") {
      _ = try Safetensors(empty(["a", "b", "c"]), limits: limits)
    }
    expect(.damaged, says: "5 bytes") { _ = try Safetensors(empty(["abcdef"]), limits: limits) }
    let long = "{}" + String(repeating: " ", count: 199)
    expect(.damaged, at: 0) { _ = try Safetensors(file(long), limits: limits) }
  }

  @Test("an error points at the byte in the file")
  func offset() {
    expect(.damaged, at: 8 + 1) { _ = try Safetensors(file("{1}")) }
  }
}

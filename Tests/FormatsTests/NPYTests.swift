// NumPy's files: what NumPy writes is read, what is written is laid out as NumPy's, others refused.

import Formats
import TestSupport
import Testing

@Suite("NumPy files")
struct NPYTests {
  /// A .npy file from the text of its header and its elements' bytes.
  private func file(
    _ header: String, _ elements: [UInt8] = [], version: UInt8 = 1, length: UInt32? = nil
  ) -> ByteRegion {
    let count = length ?? UInt32(header.utf8.count)
    let lengthBytes = version == 1 ? littleEndian(UInt16(count)) : littleEndian(count)
    let start = [0x93] + Array("NUMPY".utf8) + [version, 0]
    return ByteRegion(start + lengthBytes + Array(header.utf8) + elements, name: "test.npy")
  }

  private func header(
    _ descr: String = "'<f4'", order: String = "False", shape: String = "(2,)"
  ) -> String {
    "{'descr': \(descr), 'fortran_order': \(order), 'shape': \(shape), }"
  }

  private let two = floatBytes([1.5, -2])

  // NumPy 2.4: numpy.savez and numpy.savez_compressed of one array of each type, of an array in
  // Fortran's order, a scalar, an empty array and one of one axis.
  @Test("reads what NumPy writes", arguments: ["numpy-savez.npz", "numpy-savez-compressed.npz"])
  func numpy(name: String) throws {
    let file = try NPZ(path: fixture(name))
    #expect(file.names.count == 16)
    for type in ElementType.allCases where type != .bfloat16 {
      let tensor = try #require(file.tensors["\(type)"])
      #expect(tensor.elementType == type)
      #expect(tensor.shape == [2, 3])
      #expect(tensor.contiguousBytes().copy() == Self.elements(of: type), "\(type)")
    }
    let fortran = try #require(file.tensors["fortran"])
    #expect(fortran.shape == [2, 3, 4])
    #expect(fortran.strides == [1, 2, 6])
    #expect(floats(fortran) == (0..<24).map(Float.init))
    #expect(file.tensors["scalar"]?.shape == [])
    #expect(file.tensors["scalar"].map(floats) == [7])
    #expect(file.tensors["empty"]?.shape == [0, 4])
    #expect(file.tensors["one"].map(floats) == [0, 1, 2])
  }

  /// What the stored files hold in each type: 0 to 5 or -2 to 3, or every second Boolean.
  private static func elements(of type: ElementType) -> [UInt8] {
    (0..<6).flatMap { (index: Int) -> [UInt8] in
      switch type {
      case .float64: littleEndian(Double(index - 2).bitPattern)
      case .float32: littleEndian(Float(index - 2).bitPattern)
      case .float16: littleEndian([0xC000, 0xBC00, 0, 0x3C00, 0x4000, 0x4200][index] as UInt16)
      case .bfloat16: []
      case .int64: littleEndian(Int64(index - 2))
      case .int32: littleEndian(Int32(index - 2))
      case .int16: littleEndian(Int16(index - 2))
      case .int8: littleEndian(Int8(index - 2))
      case .uint64: littleEndian(UInt64(index))
      case .uint32: littleEndian(UInt32(index))
      case .uint16: littleEndian(UInt16(index))
      case .uint8: [UInt8(index)]
      case .bool: [UInt8(index % 2)]
      }
    }
  }

  @Test("stored elements stay in the file")
  func views() throws {
    let tensor = try NPY(file(header(), two)).tensor
    #expect(tensor.bytes.name == "test.npy")
    #expect(tensor.bytes.fileOffset == 10 + header().utf8.count)
    #expect(floats(tensor) == [1.5, -2])
  }

  @Test("reads versions 1, 2 and 3, any order of keys, both quotes and any space")
  func forms() throws {
    let headers = [
      header(), header() + String(repeating: " ", count: 40) + "\n",
      #"{"shape":(2,),"descr":"<f4","fortran_order":False}"#,
      "{ 'fortran_order' :True , 'shape' : ( 2 , ) ,\n'descr': '<f4' }",
      header(shape: "(1, 2)"), header(shape: "(1, 2,)"), header(shape: "(2L,)"),
      header(shape: "(1L, 2L)"),
    ]
    for text in headers {
      for version in 1...3 as ClosedRange<UInt8> {
        let read = try NPY(file(text, two, version: version))
        #expect(floats(read.tensor) == [1.5, -2], "\(text)")
      }
    }
  }

  @Test(
    "refuses Python objects, which are pickles",
    arguments: ["|O", "O", "<O8", ">O", "|O8", "i4,O", "object"]
  )
  func objects(type: String) {
    let kind: FileError.Kind = type == "object" ? .damaged : .refusedAsUnsafe
    expect(kind) { _ = try NPY(file(header("'\(type)'"), two)) }
    for field in ["('a', '\(type)')", "('a', [('b', '\(type)', (2,))])", "(('t', 'a'), '\(type)')"]
    {
      expect(kind) { _ = try NPY(file(header("[('O', '|u1'), \(field)]"), two)) }
    }
  }

  // The types and sizes that NumPy 2.4 gives for arrays of other things.
  @Test(
    "whole arrays of other types are not supported, which is no damage",
    arguments: [
      ("'|S5'", 5), ("'<U7'", 28), ("'>U1'", 4), ("'|V3'", 3), ("'<M8[s]'", 8), ("'<m8[25ms]'", 8),
      ("'<M8'", 8), ("'>f4'", 4), ("'>u2'", 2), ("'>i8'", 8), ("'<c8'", 8), ("'<c16'", 16),
      ("'<f16'", 16), ("'<c32'", 32), ("'|S0'", 0),
      ("[('a', '<f4'), ('b', '<i8', (2,))]", 20), ("[(('title', 'a'), '|u1'), ('', '|V7')]", 8),
      ("[('a', [('b', '<i2'), ('c', '|S3')], (2, 2))]", 20), ("[]", 0),
    ])
  func otherTypes(type: String, size: Int) {
    let elements = [UInt8](repeating: 0, count: 2 * size)
    expect(.unsupported) { _ = try NPY(file(header(type), elements)) }
    expect(.damaged) { _ = try NPY(file(header(type), elements + [0])) }
  }

  @Test(
    "refuses what is no type that NumPy writes",
    arguments: [
      "'=f4'", "'|f4'", "'f4'", "'<f5'", "'<S4'", "'|U4'", "'|S-1'", "'|S04'", "'<f4[s]'",
      "'<M8[s'", "'<b1'", "'|i4'", "'<i1'", "'|S99999999999999999999'", "'<U9223372036854775807'",
      "'float32'", "''", "'<'", "'<f4", "'<f\\x34'", "<f4", "['<f4']", "[('a', '<f4')",
      "[('a', '<f4', 2)]", "[('a')]", "[('a', '<U9223372036854775807')]",
      "[('a', '|S9223372036854775807'), ('b', '|S9223372036854775807')]",
      "('<f4', (2,))", "None", "4", "'<f4''<f4'", "'<f4\u{E9}'",
      String(repeating: "[('a', ", count: 20) + "'<f4'" + String(repeating: ")]", count: 20),
    ])
  func types(type: String) {
    expect(.damaged) { _ = try NPY(file(header(type), two)) }
  }

  @Test(
    "refuses shapes that are none, or not those of the elements",
    arguments: [
      "(3,)", "(1,)", "(0,)", "()", "(2)", "2", "[2]", "(-2,)", "(2.0,)", "(02,)", "(2,,)", "(,)",
      "(2", "(2,", "(+2,)", "(2LL,)", "(L,)", "('2',)", "(1 2,)", "((2,),)",
      "(1, 1, 1, 1, 1, 1, 1, 1, 2)",
      "(9223372036854775807,)", "(9223372036854775808,)", "(4294967296, 4294967296)",
      "(0, 9223372036854775807, 9223372036854775807)", "(1000000000000,)", "(None,)",
    ])
  func shapes(shape: String) {
    for order in ["False", "True"] {
      expect(.damaged) { _ = try NPY(file(header(order: order, shape: shape), two)) }
    }
  }

  @Test(
    "refuses headers that are not this dictionary",
    arguments: [
      "", " ", "{", "}", "{}", "[]", "__import__('os').system('touch canary')",
      "{'descr': '<f4', 'fortran_order': False}", "{'descr': '<f4', 'shape': (2,)}",
      "{'fortran_order': False, 'shape': (2,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
      "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
      "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
      "{'descr': '<f4', 'fortran_order': false, 'shape': (2,)}",
      "{'descr': '<f4', 'fortran_order': False 'shape': (2,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,),,}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}}",
      "{'descr': '<f4', 'fortran_order': not True, 'shape': (2,)}",
      "{descr: '<f4', 'fortran_order': False, 'shape': (2,)}",
      "dict(descr='<f4', fortran_order=False, shape=(2,))",
      String(repeating: "(", count: 10_000), "{'shape': " + String(repeating: "(", count: 10_000),
      "{'descr': " + String(repeating: "[", count: 10_000),
    ])
  func dictionaries(header: String) {
    expect(.damaged) { _ = try NPY(file(header, two)) }
  }

  @Test("refuses unknown versions, lengths past the end, and long headers")
  func frames() {
    for version in [0, 4, 9, 255] as [UInt8] {
      expect(.damaged, at: 6) { _ = try NPY(file(header(), two, version: version)) }
    }
    for length in [100, .max, 1 << 31, 1 << 14] as [UInt32] {
      expect(.damaged) { _ = try NPY(file(header(), two, version: 2, length: length)) }
    }
    let long = header() + String(repeating: " ", count: 1 << 14)
    expect(.damaged, at: 8) { _ = try NPY(file(long, two)) }
  }

  @Test("refuses every prefix of a file, bytes after the end, and other files")
  func length() {
    let whole = file(header(), two).copy()
    for count in whole.indices {
      expect(.damaged) { _ = try NPY(ByteRegion(Array(whole[..<count]), name: "short.npy")) }
    }
    expect(.damaged) { _ = try NPY(ByteRegion(whole + [0], name: "long.npy")) }
    #expect(NPY.recognises(file("")))
    #expect(!NPY.recognises(ByteRegion(Array(whole[1...]), name: "other")))
  }

  // MARK: Archives

  @Test("what is written is read back, aligned, and the same each time")
  func roundTrip() throws {
    let tensors = try ElementType.allCases.filter { $0 != .bfloat16 }.map { type in
      let content = (0..<UInt8(6 * type.byteCount)).map { $0 }
      let bytes = ByteRegion(content, name: "memory")
      return ("\(type)/ü", try StoredTensor(elementType: type, shape: [2, 3], bytes: bytes))
    }
    let storage = ByteRegion(floatBytes([0, 1, 2, 3, 4, 5]), name: "memory")
    let transposed = try StoredTensor(
      elementType: .float32, shape: [3, 2], strides: [1, 3], bytes: storage)
    let scalar = try StoredTensor(elementType: .float32, shape: [], strides: [], bytes: storage)
    let long = try StoredTensor(elementType: .float32, shape: [6], bytes: storage)
    let all = tensors + [("transposed", transposed), ("scalar", scalar), ("long", long)]
    try withScratchFolder { folder in
      for name in ["a", "b"] { try NPZ.write(all, to: "\(folder)/\(name)") }
      let copies = try ["a", "b"].map { try ByteRegion(mapping: "\(folder)/\($0)").copy() }
      #expect(copies[0] == copies[1])
      let read = try NPZ(path: "\(folder)/a")
      #expect(read.names == all.map(\.0))
      for (name, tensor) in all {
        let found = try #require(read.tensors[name])
        #expect(found.elementType == tensor.elementType)
        #expect(found.shape == tensor.shape)
        #expect(found.contiguousBytes().copy() == tensor.contiguousBytes().copy())
        #expect(found.bytes.fileOffset.isMultiple(of: 64))
      }
    }
  }

  @Test("refuses archives of anything but whole arrays")
  func archives() throws {
    let good = file(header(), two).copy()
    let read = { (name: String, content: [UInt8]) in
      try NPZ(ZIPAssembler([("w.npy", good), (name, content)]).region)
    }
    #expect(try read("v.npy", good).names == ["w", "v"])
    expect(.damaged, says: "only .npy files") { _ = try read("v.txt", good) }
    expect(.damaged) { _ = try read("v.npy", good + [0]) }
    expect(.refusedAsUnsafe, says: "Python objects") {
      _ = try read("v.npy", file(header("'|O'"), two).copy())
    }
    expect(.refusedAsUnsafe) { _ = try read("../v.npy", good) }
  }

  @Test("refuses a bomb in weights.npy, whatever its header says")
  func bomb() {
    // A small file that claims 40 GB of zeros, and one whose 40 GB would really come.
    let claim = file(header(shape: "(10000000000,)")).copy()
    expect(.damaged) { _ = try NPZ(ZIPAssembler([("weights.npy", claim)]).region) }
    var bomb = ZIPAssembler.Entry("weights.npy", deflated: deflateZeros(repeats: 40), of: [0])
    bomb.setBoth { $0.byteCount = 0xFFFF_FFF0 }
    expect(.damaged, says: "200 times") { _ = try NPZ(ZIPAssembler([bomb]).region) }
    var limits = ZIPArchive.Limits()
    limits.expandedBytes = 100
    bomb.setBoth { $0.byteCount = 101 }
    expect(.damaged, says: "at most 100 bytes") {
      _ = try NPZ(ZIPAssembler([bomb]).region, limits: limits)
    }
  }
}

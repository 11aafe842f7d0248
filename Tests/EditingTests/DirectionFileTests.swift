// Files of directions: our own form and those of other programs, and files that pretend to be.

import Editing
import Formats
import TestSupport
import Tensors
import Testing

@Suite("Files of directions") struct DirectionFileTests {
  private let vectors = Tensor.seeded([3, 5], seed: 1, dtype: .float32)

  /// Writes bytes to a file and reads directions from it.
  private func reading(_ bytes: [UInt8]) throws -> DirectionFile {
    try withScratchFolder { folder in
      try put(bytes, at: "\(folder)/file")
      return try DirectionFile(reading: "\(folder)/file")
    }
  }

  /// Lets `write` make a file and reads directions from it.
  private func reading(_ write: (String) throws -> Void) throws -> DirectionFile {
    try withScratchFolder { folder in
      try write("\(folder)/file")
      return try DirectionFile(reading: "\(folder)/file")
    }
  }

  /// A file of NumPy's.
  private func npy(_ type: String, _ shape: String, _ elements: [UInt8]) -> [UInt8] {
    var header = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }".utf8)
    header += Array(repeating: 0x20, count: 63 - (header.count + 10) % 64) + [0x0A]
    return [0x93] + Array("NUMPY".utf8) + [1, 0] + littleEndian(UInt16(header.count)) + header
      + elements
  }

  private func stored(_ tensor: Tensor) -> TensorToWrite {
    let bytes = floatBytes(tensor.values())
    return TensorToWrite(elementType: .float32, shape: tensor.shape) {
      ByteRegion(bytes, name: "test")
    }
  }

  // MARK: Our own form

  @Test("what is written is read, bit for bit")
  func roundTrip() throws {
    let directions = [
      LatentDirection(vectors.selected(0, axis: 0), name: "smile \"☺\"", deviation: 1.5),
      LatentDirection(vectors.selected(1, axis: 0), rows: 2..<9),
    ]
    let mean = vectors.selected(2, axis: 0)
    let file = DirectionFile(directions, mean: mean, generatorHash: "ab12", method: "GANSpace")
    let read = try reading { try file.write(to: $0) }
    #expect(read.directions.map(\.name) == ["smile \"☺\"", ""])
    #expect(read.directions.map(\.deviation) == [1.5, nil])
    #expect(read.directions.map(\.rows) == [nil, 2..<9])
    for (a, b) in zip(read.directions, directions) { #expect(bits(a.vector) == bits(b.vector)) }
    #expect(read.mean.map(bits) == bits(mean))
    #expect(read.generatorHash == "ab12" && read.method == "GANSpace")
  }

  @Test("directions with a vector for every row keep their shape")
  func rowVectors() throws {
    let direction = LatentDirection(vectors)
    let read = try reading { try DirectionFile([direction]).write(to: $0) }
    #expect(read.directions.map(\.vector.shape) == [[3, 5]])
    #expect(read.mean == nil && read.generatorHash == nil && read.method.isEmpty)
  }

  @Test("directions of other codes are told apart")
  func misfits() {
    let file = DirectionFile([LatentDirection(.ones([5]))])
    #expect(file.misfit(numWs: 3, wDim: 5) == nil)
    #expect(file.misfit(numWs: 3, wDim: 6) == "directions: expected [6] or [3, 6], found [5]")
  }

  @Test("our own files are known again, and no others")
  func own() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/a.safetensors"
      #expect(!DirectionFile.isOwn(path))
      try DirectionFile([LatentDirection(.ones([5]))]).write(to: path)
      #expect(DirectionFile.isOwn(path))
      try Safetensors.write(
        [Safetensors.Entry(name: "vectors", stored(vectors))], metadata: [:], to: path)
      #expect(!DirectionFile.isOwn(path))
      try put(Array("text".utf8), at: path)
      #expect(!DirectionFile.isOwn(path))
    }
  }

  @Test("directions of different shapes are not written")
  func shapes() throws {
    try withScratchFolder { folder in
      let file = DirectionFile([LatentDirection(.ones([5])), LatentDirection(.ones([4]))])
      #expect(throws: EditingError.self) { try file.write(to: "\(folder)/file") }
      #expect(throws: EditingError.self) { try DirectionFile([]).write(to: "\(folder)/file") }
      #expect(names(in: folder).isEmpty)
    }
  }

  // MARK: Other programs' forms

  @Test("InterFaceGAN's arrays, in float64 too")
  func numPy() throws {
    let row = vectors.selected(0, axis: 0)
    let one = try reading(npy("<f4", "(1, 5)", floatBytes(row.values())))
    #expect(one.directions.map { bits($0.vector) } == [bits(row)])
    let flat = try reading(npy("<f4", "(5,)", floatBytes(row.values())))
    #expect(flat.directions.map { bits($0.vector) } == [bits(row)])
    let wide = row.values(as: Double.self).flatMap { littleEndian($0.bitPattern) }
    #expect(
      try reading(npy("<f8", "(1, 5)", wide)).directions.map { bits($0.vector) } == [bits(row)])
    #expect(flat.directions[0].deviation == nil && flat.generatorHash == nil)
  }

  @Test("a matrix that could be one direction of W+ or several of w is refused for what it is")
  func ambiguity() throws {
    func misfit(_ shape: String) throws -> String? {
      try reading(npy("<f4", shape, floatBytes(vectors.values())))
        .misfit(numWs: 3, wDim: 5)
    }
    #expect(
      try misfit("(3, 5)")
        == "directions: expected [1, 3, 5] for one of W+ or [3, 1, 5] for 3 of w, found [3, 5], "
        + "which could be either")
    #expect(try misfit("(1, 3, 5)") == nil && misfit("(3, 1, 5)") == nil)
    #expect(
      try reading(npy("<f4", "(1, 3, 5)", floatBytes(vectors.values()))).directions
        .map(\.vector.shape) == [[3, 5]])
    #expect(
      try reading(npy("<f4", "(3, 1, 5)", floatBytes(vectors.values()))).directions
        .map(\.vector.shape) == [[5], [5], [5]])
  }

  @Test("torch's arrays, e4e's principal components and rosinality's factors")
  func torch() throws {
    let array = try reading { try TorchArchive.write(.tensor(stored(vectors)), to: $0) }
    #expect(array.directions.count == 3 && array.method == "array of torch's")
    let components = try reading {
      try TorchArchive.write(
        .dictionary([
          ("comp", .tensor(stored(vectors.reshaped(3, 1, 5)))),
          ("mean", .tensor(stored(.ones([1, 5])))),
          ("std", .tensor(stored(Tensor([3, 2, 1] as [Float])))),
        ]), to: $0)
    }
    #expect(components.directions.map(\.deviation) == [3, 2, 1])
    #expect(components.directions.map(\.vector.shape) == [[5], [5], [5]])
    #expect(components.mean?.shape == [5])
    let factors = try reading {
      try TorchArchive.write(
        .dictionary([("ckpt", .string("x.pt")), ("eigvec", .tensor(stored(vectors)))]), to: $0)
    }
    // Directions are columns there.
    #expect(factors.directions.count == 5)
    #expect(bits(factors.directions[1].vector) == bits(vectors.selected(1, axis: 1).contiguous()))
  }

  // MARK: Hostile files

  @Test("zeros, numbers beyond float32 and directions without end are refused")
  func numbers() throws {
    let zeros = try reading(npy("<f4", "(1, 2)", floatBytes([0, 0])))
    #expect(
      zeros.misfit(numWs: 3, wDim: 2) == "directions: expected lengths above 0, found zeros")
    // The size is the first thing to look at.
    #expect(
      zeros.misfit(numWs: 3, wDim: 4) == "directions: expected [4] or [3, 4], found [2]")
    expect(.damaged, says: "finite numbers of float32") {
      _ = try reading(npy("<f8", "(1, 1)", littleEndian((1e39).bitPattern)))
    }
    expect(.damaged, says: "at most 4096 directions") {
      _ = try reading(npy("<f4", "(4097, 1)", [UInt8](repeating: 0, count: 4097 * 4)))
    }
  }

  @Test("files that hold no directions say so")
  func foreign() {
    expect(.notRecognised, says: "found text") { _ = try reading(Array("hello, world".utf8)) }
    expect(.notRecognised) { _ = try reading([]) }
    expect(.damaged, says: "finite numbers of float32") {
      _ = try reading(npy("<i8", "(1, 1)", littleEndian(Int64(3))))
    }
    expect(.damaged, says: "finite numbers of float32, found others") {
      _ = try reading(npy("<f4", "(2,)", floatBytes([1, .nan])))
    }
    expect(.damaged, says: "1 to 3 axes") {
      _ = try reading(npy("<f4", "(1, 1, 1, 1)", floatBytes([1])))
    }
    expect(.damaged, says: "found [0, 4]") { _ = try reading(npy("<f4", "(0, 4)", [])) }
    expect(.doesNotFit, says: "expected directions") {
      _ = try reading {
        try TorchArchive.write(.dictionary([("w", .tensor(stored(vectors)))]), to: $0)
      }
    }
    expect(.damaged, says: "mean [5] and 3 positive numbers in std") {
      _ = try reading {
        try TorchArchive.write(
          .dictionary([
            ("comp", .tensor(stored(vectors))), ("mean", .tensor(stored(.ones([5])))),
            ("std", .tensor(stored(.zeros([3])))),
          ]), to: $0)
      }
    }
  }

  @Test("our own files with other metadata than their tensors are refused")
  func metadata() {
    func refuses(_ kind: FileError.Kind, _ words: String, _ changes: [String: String]) {
      expect(kind, says: words) {
        _ = try reading { path in
          var metadata = [
            "stylist.format": "1", "stylist.kind": "directions",
            "stylist.directions": #"[{"name":"a"},{"name":"b"},{"name":"c"}]"#,
          ]
          metadata.merge(changes) { $1 }
          try Safetensors.write(
            [Safetensors.Entry(name: "vectors", stored(vectors))], metadata: metadata, to: path)
        }
      }
    }
    refuses(.unsupported, "directions of stylist.format 1, found 2", ["stylist.format": "2"])
    refuses(.doesNotFit, "found generator", ["stylist.kind": "generator"])
    refuses(.damaged, "a list of names", ["stylist.directions": "7"])
    refuses(.damaged, "1 directions", ["stylist.directions": #"[{"name":"a"}]"#])
    for rows in ["[3]", "[3,2]", "[-1,2]", "[0,99999]"] {
      let record = #"[{"name":"a","rows":\#(rows)},{"name":"b"},{"name":"c"}]"#
      refuses(.damaged, "rows from 0 to 1024", ["stylist.directions": record])
    }
    let record = #"[{"name":"a","deviation":-1},{"name":"b"},{"name":"c"}]"#
    refuses(.damaged, "positive deviations", ["stylist.directions": record])
  }

  @Test("a file without vectors, or cut anywhere, is refused")
  func truncation() throws {
    expect(.damaged, says: "a tensor called vectors") {
      _ = try reading { path in
        let metadata = [
          "stylist.format": "1", "stylist.kind": "directions", "stylist.directions": "[]",
        ]
        try Safetensors.write(
          [Safetensors.Entry(name: "w", stored(vectors))], metadata: metadata, to: path)
      }
    }
    let whole = try withScratchFolder { folder in
      try DirectionFile([LatentDirection(vectors)]).write(to: "\(folder)/file")
      return try ByteRegion(mapping: "\(folder)/file").copy()
    }
    for count in stride(from: 0, to: whole.count, by: 7) {
      #expect(throws: FileError.self, "\(count) bytes") {
        _ = try reading(Array(whole.prefix(count)))
      }
    }
  }
}

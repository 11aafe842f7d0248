// The files of MTCNN in both published layouts, and our own: the same numbers; and files in which
// something is wrong or hostile.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

private typealias Arrays = [(name: String, values: [Float], shape: [Int])]

@Suite("Files of detectors") struct DetectorFileTests {
  private let network = MTCNN(
    Scope(ParameterStore(), generator: TorchGenerator(seed: 4)))

  /// The tensors of one network under facenet-pytorch's names.
  private func arrays(_ part: String) -> Arrays {
    network.parameters.entries.compactMap { name, entry in
      guard name.hasPrefix("\(part).") else { return nil }
      return (String(name.dropFirst(part.count + 1)), entry.tensor.values(), entry.tensor.shape)
    }
  }

  /// The same under TreB1eN's names, whose first matrix sees channels, then columns, then rows.
  private func otherArrays(_ part: String) -> Arrays {
    let first = ["rnet": ("dense4", 64), "onet": ("dense5", 128)][part]
    return arrays(part).map { name, values, shape in
      let layer = name.prefix { $0 != "." }
      let isHead = layer.contains("_")
      let prefix = isHead ? "" : "features."
      guard name.hasPrefix("dense") else { return (prefix + name, values, shape) }
      let new = prefix + name.replacing("dense", with: "conv")
      guard let (matrix, channels) = first, name == "\(matrix).weight" else {
        return (new, values, shape)
      }
      var moved = values
      for row in 0..<shape[0] {
        for column in 0..<3 {
          for line in 0..<3 {
            for channel in 0..<channels {
              let from = (column * 3 + line) * channels + channel
              let to = (channel * 3 + column) * 3 + line
              moved[row * shape[1] + to] = values[row * shape[1] + from]
            }
          }
        }
      }
      return (new, moved, shape)
    }
  }

  private func writeTorch(_ arrays: Arrays, to path: String) throws {
    try TorchArchive.write(
      .dictionary(
        arrays.map { array in
          let tensor = TensorToWrite(elementType: .float32, shape: array.shape) {
            ByteRegion(floatBytes(array.values), name: "x")
          }
          return (array.name, .tensor(tensor))
        }), to: path)
  }

  private func writeNumPy(_ arrays: Arrays, to path: String) throws {
    try put(npyOfObjects { $0.dictionary(arrays) }, at: path)
  }

  private static let parts = ["pnet", "rnet", "onet"]

  /// Writes all three files of one program.
  private func write(into folder: String, asNumPy: Bool) throws {
    for part in Self.parts {
      try asNumPy
        ? writeNumPy(otherArrays(part), to: "\(folder)/\(part).npy")
        : writeTorch(arrays(part), to: "\(folder)/\(part).pt")
    }
  }

  @Test(
    "both programs' files give the same numbers, and so does our own", arguments: [true, false])
  func roundTrip(isNumPy: Bool) throws {
    try withScratchFolder { folder in
      try write(into: folder, asNumPy: isNumPy)
      let found = try Checkpoint.Network.mtcnn(folder: folder)
      #expect(found.use == .detector && found.tensors.count == 50)
      let built = try found.makeMTCNN()
      for (name, entry) in network.parameters.entries {
        #expect(built.parameters[name].values() == entry.tensor.values(), "\(name)")
      }
      let opened = try Checkpoint.open(folder)
      #expect(opened.form == .detector && opened.networks.keys == ["detector"])
      let file = "\(folder)/detector.safetensors"
      try found.writeNetworkFile(role: "detector", notes: .init(), to: file)
      let own = try #require(try Checkpoint.open(file).networks["detector"])
      #expect(own.configuration is MTCNNConfiguration)
      #expect(try own.contentHash() == found.contentHash())
      #expect(throws: FileError.self) { try own.makeLPIPS() }
    }
  }

  @Test("names go with their layout in either form of file, and forms may be mixed")
  func mixed() throws {
    try withScratchFolder { folder in
      try writeTorch(otherArrays("pnet"), to: "\(folder)/pnet.pt")
      try writeTorch(otherArrays("rnet"), to: "\(folder)/rnet.pt")
      try writeNumPy(arrays("onet"), to: "\(folder)/onet.npy")
      let built = try Checkpoint.Network.mtcnn(folder: folder + "/").makeMTCNN()
      for (name, entry) in network.parameters.entries {
        #expect(built.parameters[name].values() == entry.tensor.values(), "\(name)")
      }
    }
  }

  @Test("a file that is missing is named")
  func missing() throws {
    try withScratchFolder { folder in
      expect(.missing, says: "\(folder)/pnet.pt: missing: expected a network of MTCNN here, or in")
      {
        _ = try Checkpoint.Network.mtcnn(folder: folder)
      }
      expect(.unreadable) { _ = try Checkpoint.open(folder) }
      try writeNumPy(otherArrays("pnet"), to: "\(folder)/pnet.npy")
      expect(.missing, says: "\(folder)/rnet.pt") {
        _ = try Checkpoint.Network.mtcnn(folder: folder)
      }
      expect(.missing, says: "\(folder)/rnet.pt") { _ = try Checkpoint.open(folder) }
    }
  }

  @Test("files that do not hold these networks are refused, and say what is wrong")
  func misfits() throws {
    try withScratchFolder { folder in
      try write(into: folder, asNumPy: true)
      let path = "\(folder)/rnet.npy"
      func refuses(_ kind: FileError.Kind, _ words: String, _ arrays: Arrays) throws {
        try writeNumPy(arrays, to: path)
        expect(kind, says: words) { _ = try Checkpoint.Network.mtcnn(folder: folder) }
      }
      try refuses(.damaged, "rnet.", otherArrays("pnet"))
      try refuses(
        .damaged, "rnet.dense4.bias",
        otherArrays("rnet").filter { $0.name != "features.conv4.bias" })
      try refuses(.damaged, "rnet.more", otherArrays("rnet") + [("more", [1], [1])])
      let others = otherArrays("rnet").filter { $0.name != "features.conv4.weight" }
      try refuses(
        .damaged, "rnet.dense4.weight", others + [("features.conv4.weight", [1, 2, 3, 4], [2, 2])])
      try refuses(
        .damaged, "expected conv1.weight: elements inside a storage of 8 bytes",
        [("conv1.weight", [1, 2], [3])])
      try put(npyOfObjects { $0.int(1) }, at: path)
      expect(.notRecognised, says: "\(path): not recognised: expected a dictionary of arrays") {
        _ = try Checkpoint.Network.mtcnn(folder: folder)
      }
      try put(npyOfObjects { $0.ops("}").text("conv1.weight").int(1).ops("s") }, at: path)
      expect(.unsupported, says: "conv1.weight: an array, found an integer") {
        _ = try Checkpoint.Network.mtcnn(folder: folder)
      }
    }
  }

  @Test("hostile files are refused as in every other place")
  func hostile() throws {
    try withScratchFolder { folder in
      try write(into: folder, asNumPy: true)
      let path = "\(folder)/onet.npy"
      try put(npyOfObjects { $0.call("os", "system") { $0.text("touch canary") } }, at: path)
      expect(.refusedAsUnsafe, says: "os.system") {
        _ = try Checkpoint.Network.mtcnn(folder: folder)
      }
      try put(
        npyOfObjects {
          $0.ops("}").text("conv1.weight").call("builtins", "eval") { $0.text("1") }.ops("s")
        }, at: path)
      expect(.refusedAsUnsafe, says: "builtins.eval") { _ = try Checkpoint.open(folder) }
      // A small file that claims many bytes.
      try put(
        npyOfObjects {
          $0.ops("}").text("conv1.weight").numPyArray(
            [1 << 30, 1 << 30], type: { $0.numPyType("f4") }, elements: { $0.bytes([1, 2, 3, 4]) }
          ).ops("s")
        }, at: path)
      expect(.damaged, says: "\(path): damaged: expected conv1.weight:") {
        _ = try Checkpoint.Network.mtcnn(folder: folder)
      }
    }
  }
}

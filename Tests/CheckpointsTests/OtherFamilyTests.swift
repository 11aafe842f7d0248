// Whole files that cannot be used: what they seem to be is said, and none is called damaged.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

@Suite("Networks of other families")
struct OtherFamilyTests {
  /// A torch file of empty tensors of some names.
  private func torchFile(_ names: String...) throws {
    let empty = TensorToWrite(elementType: .float32, shape: [0]) { ByteRegion([], name: "x") }
    try withScratchFolder { folder in
      try TorchArchive.write(
        .dictionary(names.map { ($0, .tensor(empty)) }), to: "\(folder)/a.pt")
      _ = try Checkpoint.open("\(folder)/a.pt")
    }
  }

  @Test("state dictionaries are told by names that only one family has")
  func states() {
    func says(
      _ family: String, _ names: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) {
      for name in names {
        expect(.unsupported, says: "what seems to be \(family),", sourceLocation: sourceLocation) {
          try torchFile("style.1.weight", "state_dict.\(name)")
        }
      }
    }
    says("StyleGAN3", "synthesis.input.freqs")
  }

  @Test("names that merely end alike tell nothing, and the keys are listed")
  func unknown() {
    expect(.notRecognised, says: "found a dictionary of a, b.xsynthesis.input.freqs") {
      try torchFile("a", "b.xsynthesis.input.freqs")
    }
    expect(.notRecognised, says: "found nothing") { try torchFile() }
  }

  @Test("networks of other classes in NVIDIA's pickles")
  func pickles() {
    func says(_ words: String, role: String = "G_ema", _ module: Module) {
      expect(.unsupported, says: words) {
        _ = try PickleAssembler.checkpoint([role: module]).open()
      }
    }
    var other = Module("Generator")
    other.insert(Tensor.zeros([1]), isParameter: false, at: ["synthesis", "input", "freqs"])
    says("what seems to be StyleGAN3, which is not supported yet", other)
    says(
      "G_ema: StyleGAN2's or Styleformer's generator, found a network of class Discriminator",
      Module(tinyDiscriminator()))
    says(
      "D: StyleGAN2's discriminator, found a network of class Generator", role: "D",
      Module(tinyGenerator()))
    expect(.notRecognised, says: "a network G, D or G_ema, found only comp") {
      _ = try PickleAssembler(protocol: 3).dictionary { $0.text("comp").int(1) }.open()
    }
  }

  @Test("codes and directions of editing are arrays, no networks")
  func arrays() throws {
    let direction = try StoredTensor(
      elementType: .float32, shape: [1, 4], bytes: ByteRegion(floatBytes([1, 0, 0, 0]), name: "x"))
    let words = "one array [1, 4], as codes and directions of editing are"
    try withScratchFolder { folder in
      let magic: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
      let header = Array("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 4), }\n".utf8)
      let numbers = direction.contiguousBytes().copy()
      try put(
        magic + littleEndian(UInt16(header.count)) + header + numbers, at: "\(folder)/boundary.npy")
      expect(.notRecognised, says: words) { _ = try Checkpoint.open("\(folder)/boundary.npy") }
      try NPZ.write([(name: "w", tensor: direction)], to: "\(folder)/w.npz")
      expect(.notRecognised, says: "NumPy's arrays w") {
        _ = try Checkpoint.open("\(folder)/w.npz")
      }
      var file = TorchFileAssembler([1, 0, 0, 0])
      file.makeTensor([1, 4], [4, 1])
      try put(file.zip().copy(), at: "\(folder)/age.pt")
      expect(.notRecognised, says: words) { _ = try Checkpoint.open("\(folder)/age.pt") }
      try put(magic, at: "\(folder)/cut.npy")
      expect(.damaged) { _ = try Checkpoint.open("\(folder)/cut.npy") }
    }
  }

  @Test("safetensors of other programs, and the state of a training")
  func safetensors() throws {
    try withScratchFolder { folder in
      let path = "\(folder)/a.safetensors"
      func write(_ name: String) throws {
        let entry = Safetensors.Entry(name: name, elementType: .float32, shape: [0]) {
          ByteRegion([], name: "x")
        }
        try Safetensors.write([entry], metadata: [:], to: path)
      }
      try write("w")
      expect(.notRecognised, says: "other tensors: w") { _ = try Checkpoint.open(path) }
      try write("G.synthesis.input.freqs")
      expect(.unsupported, says: "what seems to be StyleGAN3") {
        _ = try Checkpoint.open(path)
      }
      try TrainingState().write(to: path)
      expect(.doesNotFit, says: "the state of a training") { _ = try Checkpoint.open(path) }
    }
  }
}

// TensorFlow pickles: StyleGAN2's networks are imported and draw the same, StyleGAN's are reported.

import Checkpoints
import Foundation
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

@Suite("TensorFlow pickles")
struct TensorFlowTests {
  private func snapshot(
    _ generator: StyleGAN2 = tinyGenerator(),
    change: (inout TensorFlowModule) -> Void = { _ in }
  ) -> PickleAssembler {
    var gs = TensorFlowModule(generator, name: "Gs")
    change(&gs)
    return .tensorFlow(
      TensorFlowModule(tinyGenerator(seed: 7), name: "G"), TensorFlowModule(tinyDiscriminator()), gs
    )
  }

  @Test(
    "an imported generator draws the picture of the network that the file was made of",
    arguments: [StyleGAN2Configuration.Architecture.skip, .resnet])
  func generator(architecture: StyleGAN2Configuration.Architecture) throws {
    let original = tinyGenerator { $0.architecture = architecture }
    let checkpoint = try snapshot(original).open()
    #expect(checkpoint.networks.keys == ["G", "D", "G_ema"])
    let network = try #require(checkpoint.networks["G_ema"])
    let read = try network.makeGenerator()
    #expect(read.configuration as? StyleGAN2Configuration == original.configuration)
    #expect(picture(of: read) == picture(of: original))
    for (name, entry) in original.parameters.entries where !name.hasSuffix("affine.bias") {
      #expect(read.parameters[name].values() == entry.tensor.values(), "\(name)")
    }
    let other = try #require(checkpoint.networks["G"]).makeGenerator()
    #expect(picture(of: other) == picture(of: tinyGenerator(seed: 7)))
  }

  @Test("an imported discriminator gives the same logits")
  func discriminator() throws {
    let original = tinyDiscriminator()
    let read = try #require(snapshot().open().networks["D"]).makeDiscriminator()
    let img = Tensor.seeded([2, 3, 8, 8], seed: 4, dtype: .float32)
    let logits = withoutGradients { read(img, labels: nil, options: .init()).values() }
    #expect(logits == withoutGradients { original(img).values() })
  }

  @Test("the Python text in the file is not looked at")
  func source() throws {
    try withScratchFolder { folder in
      let canary = "\(folder)/canary"
      let pickle = snapshot { $0.source = "open('\(canary)', 'w').close()" }
      _ = try #require(pickle.open().networks["G_ema"]).makeGenerator()
      #expect(!FileManager.default.fileExists(atPath: canary))
    }
  }

  @Test("refuses variables that are unknown, missing, of another shape or contradicted")
  func refusals() {
    func refuses(_ words: String, _ change: @escaping (inout TensorFlowModule) -> Void) {
      expect(.damaged, says: words) {
        _ = try snapshot(change: change).open().networks["G_ema"]?.makeGenerator()
      }
    }
    refuses("surprise") { $0.variables["surprise"] = .zeros([1]) }
    refuses("mapping.fc1") { $0.components["mapping"]?.variables["Dense1/bias"] = nil }
    refuses("b4.const") {
      $0.components["synthesis"]?.variables["4x4/Const/const"] = .zeros([2, 4, 4, 4])
    }
    refuses("architecture") { $0.arguments["architecture"] = .string("orig") }
    refuses("nonlinearity") { $0.arguments["nonlinearity"] = .string("relu") }
    refuses("version") { $0.version = 99 }
  }

  @Test("what the arguments say beyond the shapes is taken")
  func arguments() throws {
    let pickle = snapshot {
      $0.arguments = [
        "resample_kernel": .list([.int(1), .int(2), .int(1)]), "conv_clamp": .int(256),
        "num_fp16_res": .int(2), "truncation_psi": .double(0.5),
      ]
    }
    let network = try #require(try pickle.open().networks["G_ema"])
    let found = try #require(network.configuration as? StyleGAN2Configuration)
    #expect(found.resampleFilter == [1, 2, 1])
    #expect(found.convClamp == 256 && found.numFP16Res == 2)
    #expect(try network.generatorTraits().resolution == 8)
  }

  // MARK: Networks named again and again

  /// A network whose components are one network named `count` times, and so on `depth` times.
  private func repeated(_ count: Int, depth: Int) -> PickleAssembler {
    func network(_ pickle: PickleAssembler, _ depth: Int) -> PickleAssembler {
      pickle.global("dnnlib.tflib.network", "Network").ops(")").op(0x81).dictionary {
        $0.text("version").int(4).text("name").text("x").text("static_kwargs").ops("}")
          .text("variables").ops("]").text("components").then { pickle in
            guard depth > 0 else { return pickle.ops("}") }
            // The first entry makes the network below, the others name it again.
            let slot = UInt8(depth)
            let first = network(pickle.ops("}(").text("0"), depth - 1)
              .put(slot)
            return (1..<count).reduce(first) { $0.text("\($1)").get(slot) }.ops("u")
          }
      }.ops("b")
    }
    return network(PickleAssembler(protocol: 3), depth)
  }

  private func networks(_ pickle: PickleAssembler) throws -> [String] {
    try withScratchFolder { folder in
      try put(pickle.region.copy(), at: "\(folder)/network.pkl")
      return Array(try TensorFlowNetwork.networks(reading: "\(folder)/network.pkl").keys)
    }
  }

  @Test("refuses networks that a small file names again and again")
  func repeatedNetworks() throws {
    #expect(try networks(repeated(10, depth: 3)) == ["x"])
    let bomb = repeated(26, depth: 3)
    #expect(bomb.bytes.count < 2000)
    expect(.damaged, says: "at most 4 networks inside each other, 16384 networks and variables") {
      _ = try networks(bomb)
    }
    expect(.damaged, says: "at most 4 networks") { _ = try networks(repeated(1, depth: 4)) }
  }

  // MARK: NumPy's arrays

  private func tensor(_ value: (PickleAssembler) -> PickleAssembler) throws -> StoredTensor? {
    try StoredTensor(numPy: value(PickleAssembler(protocol: 3)).read(), file: "test.pkl")
  }

  @Test("reads arrays in rows and in columns, and scalars without axes")
  func arrays() throws {
    let matrix = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    let rows = try #require(try tensor { $0.array(matrix) })
    #expect(rows.shape == [2, 3])
    #expect(try Tensor.reading(rows).values() == [1, 2, 3, 4, 5, 6])
    let columns = try #require(
      try tensor {
        $0.call("numpy._core.multiarray", "_reconstruct") {
          $0.global("numpy", "ndarray").ints([0]).bytes([0x62])
        }.tuple {
          $0.int(1).ints([2, 3]).dtype("f4").bool(true).bytes(floatBytes([1, 4, 2, 5, 3, 6]))
        }.ops("b")
      })
    #expect(try Tensor.reading(columns).values() == [1, 2, 3, 4, 5, 6])
    let scalar = try #require(
      try tensor {
        $0.call("numpy.core.multiarray", "scalar") { $0.dtype("i8").bytes(littleEndian(Int64(-3))) }
      })
    #expect(scalar.shape.isEmpty)
    #expect(try Tensor.reading(scalar).values(as: Int64.self) == [-3])
  }

  @Test("refuses arrays of objects, of other byte orders, and of another size")
  func damagedArrays() {
    func array(
      _ code: String, order: String = "<", shape: [Int32] = [2], count: Int = 8
    ) -> PickleAssembler {
      PickleAssembler(protocol: 3).call("numpy.core.multiarray", "_reconstruct") {
        $0.global("numpy", "ndarray").ints([0]).bytes([0x62])
      }.tuple {
        $0.int(1).ints(shape).dtype(code, order: order).bool(false)
          .bytes([UInt8](repeating: 0, count: count))
      }.ops("b")
    }
    let damaged = [
      array("f4", count: 7), array("f4", shape: [3]), array("f4", shape: [-1]),
      array("f4", shape: [1 << 30, 1 << 30]),
    ]
    let unsupported = [array("O8"), array("f4", order: ">"), array("V8"), array("c8")]
    for (kind, pickles) in [(FileError.Kind.damaged, damaged), (.unsupported, unsupported)] {
      for pickle in pickles {
        expect(kind) { _ = try StoredTensor(numPy: pickle.read(), file: "test.pkl") }
      }
    }
  }
}

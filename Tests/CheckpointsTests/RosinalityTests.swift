// Torch files of StyleGAN2: rosinality's in all their forms, NVIDIA's names, and what is written
// in both.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

@Suite("Torch files of StyleGAN2")
struct RosinalityTests {
  static let folder = "checkpoint-rosinality-pt"

  private func open(_ file: String) throws -> Checkpoint {
    try Checkpoint.open(caseFile("\(Self.folder)/\(file)"))
  }

  // MARK: Published forms

  @Test("a file and its older form hold the same network")
  func forms() throws {
    for name in ["converted", "training"] {
      let networks = try ["zip", "legacy"].map { try open("\(name)-\($0).pt").networks }
      #expect(networks[0].keys == networks[1].keys)
      for role in networks[0].keys {
        let hashes = try networks.map { try $0[role]?.contentHash() }
        #expect(hashes[0] == hashes[1], "\(name) \(role)")
      }
    }
  }

  @Test("the configuration follows from the shapes")
  func configuration() throws {
    var expected = StyleGAN2Configuration(resolution: 16)
    (expected.zDim, expected.wDim, expected.mappingLayers) = (12, 12, 4)
    (expected.channelBase, expected.channelMax) = (128, 8)
    expected.pixelEncoding = .rounded
    let found = try open("converted-zip.pt").networks["G_ema"]?.configuration
    #expect(found as? StyleGAN2Configuration == expected)
    var d = StyleGAN2DiscriminatorConfiguration(resolution: 16)
    (d.channelBase, d.channelMax) = (128, 8)
    let foundD = try open("training-zip.pt").networks["D"]?.configuration
    #expect(foundD as? StyleGAN2DiscriminatorConfiguration == d)
  }

  @Test("what a training keeps beside its networks is named")
  func otherParts() throws {
    let parts = try open("training-zip.pt").otherParts
    #expect(parts == ["g_optim", "d_optim", "args", "ada_aug_p"])
    let state = try TorchState(reading: caseFile("\(Self.folder)/training-zip.pt"))
    #expect(state.values.keys.contains("args"))
    guard case .dictionary(let arguments) = state.values["args"] else {
      Issue.record("args are no dictionary: \(String(describing: state.values["args"]))")
      return
    }
    #expect(!arguments.isEmpty)
  }

  @Test("a file without a mean of w gets one from fixed samples, and says so")
  func missingAverage() throws {
    let (with, without) = (try open("converted-zip.pt"), try open("training-zip.pt"))
    let stored = try #require(with.networks["G_ema"])
    let estimated = try #require(without.networks["G_ema"])
    #expect(stored.wAvgSource == .stored && stored.wAvgReason == nil && stored.remarks.isEmpty)
    #expect(estimated.wAvgSource == .estimated(samples: 4096, seed: 0))
    #expect(estimated.wAvgReason == "no mean of w in the file" && estimated.remarks.isEmpty)
    let generator = try estimated.makeGenerator()
    #expect(generator.traits.wAvgSource == .estimated(samples: 4096, seed: 0))
    // The mean over the same samples, taken one by one.
    var random = RandomState(seed: 0)
    let zDim = generator.traits.zDim
    let z = random.randn(4096 * zDim).map(Float.init)
    let w = withoutGradients {
      generator.map(z: Tensor(z, shape: [4096, zDim]), labels: nil).mean(over: 0)
    }
    expectClose(generator.wAvg, w, atol: 1e-6)
  }

  @Test("half precision stays in the file and is float32 in the network")
  func half() throws {
    let network = try #require(try open("half-zip.pt").networks["G_ema"])
    #expect(network.tensors["synthesis.b4.const"]?.dtype == .float16)
    let generator = try network.makeGenerator()
    #expect(generator.parameters["synthesis.b4.const"].dtype == .float32)
    let full = try #require(try open("converted-zip.pt").networks["G_ema"]).makeGenerator()
    // float16 keeps 11 bits; a few layers lose a few more.
    let (a, b) = (picture(of: generator), picture(of: full))
    #expect(zip(a, b).allSatisfy { abs(Int($0) - Int($1)) <= 2 })
    #expect(Set(b).count > 16)
  }

  // MARK: Writing

  private func networks(
    _ g: StyleGAN2, _ d: StyleGAN2Discriminator
  ) throws -> OrderedDictionary<String, Checkpoint.Network> {
    var judge = Module(d)
    judge.arguments["epilogue_kwargs"] = .dictionary(["mbstd_group_size": .int(4)])
    let modules: OrderedDictionary<String, Module> = ["G": Module(g), "D": judge]
    var found = try PickleAssembler.checkpoint(modules).open().networks
    found["G_ema"] = try PickleAssembler.checkpoint(["G_ema": Module(tinyGenerator(seed: 9))])
      .open().networks["G_ema"]
    return found
  }

  @Test("what is written is read again with the same hash, pictures and logits")
  func roundTrip() throws {
    let original = try networks(tinyGenerator(), tinyDiscriminator())
    try withScratchFolder { folder in
      for (path, write) in [
        ("\(folder)/a.pt", RosinalityFile.write), ("\(folder)/b.pt", NVIDIAStateFile.write),
      ] {
        try write(original, path)
        let read = try Checkpoint.open(path).networks
        #expect(Set(read.keys) == ["G", "D", "G_ema"])
        for role in ["G_ema", "D"] {
          #expect(try read[role]?.contentHash() == original[role]?.contentHash(), "\(path) \(role)")
        }
        let (a, b) = (try original["G"]?.makeGenerator(), try read["G"]?.makeGenerator())
        let (first, second) = (try #require(a), try #require(b))
        let w = Tensor.seeded([1, first.traits.numWs, 4], seed: 2, dtype: .float32)
        let images = withoutGradients {
          [first, second].map { $0.synthesize(w, options: SynthesisOptions()).values() }
        }
        #expect(images[0] == images[1], "\(path)")
      }
    }
  }

  @Test("NVIDIA's names come with the arguments that shapes do not tell")
  func arguments() throws {
    let g = tinyGenerator {
      ($0.convClamp, $0.numFP16Res, $0.resampleFilter) = (256, 2, [1, 2, 1])
      $0.mappingLRMultiplier = 0.02
    }
    try withScratchFolder { folder in
      let path = "\(folder)/a.pt"
      let own = "\(folder)/own.safetensors"
      try writeNetworkFile(g.parameters, configuration: g.configuration, to: own)
      try NVIDIAStateFile.write(try Checkpoint.open(own).networks, to: path)
      let read = try #require(try Checkpoint.open(path).networks["G_ema"])
      #expect(read.configuration as? StyleGAN2Configuration == g.configuration)
    }
  }

  @Test("rosinality's code has no labels, other architectures or widths of w")
  func unfit() throws {
    func refuses(_ words: String, _ change: (inout StyleGAN2Configuration) -> Void) throws {
      try withScratchFolder { folder in
        let (own, path) = ("\(folder)/own.safetensors", "\(folder)/a.pt")
        let g = tinyGenerator(change)
        try writeNetworkFile(g.parameters, configuration: g.configuration, to: own)
        let networks = try Checkpoint.open(own).networks
        let error = #expect(throws: ConversionError.self) {
          try RosinalityFile.write(networks, to: path)
        }
        let line = error?.description ?? ""
        #expect(line.hasPrefix("\(own): G_ema does not fit into rosinality's form: "), "\(line)")
        #expect(line.contains(words), "\(line)")
        #expect(throws: try #require(error)) { try RosinalityFile.check(networks) }
        #expect(names(in: folder) == ["own.safetensors"])
      }
    }
    try refuses("expected no labels, found labels of length 3") { $0.labelDim = 3 }
    try refuses("expected a skip generator, found resnet") { $0.architecture = .resnet }
    try refuses("expected z and w of one length, found 5 and 4") { $0.zDim = 5 }
    try refuses("expected RGB pictures, found 4 channels") { $0.imgChannels = 4 }
  }

  // MARK: Other places, damaged files

  /// The tensors of the published converted file, which `change` alters, opened again from under
  /// `path`.
  private func reopened(
    under path: [String], _ change: (inout OrderedDictionary<String, StoredTensor>) throws -> Void
  ) throws -> Checkpoint {
    let state = try TorchState(reading: caseFile("\(Self.folder)/converted-zip.pt"))
    var tensors: OrderedDictionary<String, StoredTensor> = [:]
    for (name, tensor) in state.tensors where name.hasPrefix("g_ema.") {
      tensors[String(name.dropFirst("g_ema.".count))] = tensor
    }
    try change(&tensors)
    let prefix = path.dropFirst().joined(separator: ".")
    let entries = tensors.map { name, tensor in
      (
        key: prefix.isEmpty ? name : "\(prefix).\(name)",
        value: TorchArchive.Value.tensor(TensorToWrite(tensor))
      )
    }
    var value = TorchArchive.Value.dictionary(entries)
    if let key = path.first { value = .dictionary([(key: key, value: value)]) }
    return try withScratchFolder { folder in
      try TorchArchive.write(value, to: "\(folder)/a.pt")
      return try Checkpoint.open("\(folder)/a.pt")
    }
  }

  @Test(
    "finds the generator where programs that build on it keep it",
    arguments: [
      [], ["g_ema"], ["state_dict"], ["state_dict", "decoder"], ["state_dict", "generator"],
    ])
  func places(path: [String]) throws {
    let checkpoint = try reopened(under: path) { _ in }
    let network = try #require(checkpoint.preferredGenerator?.network)
    #expect(try network.makeGenerator().traits.resolution == 16)
  }

  @Test("refuses tensors that are missing, unknown, or of another shape")
  func refusals() throws {
    let scalar = try StoredTensor(
      elementType: .float32, shape: [1], bytes: ByteRegion([0, 0, 0, 0], name: "x"))
    func refuses(
      _ words: String, _ change: @escaping (inout OrderedDictionary<String, StoredTensor>) -> Void
    ) {
      expect(.damaged, says: words) {
        _ = try reopened(under: ["g_ema"], change).networks["G_ema"]?.makeGenerator()
      }
    }
    refuses("surprise") { $0["surprise"] = scalar }
    refuses("convs.1.activate.bias") { $0["convs.1.activate.bias"] = nil }
    refuses("expected rosinality's StyleGAN2 with style.2.weight, found none of that") {
      $0["style.2.weight"] = nil
    }
    refuses("with style.1.weight, to_rgbs.0.conv.weight, found none of that, and the unknown new") {
      ($0["style.1.weight"], $0["to_rgbs.0.conv.weight"], $0["new"]) = (nil, nil, scalar)
    }
    refuses("with style.1.bias, style.2.bias, style.3.bias, style.4.bias and 1 more, found none") {
      for layer in 1...4 { $0["style.\(layer).bias"] = nil }
      $0["input.input"] = nil
    }
    refuses("axes") { $0["to_rgb1.bias"] = scalar }
    refuses("b8.conv1.bias") { $0["convs.1.activate.bias"] = scalar }
    refuses("b8.conv0.weight") { $0["convs.0.conv.weight"] = scalar }
  }

  @Test("old files without noise get noise from a fixed seed")
  func noNoise() throws {
    func opened() throws -> Checkpoint.Network {
      let checkpoint = try reopened(under: ["g_ema"]) { tensors in
        tensors = tensors.filter { !$0.key.hasPrefix("noises.") }
      }
      return try #require(checkpoint.networks["G_ema"])
    }
    let (first, second) = (try opened(), try opened())
    #expect(first.remarks.contains { $0.contains("noise") })
    #expect(try first.contentHash() == second.contentHash())
    let noise = try first.makeGenerator().parameters["synthesis.b16.conv1.noise_const"]
    #expect(Set(noise.values()).count == 256)
  }

  @Test("refuses names that many keys make longer and longer")
  func longNames() throws {
    let tensor = TensorToWrite(elementType: .float32, shape: [0]) { ByteRegion([], name: "x") }
    func read(depth: Int) throws -> TorchState {
      let key = String(repeating: "k", count: 127)
      let value = (0..<depth).reduce(TorchArchive.Value.tensor(tensor)) { inner, _ in
        .dictionary([(key: key, value: inner)])
      }
      return try withScratchFolder { folder in
        try TorchArchive.write(value, to: "\(folder)/a.pt")
        return try TorchState(reading: "\(folder)/a.pt")
      }
    }
    #expect(try read(depth: 4).tensors.keys.first?.utf8.count == 4 * 128 - 1)
    expect(.damaged, says: "names of at most 512 bytes") { _ = try read(depth: 5) }
  }

  @Test("refuses tensors that mention the same bytes over and over")
  func repeatedBytes() throws {
    let shared = TensorToWrite(elementType: .uint8, shape: [1 << 20]) {
      ByteRegion([UInt8](repeating: 0, count: 1 << 20), name: "x")
    }
    func open(count: Int) throws -> Checkpoint {
      try withScratchFolder { folder in
        let g = tinyGenerator()
        try writeNetworkFile(g.parameters, configuration: g.configuration, to: "\(folder)/own")
        let own = try Safetensors(path: "\(folder)/own")
        let entries =
          own.tensors.map { name, tensor in
            (key: name, value: TorchArchive.Value.tensor(TensorToWrite(tensor)))
          } + (0..<count).map { (key: "x\($0)", value: .tensor(shared)) }
        try TorchArchive.write(
          .dictionary([(key: "G_ema", value: .dictionary(entries))]), to: "\(folder)/a.pt")
        return try Checkpoint.open("\(folder)/a.pt")
      }
    }
    #expect(throws: Never.self) { try open(count: 60) }
    expect(.damaged, says: "tensors of at most") { _ = try open(count: 80) }
  }

  @Test("a dictionary of something else is named by its keys")
  func foreign() {
    expect(.notRecognised, says: "views") { _ = try open("views-zip.pt") }
  }
}

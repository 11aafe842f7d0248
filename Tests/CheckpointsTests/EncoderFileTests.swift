// Files of encoders and of feature networks: Style Transformer's, pSp's and e4e's beside their
// generators, our own, and files in which something is wrong.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

private func tinyStyleTransformer() -> StyleTransformerConfiguration {
  var configuration = StyleTransformerConfiguration()
  (configuration.shape, configuration.tokens) = (tinyEncoderShape(), 5)
  configuration.mappingLayers = 2
  (configuration.decoder.width, configuration.decoder.feedForward) = (4, 6)
  return configuration
}

private func scope(seed: UInt64) -> Scope {
  Scope(ParameterStore(), generator: TorchGenerator(seed: seed))
}

/// The tensors of a store, with a prefix, but for some.
private func entries(
  _ store: ParameterStore, prefix: String = "",
  leavingOut isLeftOut: (String) -> Bool = { _ in false }
) -> TorchEntries {
  store.entries.filter { !isLeftOut($0.key) }.map { (prefix + $0.key, torchValue($0.value.tensor)) }
}

private func open(_ entries: TorchEntries) throws -> Checkpoint {
  try withScratchFolder { folder in
    try TorchArchive.write(.dictionary(entries), to: "\(folder)/a.pt")
    return try Checkpoint.open("\(folder)/a.pt")
  }
}

private func noise(_ encoder: some ImageEncoder) -> Tensor {
  let traits = encoder.traits
  return .seeded([1, traits.inChannels, traits.height, traits.width], seed: 3, dtype: .float32)
}

private func codes(_ encoder: some ImageEncoder) -> [Float] {
  withoutGradients { encoder.wPlus(of: noise(encoder)).values() }
}

@Suite("Files of encoders") struct EncoderFileTests {
  // MARK: Style Transformer

  /// A file as Style Transformer's program writes it, and the encoder and generator in it.
  private func styleTransformer(
    average: Tensor? = Tensor([0.5, -0.5, 1, 2] as [Float]), wrapper: String = "module.",
    options: TorchEntries = [], change: (inout TorchEntries) -> Void = { _ in }
  ) throws -> (checkpoint: Checkpoint, encoder: any ImageEncoder) {
    let encoder = tinyStyleTransformer().makeEncoder(scope(seed: 1))
    let generator = tinyGenerator()
    // The mapping network of the file is the one that the queries were trained with.
    for name in encoder.parameters.names(under: "mapping") {
      generator.parameters[name].assign(encoder.parameters[name])
    }
    if let average { encoder.latentAverage?.assign(average) }
    var state = entries(encoder.parameters, prefix: "encoder.\(wrapper)") {
      $0.hasPrefix("mapping.") || $0 == "latent_avg"
    }
    state += try rosinalityEntries(of: generator, prefix: "decoder.\(wrapper)")
    change(&state)
    var file: TorchEntries = [("state_dict", .dictionary(state)), ("opts", .dictionary(options))]
    if let average { file.append(("latent_avg", torchValue(average))) }
    return (try open(file), encoder)
  }

  @Test(
    "the encoder and the generator of one file, wrapped for training or not",
    arguments: ["module.", ""])
  func bothNetworks(wrapper: String) throws {
    let (checkpoint, encoder) = try styleTransformer(wrapper: wrapper)
    #expect(checkpoint.networks.keys == ["G_ema", "encoder"])
    #expect(checkpoint.otherParts == ["opts"] && checkpoint.refusals.isEmpty)
    #expect(checkpoint.preferredGenerator?.role == "G_ema")
    let network = try #require(checkpoint.networks["encoder"])
    #expect(network.configuration as? StyleTransformerConfiguration == tinyStyleTransformer())
    #expect(try codes(network.makeEncoder()) == codes(encoder))
    let remarked = network.remarks.contains { $0.contains("begin with module.") }
    #expect(remarked == (wrapper == "module."))
  }

  @Test("the queries pass the mapping network of the file, whose generator may be left aside")
  func mapping() throws {
    let (checkpoint, encoder) = try styleTransformer()
    let opened = try #require(
      try checkpoint.networks["encoder"]?.makeEncoder() as? StyleTransformerEncoder)
    for name in encoder.parameters.names(under: "mapping") {
      #expect(bits(opened.parameters[name]) == bits(encoder.parameters[name]), "\(name)")
    }
    expect(.damaged, says: "the mapping network that the queries pass, found none") {
      let state = entries(encoder.parameters, prefix: "encoder.") { $0.hasPrefix("mapping.") }
      _ = try open([("state_dict", .dictionary(state))])
    }
  }

  @Test("an average is taken, be it one for all rows or one for each")
  func averages() throws {
    let row = Tensor([0.5, -0.5, 1, 2] as [Float])
    let rows = Tensor.seeded([4, 4], seed: 9, dtype: .float32)
    for average in [row, row.unsqueezed(0), rows] {
      let (checkpoint, encoder) = try styleTransformer(average: average)
      let opened = try #require(try checkpoint.networks["encoder"]?.makeEncoder())
      let found = try #require(opened.latentAverage)
      #expect(found.shape == [4, 4])
      #expect(found.values() == encoder.latentAverage?.values())
    }
  }

  @Test("codes without an average, and those of cars, are told by the options")
  func options() throws {
    let whole = try styleTransformer(
      average: nil, options: [("start_from_latent_avg", .bool(false))]
    ).checkpoint
    #expect(try whole.networks["encoder"]?.makeEncoder().latentAverage == nil)
    let cars = try styleTransformer(options: [("dataset_type", .string("cars_encode"))]).checkpoint
    let traits = try #require(try cars.networks["encoder"]?.makeEncoder().traits)
    #expect([traits.height, traits.width] == [192, 256])
    // The generator beside it has bars above and below.
    #expect(try cars.networks["G_ema"]?.generatorTraits().visibleRows == 1..<7)
    #expect(try whole.networks["G_ema"]?.generatorTraits().visibleRows == 0..<8)
  }

  // MARK: pSp

  private func pSp(
    _ head: PSpEncoderConfiguration.Head, type: String? = nil,
    change: (inout TorchEntries) -> Void = { _ in }
  ) throws -> (checkpoint: Checkpoint, encoder: any ImageEncoder) {
    let encoder = tinyPSp(head).makeEncoder(scope(seed: 2))
    let average = Tensor.seeded([4, 4], seed: 9, dtype: .float32)
    encoder.latentAverage?.assign(average)
    var state = entries(encoder.parameters, prefix: "encoder.") { $0 == "latent_avg" }
    state += try rosinalityEntries(of: tinyGenerator(), prefix: "decoder.")
    change(&state)
    var options: TorchEntries = [("output_size", .int(8)), ("checkpoint_path", .none)]
    if let type { options.append(("encoder_type", .string(type))) }
    let checkpoint = try open([
      ("state_dict", .dictionary(state)), ("opts", .dictionary(options)),
      ("latent_avg", torchValue(average)),
    ])
    return (checkpoint, encoder)
  }

  @Test(
    "pSp's encoders, with the type in the options",
    arguments: [
      (PSpEncoderConfiguration.Head.gradual, "GradualStyleEncoder"),
      (.offsets, "Encoder4Editing"), (.intoW, "BackboneEncoderUsingLastLayerIntoW"),
      (.intoWPlus, "BackboneEncoderUsingLastLayerIntoWPlus"),
    ])
  func types(head: PSpEncoderConfiguration.Head, type: String) throws {
    let (checkpoint, encoder) = try pSp(head, type: type)
    let network = try #require(checkpoint.networks["encoder"])
    #expect(network.configuration as? PSpEncoderConfiguration == tinyPSp(head))
    #expect(try codes(network.makeEncoder()) == codes(encoder))
    #expect(try checkpoint.networks["G_ema"]?.generatorTraits().numWs == 4)
  }

  @Test(
    "without options the names tell the type",
    arguments: [PSpEncoderConfiguration.Head.gradual, .intoW, .intoWPlus])
  func told(head: PSpEncoderConfiguration.Head) throws {
    let network = try pSp(head).checkpoint.networks["encoder"]
    #expect(network?.configuration as? PSpEncoderConfiguration == tinyPSp(head))
  }

  @Test("old files without counters of batches are read as though nothing had been counted")
  func counters() throws {
    let (checkpoint, encoder) = try pSp(.gradual) {
      $0.removeAll { $0.key.hasSuffix("num_batches_tracked") }
    }
    let opened = try #require(try checkpoint.networks["encoder"]?.makeEncoder())
    #expect(codes(opened) == codes(encoder))
  }

  // MARK: What is wrong

  @Test("a generator opens without the encoder beside it that cannot be used, and why is said")
  func refusals() throws {
    func refuses(
      _ kind: FileError.Kind, _ words: String, type: String? = nil,
      sourceLocation: SourceLocation = #_sourceLocation, _ change: (inout TorchEntries) -> Void
    ) throws {
      let checkpoint = try pSp(.gradual, type: type, change: change).checkpoint
      #expect(checkpoint.networks.keys == ["G_ema"], sourceLocation: sourceLocation)
      #expect(
        checkpoint.otherParts == ["opts", "state_dict.encoder"], sourceLocation: sourceLocation)
      let refusal = try #require(
        checkpoint.refusals["encoder"], sourceLocation: sourceLocation)
      #expect(refusal.kind == kind, sourceLocation: sourceLocation)
      #expect(
        "\(refusal)".contains(words) && !"\(refusal)".contains("\n"), "\(refusal)",
        sourceLocation: sourceLocation)
      _ = try checkpoint.networks["G_ema"]?.makeGenerator()
    }
    try refuses(.unsupported, "found ResNetBackboneEncoder", type: "ResNetBackboneEncoder") { _ in }
    try refuses(.damaged, "1 missing: latlayer1.bias") {
      $0.removeAll { $0.key == "encoder.latlayer1.bias" }
    }
    try refuses(.damaged, "1 unexpected: surplus") {
      $0.append(("encoder.surplus", torchValue(.zeros([1]))))
    }
    try refuses(.damaged, "trunk.stages: expected 3 to 8 stages, found 2") {
      $0.removeAll { $0.key.hasPrefix("encoder.body.2.") }
    }
    try refuses(.damaged, "input_layer.0.weight with 4 axes, found none") {
      $0.removeAll { $0.key == "encoder.input_layer.0.weight" }
    }
    try refuses(.damaged, "body.1.res_layer.2.weight (expected float32[3], found float32[7])") {
      $0.removeAll { $0.key == "encoder.body.1.res_layer.2.weight" }
      $0.append(("encoder.body.1.res_layer.2.weight", torchValue(.zeros([7]))))
    }
  }

  @Test("an encoder alone that cannot be used is an error of the file")
  func alone() throws {
    let encoder = tinyPSp(.gradual).makeEncoder(scope(seed: 2))
    let state = entries(encoder.parameters) { $0 == "latent_avg" || $0 == "latlayer2.weight" }
    expect(.damaged, says: "latlayer2.weight") { _ = try open(state) }
    expect(.damaged, says: "latent_avg of shape [4], [1, 4] or [4, 4], found [3, 4]") {
      _ = try open([
        ("encoder", .dictionary(entries(encoder.parameters) { $0 == "latent_avg" })),
        ("latent_avg", torchValue(.zeros([3, 4]))),
      ])
    }
    let whole = try open(entries(encoder.parameters) { $0 == "latent_avg" })
    #expect(whole.networks.keys == ["encoder"] && whole.form == .encoders)
  }

  @Test("an encoder in a generator's place is an error")
  func misplaced() throws {
    let encoder = tinyPSp(.gradual).makeEncoder(scope(seed: 2))
    expect(.damaged, says: "g_ema: a generator, found the tensors of an encoder") {
      _ = try open([("g_ema", .dictionary(entries(encoder.parameters)))])
    }
  }

  // MARK: Our own files

  @Test("our own files rebuild encoders and feature networks")
  func networkFiles() throws {
    let encoders: [any ImageEncoder] = [
      tinyPSp(.offsets).makeEncoder(scope(seed: 4)),
      tinyStyleTransformer().makeEncoder(scope(seed: 5)),
    ]
    try withScratchFolder { folder in
      let path = "\(folder)/a.safetensors"
      for encoder in encoders {
        try writeNetworkFile(
          encoder.parameters, configuration: encoder.configuration, to: path)
        let checkpoint = try Checkpoint.open(path)
        #expect(checkpoint.networks.keys == ["encoder"])
        let network = try #require(checkpoint.networks["encoder"])
        #expect(try codes(network.makeEncoder()) == codes(encoder))
        expect(.doesNotFit, says: "a generator, found") { _ = try network.makeGenerator() }
        expect(.doesNotFit, says: "a feature network, found") { _ = try network.makeFeatures() }
      }
      let generator = tinyGenerator()
      try writeNetworkFile(
        generator.parameters, configuration: generator.configuration, role: "encoder", to: path)
      expect(.damaged, says: "G_ema or G of a generator, found encoder") {
        _ = try Checkpoint.open(path)
      }
    }
  }
}

@Suite("Files of feature networks") struct FeatureFileTests {
  private func faces() -> FaceRecognitionConfiguration {
    var configuration = FaceRecognitionConfiguration()
    (configuration.trunk, configuration.resolution) = (tinyTrunk(), 16)
    configuration.featureCount = 3
    return configuration
  }

  private func resNet() -> ResNetConfiguration {
    var configuration = ResNetConfiguration()
    (configuration.width, configuration.blocks) = (2, [1, 2])
    return configuration
  }

  @Test("face recognition under its published names, whose last norm may be plain")
  func recognition() throws {
    for isAffine in [true, false] {
      var configuration = faces()
      configuration.isLastNormAffine = isAffine
      let network = configuration.makeFeatures(scope(seed: 1))
      let checkpoint = try open(entries(network.parameters))
      #expect(checkpoint.networks.keys == ["features"] && checkpoint.form == .features)
      let found = try #require(checkpoint.networks["features"])
      #expect(found.configuration as? FaceRecognitionConfiguration == configuration)
      _ = try found.makeFeatures()
      #expect(try found.check().parameterCount == network.parameters.parameterCount)
    }
    let network = faces().makeFeatures(scope(seed: 1))
    expect(.damaged, says: "output_layer.3.weight for square features of 4 channels") {
      var state = entries(network.parameters) { $0 == "output_layer.3.weight" }
      state.append(("output_layer.3.weight", torchValue(.zeros([3, 20]))))
      _ = try open(state)
    }
  }

  @Test("MoCo's encoder of queries, and ResNet-50 of torchvision, without their last layer")
  func moco() throws {
    let network = resNet().makeFeatures(scope(seed: 1))
    func state(_ prefix: String) -> TorchEntries {
      entries(network.parameters, prefix: prefix) + [
        ("\(prefix)fc.weight", torchValue(.zeros([2, 2])))
      ]
    }
    let published: TorchEntries = [
      ("epoch", .int(800)),
      (
        "state_dict",
        .dictionary(state("module.encoder_q.") + state("module.encoder_k."))
      ),
    ]
    let img = Tensor.seeded([1, 3, 40, 40], seed: 3, dtype: .float32)
    for file in [published, state("")] {
      let found = try #require(try open(file).networks["features"])
      #expect(found.configuration as? ResNetConfiguration == resNet())
      let features = try found.makeFeatures().features(img)
      #expect(features.values() == network.features(img).values())
    }
  }

  @Test("LPIPS of two files, and of our own one", arguments: LPIPSConfiguration.Backbone.allCases)
  func lpips(backbone: LPIPSConfiguration.Backbone) throws {
    var configuration = LPIPSConfiguration(backbone: backbone)
    configuration.widthDivisor = 32
    let lpips = LPIPS(configuration, scope(seed: 1))
    for name in lpips.parameters.entries.keys where name.hasPrefix("lin") {
      lpips.parameters[name].assign(.ones(lpips.parameters[name].shape))
    }
    let a = Tensor.seeded([1, 3, 64, 64], seed: 3, dtype: .float32)
    try withScratchFolder { folder in
      let (features, heads) = ("\(folder)/features.pth", "\(folder)/heads.pth")
      let classes: TorchEntries = [("classifier.1.weight", torchValue(.zeros([2, 2])))]
      try TorchArchive.write(
        .dictionary(entries(lpips.parameters) { $0.hasPrefix("lin") } + classes), to: features)
      try TorchArchive.write(
        .dictionary(entries(lpips.parameters) { $0.hasPrefix("features.") }), to: heads)
      let network = try Checkpoint.Network.lpips(backbone: features, heads: heads)
      #expect(network.configuration as? LPIPSConfiguration == configuration)
      #expect(try network.makeLPIPS()(a, a * 0.5).values() == lpips(a, a * 0.5).values())
      try network.writeNetworkFile(role: "features", notes: .init(), to: "\(folder)/l.safetensors")
      let own = try #require(
        try Checkpoint.open("\(folder)/l.safetensors").networks["features"])
      #expect(try own.contentHash() == network.contentHash())
      expect(.doesNotFit, says: "the heads of LPIPS, found the backbone, which they go beside") {
        _ = try Checkpoint.Network.lpips(backbone: features, heads: features)
      }
      expect(.doesNotFit, says: "AlexNet or VGG-16 of torchvision, found the heads of LPIPS") {
        _ = try Checkpoint.Network.lpips(backbone: heads, heads: heads)
      }
      let ours = "\(folder)/l.safetensors"
      expect(.notRecognised, says: "AlexNet or VGG-16 of torchvision, found a safetensors file") {
        _ = try Checkpoint.Network.lpips(backbone: ours, heads: heads)
      }
      expect(.notRecognised, says: "the heads of LPIPS, found a safetensors file") {
        _ = try Checkpoint.Network.lpips(backbone: features, heads: ours)
      }
    }
  }
}

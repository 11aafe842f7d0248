// Styleformer's files: pickles of its program, state dictionaries, our own form; Linformer's
// projection of two names; networks that start at 12×12.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

@Suite("Styleformer's files")
struct StyleformerFileTests {
  static let files = ["checkpoint-styleformer", "checkpoint-styleformer-linformer"].map {
    caseFile("\($0)/network-snapshot-000000.pkl")
  }

  /// A generator of 48×48 pixels, which starts at 12×12, with random weights.
  private func from12() -> Styleformer {
    var c = StyleformerConfiguration()
    (c.zDim, c.wDim, c.labelDim) = (4, 4, 2)
    (c.numLayers, c.hiddenSizes, c.headSize) = ([1, 1, 1], [8, 8, 4], 4)
    (c.startResolution, c.resolution, c.convClamp) = (12, 48, nil)
    return Styleformer(c, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
  }

  private func discriminatorOf48() -> StyleGAN2Discriminator {
    var c = StyleGAN2DiscriminatorConfiguration(resolution: 48)
    (c.channelBase, c.channelMax, c.architecture, c.labelDim) = (96, 4, .orig, 2)
    c.mappingLayers = 2
    return StyleGAN2Discriminator(c, Scope(ParameterStore(), generator: TorchGenerator(seed: 2)))
  }

  private func reopened(
    _ store: ParameterStore, _ configuration: any NetworkConfiguration
  ) throws -> Checkpoint.Network {
    try withScratchFolder { folder in
      let path = "\(folder)/a.safetensors"
      try writeNetworkFile(store, configuration: configuration, to: path)
      return try #require(try Checkpoint.open(path).networks.values.first)
    }
  }

  // MARK: Pickles

  @Test("pickles state the configuration; unused arguments are taken, the start is in the names")
  func configurations() throws {
    var expected = StyleformerConfiguration()
    (expected.zDim, expected.wDim) = (16, 16)
    (expected.resolution, expected.headSize) = (16, 8)
    (expected.numLayers, expected.hiddenSizes) = ([1, 2], [16, 8])
    let full = try #require(try Checkpoint.open(Self.files[0]).preferredGenerator)
    #expect(full.role == "G_ema")
    #expect(full.network.configuration as? StyleformerConfiguration == expected)
    (expected.resolution, expected.headSize, expected.linformer) = (32, 4, true)
    (expected.numLayers, expected.hiddenSizes) = ([1, 1, 1], [8, 8, 4])
    let linformer = try Checkpoint.open(Self.files[1])
    #expect(linformer.networks["G"]?.configuration as? StyleformerConfiguration == expected)
    #expect(linformer.networks["D"]?.configuration is StyleGAN2DiscriminatorConfiguration)
    #expect(linformer.form == .torchPickle)
  }

  @Test("the projection is the trained one, not the first copy among the arguments")
  func projection() throws {
    let network = try #require(try Checkpoint.open(Self.files[1]).preferredGenerator?.network)
    let g = try network.makeGenerator()
    let projection = g.parameters["synthesis.b32_0.proj_weight"]
    #expect(projection.isSame(as: g.parameters["synthesis.b32_0.enc.proj_weight"]))
    // Every number of the copy among the arguments is 7.
    #expect(projection.abs().max().item() < 1)
    #expect(Set(projection.selected(0, axis: 0).values()).count > 1000)
  }

  @Test("in either file's networks a picture can be drawn and judged", arguments: files)
  func pictures(file: String) throws {
    let checkpoint = try Checkpoint.open(file)
    let network = try #require(checkpoint.preferredGenerator?.network)
    let g = try network.makeGenerator()
    #expect(g.traits == (try network.generatorTraits()))
    #expect(Set(picture(of: g)).count > 16)
    let d = try #require(checkpoint.networks["D"]).makeDiscriminator()
    let logit = withoutGradients {
      d(
        g.synthesize(g.broadcast(g.map(z: g.z(seed: 1), labels: nil)), options: .init()),
        labels: nil)
    }
    #expect(logit.item().isFinite)
  }

  /// A generator's module as Styleformer's program makes it.
  private func module(_ generator: Styleformer) -> Module {
    var module = Module("Generator", generator.parameters)
    let c = generator.configuration
    func list(_ numbers: [Int]) -> PlainValue { .list(numbers.map { .int($0) }) }
    module.arguments = [
      "z_dim": .int(c.zDim), "c_dim": .int(c.labelDim), "w_dim": .int(c.wDim),
      "img_resolution": .int(c.resolution), "img_channels": .int(c.imgChannels),
      "mapping_kwargs": .dictionary(["num_layers": .int(c.mappingLayers)]),
      "synthesis_kwargs": .dictionary([
        "depth": .int(c.headSize), "num_layers": list(c.numLayers),
        "G_dict": list(c.hiddenSizes), "conv_clamp": c.convClamp.map { .double($0) } ?? .null,
      ]),
    ]
    return module
  }

  @Test("a pickle whose blocks begin at 12 gives a generator that starts there")
  func startAt12() throws {
    let g = from12()
    let checkpoint = try PickleAssembler.checkpoint(["G_ema": module(g)]).open()
    let network = try #require(checkpoint.networks["G_ema"])
    #expect(network.configuration as? StyleformerConfiguration == g.configuration)
    #expect(
      picture(of: try network.makeGenerator(), classIndex: 1) == picture(of: g, classIndex: 1))
  }

  @Test("arguments that contradict tensors, attributes or one another are refused")
  func contradictions() {
    func refuses(
      _ words: String, sourceLocation: SourceLocation = #_sourceLocation,
      _ change: (inout Module) -> Void
    ) {
      expect(.damaged, says: words, sourceLocation: sourceLocation) {
        var changed = module(from12())
        change(&changed)
        let checkpoint = try PickleAssembler.checkpoint(["G_ema": changed]).open()
        try checkpoint.networks["G_ema"]?.check()
      }
    }
    func synthesis(_ name: String, _ value: PlainValue) -> (inout Module) -> Void {
      { module in
        guard case .dictionary(var entries) = module.arguments["synthesis_kwargs"] else { return }
        entries[name] = value
        module.arguments["synthesis_kwargs"] = .dictionary(entries)
      }
    }
    refuses("resolution: expected 48") { $0.arguments["img_resolution"] = .int(32) }
    refuses("num_layers to be a list of integers", synthesis("num_layers", .string("1,1,1")))
    refuses("num_layers, a list of integers, found none", synthesis("num_layers", .null))
    refuses("only known arguments", synthesis("attention", .bool(true)))
    refuses(
      "found 14 different: synthesis.b", synthesis("G_dict", .list([8, 4, 4].map { .int($0) })))
    refuses("missing: synthesis.b48_0.proj_weight", synthesis("linformer", .bool(true)))
    refuses("num_heads = 2, as constructed, found 4") {
      $0.change("synthesis.b24_0.enc") { $0.attributes["num_heads"] = .int(4) }
    }
    refuses("conv_clamp = null, as constructed") {
      $0.change("synthesis.b24_0.enc") { $0.attributes["conv_clamp"] = .int(256) }
    }
    refuses("use_noise = true, as constructed") {
      $0.change("synthesis.b12_0.enc") { $0.attributes["use_noise"] = .bool(false) }
    }
    refuses("lr_multiplier") {
      $0.arguments["mapping_kwargs"] = .dictionary(["lr_multiplier": .double(1)])
    }
  }

  @Test("a generator whose two copies of the projection differ is refused, before it is built")
  func differingCopies() throws {
    var c = StyleformerConfiguration()
    (c.zDim, c.wDim, c.linformer) = (4, 4, true)
    (c.numLayers, c.hiddenSizes, c.headSize) = ([1, 1, 1], [4, 4, 4], 4)
    let g = Styleformer(c, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
    var changed = module(g)
    guard case .dictionary(var synthesis) = changed.arguments["synthesis_kwargs"] else { return }
    synthesis["linformer"] = .bool(true)
    changed.arguments["synthesis_kwargs"] = .dictionary(synthesis)
    let equal = try PickleAssembler.checkpoint(["G_ema": changed]).open()
    try equal.networks["G_ema"]?.check()
    changed.change("synthesis.b32_0.enc") { enc in
      enc.buffers["proj_weight"] = enc.buffers["proj_weight"].map { $0 + 1 }
    }
    let network = try PickleAssembler.checkpoint(["G_ema": changed]).open().networks["G_ema"]
    let words =
      "1 different: synthesis.b32_0.enc.proj_weight (expected the numbers of "
      + "synthesis.b32_0.proj_weight, found others)"
    expect(.damaged, says: words) { try network?.check() }
    expect(.damaged, says: words) { _ = try network?.generatorTraits() }
    expect(.damaged, says: words) { _ = try network?.makeGenerator() }
  }

  // MARK: Other forms

  @Test("our own files keep every tensor under both of its names", arguments: files)
  func networkFiles(file: String) throws {
    let network = try #require(try Checkpoint.open(file).preferredGenerator?.network)
    let g = try network.makeGenerator()
    let copy = try reopened(g.parameters, g.configuration)
    #expect(copy.tensors.count == network.tensors.count)
    #expect(try copy.contentHash() == network.contentHash())
    #expect(picture(of: try copy.makeGenerator()) == picture(of: g))
  }

  @Test("Styleformer-C and discriminators of 48×48 are kept in our own files")
  func ours() throws {
    var c = StyleformerCConfiguration(resolution: 64)
    (c.transformer.zDim, c.transformer.wDim) = (4, 4)
    (c.transformer.numLayers, c.transformer.hiddenSizes) = ([1, 1, 1], [8, 4, 4])
    c.convChannels = [4]
    let g = StyleformerC(c, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
    let network = try reopened(g.parameters, c)
    #expect(network.configuration as? StyleformerCConfiguration == c)
    #expect(picture(of: try network.makeGenerator()) == picture(of: g))
    let d = discriminatorOf48()
    let judge = try reopened(d.parameters, d.configuration)
    #expect(judge.configuration as? StyleGAN2DiscriminatorConfiguration == d.configuration)
    #expect(try judge.check().parameterCount == d.parameters.parameterCount)
  }

  @Test("state dictionaries with constructor arguments are the same networks", arguments: files)
  func stateFiles(file: String) throws {
    let networks = try Checkpoint.open(file).networks
    let copy = try withScratchFolder { folder in
      try NVIDIAStateFile.write(networks, to: "\(folder)/a.pt")
      return try Checkpoint.open("\(folder)/a.pt")
    }
    #expect(copy.form == .nvidiaStates && Set(copy.networks.keys) == Set(networks.keys))
    for (role, network) in networks {
      let other = try #require(copy.networks[role])
      #expect(try other.contentHash() == network.contentHash(), "\(role)")
      #expect(try other.configuration.canonicalJSON() == network.configuration.canonicalJSON())
      #expect(other.remarks.isEmpty)
    }
  }

  @Test("state dictionaries alone tell all but heads and clamp, which are said to be guessed")
  func bareStates() throws {
    let g = from12()
    let network = try withScratchFolder { folder in
      let state = g.parameters.entries.mapValues { StoredParameter($0.tensor) }
      let entries = state.map { name, parameter in
        (
          key: name,
          value: TorchArchive.Value.tensor(
            TensorToWrite(elementType: .float32, shape: parameter.shape) {
              ByteRegion(floatBytes(try parameter.read().values()), name: name)
            })
        )
      }
      try TorchArchive.write(.dictionary(entries), to: "\(folder)/a.pt")
      return try #require(try Checkpoint.open("\(folder)/a.pt").networks["G_ema"])
    }
    var expected = g.configuration
    (expected.headSize, expected.convClamp) = (32, 256)
    #expect(network.configuration as? StyleformerConfiguration == expected)
    #expect(network.remarks.first?.hasSuffix("depth 32, minimum_head 1, conv_clamp 256.0") == true)
    try network.check()
  }

  @Test("NVIDIA's form holds no Styleformer-C, no ablation and no discriminator of 48×48")
  func misfits() throws {
    func refuses(
      _ words: String, _ store: ParameterStore, _ configuration: any NetworkConfiguration,
      role: String = "G_ema", sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let network = try reopened(store, configuration)
      let error = #expect(throws: ConversionError.self, sourceLocation: sourceLocation) {
        try NVIDIAStateFile.check([role: network])
      }
      #expect(error?.description.contains(words) == true, sourceLocation: sourceLocation)
    }
    let d = discriminatorOf48()
    try refuses("a power of two, found one of 48 pixels", d.parameters, d.configuration, role: "D")
    var c = from12().configuration
    c.ablation = StyleformerAblation()
    let ablated = Styleformer(c, Scope(ParameterStore()))
    try refuses("the published layers", ablated.parameters, c)
    var composed = StyleformerCConfiguration(resolution: 64)
    (composed.transformer.numLayers, composed.transformer.hiddenSizes) = ([1, 1, 1], [8, 4, 4])
    (composed.transformer.wDim, composed.convChannels) = (4, [4])
    let g = StyleformerC(composed, Scope(ParameterStore()))
    try refuses("StyleGAN2 or Styleformer, found styleformer-c", g.parameters, composed)
  }
}

// TensorFlow pickles of StyleGAN: the variables are the networks' own parameters, and come back.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors
import TestSupport
import Testing

/// A StyleGAN generator of 8×8 pictures with random weights.
private func tinyStyleGAN1(
  seed: UInt64 = 1, _ change: (inout StyleGAN1Configuration) -> Void = { _ in }
) -> StyleGAN1 {
  var configuration = StyleGAN1Configuration(resolution: 8)
  (configuration.zDim, configuration.wDim) = (4, 4)
  (configuration.mappingLayers, configuration.mappingWidth) = (2, 6)
  (configuration.featureBase, configuration.featureMax) = (16, 4)
  change(&configuration)
  let scope = Scope(ParameterStore(), generator: TorchGenerator(seed: seed))
  let generator = StyleGAN1(configuration, scope)
  let weights = generator.parameters.entries.filter { $0.key.hasSuffix("Noise/weight") }
  for entry in weights.values { entry.tensor.assign(entry.tensor + 0.5) }
  return generator
}

/// A StyleGAN discriminator of 8×8 pictures with random weights.
private func tinyStyleGAN1Discriminator(labelDim: Int = 0) -> StyleGAN1Discriminator {
  var configuration = StyleGAN1DiscriminatorConfiguration(resolution: 8)
  (configuration.featureBase, configuration.featureMax) = (16, 4)
  configuration.labelDim = labelDim
  let scope = Scope(ParameterStore(), generator: TorchGenerator(seed: 2))
  return StyleGAN1Discriminator(configuration, scope)
}

extension TensorFlowModule {
  /// StyleGAN's generator as its TensorFlow program held it.
  fileprivate init(_ generator: StyleGAN1, name: String) {
    let c = generator.configuration
    self.init(name: name, version: 3)
    arguments = [
      "resolution": .int(c.resolution), "latent_size": .int(c.zDim), "dlatent_size": .int(c.wDim),
      "label_size": .int(c.labelDim), "mapping_layers": .int(c.mappingLayers),
      "mapping_fmaps": .int(c.mappingWidth), "fmap_base": .int(c.featureBase),
      "fmap_max": .int(c.featureMax), "truncation_psi": .double(0.7), "structure": .string("auto"),
    ]
    var inner = ["synthesis", "mapping"].map { TensorFlowModule(name: "G_\($0)", version: 3) }
    for (variable, entry) in generator.parameters.entries {
      let parts = variable.split(separator: "/", maxSplits: 1).map(String.init)
      if let place = inner.firstIndex(where: { $0.name == parts[0] && parts.count == 2 }) {
        inner[place].variables[parts[1]] = entry.tensor
      } else {
        variables[variable] = entry.tensor
      }
    }
    components = ["synthesis": inner[0], "mapping": inner[1]]
  }

  /// StyleGAN's discriminator as its TensorFlow program held it.
  fileprivate init(_ discriminator: StyleGAN1Discriminator) {
    let c = discriminator.configuration
    self.init(name: "D", version: 3)
    arguments = [
      "resolution": .int(c.resolution), "label_size": .int(c.labelDim),
      "fmap_base": .int(c.featureBase), "fmap_max": .int(c.featureMax),
    ]
    variables = discriminator.parameters.entries.mapValues(\.tensor)
  }
}

@Suite("StyleGAN's TensorFlow pickles")
struct TensorFlowStyleGAN1Tests {
  private func snapshot(
    _ generator: StyleGAN1 = tinyStyleGAN1(),
    _ discriminator: StyleGAN1Discriminator = tinyStyleGAN1Discriminator(),
    change: (inout TensorFlowModule) -> Void = { _ in }
  ) -> PickleAssembler {
    var gs = TensorFlowModule(generator, name: "Gs")
    change(&gs)
    return .tensorFlow(
      TensorFlowModule(tinyStyleGAN1(seed: 7), name: "G"), TensorFlowModule(discriminator), gs)
  }

  @Test("a generator is opened, drawn, and written as one of our own files with equal content")
  func generator() throws {
    let original = tinyStyleGAN1()
    let checkpoint = try snapshot(original).open()
    #expect(checkpoint.networks.keys == ["G", "D", "G_ema"])
    let network = try #require(checkpoint.networks["G_ema"])
    let read = try network.makeGenerator()
    #expect(read.configuration as? StyleGAN1Configuration == original.configuration)
    #expect(picture(of: read) == picture(of: original))
    let other = try #require(checkpoint.networks["G"]).makeGenerator()
    #expect(picture(of: other) == picture(of: tinyStyleGAN1(seed: 7)))
    #expect(picture(of: other) != picture(of: original))
    try withScratchFolder { folder in
      let (path, again) = ("\(folder)/a.safetensors", "\(folder)/b.safetensors")
      try network.writeNetworkFile(role: "G_ema", notes: NetworkFileNotes(), to: path)
      let converted = try #require(try Checkpoint.open(path).networks["G_ema"])
      #expect(try converted.contentHash() == network.contentHash())
      #expect(try converted.changedNames(in: network).isEmpty)
      #expect(picture(of: try converted.makeGenerator()) == picture(of: original))
      // What the network itself writes is the same again.
      try writeNetworkFile(
        read.parameters, configuration: read.configuration, role: "G_ema", to: again)
      #expect(
        try Checkpoint.open(again).networks["G_ema"]?.contentHash() == network.contentHash())
    }
  }

  @Test("a discriminator is opened and gives the same logits, with labels too")
  func discriminator() throws {
    for labelDim in [0, 3] {
      let original = tinyStyleGAN1Discriminator(labelDim: labelDim)
      let network = try #require(snapshot(tinyStyleGAN1(), original).open().networks["D"])
      let read = try network.makeDiscriminator()
      let img = Tensor.seeded([2, 3, 8, 8], seed: 4, dtype: .float32)
      let labels = labelDim > 0 ? Tensor.oneHot([0, 2], count: 3) : nil
      #expect(
        withoutGradients { read(img, labels: labels).values() }
          == withoutGradients { original(img, labels: labels).values() })
    }
  }

  @Test("labels, mean of w and level of detail come with the network")
  func state() throws {
    let original = tinyStyleGAN1 { $0.labelDim = 3 }
    original.wAvg.assign(Tensor([1, 2, 3, 4] as [Float]))
    original.lod = 0.5
    let network = try #require(snapshot(original).open().networks["G_ema"])
    let read = try #require(network.makeGenerator() as? StyleGAN1)
    #expect(read.wAvg.values() == [1, 2, 3, 4] && read.wAvgSource == .stored)
    #expect(read.lod == 0.5 && read.traits.labelDim == 3)
    #expect(picture(of: read, classIndex: 1) == picture(of: original, classIndex: 1))
  }

  @Test("every step of the paper's ladder is opened from what its arguments say")
  func ladder() throws {
    let original = tinyStyleGAN1 {
      ($0.useStyles, $0.constInput, $0.useNoise) = (false, false, false)
      ($0.usePixelNorm, $0.useInstanceNorm, $0.mappingLayers) = (true, false, 0)
      ($0.blurFilter, $0.mirroredFrom, $0.mappingLRMultiplier) = ([1], 8, 1)
    }
    let pickle = snapshot(original) { module in
      for name in ["use_styles", "const_input_layer", "use_noise", "use_instance_norm"] {
        module.arguments[name] = .bool(false)
      }
      module.arguments["use_pixel_norm"] = .bool(true)
      module.arguments["blur_filter"] = .null
      module.arguments["fused_scale"] = .bool(true)
      module.arguments["mapping_lrmul"] = .double(1)
    }
    let read = try #require(pickle.open().networks["G_ema"]).makeGenerator()
    #expect(read.configuration as? StyleGAN1Configuration == original.configuration)
    #expect(picture(of: read) == picture(of: original))
    let never = snapshot { module in
      module.arguments["fused_scale"] = .bool(false)
      module.arguments["blur_filter"] = .list([.int(1), .int(3), .int(1)])
    }
    let configuration = try #require(
      never.open().networks["G_ema"]?.configuration as? StyleGAN1Configuration)
    #expect(configuration.mirroredFrom == 8192 && configuration.blurFilter == [1, 3, 1])
  }

  @Test("refuses variables that are unknown, missing or of another shape, and what is unsupported")
  func refusals() {
    func refuses(_ words: String, _ change: @escaping (inout TensorFlowModule) -> Void) {
      expect(.damaged, says: words) {
        _ = try snapshot(change: change).open().networks["G_ema"]?.makeGenerator()
      }
    }
    refuses("1 unexpected: surprise") { $0.variables["surprise"] = .zeros([1]) }
    refuses("1 missing: G_mapping/Dense1/bias") {
      $0.components["mapping"]?.variables["Dense1/bias"] = nil
    }
    refuses("G_synthesis/4x4/Const/const (expected float32[1, 4, 4, 4], found float32[4, 4, 4])") {
      $0.components["synthesis"]?.variables["4x4/Const/const"] = .zeros([4, 4, 4])
    }
    refuses("different") { $0.arguments["dlatent_size"] = .int(5) }
    refuses("nonlinearity") { $0.arguments["nonlinearity"] = .string("relu") }
    refuses("normalize_latents") { $0.arguments["normalize_latents"] = .bool(false) }
    refuses("use_wscale") { $0.arguments["use_wscale"] = .bool(false) }
    refuses("fused_scale") { $0.arguments["fused_scale"] = .string("often") }
    refuses("use_noise: True or False") { $0.arguments["use_noise"] = .int(1) }
    refuses("blur_filter: a list of numbers") { $0.arguments["blur_filter"] = .string("x") }
    refuses("blurFilter") { $0.arguments["blur_filter"] = .list([.int(1), .int(2)]) }
    refuses("resolution") { $0.arguments["resolution"] = .int(48) }
  }

  @Test("a file that is called as the published cars has their bars, also after conversion")
  func cars() throws {
    try withScratchFolder { folder in
      let name = "karras2019stylegan-cars-512x384.pkl"
      let original = tinyStyleGAN1 {
        ($0.resolution, $0.featureBase, $0.featureMax) = (512, 256, 1)
      }
      for (file, rows) in [(name, 64..<448), ("others.pkl", 0..<512)] {
        let path = "\(folder)/\(file)"
        try put(snapshot(original).region.copy(), at: path)
        let network = try #require(try Checkpoint.open(path).networks["G_ema"])
        #expect(try network.generatorTraits().visibleRows == rows, "\(file)")
        try network.writeNetworkFile(
          role: "G_ema", notes: NetworkFileNotes(), to: "\(folder)/own.safetensors")
        let own = try Checkpoint.open("\(folder)/own.safetensors").networks["G_ema"]
        #expect(try own?.generatorTraits().visibleRows == rows, "\(file)")
      }
      // A network of another size is not theirs.
      try put(snapshot().region.copy(), at: "\(folder)/\(name)")
      let small = try #require(try Checkpoint.open("\(folder)/\(name)").networks["G_ema"])
      #expect(try small.generatorTraits().visibleRows == 0..<8)
    }
  }
}

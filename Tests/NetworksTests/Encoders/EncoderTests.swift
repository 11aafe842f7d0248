// Encoders: codes, averages, sizes, names, gradients and refusals.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

@Suite("Encoders") struct EncoderTests {
  private let img = Tensor.seeded([2, 3, 16, 16], seed: 8)

  private var all: [(name: String, encoder: any ImageEncoder)] {
    PSpEncoderConfiguration.Head.allCases.map { ("psp-\($0.rawValue)", makeEncoder(smallPSp($0))) }
      + [("style-transformer", makeEncoder(smallStyleTransformer()))]
  }

  /// Style Transformer's encoder without one of its parts.
  private var reduced: [(name: String, configuration: StyleTransformerConfiguration)] {
    func changed(
      _ name: String, _ change: (inout StyleTransformerConfiguration) -> Void
    ) -> (name: String, configuration: StyleTransformerConfiguration) {
      var configuration = smallStyleTransformer()
      change(&configuration)
      return (name, configuration)
    }
    return [
      changed("no self-attention") { $0.decoder.selfAttention = false },
      changed("the coarsest features alone") { $0.levels = [.coarse, .coarse, .coarse] },
      changed("one layer") { $0.levels = [.fine] },
      changed("one code") { ($0.isIntoW, $0.tokens) = (true, 1) },
      changed("whole codes") { $0.shape.isResidual = false },
    ]
  }

  @Test("codes are a row for each of W+, and the average is added to them")
  func codes() {
    for (name, encoder) in all {
      let codes = encoder(img, options: EncoderOptions())
      #expect(codes.shape == [2, 6, 8], "\(name)")
      let average = encoder.latentAverage
      #expect(average?.shape == [6, 8], "\(name)")
      expectClose(encoder.wPlus(of: img), codes + (average ?? codes), atol: 1e-12, name)
      #expect((codes.selected(0, axis: 0) - codes.selected(1, axis: 0)).abs().max().item() > 1e-6)
    }
  }

  @Test("without gradients, codes made sample by sample are those of all steps")
  func sampleBySample() {
    for tokens in [6, 2] {
      var configuration = smallStyleTransformer(tokens: tokens)
      configuration.shape.numWs = tokens
      let encoder = StyleTransformerEncoder(
        configuration, Scope(ParameterStore(), dtype: .float64, generator: TorchGenerator(seed: 3)))
      let codes = withoutGradients { encoder(img) }
      expectClose(codes, encoder.steps(img).codes[2], atol: 1e-10)
    }
    for (name, configuration) in reduced {
      let encoder = makeEncoder(configuration)
      let codes = withoutGradients { encoder.wPlus(of: img) }
      expectClose(codes, encoder.wPlus(of: img), atol: 1e-10, name)
    }
  }

  @Test("codes that are whole have no average")
  func whole() {
    var configuration = smallPSp()
    configuration.shape.isResidual = false
    let encoder = makeEncoder(configuration)
    #expect(encoder.latentAverage == nil && !encoder.traits.isResidual)
    expectClose(
      encoder.wPlus(of: img), encoder(img, options: EncoderOptions()), atol: 0)
  }

  @Test("gradients are what differences say")
  func gradients() {
    for (name, encoder) in all {
      expectGradients(at: [img], tolerance: 1e-5, name) { encoder.wPlus(of: $0[0]) }
    }
    for (name, configuration) in reduced {
      let encoder = makeEncoder(configuration)
      expectGradients(at: [img], tolerance: 1e-5, name) { encoder.wPlus(of: $0[0]) }
    }
  }

  @Test("names of parameters")
  func names() throws {
    for (name, encoder) in all where name != "psp-offsets" {
      try expectNames(encoder.parameters, "encoder-\(name)")
    }
    #expect(
      makeEncoder(smallPSp(.offsets)).parameters.entries.keys
        == makeEncoder(smallPSp(.gradual)).parameters.entries.keys)
  }

  // MARK: pSp and e4e

  @Test("e4e's rows are the first one and what their heads add to it")
  func offsets() {
    let (rows, offsets) = (makeEncoder(smallPSp(.gradual)), makeEncoder(smallPSp(.offsets)))
    let (a, b) = (rows(img, options: .init()), offsets(img, options: .init()))
    let first = a.sliced(0..<1, axis: 1)
    expectClose(b.sliced(0..<1, axis: 1), first, atol: 1e-12)
    expectClose(b.sliced(1..<6, axis: 1), a.sliced(1..<6, axis: 1) + first, atol: 1e-12)
  }

  @Test("the encoder into W gives the same code for every row")
  func intoW() {
    let encoder = makeEncoder(smallPSp(.intoW))
    let codes = encoder(img, options: EncoderOptions())
    expectClose(codes, codes.sliced(0..<1, axis: 1).repeated(1, 6, 1), atol: 0)
  }

  @Test("training takes the statistics of the batch")
  func training() {
    for (name, encoder) in all {
      let codes = encoder(img, options: EncoderOptions(purpose: .training))
      let difference = (codes - encoder(img, options: .init())).abs().max().item()
      #expect(difference > 1e-6, "\(name)")
    }
  }

  // MARK: Style Transformer

  @Test("queries pass the encoder's own mapping network, and do not depend on the picture")
  func queries() throws {
    let encoder = try #require(makeEncoder(smallStyleTransformer()) as? StyleTransformerEncoder)
    let steps = encoder.steps(img)
    let expected = encoder.mapping(encoder.parameters["z"].squeezed(0)).cast(to: .float64)
    expectClose(steps.query.selected(0, axis: 0), expected, atol: 1e-12)
    expectClose(steps.query.selected(1, axis: 0), expected, atol: 1e-12)
    #expect(steps.memories.map(\.shape) == [[2, 4, 8], [2, 16, 8], [2, 64, 8]])
    let before = encoder(img)
    encoder.parameters["mapping.fc0.weight"].multiplyInPlace(2)
    #expect((encoder(img) - before).abs().max().item() > 1e-6)
  }

  @Test("without self-attention a query decides about its own row alone")
  func withoutSelfAttention() {
    var configuration = smallStyleTransformer()
    configuration.decoder.selfAttention = false
    let encoder = makeEncoder(configuration)
    #expect(!encoder.parameters.entries.keys.contains { $0.contains("self_attn") })
    #expect(!encoder.parameters.entries.keys.contains { $0.contains("norm1") })
    func changed(by encoder: any ImageEncoder) -> [Bool] {
      let before = encoder.wPlus(of: img)
      encoder.parameters["z"].sliced(3..<4, axis: 1).multiplyInPlace(-1)
      let difference = (encoder.wPlus(of: img) - before).abs()
      return (0..<6).map { difference.selected($0, axis: 1).max().item() > 1e-9 }
    }
    #expect(changed(by: encoder) == (0..<6).map { $0 == 3 })
    #expect(changed(by: makeEncoder(smallStyleTransformer())) == [Bool](repeating: true, count: 6))
  }

  @Test("decoder layers read the levels that they are told, and no others are made")
  func levels() throws {
    var configuration = smallStyleTransformer()
    configuration.levels = [.coarse, .coarse, .coarse]
    let coarse = try #require(makeEncoder(configuration) as? StyleTransformerEncoder)
    #expect(coarse.steps(img).memories.map(\.shape) == [[2, 4, 8], [2, 4, 8], [2, 4, 8]])
    #expect(!coarse.parameters.entries.keys.contains { $0.hasPrefix("latlayer") })
    #expect(coarse.parameters.entries["transformerlayer_3.linear1.weight"] != nil)
    configuration.levels = [.middle]
    let one = try #require(makeEncoder(configuration) as? StyleTransformerEncoder)
    #expect(one.steps(img).memories.map(\.shape) == [[2, 16, 8]])
    #expect(one.parameters.entries["latlayer1.weight"] != nil)
    #expect(one.parameters.entries["latlayer2.weight"] == nil)
    #expect(one.parameters.entries["transformerlayer_2.linear1.weight"] == nil)
    // What is said as published is the published network, but for the names of its layers.
    configuration.levels = [.coarse, .middle, .fine]
    let (said, published) = (makeEncoder(configuration), makeEncoder(smallStyleTransformer()))
    for (own, other) in zip(said.parameters.entries, published.parameters.entries) {
      own.value.tensor.assign(other.value.tensor)
    }
    expectClose(said.wPlus(of: img), published.wPlus(of: img), atol: 0)
  }

  @Test("one code for all rows is that of the first query")
  func oneCode() {
    var configuration = smallStyleTransformer(tokens: 1)
    configuration.isIntoW = true
    let encoder = makeEncoder(configuration)
    let codes = encoder(img, options: EncoderOptions())
    #expect(codes.shape == [2, 6, 8])
    expectClose(codes, codes.sliced(0..<1, axis: 1).repeated(1, 6, 1), atol: 0)
    let generator = StyleGAN2Configuration(resolution: 64)
      .makeGenerator(Scope(ParameterStore(), device: .meta))
    #expect(configuration.fitting(generator.traits).tokens == 1)
  }

  @Test("tokens beyond the rows of W+ take part in attention, and are then left out")
  func surplusTokens() throws {
    let encoder = try #require(
      makeEncoder(smallStyleTransformer(tokens: 8)) as? StyleTransformerEncoder)
    #expect(encoder(img).shape == [2, 6, 8] && encoder.traits.numWs == 6)
    let before = encoder(img)
    encoder.parameters["z"].sliced(7..<8, axis: 1).multiplyInPlace(-1)
    #expect((encoder(img) - before).abs().max().item() > 1e-6)
  }

  @Test("dropping depends on the seed alone")
  func dropping() {
    let encoder = makeEncoder(smallStyleTransformer(), dtype: .float32)
    let img = img.cast(to: .float32)
    func codes(_ seed: UInt64) -> [UInt8] {
      bits(encoder(img, options: EncoderOptions(dropping: TorchGenerator(seed: seed))))
    }
    #expect(codes(1) == codes(1) && codes(1) != codes(2))
  }

  // MARK: Configurations

  @Test("the published encoders have the published numbers of parameters")
  func parameterCounts() throws {
    func millions(_ name: String) throws -> Double {
      let plan = ParameterStore()
      _ = try Registry.encoder(named: name).makeEncoder(Scope(plan, device: .meta))
      return (Double(plan.parameterCount) / 1e4).rounded() / 100
    }
    #expect(try millions("psp") == 267.14)
    #expect(try millions("e4e-cars") == 238.29)
    #expect(try millions("psp-w") == 31.21)
    #expect(try millions("psp-w-plus") == 48.52)
    // 40.62 of the encoder, and 2.10 of the mapping network that is trained with it.
    #expect(try millions("style-transformer") == 42.72)
  }

  @Test("named encoders can be built, and every name is there once")
  func named() throws {
    let all = Registry.encoders.flatMap { $0.namedConfigurations }
    #expect(Set(all.map(\.name)).count == all.count)
    for encoder in all { try encoder.configuration.validate() }
    let message = #expect(throws: ConfigurationError.self) {
      try Registry.encoder(named: "psp2")
    }?.description
    #expect(message?.hasPrefix("encoder: expected one of style-transformer, ") == true)
    #expect(message?.hasSuffix("found psp2") == true)
  }

  @Test("encoders fit the rows of any generator", arguments: ["stylegan2-256", "cifar"])
  func fitting(generator name: String) throws {
    let traits = try Registry.configuration(named: name)
      .makeGenerator(Scope(ParameterStore(), device: .meta)).traits
    for encoder in Registry.encoders.flatMap({ $0.namedConfigurations }) {
      let configuration = try Registry.encoder(named: encoder.name, for: traits)
      #expect(configuration.shape.numWs == traits.numWs, "\(encoder.name)")
      let built = configuration.makeEncoder(Scope(ParameterStore(), device: .meta))
      try built.traits.check(fits: traits)
    }
    var other = traits
    other.numWs += 1
    let encoder = makeEncoder(smallPSp())
    let message = #expect(throws: ConfigurationError.self) {
      try encoder.traits.check(fits: other)
    }?.description
    #expect(message?.hasSuffix("found [6, 8]") == true, "\(message ?? "")")
  }

  @Test("encoders fit the proportions and channels of a generator's pictures")
  func fittingPictures() throws {
    var wide = StyleGAN2Configuration(resolution: 32)
    (wide.imgChannels, wide.wDim) = (1, 16)
    let generator = wide.makeGenerator(Scope(ParameterStore(), device: .meta)).traits
    let fitted = smallPSp().fitting(generator)
    #expect(fitted.shape.trunk.inChannels == 1)
    #expect(fitted.shape.height == fitted.shape.width)
    try fitted.traits.check(fits: generator)
    var (low, coloured) = (fitted, fitted)
    low.shape.height /= 2
    coloured.shape.trunk.inChannels = 3
    for (other, words) in [(low, "proportions"), (coloured, "1 channels, found 3")] {
      let error = #expect(throws: ConfigurationError.self) {
        try other.traits.check(fits: generator)
      }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
  }

  @Test("a pyramid and heads may have widths of their own; then the coarsest features pass a layer")
  func ownWidths() throws {
    var transformer = smallStyleTransformer()
    (transformer.shape.trunk.stages[2].width, transformer.shape.pyramidWidth) = (6, 8)
    var psp = smallPSp()
    (psp.shape.pyramidWidth, psp.headWidth) = (10, 5)
    try transformer.validate()
    try psp.validate()
    #expect(try transformer.canonicalJSON().contains(#""pyramidWidth":8"#))
    #expect(try !smallPSp().canonicalJSON().contains("idth\":null"))
    let (a, b) = (makeEncoder(transformer), makeEncoder(psp))
    #expect(a.parameters["latlayer0.weight"].shape == [8, 6, 1, 1])
    #expect(b.parameters["latlayer0.weight"].shape == [10, 8, 1, 1])
    #expect(b.parameters["styles.5.convs.2.weight"].shape == [5, 5, 3, 3])
    #expect(b.parameters["styles.0.linear.weight"].shape == [8, 5])
    for encoder in [a, b] {
      let codes = withoutGradients { encoder(img, options: EncoderOptions()) }
      #expect(codes.shape == [2, 6, 8])
      expectClose(codes, encoder(img, options: EncoderOptions()), atol: 1e-10)
      expectGradients(at: [img], tolerance: 1e-5) { encoder.wPlus(of: $0[0]) }
    }
    transformer.shape.pyramidWidth = 6
    let error = #expect(throws: ConfigurationError.self) { try transformer.validate() }
    #expect(
      error?.description == "pyramidWidth: expected features as wide as wDim, 8, found 6")
    let generator = StyleGAN2Configuration(resolution: 16).makeGenerator(
      Scope(ParameterStore(), device: .meta)
    ).traits
    let fitted = transformer.fitting(generator)
    #expect(fitted.shape.pyramidWidth == 512 && fitted.shape.trunk.stages[2].width == 6)
  }

  @Test("canonical JSON reads back to the same values")
  func roundTrip() throws {
    for configuration in [smallPSp(.offsets), smallPSp(.intoW)] {
      let read = try Registry.networkConfiguration(
        kind: "psp-encoder", json: configuration.canonicalJSON())
      #expect(read as? PSpEncoderConfiguration == configuration)
    }
    let configuration = smallStyleTransformer(tokens: 7)
    let read = try Registry.networkConfiguration(
      kind: "style-transformer-encoder", json: configuration.canonicalJSON())
    #expect(read as? StyleTransformerConfiguration == configuration)
  }

  @Test("nonsense is refused by name, with what was expected and found")
  func nonsense() {
    func psp(_ change: (inout PSpEncoderConfiguration) -> Void) -> String? {
      var configuration = PSpEncoderConfiguration()
      change(&configuration)
      return #expect(throws: ConfigurationError.self) { try configuration.validate() }?.description
    }
    func transformer(_ change: (inout StyleTransformerConfiguration) -> Void) -> String? {
      var configuration = StyleTransformerConfiguration()
      change(&configuration)
      return #expect(throws: ConfigurationError.self) { try configuration.validate() }?.description
    }
    #expect(psp { $0.shape.height = 0 }?.hasPrefix("height: ") == true)
    #expect(psp { $0.shape.width = .max }?.hasPrefix("width: ") == true)
    #expect(psp { $0.shape.numWs = 257 }?.hasPrefix("numWs: ") == true)
    #expect(psp { $0.shape.wDim = -1 }?.hasPrefix("wDim: ") == true)
    #expect(psp { $0.coarseEnd = -1 }?.hasPrefix("coarseEnd: ") == true)
    #expect(psp { $0.middleEnd = 2 } == "middleEnd: expected from 3 to 65536, found 2")
    #expect(psp { $0.headConvolutions = [4, 5] }?.hasPrefix("headConvolutions: ") == true)
    #expect(
      psp { $0.headConvolutions = [3, 5, 6] }
        == "headConvolutions: expected enough to halve features of 16×16 down to 1×1, found 3")
    #expect(psp { $0.shape.width = 257 }?.contains("features of 16×17 down") == true)
    #expect(transformer { $0.tokens = 17 } == "tokens: expected from 18 to 256, found 17")
    #expect(transformer { ($0.isIntoW, $0.tokens) = (true, 0) }?.hasPrefix("tokens: ") == true)
    #expect(
      transformer { $0.levels = [] } == "levels: expected 1 to 6 levels, found []")
    #expect(transformer { $0.mappingLayers = 0 }?.hasPrefix("mappingLayers: ") == true)
    for bad in [0, -1, .nan, .infinity] {
      let message = transformer { $0.mappingLRMultiplier = bad }
      #expect(message?.hasPrefix("mappingLRMultiplier: ") == true)
    }
    #expect(
      transformer { $0.decoder.width = 256 } == "decoder.width: expected wDim, 512, found 256")
    #expect(
      transformer { $0.shape.trunk.stages[3].width = 256 }
        == "trunk.stages: expected a last stage as wide as wDim, 512, found 256")
  }
}

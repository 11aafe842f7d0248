// Styleformer's configurations: what they refuse, how they are written, what they cost.

import Layers
import Networks
import Tensors
import Testing

@Suite("Styleformer's configurations") struct StyleformerConfigurationTests {
  private func message(
    _ change: (inout StyleformerConfiguration) -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
  ) -> String? {
    var configuration = StyleformerConfiguration()
    change(&configuration)
    return #expect(throws: ConfigurationError.self, sourceLocation: sourceLocation) {
      try configuration.validate()
    }?.description
  }

  @Test("nonsense is refused by name, with what was expected and found")
  func nonsense() {
    #expect(
      message { $0.resolution = 64 }
        == "resolution: expected 32, startResolution 8 doubled for each further stage, "
        + "at most 4096, found 64")
    #expect(
      message { $0.hiddenSizes = [1024, 512] }
        == "hiddenSizes: expected 3 numbers from 1 to 65536, one a stage, found [1024, 512]")
    #expect(
      message { $0.hiddenSizes = [1024, 512, 100] }
        == "hiddenSizes: expected a multiple of the 3 heads of the layer, found 100")
    #expect(
      message { $0.numLayers = [1, 0, 3] }
        == "numLayers: expected 1 to 10 stages of 1 to 64 layers, found [1, 0, 3]")
    #expect(message { $0.numLayers = [] }?.hasPrefix("numLayers: ") == true)
    #expect(message { $0.numLayers = [Int.max, 1, 1] }?.hasPrefix("numLayers: ") == true)
    for bad in [Int.min, 0, 3, 65, .max] {
      #expect(message { $0.startResolution = bad }?.hasPrefix("startResolution: ") == true)
    }
    #expect(message { $0.headSize = 0 }?.hasPrefix("headSize: ") == true)
    #expect(message { $0.minimumHeads = 0 }?.hasPrefix("minimumHeads: ") == true)
    #expect(message { $0.zDim = 0 }?.hasPrefix("zDim: ") == true)
    #expect(message { $0.wDim = 0 }?.hasPrefix("wDim: ") == true)
    #expect(message { $0.labelDim = -1 }?.hasPrefix("labelDim: ") == true)
    #expect(message { $0.mappingLayers = 0 }?.hasPrefix("mappingLayers: ") == true)
    #expect(message { $0.imgChannels = 2 }?.hasPrefix("imgChannels: ") == true)
    #expect(message { $0.convClamp = .nan }?.hasPrefix("convClamp: ") == true)
  }

  @Test("Styleformer-C's nonsense is refused by name")
  func composedNonsense() {
    func message(_ change: (inout StyleformerCConfiguration) -> Void) -> String? {
      var configuration = StyleformerCConfiguration()
      change(&configuration)
      return #expect(throws: ConfigurationError.self) { try configuration.validate() }?.description
    }
    #expect(
      message { $0.resolution = 100 }
        == "resolution: expected 256, the transformer's 32 doubled for each of convChannels, "
        + "at most 4096, found 100")
    for bad in [[], [0, 1, 1], [Int](repeating: 1, count: 7)] {
      #expect(message { $0.convChannels = bad }?.hasPrefix("convChannels: ") == true)
    }
    #expect(message { $0.transformer.wDim = 0 }?.hasPrefix("wDim: ") == true)
    for resolution in [64, 256, 1024, 2048] {
      #expect(throws: Never.self) {
        try StyleformerCConfiguration(resolution: resolution).validate()
      }
    }
    for resolution in [Int.min, 0, 32, 96, 8192] {
      #expect(throws: ConfigurationError.self) {
        try StyleformerCConfiguration(resolution: resolution).validate()
      }
    }
  }

  @Test("labels alone may decide: z may have length 0")
  func noZ() throws {
    var configuration = smallStyleformer(labelDim: 3)
    configuration.zDim = 0
    try configuration.validate()
    let generator = makeGenerator(configuration)
    let w = generator.map(z: generator.z(seed: 1), labels: generator.label(classIndex: 1))
    #expect(w.shape == [1, 12] && w.isFinite().all)
  }

  @Test("canonical JSON is what it was when the first files were written, and reads back")
  func json() throws {
    let json = try StyleformerPreset.stl10.generator().canonicalJSON()
    #expect(
      json == """
        {"convClamp":256,"headSize":32,"hiddenSizes":[1024,256,64],"imgChannels":3,"labelDim":0,\
        "linformer":false,"mappingLayers":2,"minimumHeads":1,"numLayers":[1,3,3],"resolution":48,\
        "startResolution":12,"wDim":512,"zDim":512}
        """)
    #expect(
      try StyleformerConfiguration(canonicalJSON: json) == StyleformerPreset.stl10.generator())
    var ablated = smallStyleformer()
    ablated.ablation = StyleformerAblation()
    ablated.ablation?.residual = .input
    #expect(try StyleformerConfiguration(canonicalJSON: ablated.canonicalJSON()) == ablated)
    let composed = smallStyleformerC()
    #expect(try StyleformerCConfiguration(canonicalJSON: composed.canonicalJSON()) == composed)
  }

  @Test("presets at other resolutions have fewer stages, or more like the last")
  func presets() throws {
    func stages(_ name: String, _ resolution: Int) throws -> StyleformerConfiguration? {
      try Registry.configuration(named: name, resolution: resolution) as? StyleformerConfiguration
    }
    let larger = try #require(try stages("styleformer-cifar10", 128))
    #expect(larger.numLayers == [1, 3, 3, 3, 3] && larger.hiddenSizes.suffix(2) == [512, 512])
    let smaller = try #require(try stages("styleformer-lsun128l", 16))
    #expect(smaller.numLayers == [1, 2] && smaller.hiddenSizes == [1024, 256])
    #expect(smaller.startResolution == 8 && smaller.linformer)
    let three = try #require(try stages("styleformer-celeba64l", 96))
    #expect(three.startResolution == 12 && three.numLayers == [1, 2, 1, 1])
    for bad in [Int.min, -8, 0, 4, 20, 50, 8192, .max] {
      #expect(throws: ConfigurationError.self) { try stages("styleformer-cifar10", bad) }
    }
    #expect(StyleformerPreset.celeba64l.generator(labelDim: 4, imgChannels: 1).labelDim == 4)
  }

  // MARK: Costs

  /// The multiply-adds as the sizes of the layers give them.
  private func expectedCost(_ c: StyleformerConfiguration) -> Int {
    var total = c.mappingLayers * c.wDim * c.wDim
    for (stage, r) in c.stageResolutions.enumerated() {
      let (tokens, h) = (r * r, c.hiddenSizes[stage])
      let last = c.hiddenSizes.dropFirst(stage + 1).first ?? h
      let isProjected = c.linformer && r >= 32
      let keys = isProjected ? 256 : tokens
      for j in 0..<c.numLayers[stage] {
        let o = j == c.numLayers[stage] - 1 ? last : h
        total += 3 * tokens * h * h + 2 * tokens * h * o  // queries, keys, values; the two outputs
        total += 2 * tokens * keys * h  // scores and their weighting
        total += isProjected ? 2 * keys * tokens * h : 0
        total += c.wDim * 2 * h + 3 * h * h + 2 * h * o  // styles and demodulation
      }
      total += 3 * tokens * last + c.wDim * last + 3 * last  // toRGB
      // Four of the filter's 16 taps meet no inserted zeros, for each number of the enlarged features
      // and image.
      if r < c.resolution { total += 4 * 4 * tokens * (last + 3) }
    }
    return total
  }

  @Test(
    "costs are those of the layers, for every published configuration",
    arguments: [
      (StyleformerPreset.cifar10, 8.755), (.stl10, 3.779), (.celeba64l, 0.903), (.lsun128l, 2.320),
    ])
  func costs(preset: StyleformerPreset, published: Double) {
    let configuration = preset.generator()
    let cost = configuration.cost
    #expect(cost.multiplyAdds == expectedCost(configuration))
    // The published figures have three digits behind the point.
    #expect(abs(Double(cost.multiplyAdds) / 1e9 - published) < 6e-4)
  }

  @Test("StyleGAN2's cost is that of its mapping, convolution and toRGB at 4×4")
  func styleGAN2() {
    let c = smallConfiguration(labelDim: 3, resolution: 4)
    // Labels are embedded, then two layers.
    let mapping: Int = 36 + 28 * 12 + 144
    // Two affine matrices, nine taps from 8 channels to 8, and toRGB, at 16 pixels.
    let synthesis: Int = 96 + 96 + 16 * 576 + 16 * 24
    #expect(c.cost.multiplyAdds == mapping + synthesis)
    let store = ParameterStore()
    _ = c.makeGenerator(Scope(store, device: .meta))
    #expect(c.cost.parameters == store.parameterCount)
  }

  @Test("StyleNAT's cost is that of its layers' published analysis, and of what that leaves out")
  func styleNAT() throws {
    let cost = try Registry.configuration(named: "stylenat-ffhq256").cost
    // 189.2 GFLOP for linear layers and attention; mapping, styles and toRGB come on top.
    let gflop = 2 * Double(cost.multiplyAdds) / 1e9
    #expect(gflop > 189.2 && gflop < 189.2 + 0.2)
  }

  @Test("every named configuration's cost is known without memory for it")
  func everyCost() throws {
    for named in Registry.configurations {
      let cost = try Registry.configuration(named: named.name).cost
      #expect(cost.parameters > 1_000_000 && cost.multiplyAdds > 100_000_000, "\(named.name)")
    }
  }
}

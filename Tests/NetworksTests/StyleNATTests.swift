// StyleNAT: configurations, names, what blocks see, and the generator as all generators are used.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

/// StyleNAT at 32×32 with 16 channels, 4 heads, and as many partitions as a stage can have.
func smallStyleNAT(_ biasNames: HydraBiasNames = .list) -> StyleNATConfiguration {
  var configuration = StyleNATConfiguration(resolution: 32)
  (configuration.shape.wDim, configuration.shape.mappingLayers) = (12, 2)
  configuration.shape.baseChannels = 16
  configuration.kernelSizes = [[3], [3, 5], [7]]
  configuration.dilations = [[1], [1, 2], [1, 4]]
  configuration.biasNames = biasNames
  return configuration
}

/// A generator whose parameters that start at zero are random too.
func makeStyleNAT(_ configuration: StyleNATConfiguration) -> StyleNAT {
  let generator = StyleNAT(
    configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
  for (i, entry) in generator.parameters.entries.values.enumerated()
  where entry.tensor.abs().max().item() == 0 {
    entry.tensor.assign(.seeded(entry.tensor.shape, seed: UInt64(i)) * 0.3)
  }
  return generator
}

@Suite("Large maps of transformers") struct LargeTransformerMapTests {
  /// Two images, made sample by sample and in pieces, or all at once with gradients recorded.
  @Test("sample by sample and in pieces they are what they are at once")
  func pieces() {
    var configuration = smallStyleNAT()
    configuration.shape.resolution = 128
    configuration.kernelSizes += [[3], [3]]
    configuration.dilations += [[1], [1, 8]]
    let generator = makeStyleNAT(configuration)
    let wPlus = Tensor.seeded([2, generator.traits.numWs, 12], seed: 7, dtype: .float32)
    let pieces = withoutGradients { generator.synthesize(wPlus, options: .init()) }
    let whole = generator.synthesize(wPlus, options: .init())
    #expect(pieces.shape == [2, 3, 128, 128])
    // Roundings of float32 over a dozen blocks, of numbers around the deviation.
    let deviation = whole.varianceAndMean(over: 0, 1, 2, 3).variance.item().squareRoot()
    expectClose(pieces, whole, atol: 2e-4 * deviation)
  }
}

@Suite("StyleNAT's configurations") struct StyleNATConfigurationTests {
  private func published(_ name: String) throws -> StyleNATConfiguration {
    try #require(Registry.configuration(named: name) as? StyleNATConfiguration)
  }

  @Test("FFHQ has half of the heads look nearby and half at seven eighths of the map")
  func ffhq() throws {
    let large = try published("stylenat-ffhq1024")
    #expect(large.kernelSizes == [[Int]](repeating: [7], count: 8))
    #expect(
      large.dilations == [[1], [1, 2], [1, 4], [1, 8], [1, 16], [1, 32], [1, 64], [1, 128]])
    let small = try published("stylenat-ffhq256")
    #expect(small.dilations == Array(large.dilations.prefix(6)))
    #expect(try small.partitions(at: 128).map(\.heads) == [0..<4, 4..<8])
    #expect(try small.partitions(at: 8).map(\.heads) == [0..<16])
  }

  @Test("Church has one partition for each power of two, and uneven shares of the heads")
  func church() throws {
    let church = try published("stylenat-church256")
    #expect(church.dilations.last == [1, 2, 4, 8, 16, 32])
    #expect(try church.partitions(at: 128).map(\.heads.count) == [1, 1, 2, 2, 2])
    #expect(try church.partitions(at: 256).map(\.heads.count) == [1, 1, 1, 1, 2, 2])
  }

  @Test(
    "published numbers of parameters",
    arguments: [
      ("stylenat-ffhq256", 48_921_000), ("stylenat-ffhq1024", 49_452_934),
      ("stylenat-church256", 48_922_352),
    ])
  func parameters(name: String, count: Int) throws {
    let store = ParameterStore()
    _ = try published(name).makeGenerator(Scope(store, device: .meta))
    #expect(store.parameterCount == count)
  }

  @Test("nonsense is refused by name, with what was expected and found")
  func nonsense() {
    func message(_ change: (inout StyleNATConfiguration) -> Void) -> String? {
      var configuration = StyleNATConfiguration(resolution: 32)
      change(&configuration)
      return #expect(throws: ConfigurationError.self) { try configuration.validate() }?.description
    }
    #expect(
      message { $0.dilations.removeLast() } == "dilations: expected 3 lists, from 8×8 on, found 2")
    #expect(message { $0.kernelSizes = [] }?.hasPrefix("kernelSizes: expected 3 lists") == true)
    #expect(
      message { $0.dilations[1] = [3] }
        == "attention at 16×16: kernel size 7 and dilation 3: expected a map of at least 7 times 3 "
        + "tokens on each axis, found 16")
    #expect(
      message { $0.kernelSizes[2] = [4] }
        == "attention at 32×32: kernel size: expected an odd number from 3 on, found 4")
    #expect(
      message { $0.dilations[2] = [Int](repeating: 1, count: 17) }
        == "attention at 32×32: at least 17 heads for 17 partitions, found 16")
    #expect(
      message { ($0.kernelSizes[2], $0.dilations[2]) = ([3, 5, 7], [1, 2]) }
        == "attention at 32×32: dilations: expected 1 or 3, found 2")
    #expect(
      message { $0.dilations[0] = [] }
        == "attention at 8×8: dilations: expected 1 or 1, found 0")
    for bad in [0, -1, .nan, .infinity] {
      #expect(message { $0.qkScale = bad }?.hasPrefix("qkScale: ") == true)
    }
    for resolution in [Int.min, -8, 0, 4, 48, 2048, .max] {
      let error = #expect(throws: ConfigurationError.self) {
        try Registry.configuration(named: "stylenat-church256", resolution: resolution)
      }
      #expect(
        error?.description
          == "resolution: expected 8, 16, … 1024 for stylenat-church256, found \(resolution)")
    }
  }

  @Test("written as JSON and read again, it is the same")
  func json() throws {
    var configuration = StyleNATConfiguration.progressive(resolution: 64)
    (configuration.biasNames, configuration.qkScale) = (.list, 0.5)
    let json = try configuration.canonicalJSON()
    let read = try Registry.networkConfiguration(kind: "stylenat", json: json)
    #expect(read as? StyleNATConfiguration == configuration)
  }
}

@Suite("StyleNAT") struct StyleNATTests {
  @Test("names and shapes of parameters", arguments: HydraBiasNames.allCases)
  func names(biasNames: HydraBiasNames) throws {
    let network = StyleNAT(smallStyleNAT(biasNames), Scope(ParameterStore()))
    try expectNames(network.parameters, biasNames == .list ? "stylenat" : "stylenat-halves")
  }

  @Test("files also hold a table for 4×4 and one unused number for each enlargement")
  func derivedBuffers() {
    #expect(
      smallStyleNAT().derivedBuffers.mapValues(\.shape) == [
        "layers.0.blocks.0.attn.relative_position_index": [16, 16],
        "layers.0.blocks.1.attn.relative_position_index": [16, 16],
        "layers.0.upsample.sin_pos_embed._float_tensor": [1],
        "layers.1.upsample.sin_pos_embed._float_tensor": [1],
        "layers.2.upsample.sin_pos_embed._float_tensor": [1],
      ])
  }

  @Test("the old names are two halves of the heads under other names")
  func halves() {
    let (old, new) = (makeStyleNAT(smallStyleNAT(.halves)), makeStyleNAT(smallStyleNAT()))
    for name in new.parameters.entries.keys {
      guard name.contains(".rpb.") else {
        new.parameters[name].assign(old.parameters[name])
        continue
      }
      // At 8×8 one partition holds both halves.
      let oldNames =
        name.hasPrefix("layers.1.")
        ? ["rpb0", "rpb1"].map { name.replacing("rpb.0", with: $0) }
        : [name.replacing("rpb.", with: "rpb")]
      new.parameters[name].assign(
        .concatenate(oldNames.map { old.parameters[$0] }, axis: 0))
    }
    let wPlus = Tensor.seeded([2, 8, 12], seed: 3, dtype: .float32)
    withoutGradients {
      let images = [old, new].map { $0.synthesize(wPlus, options: .init()) }
      expectClose(images[0], images[1], atol: 1e-4)
    }
  }

  @Test("a seed is torch's, colours are ImageNet's, and there is neither noise nor label")
  func conventions() {
    let generator = makeStyleNAT(smallStyleNAT())
    let traits = generator.traits
    #expect(traits.seedConvention == .torchManualSeed && traits.pixelEncoding == .imageNet)
    #expect(traits.numWs == 8 && traits.usedWs == 0..<8 && traits.resolution == 32)
    #expect(traits.labelDim == 0 && generator.noiseInputs.isEmpty)
    let ranges = traits.layerRanges
    #expect([ranges.coarse, ranges.middle, ranges.fine] == [0..<4, 4..<8, 8..<8])
    let z = Tensor.randn([1, 12], generator: TorchGenerator(seed: 7))
    #expect(generator.z(seed: 7).values() == z.values())
  }

  @Test("every row of W+ decides something, and styles have a matrix for each norm of its block")
  func rows() {
    let generator = makeStyleNAT(smallStyleNAT())
    let wPlus = Tensor.seeded([1, 8, 12], seed: 3, dtype: .float32)
    let other = Tensor.seeded([1, 8, 12], seed: 4, dtype: .float32)
    withoutGradients {
      let image = generator.synthesize(wPlus)
      for row in 0..<8 {
        let mixed = generator.synthesize(generator.mix(wPlus, with: other, rows: [row]))
        #expect((mixed - image).abs().max().item() > 0, "row \(row)")
      }
    }
    let matrices = generator.styleMatrices
    #expect(matrices.map(\.row) == (0..<8).flatMap { [$0, $0] })
    #expect(matrices[3].name == "layers.0.blocks.1.norm2.style.weight")
    #expect(matrices.allSatisfy { $0.weight.shape == [32, 12] })
  }

  @Test("truncation pulls towards the mean of w")
  func truncation() {
    let generator = makeStyleNAT(smallStyleNAT())
    withoutGradients {
      let w = generator.map(z: generator.z(seed: 1))
      let mean = generator.broadcast(generator.wAvg.unsqueezed(0))
      let pulled = generator.broadcast(w, truncation: Truncation(psi: 0))
      expectClose(pulled, mean, atol: 0)
      generator.updateAverage(with: w, beta: 0)
      expectClose(generator.wAvg, w.reshaped(12), atol: 0)
      let half = generator.broadcast(w + 1, truncation: Truncation(psi: 0.5))
      expectClose(half, generator.broadcast(w + 0.5), atol: 1e-5)
    }
  }

  @Test("every parameter of synthesis has a gradient")
  func parameterGradients() {
    let generator = makeStyleNAT(smallStyleNAT())
    generator.parameters.setRequiresGrad(true)
    let image = generator.synthesize(.seeded([1, 8, 12], seed: 3, dtype: .float32))
    let names = generator.parameters.trainable.filter { !$0.key.hasPrefix("style.") }
    let found = optionalGradients(
      of: [image.square().sum()], withRespectTo: Array(names.values))
    for (name, gradient) in zip(names.keys, found) {
      #expect((gradient?.abs().max().item() ?? 0) > 0, "\(name)")
    }
  }
}

@Suite("StyleNAT's blocks") struct StyleNATBlockTests {
  private func scope() -> Scope {
    Scope(ParameterStore(), dtype: .float64, generator: TorchGenerator(seed: 1))
  }

  private func hydra(_ p: Scope, _ attention: @escaping NeighborhoodAttention) -> HydraAttention {
    HydraAttention(
      HydraNeighborhoodAttention(
        p / "attn", dim: 4, heads: 2, kernelSizes: [3], dilations: [1, 2], attention: attention))
  }

  @Test("gradients of a block agree with differences, and with those of the reference")
  func gradients() {
    let (x, w) = (Tensor.seeded([2, 36, 4], seed: 2), Tensor.seeded([2, 3], seed: 3))
    let results = [neighborhoodAttention, neighborhoodAttentionReference].map { attention in
      let p = scope()
      let block = TransformerBlock(p, dim: 4, wDim: 3) { hydra($0, attention) }
      for name in p.store.names(under: "attn") { p.store[name].multiplyInPlace(30) }
      expectGradients(at: [x, w]) { block($0[0], w: $0[1]) }
      let inputs = [x.cloned().requiringGrad(), w.cloned().requiringGrad()]
      let y = block(inputs[0], w: inputs[1])
      return [y]
        + Tensors.gradients(of: [y], withRespectTo: inputs, weights: [.seeded(y.shape, seed: 4)])
    }
    for (a, b) in zip(results[0], results[1]) { expectClose(a, b, atol: 1e-10, rtol: 1e-10) }
  }

  @Test("heads are named by what they see")
  func headGroups() {
    let groups = hydra(scope(), neighborhoodAttention).headGroups
    #expect(
      groups == [
        HeadGroup(name: "kernel 3, dilation 1", heads: 0..<1),
        HeadGroup(name: "kernel 3, dilation 2", heads: 1..<2),
      ])
    let all = BiasedSelfAttention(scope(), dim: 4, heads: 2, size: 4).headGroups
    #expect(all == [HeadGroup(name: "all pixels", heads: 0..<2)])
  }

  // With weights 0 only the biases decide: 50 for one offset makes all others e^-50.
  @Test("biases at 4×4 are for key minus query")
  func orientation() {
    let p = Scope(ParameterStore(), dtype: .float64)
    let attention = BiasedSelfAttention(p, dim: 4, heads: 2, size: 4)
    for (dy, dx) in [(1, -1), (0, 2), (-3, 0)] {
      let bias = p.store["rpb"]
      bias.assign(.zeros([1], dtype: .float64))
      bias.selected(1, axis: 0).selected(dy + 3, axis: 0).selected(dx + 3, axis: 0)
        .assign(.full(50, [], dtype: .float64))
      for pixel in 0..<16 {
        let (row, column) = (pixel / 4, pixel % 4)
        guard (0..<4).contains(row + dy), (0..<4).contains(column + dx) else { continue }
        let map = attention.weights(.zeros([1, 16, 4], dtype: .float64), row: row, column: column)
        #expect(map.shape == [1, 2, 4, 4])
        let values = map.selected(0, axis: 0).values(as: Double.self)
        #expect(values[16 + (row + dy) * 4 + column + dx] > 0.999)
        #expect(values[0..<16].allSatisfy { abs($0 - 1 / 16) < 1e-12 })
      }
    }
  }

  @Test("weights at 4×4 sum to one and give the layer's result")
  func globalWeights() {
    let p = scope()
    let attention = BiasedSelfAttention(p, dim: 6, heads: 3, size: 4, scale: 0.6)
    for name in p.store.names(under: "") { p.store[name].multiplyInPlace(30) }
    let x = Tensor.seeded([2, 16, 6], seed: 2)
    let weights = attention.weights(x, row: 2, column: 1)
    expectClose(weights.sum(over: 2, 3), .ones([2, 3]), atol: 1e-12)
    let qkv = x.matmul(p.store["qkv.weight"].transposed(0, 1)) + p.store["qkv.bias"]
    let values = qkv.sliced(12..<18, axis: 2).reshaped(2, 16, 3, 2).transposed(1, 2)
    let sums = weights.reshaped(2, 3, 1, 16).matmul(values).reshaped(2, 6)
    let expected = sums.matmul(p.store["proj.weight"].transposed(0, 1)) + p.store["proj.bias"]
    expectClose(attention(x).selected(9, axis: 1), expected, atol: 1e-10, rtol: 1e-12)
  }
}

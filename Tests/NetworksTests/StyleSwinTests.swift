// StyleSwin: its sizes, its double attention, and what its heads look at.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

/// StyleSwin at 32×32 with 16 channels.
func smallStyleSwin() -> StyleSwinConfiguration {
  var configuration = StyleSwinConfiguration(resolution: 32)
  (configuration.shape.wDim, configuration.shape.mappingLayers) = (12, 2)
  (configuration.shape.baseChannels, configuration.shape.channelMultiplier) = (16, 1)
  return configuration
}

@Suite("StyleSwin") struct StyleSwinTests {
  private func generator() -> StyleSwin {
    StyleSwin(
      smallStyleSwin(), Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
  }

  private func wPlus(_ generator: StyleSwin, batch: Int = 1, seed: UInt64 = 3) -> Tensor {
    let traits = generator.traits
    return .seeded([batch, traits.numWs, traits.wDim], seed: seed, dtype: .float32)
  }

  @Test("a picture for each z, without noise, in ImageNet's colours")
  func pictures() {
    let generator = self.generator()
    let traits = generator.traits
    #expect(traits.numWs == 8 && traits.usedWs == 0..<8 && traits.resolution == 32)
    #expect(traits.pixelEncoding == .imageNet && traits.seedConvention == .torchManualSeed)
    #expect(traits.layerRanges == LayerRanges(numWs: 8) && generator.noiseInputs.isEmpty)
    let w = generator.map(z: .seeded([2, 12], seed: 2, dtype: .float32))
    let images = withoutGradients { generator.synthesize(generator.broadcast(w)) }
    #expect(images.shape == [2, 3, 32, 32] && images.isFinite().all)
    #expect(generator.traits.pixelEncoding.bytes(images).shape == [2, 32, 32, 3])
  }

  @Test("every row of W+ changes the picture, through the style matrices of its block")
  func rows() {
    let generator = self.generator()
    let matrices = generator.styleMatrices
    #expect(matrices.map(\.row) == (0..<8).flatMap { [$0, $0] })
    #expect(matrices[2].name == "layers.0.blocks.1.norm1.style.weight")
    #expect(matrices.allSatisfy { $0.weight.shape == [32, 12] })
    let (a, b) = (wPlus(generator), wPlus(generator, seed: 4))
    withoutGradients {
      let before = generator.synthesize(a)
      for row in 0..<8 {
        let after = generator.synthesize(generator.mix(a, with: b, rows: [row]))
        #expect((before - after).abs().max().item() > 0, "row \(row)")
      }
    }
  }

  @Test("the published configurations have the published numbers of parameters and tensors")
  func published() throws {
    for (name, parameters, tensors) in [
      ("styleswin-ffhq256", 48_929_512, 308), ("styleswin-celebahq1024", 40_862_990, 394),
    ] {
      let configuration = try #require(
        try Registry.configuration(named: name) as? StyleSwinConfiguration)
      let plan = ParameterStore()
      _ = configuration.makeGenerator(Scope(plan, device: .meta))
      #expect(plan.parameterCount == parameters)
      let kept = plan.entries.keys.filter { $0 != "style.w_avg" }
      #expect(Set(kept).isDisjoint(with: configuration.derivedBuffers.keys))
      #expect(kept.count + configuration.derivedBuffers.count == tensors)
    }
    let masks = StyleSwinConfiguration(resolution: 1024).derivedBuffers
      .filter { $0.key.hasSuffix("attn_mask2") }.values.map { $0.shape.reduce(1, *) }.reduce(0, +)
    #expect(masks == 178_946_048)
  }

  @Test("a configuration's nonsense is refused by name, with what was expected and found")
  func nonsense() {
    func message(_ change: (inout StyleSwinConfiguration) -> Void) -> String? {
      var configuration = StyleSwinConfiguration()
      change(&configuration)
      return #expect(throws: ConfigurationError.self) { try configuration.validate() }?.description
    }
    #expect(
      message { $0.shape.resolution = 48 }
        == "resolution: expected a power of two from 8 to 1024, found 48")
    #expect(
      message { $0.fullResolution = 2 } == "fullResolution: expected 4, 8, 16, 32 or 64, found 2")
    #expect(message { $0.shape.minHeads = 0 }?.hasPrefix("minHeads: ") == true)
    #expect(
      message { ($0.shape.resolution, $0.shape.minHeads, $0.shape.baseChannels) = (8, 1, 32) }
        == "heads at 4×4: expected an even number, found 1")
    #expect(
      message { $0.shape.baseChannels = 30 }
        == "channels at 4×4: expected a multiple of 4 and of the 4 heads, found 30")
    #expect(message { $0.shape.mlpRatio = .nan }?.hasPrefix("mlpRatio: ") == true)
    #expect(message { $0.shape.mappingLRMultiplier = 0 }?.hasPrefix("mappingLRMult") == true)
    #expect(message { $0.shape.wDim = 0 }?.hasPrefix("wDim: ") == true)
    #expect(message { $0.shape.channelMultiplier = 0 }?.hasPrefix("channelMultiplier") == true)
  }

  @Test("a configuration is the same after it was written and read")
  func coding() throws {
    var configuration = smallStyleSwin()
    configuration.fullResolution = 16
    let read = try Registry.networkConfiguration(
      kind: "styleswin", json: try configuration.canonicalJSON())
    #expect(read as? StyleSwinConfiguration == configuration)
  }

  // MARK: Attention

  /// Attention over a map of `resolution` pixels, with 8 channels and 4 heads.
  private func attention(
    resolution: Int, windowSize: Int, dtype: DType = .float32, usesReference: Bool = false
  ) -> (DoubleAttention, ParameterStore) {
    let store = ParameterStore()
    let p = Scope(store, dtype: dtype, generator: TorchGenerator(seed: 1))
    let attention = DoubleAttention(
      p, dim: 8, resolution: resolution, heads: 4, windowSize: windowSize,
      usesReference: usesReference)
    // Weights of deviation 0.02 would hardly tell one pixel from another.
    for (i, entry) in store.entries.values.enumerated() {
      entry.tensor.assign(.seeded(entry.tensor.shape, seed: UInt64(i)))
    }
    return (attention, store)
  }

  @Test("the fused operator and plain operations agree", arguments: [(4, 4), (8, 4), (24, 8)])
  func fused(resolution: Int, windowSize: Int) {
    let x = Tensor.seeded([2, resolution * resolution, 8], seed: 9, dtype: .float32)
    let all = [false, true].map {
      attention(resolution: resolution, windowSize: windowSize, usesReference: $0).0
    }
    // The operator's exponential is good to about 1e-6 of its value.
    withoutGradients { expectClose(all[0](x), all[1](x), atol: 2e-5, rtol: 1e-5) }
  }

  // Queries, keys, values and results of size up to about 4, each rounded to 8 bits.
  @Test("bfloat16 stays near float32", arguments: [(4, 4), (24, 8)])
  func narrow(resolution: Int, windowSize: Int) {
    let x = Tensor.seeded([2, resolution * resolution, 8], seed: 9, dtype: .bfloat16)
    let layer = attention(resolution: resolution, windowSize: windowSize).0
    withoutGradients {
      let (narrow, wide) = (layer(x), layer(x.cast(to: .float32)))
      #expect(narrow.dtype == .bfloat16)
      let error = (narrow.cast(to: .float32) - wide).square().mean().sqrt().item()
      #expect(error < 4 * 0x1p-8 * wide.square().mean().sqrt().item(), "\(error)")
    }
  }

  @Test("the gradients are those of the function, across borders of windows")
  func attentionGradients() {
    let (_, store) = attention(resolution: 4, windowSize: 2, dtype: .float64)
    let inputs = [Tensor.seeded([1, 16, 8], seed: 9)] + store.entries.values.map(\.tensor)
    expectGradients(at: inputs) { x in
      // New tensors that the given ones are copied into, so that gradients pass to these.
      let (other, copy) = attention(resolution: 4, windowSize: 2, dtype: .float64)
      for (name, tensor) in zip(store.entries.keys, x.dropFirst()) { copy[name].assign(tensor) }
      return other(x[0])
    }
  }

  @Test("a head's weights add up to 1 and lie in its window, never across the border")
  func weights() {
    let (attention, _) = self.attention(resolution: 16, windowSize: 8)
    #expect(attention.headGroups.map(\.heads) == [0..<2, 2..<4])
    #expect(attention.headGroups[1].name == "windows of 8, moved by 4")
    // Small numbers, so that no head looks at a single pixel.
    let x = Tensor.seeded([1, 256, 8], seed: 9, dtype: .float32) * 0.3
    /// Rows and columns of which some head of a group has a weight that counts.
    func seen(_ row: Int, _ column: Int, _ heads: Range<Int>) -> [Range<Int>] {
      let weights = withoutGradients { attention.weights(x, row: row, column: column) }
      #expect(weights.shape == [1, 4, 16, 16])
      for sum in weights.sum(over: 2, 3).values() { #expect(abs(sum - 1) < 1e-5) }
      let largest = weights.sliced(heads, axis: 1).max(over: 0, 1).values(as: Double.self)
      let places = largest.indices.filter { largest[$0] > 1e-12 }
      func range(_ numbers: [Int]) -> Range<Int> { (numbers.min() ?? 0)..<(numbers.max() ?? 0) + 1 }
      return [range(places.map { $0 / 16 }), range(places.map { $0 % 16 })]
    }
    #expect(seen(1, 9, 0..<2) == [0..<8, 8..<16])
    // The moved grid has whole windows only inside; at the border there are parts of windows.
    #expect(seen(5, 9, 2..<4) == [4..<12, 4..<12])
    #expect(seen(1, 9, 2..<4) == [0..<4, 4..<12])
    #expect(seen(15, 0, 2..<4) == [12..<16, 0..<4])
  }

  @Test("weights are those with which the attention adds up values")
  func weightsAddUp() {
    let (attention, store) = self.attention(resolution: 16, windowSize: 8)
    // The values are the channels themselves, and nothing happens to the result.
    func identity(_ name: String, from row: Int) {
      let ones: [Float] = (0..<64).map { $0 / 8 == $0 % 8 ? 1 : 0 }
      store["\(name).weight"].sliced(row..<row + 8, axis: 0).assign(Tensor(ones, shape: [8, 8]))
      store["\(name).bias"].sliced(row..<row + 8, axis: 0).assign(.zeros([8]))
    }
    identity("qkv", from: 16)
    identity("proj", from: 0)
    let x = Tensor.seeded([1, 256, 8], seed: 9, dtype: .float32)
    withoutGradients {
      let result = attention(x).reshaped(16, 16, 8)
      for (row, column) in [(0, 0), (5, 9), (15, 3)] {
        let weights = attention.weights(x, row: row, column: column).reshaped(4, 256)
        // Each head adds up its own two channels.
        let sums = weights.matmul(x.reshaped(256, 8))  // [4, 8]
        let own = (0..<8).map { sums.selected($0 / 2, axis: 0).selected($0, axis: 0) }
        let found = result.selected(row, axis: 0).selected(column, axis: 0)
        expectClose(found, .stack(own), atol: 1e-5, "row \(row), column \(column)")
      }
    }
  }

  @Test("a generator's maps come block by block, at the place of the map that is asked for")
  func maps() throws {
    let generator = self.generator()
    let maps = withoutGradients {
      generator.attentionMaps(wPlus(generator, batch: 2), at: PixelPosition(row: 0, column: 31))
    }
    #expect(maps.map(\.resolution) == [4, 4, 8, 8, 16, 16, 32, 32])
    #expect(maps.map(\.resolution) == generator.traits.attentionResolutions)
    #expect(maps[5].name == "layers.2.blocks.1" && maps[0].groups.count == 1)
    #expect(maps[2].query == PixelPosition(row: 0, column: 7))
    let last = maps[7].weights
    #expect(last.shape == [2, 4, 32, 32])
    // The first half of the heads sees the upper right window only.
    let window = last.sliced(0..<2, axis: 1).sliced(0..<8, axis: 2).sliced(24..<32, axis: 3)
    for sum in window.sum(over: 2, 3).values() { #expect(abs(sum - 1) < 1e-5) }
  }
}

// Where a pixel looks: maps of every layer, against the layers' own probabilities.

import Layers
import Networks
import TestSupport
import Tensors
import Testing

@Suite("Attention maps") struct AttentionMapTests {
  private func maps(
    _ generator: any AttentiveGenerator, row: Int, column: Int
  ) -> [AttentionMap] {
    withoutGradients {
      generator.attentionMaps(
        generator.seededWPlus(2), at: PixelPosition(row: row, column: column),
        options: SynthesisOptions())
    }
  }

  @Test("there is a map for each layer and head, at the layer's resolution, in the layers' order")
  func shapes() {
    let found = maps(makeGenerator(smallStyleformer()), row: 31, column: 5)
    #expect(found.map(\.name) == ["8_0", "16_0", "16_1", "32_0"].map { "synthesis.b\($0).enc" })
    #expect(
      found.map(\.weights.shape) == [
        [2, 4, 8, 8], [2, 2, 16, 16], [2, 2, 16, 16], [2, 2, 32, 32],
      ])
    #expect(found.map(\.resolution) == [8, 16, 16, 32])
    let queries = [(7, 1), (15, 2), (15, 2), (31, 5)].map { PixelPosition(row: $0.0, column: $0.1) }
    #expect(found.map(\.query) == queries)
    let composed = maps(makeGenerator(smallStyleformerC()), row: 63, column: 0)
    #expect(composed.map(\.resolution) == [8, 16, 16])
    #expect(composed[0].query == PixelPosition(row: 7, column: 0))
  }

  @Test("full attention's numbers are no less than 0 and have sum 1 in each head")
  func probabilities() {
    for map in maps(makeGenerator(smallStyleformer()), row: 3, column: 30) {
      #expect(map.weights.min().item() >= 0)
      let sums = map.weights.sum(over: 2, 3)
      expectClose(sums, sums.onesLike(), atol: 1e-5, map.name)
    }
  }

  @Test("a layer's map is the token's row of its probabilities, with Linformer led back to pixels")
  func rows() {
    for linformer in [false, true] {
      let store = ParameterStore()
      let scope = Scope(store, generator: TorchGenerator(seed: 8))
      if linformer { _ = scope.parameter("proj_weight", .uniform([256, 16], bound: 0.25)) }
      let layer = StyleformerLayer(
        scope / "enc", inChannels: 8, outChannels: 8, resolution: 4,
        projection: linformer ? "proj_weight" : nil, noiseIndex: 0,
        StyleformerLayer.Context(smallStyleformer(linformer: linformer)))
      let x = Tensor.seeded([2, 16, 8], dtype: .float32)
      let w = Tensor.seeded([2, 12], seed: 2, dtype: .float32)
      var all = layer.attentionProbabilities(x, w: w)
      #expect(all.shape == [2, 2, 16, linformer ? 256 : 16])
      if linformer { all = all.matmul(store["proj_weight"]) }
      for token in [0, 6, 15] {
        expectClose(
          layer.attention(at: token, x, w: w).reshaped(2, 2, 16), all.selected(token, axis: 2),
          atol: 1e-6)
      }
    }
  }

  @Test("a pixel outside the image traps")
  func outside() async {
    await #expect(processExitsWith: .failure) {
      let generator = makeGenerator(smallStyleformer())
      _ = generator.attentionMaps(
        generator.seededWPlus(1), at: PixelPosition(row: 32, column: 0),
        options: SynthesisOptions())
    }
  }
}

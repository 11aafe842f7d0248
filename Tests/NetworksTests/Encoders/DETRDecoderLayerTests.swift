// The decoder layer: the quick way against the plain one, both orders of normalisation, dropping.

import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing

@Suite("The decoder layer") struct DETRDecoderLayerTests {
  private func layer(
    dtype: DType = .float64, _ change: (inout DETRDecoderConfiguration) -> Void = { _ in }
  ) -> (DETRDecoderLayer, ParameterStore) {
    var configuration = DETRDecoderConfiguration()
    (configuration.width, configuration.heads, configuration.feedForward) = (8, 2, 12)
    change(&configuration)
    let store = ParameterStore()
    let layer = DETRDecoderLayer(
      configuration, Scope(store, dtype: dtype, generator: TorchGenerator(seed: 2)))
    randomizeNorms(of: store)
    return (layer, store)
  }

  private let tokens = Tensor.seeded([2, 5, 8], seed: 3)
  private let memory = Tensor.seeded([2, 7, 8], seed: 4)

  @Test(
    "the quick way gives the plain one's numbers",
    arguments: [false, true], AttentionNormalization.allCases)
  func quick(normalizesFirst: Bool, normalization: AttentionNormalization) {
    for activation in DETRDecoderConfiguration.Activation.allCases {
      let layer = layer {
        ($0.normalizesFirst, $0.memoryNormalization) = (normalizesFirst, normalization)
        $0.activation = activation
      }.0
      expectClose(
        layer(tokens, memory: memory), layer.reference(tokens, memory: memory).result, atol: 1e-12)
    }
  }

  @Test("tokens are normalised after every part: their scale is that of the last norm")
  func normalisation() {
    let (layer, store) = layer()
    store["norm3.weight"].assign(.ones([8]))
    store["norm3.bias"].assign(.zeros([8]))
    let out = layer(tokens * 100, memory: memory)
    expectClose(out.mean(over: 2), .zeros([2, 5], dtype: .float64), atol: 1e-10)
    expectClose(out.square().mean(over: 2), .ones([2, 5], dtype: .float64), atol: 1e-4)
    let steps = layer.reference(tokens, memory: memory)
    #expect(steps.selfAttentionWeights.shape == [2, 5, 5])
    #expect(steps.crossAttentionWeights.shape == [2, 5, 7] && steps.hidden.shape == [2, 5, 12])
  }

  @Test("gradients are what differences say", arguments: [false, true])
  func gradients(normalizesFirst: Bool) {
    let layer = layer {
      ($0.normalizesFirst, $0.activation) = (normalizesFirst, .gelu)
    }.0
    expectGradients(at: [tokens, memory]) { layer($0[0], memory: $0[1]) }
    expectGradients(at: [tokens, memory]) { layer.reference($0[0], memory: $0[1]).result }
  }

  @Test("dropping depends on the seed alone, and none is dropped without a generator")
  func dropping() {
    let layer = layer(dtype: .float32).0
    let (t, m) = (tokens.cast(to: .float32), memory.cast(to: .float32))
    func dropped(_ seed: UInt64?) -> [UInt8] {
      bits(layer(t, memory: m, dropping: seed.map { TorchGenerator(seed: $0) }))
    }
    #expect(dropped(1) == dropped(1) && dropped(1) != dropped(2) && dropped(1) != dropped(nil))
    let none = self.layer(dtype: .float32) { $0.dropout = 0 }.0
    let generator = TorchGenerator(seed: 1)
    #expect(bits(none(t, memory: m, dropping: generator)) == bits(none(t, memory: m)))
  }

  @Test("nonsense is refused by name, with what was expected and found")
  func nonsense() {
    func message(_ change: (inout DETRDecoderConfiguration) -> Void) -> String? {
      var configuration = DETRDecoderConfiguration()
      change(&configuration)
      return #expect(throws: ConfigurationError.self) { try configuration.validate() }?.description
    }
    #expect(
      message { $0.heads = 3 } == "decoder.heads: expected a divisor of the width 512, found 3")
    #expect(message { $0.heads = 0 }?.hasPrefix("decoder.heads: ") == true)
    #expect(message { $0.width = 0 }?.hasPrefix("decoder.width: ") == true)
    #expect(message { $0.feedForward = -1 }?.hasPrefix("decoder.feedForward: ") == true)
    for bad in [-0.1, 1, .nan] {
      #expect(message { $0.dropout = bad }?.hasPrefix("decoder.dropout: ") == true)
    }
  }
}

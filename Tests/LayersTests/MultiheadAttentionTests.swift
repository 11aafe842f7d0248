// Attention with projections: the quick way against the plain one, and both normalisations against
// their definitions.

import Layers
import OrderedCollections
import TestSupport
import Tensors
import Testing

@Suite("Attention with projections") struct MultiheadAttentionTests {
  /// A layer of two heads of three numbers with random biases.
  private func layer(_ normalization: AttentionNormalization, dtype: DType = .float64)
    -> (MultiheadAttentionLayer, ParameterStore)
  {
    let store = ParameterStore()
    let p = Scope(store, dtype: dtype, generator: TorchGenerator(seed: 3))
    let layer = MultiheadAttentionLayer(p, width: 6, heads: 2, normalization: normalization)
    for name in ["in_proj_bias", "out_proj.bias"] {
      store[name].assign(.seeded(store[name].shape, seed: 9))
    }
    return (layer, store)
  }

  private let queries = Tensor.seeded([2, 4, 6], seed: 5)
  private let memory = Tensor.seeded([2, 7, 6], seed: 6)

  @Test("the quick way gives the plain one's numbers and gradients")
  func quick() {
    let (layer, _) = layer(.keys)
    let plain = layer.reference(queries, memory: memory)
    expectClose(layer(queries, memory: memory), plain.result, atol: 1e-12)
    #expect(plain.weights.shape == [2, 2, 4, 7])
    expectGradients(at: [queries, memory]) { layer($0[0], memory: $0[1]) }
    expectGradients(at: [queries, memory]) { layer.reference($0[0], memory: $0[1]).result }
  }

  @Test("few queries of a long memory need neither keys nor values")
  func longMemory() {
    let (layer, _) = layer(.keys)
    let (few, long) = (Tensor.seeded([2, 2, 6], seed: 5), Tensor.seeded([2, 40, 6], seed: 6))
    let quick = withoutGradients { layer(few, memory: long) }
    expectClose(quick, layer.reference(few, memory: long).result, atol: 1e-12)
  }

  @Test("q, k and v are the three parts of the packed matrix, in this order")
  func parts() {
    let (layer, store) = layer(.keys)
    let (weight, bias) = (store["in_proj_weight"], store["in_proj_bias"])
    func part(_ i: Int, of x: Tensor) -> Tensor {
      x.matmul(weight.sliced(6 * i..<6 * i + 6, axis: 0).transposed(0, 1))
        + bias.sliced(6 * i..<6 * i + 6, axis: 0)
    }
    let (q, k, v) = (part(0, of: queries), part(1, of: memory), part(2, of: memory))
    var heads: [Tensor] = []
    for head in 0..<2 {
      func columns(_ x: Tensor) -> Tensor { x.sliced(3 * head..<3 * head + 3, axis: 2) }
      let logits = columns(q).matmul(columns(k).transposed(1, 2)) / 3.0.squareRoot()
      heads.append(logits.softmax(axis: -1).matmul(columns(v)))
    }
    let expected =
      Tensor.concatenate(heads, axis: 2).matmul(store["out_proj.weight"].transposed(0, 1))
      + store["out_proj.bias"]
    expectClose(layer(queries, memory: memory), expected, atol: 1e-12)
  }

  @Test("queries that compete: a softmax over them, then rows of sum 1")
  func competing() {
    let logits = Tensor.seeded([1, 2, 4, 7])
    let weights = AttentionNormalization.queries(logits)
    let shares = logits.exp() / logits.exp().sum(over: 2, keepAxes: true)
    expectClose(weights, shares / shares.sum(over: 3, keepAxes: true), atol: 1e-12)
    expectClose(weights.sum(over: 3), .ones([1, 2, 4], dtype: .float64), atol: 1e-12)
    let (layer, _) = layer(.queries)
    expectClose(
      layer(queries, memory: memory), layer.reference(queries, memory: memory).result, atol: 0)
    let other = self.layer(.keys).0(queries, memory: memory)
    #expect((layer(queries, memory: memory) - other).abs().max().item() > 1e-3)
  }

  @Test("weights are dropped by the seed alone, and are told as they were before")
  func dropping() {
    let (layer, _) = layer(.keys, dtype: .float32)
    let (q, m) = (queries.cast(to: .float32), memory.cast(to: .float32))
    func dropped(_ seed: UInt64) -> Tensor {
      layer(q, memory: m, dropout: Dropout(probability: 0.5, generator: TorchGenerator(seed: seed)))
    }
    #expect(bits(dropped(1)) == bits(dropped(1)) && bits(dropped(1)) != bits(dropped(2)))
    let dropout = Dropout(probability: 0.5, generator: TorchGenerator(seed: 1))
    expectClose(
      layer.reference(q, memory: m, dropout: dropout).weights,
      layer.reference(q, memory: m).weights, atol: 0)
  }
}

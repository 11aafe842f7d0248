// Hydra: how heads are shared out, under which names, and what each partition sees.

import Layers
import OrderedCollections
import TestSupport
import Tensors
import Testing

@Suite("Hydra") struct HydraNeighborhoodAttentionTests {
  private func partitions(
    heads: Int, _ kernelSizes: [Int], _ dilations: [Int], _ names: HydraBiasNames = .list
  ) throws -> [HydraPartition] {
    try HydraPartition.all(
      heads: heads, kernelSizes: kernelSizes, dilations: dilations, biasNames: names)
  }

  private func layer(
    _ store: ParameterStore, kernelSizes: [Int] = [3], dilations: [Int] = [1, 2],
    names: HydraBiasNames = .list, scale: Double? = nil,
    attention: @escaping NeighborhoodAttention = neighborhoodAttention
  ) -> HydraNeighborhoodAttention {
    let layer = HydraNeighborhoodAttention(
      Scope(store, dtype: .float64, generator: TorchGenerator(seed: 1)), dim: 10, heads: 5,
      kernelSizes: kernelSizes, dilations: dilations, biasNames: names, scale: scale,
      attention: attention)
    // Larger than they are born, so that what they do is seen.
    for name in store.entries.keys { store[name].multiplyInPlace(20) }
    return layer
  }

  @Test("heads that are left over go to the last partitions")
  func unevenHeads() throws {
    #expect(
      try partitions(heads: 8, [7], [1, 2, 4]).map(\.heads) == [0..<2, 2..<5, 5..<8])
    #expect(
      try partitions(heads: 16, [7], [1, 2, 4, 8, 16]).map(\.heads.count) == [3, 3, 3, 3, 4])
    #expect(
      try partitions(heads: 8, [7], [1, 2, 4, 8, 16, 32]).map(\.heads.count) == [1, 1, 1, 1, 2, 2])
    #expect(try partitions(heads: 4, [7], [1]).map(\.heads) == [0..<4])
  }

  @Test("a single kernel or dilation is for all partitions")
  func broadcast() throws {
    let kernels = try partitions(heads: 4, [3, 7], [2])
    #expect(kernels.map(\.kernelSize) == [3, 7] && kernels.map(\.dilation) == [2, 2])
    let both = try partitions(heads: 4, [3, 7], [2, 1])
    #expect(both.map(\.kernelSize) == [3, 7] && both.map(\.dilation) == [2, 1])
  }

  @Test("the old names mean two halves, whatever the lists say")
  func halves() throws {
    let one = try partitions(heads: 16, [7], [1], .halves)
    #expect(one.map(\.heads) == [0..<8, 8..<16] && one.map(\.dilation) == [1, 1])
    let three = try partitions(heads: 6, [3], [1, 2, 4], .halves)
    #expect(three.map(\.dilation) == [1, 2])
  }

  @Test("says which numbers do not fit")
  func problems() {
    func message(_ heads: Int, _ k: [Int], _ d: [Int], _ names: HydraBiasNames = .list) -> String? {
      let error = #expect(throws: HydraPartitionError.self) {
        try partitions(heads: heads, k, d, names)
      }
      return error?.description
    }
    #expect(message(8, [3, 5], [1, 2, 4]) == "kernel sizes: expected 1 or 3, found 2")
    #expect(message(8, [3], []) == "dilations: expected 1 or 1, found 0")
    #expect(message(2, [3], [1, 2, 4]) == "at least 3 heads for 3 partitions, found 2")
    #expect(message(3, [3], [1], .halves) == "an even number of heads for 2 partitions, found 3")
  }

  @Test("the names and shapes of parameters")
  func names() {
    let store = ParameterStore()
    _ = layer(store, kernelSizes: [3, 5])
    #expect(
      store.entries.map { "\($0.key) \($0.value.tensor.shape)" } == [
        "qkv.weight [30, 10]", "qkv.bias [30]", "rpb.0 [2, 5, 5]", "rpb.1 [3, 9, 9]",
        "proj.weight [10, 10]", "proj.bias [10]",
      ])
    let halves = ParameterStore()
    _ = HydraNeighborhoodAttention(
      Scope(halves), dim: 8, heads: 2, kernelSizes: [7], dilations: [1], biasNames: .halves,
      qkvBias: false)
    #expect(halves.names(under: "") == ["qkv.weight", "rpb0", "rpb1", "proj.weight", "proj.bias"])
  }

  @Test("each partition is neighbourhood attention of its heads")
  func partitionByPartition() {
    let store = ParameterStore()
    let hydra = layer(store, scale: 0.7)
    let x = Tensor.seeded([2, 6, 7, 10], seed: 2)
    let qkv = x.matmul(store["qkv.weight"].transposed(0, 1)) + store["qkv.bias"]
    func part(_ index: Int, _ heads: Range<Int>) -> Tensor {
      qkv.sliced(10 * index..<10 * (index + 1), axis: 3).reshaped(2, 6, 7, 5, 2)
        .sliced(heads, axis: 3)
    }
    let parts = [(0..<2, 1, "rpb.0"), (2..<5, 2, "rpb.1")].map { heads, dilation, bias in
      neighborhoodAttentionReference(
        part(0, heads), part(1, heads), part(2, heads), relativePositionBias: store[bias],
        kernelSize: 3, dilation: dilation, scale: 0.7)
    }
    let joined = Tensor.concatenate(parts, axis: 3).reshaped(2, 6, 7, 10)
    let expected = joined.matmul(store["proj.weight"].transposed(0, 1)) + store["proj.bias"]
    expectClose(hydra(x), expected, atol: 1e-10, rtol: 1e-12)
  }

  @Test("gradients of x and of all parameters equal the reference's")
  func gradientsEqualReference() {
    let x = Tensor.seeded([1, 6, 7, 10], seed: 2)
    let upstream = Tensor.seeded(x.shape, seed: 3)
    let found = [neighborhoodAttention, neighborhoodAttentionReference].map { attention in
      let store = ParameterStore()
      let hydra = layer(store, attention: attention)
      store.setRequiresGrad(true)
      let input = x.cloned().requiringGrad()
      return gradients(
        of: [hydra(input)], withRespectTo: [input] + store.trainable.values, weights: [upstream])
    }
    for (a, b) in zip(found[0], found[1]) { expectClose(a, b, atol: 1e-9, rtol: 1e-10) }
  }

  // The sum over all pixels of weight times value is what the layer gives before its last matrix.
  @Test("weights of one pixel sum to one, lie on its neighbours, and give its result")
  func weights() {
    let store = ParameterStore()
    let hydra = layer(store)
    let x = Tensor.seeded([2, 6, 7, 10], seed: 2)
    let (row, column) = (1, 6)
    let weights = hydra.weights(x, row: row, column: column)
    #expect(weights.shape == [2, 5, 6, 7])
    expectClose(weights.sum(over: 2, 3), .ones([2, 5]), atol: 1e-12)
    for part in hydra.partitions {
      func seen(_ token: Int, _ length: Int) -> [Int] {
        NeighborhoodAxis(
          length: length, kernelSize: part.kernelSize, dilation: part.dilation
        ).neighbors(of: token)
      }
      let places = Set(seen(row, 6).flatMap { y in seen(column, 7).map { y * 7 + $0 } })
      for head in part.heads {
        let map = weights.selected(head, axis: 1).selected(0, axis: 0).values(as: Double.self)
        #expect(Set(map.indices.filter { map[$0] > 0 }) == places)
      }
    }
    let qkv = x.matmul(store["qkv.weight"].transposed(0, 1)) + store["qkv.bias"]
    let values = qkv.sliced(20..<30, axis: 3).reshaped(2, 42, 5, 2).transposed(1, 2)
    let sums = weights.reshaped(2, 5, 1, 42).matmul(values).reshaped(2, 10)
    let expected = sums.matmul(store["proj.weight"].transposed(0, 1)) + store["proj.bias"]
    let found = hydra(x).selected(row, axis: 1).selected(column, axis: 1)
    expectClose(found, expected, atol: 1e-10, rtol: 1e-12)
  }

  @Test("traps on heads that cannot be shared out")
  func misuse() async {
    await #expect(processExitsWith: .failure) {
      _ = HydraNeighborhoodAttention(
        Scope(ParameterStore()), dim: 8, heads: 2, kernelSizes: [3], dilations: [1, 2, 4])
    }
  }
}

// Adam: the formula, what is moved and what is not, its state, lazy regularisation.

import Foundation
import Layers
import OrderedCollections
import TestSupport
import Tensors
import Testing

/// Three parameters, of which one has a second name and one is frozen, and a buffer.
private func sampleStore(dtype: DType = .float32) -> ParameterStore {
  let store = ParameterStore()
  let p = Scope(store, dtype: dtype, generator: TorchGenerator(seed: 3))
  _ = (p / "a").parameter("weight", .randn([3, 5]))
  _ = (p / "frozen").parameter("weight", .randn([4]))
  _ = (p / "b").parameter("bias", .randn([]))
  _ = p.buffer("average", .ones([2]))
  _ = (p / "tied").alias("weight", of: "a.weight")
  store.setTrainable(false, under: "frozen")
  return store
}

private func sampleGradients(_ step: Int) -> [Tensor] {
  let scale = [1e-6, 1, 100, 1e-3, 0][step % 5]
  return [
    .seeded([3, 5], seed: UInt64(step), dtype: .float32) * scale,
    .seeded([], seed: UInt64(step + 50), dtype: .float32) * scale,
  ]
}

@Suite("Adam") struct AdamTests {
  private let settings = Adam.Settings(
    learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8)

  /// One number's path by the formula, in Swift's own float64.
  private func expected(_ start: Double, _ gradients: [Double], _ s: Adam.Settings) -> Double {
    var (p, m, v) = (start, 0.0, 0.0)
    for (i, g) in gradients.enumerated() {
      let t = Double(i + 1)
      m = s.beta1 * m + (1 - s.beta1) * g
      v = s.beta2 * v + (1 - s.beta2) * g * g
      let (mean, size) = (m / (1 - pow(s.beta1, t)), v / (1 - pow(s.beta2, t)))
      p -= s.learningRate * mean / (size.squareRoot() + s.epsilon)
    }
    return p
  }

  @Test("begins anew as if no step had been taken, with parameters where they are")
  func reset() {
    let store = sampleStore()
    let adam = Adam(store, settings: settings)
    for step in 1..<4 { adam(sampleGradients(step)) }
    let moved = store["a.weight"].values()
    adam.reset()
    #expect(adam.stepCount == 0 && store["a.weight"].values() == moved)
    let other = sampleStore()
    other["a.weight"].assign(store["a.weight"])
    other["b.bias"].assign(store["b.bias"])
    let fresh = Adam(other, settings: settings)
    adam(sampleGradients(1))
    fresh(sampleGradients(1))
    #expect(store["a.weight"].values() == other["a.weight"].values())
    #expect(store["a.weight"].values() != moved)
    #expect(adam.stepCount == 1)
  }

  // A step is at most a few learning rates long; float32 keeps 24 bits of each intermediate number.
  @Test("moves parameters as the formula says, fused and by reference", arguments: [0, 0.9])
  func formula(beta1: Double) {
    var settings = settings
    settings.beta1 = beta1
    for usesReference in [false, true] {
      let store = sampleStore()
      let before = store["a.weight"].values(as: Double.self)
      let adam = Adam(store, settings: settings)
      for step in 0..<12 {
        let gradients = sampleGradients(step)
        if usesReference { adam.reference(gradients) } else { adam(gradients) }
      }
      let after = store["a.weight"].values(as: Double.self)
      for i in after.indices {
        let gradients = (0..<12).map { sampleGradients($0)[0].values(as: Double.self)[i] }
        let wanted = expected(before[i], gradients, settings)
        #expect(abs(after[i] - wanted) < 2e-6, "\(after[i]), expected \(wanted)")
      }
    }
  }

  @Test("a share of each parameter is added to its gradient, fused and by reference")
  func weightDecay() {
    var decaying = settings
    decaying.weightDecay = 0.1
    for usesReference in [false, true] {
      let (store, other) = (sampleStore(), sampleStore())
      let (adam, plain) = (Adam(store, settings: decaying), Adam(other, settings: settings))
      for step in 1..<5 {
        let gradients = sampleGradients(step)
        let grown = zip(gradients, plain.parameters).map { $0 + $1 * 0.1 }
        if usesReference { adam.reference(gradients) } else { adam(gradients) }
        plain(grown)
        expectClose(store["a.weight"], other["a.weight"], atol: 1e-6)
      }
      #expect((store["a.weight"] - sampleStore()["a.weight"]).abs().max().item() > 0.01)
    }
  }

  @Test("the fused operator keeps the moments that the reference keeps")
  func fusedMoments() {
    let adams = (0..<2).map { _ in Adam(sampleStore(), settings: settings) }
    for step in 0..<7 {
      adams[0](sampleGradients(step))
      adams[1].reference(sampleGradients(step))
    }
    #expect(Array(adams[0].state.entries.keys) == Array(adams[1].state.entries.keys))
    for (name, entry) in adams[0].state.entries {
      let scale = adams[1].state[name].abs().max().item()
      expectClose(entry.tensor, adams[1].state[name], atol: 1e-6 * scale, name)
    }
  }

  // Both compute in float64 and differ in the order of operations only.
  @Test("moves float64 parameters in float64")
  func float64() {
    let adams = (0..<2).map { _ in Adam(sampleStore(dtype: .float64), settings: settings) }
    for step in 0..<7 {
      let gradients = sampleGradients(step).map { $0.cast(to: .float64) }
      adams[0](gradients)
      adams[1].reference(gradients)
    }
    for (fused, reference) in zip(adams[0].parameters, adams[1].parameters) {
      expectClose(fused, reference, atol: 1e-12)
    }
  }

  @Test("reads gradients whose memory is not in order")
  func transposedGradients() {
    let adams = (0..<2).map { _ in Adam(sampleStore(), settings: settings) }
    let g = sampleGradients(1)
    let transposed = g[0].transposed(0, 1).contiguous().transposed(0, 1)
    #expect(!transposed.isContiguous)
    adams[0](g)
    adams[1]([transposed, g[1]])
    #expect(adams[0].parameters.map(bits) == adams[1].parameters.map(bits))
  }

  @Test("moves a tensor with two names once, and leaves frozen parameters and buffers alone")
  func whatMoves() {
    let store = sampleStore()
    let adam = Adam(store, settings: settings)
    #expect(adam.names == ["a.weight", "b.bias"])
    let (frozen, average) = (bits(store["frozen.weight"]), bits(store["average"]))
    let before = store["a.weight"].cloned()
    adam([.ones([3, 5]), .ones([])])
    #expect(bits(store["frozen.weight"]) == frozen && bits(store["average"]) == average)
    expectClose(before - store["tied.weight"], .full(0.01, [3, 5]), atol: 1e-6)
    #expect(adam.stepCount == 1)
    #expect(
      Array(adam.state.entries.keys) == [
        "first_moment.a.weight", "second_moment.a.weight", "first_moment.b.bias",
        "second_moment.b.bias", "step",
      ])
  }

  @Test("goes on from a saved state with the same bits")
  func savedState() throws {
    let (a, b) = (sampleStore(), sampleStore())
    let first = Adam(a, settings: settings)
    for step in 0..<4 { first(sampleGradients(step)) }
    let saved = first.state.entries.mapValues { StoredParameter($0.tensor.cloned()) }
    for (name, entry) in a.entries { b[name].assign(entry.tensor) }
    for step in 4..<9 { first(sampleGradients(step)) }
    let second = Adam(b, settings: settings)
    try second.state.load(saved)
    for step in 4..<9 { second(sampleGradients(step)) }
    #expect(first.parameters.map(bits) == second.parameters.map(bits))
    #expect(second.stepCount == 9)
  }

  @Test("lazy regularisation shortens the step and the memory by k / (k + 1)")
  func lazyRegularization() {
    let g = Adam.Settings(learningRate: 0.0025).corrected(forLazyRegularizationEvery: 4)
    #expect(abs(g.learningRate - 0.002) < 1e-15 && g.beta1 == 0 && g.epsilon == 1e-8)
    #expect(abs(g.beta2 - 0.991_991_9) < 1e-6)
    let d = settings.corrected(forLazyRegularizationEvery: 16)
    #expect(abs(d.learningRate - 0.01 * 16 / 17) < 1e-15)
    // k + 1 corrected steps forget as much as k of the others.
    #expect(abs(pow(d.beta1, 17) - pow(0.9, 16)) < 1e-12)
    #expect(abs(pow(d.beta2, 17) - pow(0.99, 16)) < 1e-12)
  }

  @Test("traps on parameters in a 16-bit format and on gradients of other shapes")
  func traps() async {
    await #expect(processExitsWith: .failure) {
      _ = Adam(sampleStore(dtype: .bfloat16), settings: .init(learningRate: 1))
    }
    await #expect(processExitsWith: .failure) {
      Adam(sampleStore(), settings: .init(learningRate: 1))([.ones([5, 3]), .ones([])])
    }
  }
}

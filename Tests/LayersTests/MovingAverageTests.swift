// The moving average of weights: its share, its ramp-up, and what it does to parameters and
// buffers.

import Layers
import TestSupport
import Tensors
import Testing

@Suite("MovingAverage") struct MovingAverageTests {
  private func store(seed: UInt64) -> ParameterStore {
    let store = ParameterStore()
    let p = Scope(store, generator: TorchGenerator(seed: seed))
    _ = p.parameter("weight", .randn([50]))
    _ = p.buffer("w_avg", .randn([3]))
    _ = p.buffer("counter", .values(Tensor([Int(seed)])))
    _ = p.alias("tied", of: "weight")
    return store
  }

  @Test("half of the average is left after the half-life")
  func halfLife() {
    let average = MovingAverage(halfLife: 1000)
    #expect(average.beta(batchSize: 1000, imageCount: 0) == 0.5)
    #expect(average.beta(batchSize: 2000, imageCount: 7) == 0.25)
    let eighth = average.beta(batchSize: 125, imageCount: 0)
    #expect(abs((0..<8).reduce(1) { product, _ in product * eighth } - 0.5) < 1e-12)
  }

  @Test("at first the half-life is a share of the images seen")
  func rampUp() {
    let average = MovingAverage(halfLife: 1000, rampUp: 0.05)
    #expect(average.beta(batchSize: 4, imageCount: 0) == 0)
    #expect(average.beta(batchSize: 4, imageCount: 80) == 0.5)
    #expect(average.beta(batchSize: 1000, imageCount: 20_000) == 0.5)
    #expect(average.beta(batchSize: 1000, imageCount: 1_000_000) == 0.5)
    #expect(MovingAverage(halfLife: 0).beta(batchSize: 4, imageCount: 100) == 0)
  }

  @Test(
    "moves parameters by their share once, and copies buffers", arguments: [0, 0.3, 0.5, 0.999])
  func update(beta: Double) {
    let (average, network) = (store(seed: 1), store(seed: 2))
    let before = average["weight"].cast(to: .float64)
    MovingAverage.update(average, towards: network, beta: beta)
    let expected = before * beta + network["weight"].cast(to: .float64) * (1 - beta)
    // One rounding to float32 of numbers up to 4 in size.
    expectClose(average["weight"].cast(to: .float64), expected, atol: 1e-6)
    #expect(bits(average["w_avg"]) == bits(network["w_avg"]))
    #expect(average["counter"].item() == 2)
    if beta == 0 { #expect(bits(average["weight"]) == bits(network["weight"])) }
  }

  @Test("traps on another network's average")
  func otherNetwork() async {
    await #expect(processExitsWith: .failure) {
      let network = ParameterStore()
      _ = Scope(network).parameter("weight", .ones([1]))
      MovingAverage.update(ParameterStore(), towards: network, beta: 0)
    }
  }
}

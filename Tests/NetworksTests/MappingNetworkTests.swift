// From z and labels to w.

import Layers
import Networks
import TestSupport
import Tensors
import Testing

@Suite("MappingNetwork") struct MappingNetworkTests {
  @Test("w does not depend on the length of z, only on its direction")
  func normalisation() {
    let generator = makeGenerator(smallConfiguration())
    let z = generator.seededZ(3)
    expectClose(generator.map(z: z * 50), generator.map(z: z), atol: 1e-5)
    #expect(generator.map(z: z).shape == [3, 12])
  }

  @Test("samples do not depend on each other")
  func independence() {
    let generator = makeGenerator(smallConfiguration(labelDim: 3))
    let (z, labels) = (generator.seededZ(3), Tensor.oneHot([0, 2, 1], count: 3))
    let together = generator.map(z: z, labels: labels)
    for n in 0..<3 {
      let alone = generator.map(
        z: z.sliced(n..<n + 1, axis: 0), labels: labels.sliced(n..<n + 1, axis: 0))
      expectClose(together.sliced(n..<n + 1, axis: 0), alone, atol: 1e-6)
    }
  }

  @Test("labels change w")
  func labels() {
    let generator = makeGenerator(smallConfiguration(labelDim: 3))
    let z = generator.seededZ(1)
    let w = (0..<3).map { generator.map(z: z, labels: generator.label(classIndex: $0)).values() }
    #expect(w[0] != w[1] && w[1] != w[2])
  }

  @Test("the formula: normalise, join, lead through leaky layers at a hundredth of the rate")
  func formula() {
    let generator = makeGenerator(smallConfiguration(labelDim: 3))
    let store = generator.parameters
    let z = generator.seededZ(2)
    let labels = Tensor.oneHot([1, 2], count: 3)
    func normalised(_ x: Tensor) -> Tensor {
      x / (x.square().mean(over: 1, keepAxes: true) + 1e-8).sqrt()
    }
    func linear(_ x: Tensor, _ name: String, rate: Double) -> Tensor {
      let weight = store["mapping.\(name).weight"]
      let y = x.matmul(weight.transposed(0, 1)) * (rate / Double(x.size(1)).squareRoot())
      return y + store["mapping.\(name).bias"] * rate
    }
    var x = Tensor.concatenate(
      [normalised(z), normalised(linear(labels, "embed", rate: 1))], axis: 1)
    for name in ["fc0", "fc1"] {
      x = linear(x, name, rate: 0.01).leakyReLU(slope: 0.2) * 2.0.squareRoot()
    }
    expectClose(generator.map(z: z, labels: labels), x, atol: 1e-5)
  }

  @Test("the running mean moves towards a batch's mean")
  func average() {
    let generator = makeGenerator(smallConfiguration())
    let before = generator.wAvg.cloned()
    let w = generator.seededWPlus(4).selected(0, axis: 1)
    generator.mapping.updateAverage(with: w.requiringGrad())
    expectClose(generator.wAvg, before * 0.995 + w.mean(over: 0) * 0.005, atol: 1e-6)
    #expect(!generator.wAvg.requiresGrad)
  }

  @Test("labels that are missing or too many trap")
  func misuse() async {
    await #expect(processExitsWith: .failure) {
      let generator = makeGenerator(smallConfiguration())
      _ = generator.map(z: generator.seededZ(1), labels: .zeros([1, 3]))
    }
    await #expect(processExitsWith: .failure) {
      let generator = makeGenerator(smallConfiguration(labelDim: 3))
      _ = generator.map(z: generator.seededZ(1))
    }
  }
}

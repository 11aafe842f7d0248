// The fill, against the numbers that the format's description gives.

import ParityCases
import Tensors
import Testing

@Suite struct DeterministicFillTests {
  @Test("gives the published values, mean and deviation")
  func published() throws {
    let bound = 3.0.squareRoot()
    let filled = try FilledTensor(
      name: "conv.weight", shape: [512, 512, 3, 3], low: -bound, high: bound)
    let x = filled.tensor(seed: 1)
    #expect(x.shape == [512, 512, 3, 3])
    #expect(
      Array(x.values().prefix(4)) == [0.554533, 0.84309393, -1.2466358, 0.27097693] as [Float])
    let (wide, count) = (x.cast(to: .float64), Double(x.count))
    let mean = wide.sum().item() / count
    // The format's description says 2.4212e-4; the exact sum of the same numbers gives 2.4137e-4.
    #expect(abs(mean - 2.4137220e-4) < 1e-11)
    #expect(abs(((wide - mean).square().sum().item() / count).squareRoot() - 0.9999206) < 1e-7)
  }

  @Test("depends on name and seed, and stays within the bounds")
  func dependence() {
    func fill(_ name: String, _ seed: UInt64) -> [Float] {
      deterministicFill(name: name, count: 100, seed: seed, low: 2, high: 3)
    }
    #expect(fill("a", 1) == fill("a", 1))
    #expect(fill("a", 1) != fill("b", 1))
    #expect(fill("a", 1) != fill("a", 2))
    #expect(fill("a", 1).allSatisfy { (2..<3).contains($0) })
  }

  @Test("makes one element for a tensor without axes and none for an empty one")
  func shapes() throws {
    let scalar = try FilledTensor(name: "a", shape: [], low: 0, high: 1)
    let empty = try FilledTensor(name: "a", shape: [3, 0], low: 0, high: 1)
    #expect(scalar.tensor(seed: 0).shape == [])
    #expect(empty.tensor(seed: 0).shape == [3, 0])
  }

  @Test(
    "refuses a shape that no memory holds",
    arguments: [[-1], [1 << 40], [1 << 40, 1 << 40], [1 << 16, 1 << 16]])
  func hugeShapes(shape: [Int]) {
    #expect(throws: CaseError.self) { try FilledTensor(name: "a", shape: shape, low: 0, high: 1) }
  }
}

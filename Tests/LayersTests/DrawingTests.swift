// Random first values: drawn by several threads, they are libtorch's, bit for bit.

import Layers
import TestSupport
import Tensors
import Testing

@Suite("Random first values") struct DrawingTests {
  // Less than a group of 16 numbers, one piece, several, and what is left over of a group.
  @Test(
    "are libtorch's, and leave the generator where it does",
    arguments: [3, 1000, 1 << 18, 1 << 18 + 5, 3 << 17 - 1])
  func sameNumbers(count: Int) {
    let (plain, quick) = (TorchGenerator(seed: 5), TorchGenerator(seed: 5))
    // In turn, so that pieces begin anywhere in the generator's state.
    for _ in 0..<2 {
      #expect(
        bits(drawnNormal([count], generator: quick)) == bits(.randn([count], generator: plain)))
      #expect(
        bits(drawnUniform([count], generator: quick)) == bits(.rand([count], generator: plain)))
      #expect(quick.state == plain.state)
    }
  }

  @Test("are scaled as tensors are")
  func scaled() {
    let store = ParameterStore()
    let p = Scope(store, generator: TorchGenerator(seed: 7))
    let random = TorchGenerator(seed: 7)
    let normal = p.parameter("normal", .randn([50, 3], std: 0.37))
    #expect(bits(normal) == bits(Tensor.randn([50, 3], generator: random) * 0.37))
    let uniform = p.parameter("uniform", .uniform([4, 9], bound: 0.21))
    #expect(bits(uniform) == bits(Tensor.rand([4, 9], generator: random) * (2 * 0.21) - 0.21))
  }
}

// libtorch's stream against numbers that PyTorch prints, and its saved states.

import TestSupport
import Tensors
import Testing

@Suite("TorchGenerator") struct TorchGeneratorTests {
  @Test("seed 0 gives torch.manual_seed(0)'s first normals")
  func normals() {
    let x = Tensor.randn([3], generator: TorchGenerator(seed: 0))
    expectClose(x, Tensor([1.5409961, -0.2934289, -2.1787894]), atol: 5e-8)
  }

  @Test("seed 0 gives torch.manual_seed(0)'s first uniform numbers")
  func uniforms() {
    let x = Tensor.rand([3], generator: TorchGenerator(seed: 0))
    expectClose(x, Tensor([0.49625659, 0.76822180, 0.08847743]), atol: 5e-9)
  }

  @Test("equal seeds give equal streams, other seeds other ones")
  func seeds() {
    func draw(_ seed: UInt64) -> [Float] {
      Tensor.randn([20], generator: TorchGenerator(seed: seed)).values()
    }
    #expect(draw(7) == draw(7))
    #expect(draw(7) != draw(8))
    #expect(draw(.max) == draw(.max))
  }

  @Test("generators do not disturb each other")
  func independence() {
    let (a, b) = (TorchGenerator(seed: 1), TorchGenerator(seed: 1))
    let first = Tensor.randn([5], generator: a).values()
    _ = Tensor.randn([100], generator: TorchGenerator(seed: 1))
    #expect(Tensor.randn([5], generator: b).values() == first)
  }

  @Test("a saved state continues the stream bit for bit, wherever it was saved")
  func states() throws {
    // 16 normals and more are drawn in blocks, fewer one by one with one kept: both must be saved.
    for count in [0, 1, 3, 16, 17, 700] {
      let generator = TorchGenerator(seed: 3)
      _ = Tensor.randn([count], generator: generator)
      let state = generator.state
      let expected =
        bits(.randn([33], generator: generator)) + bits(.rand([5], generator: generator))
      let other = TorchGenerator(seed: 99)
      try other.restore(state)
      #expect(
        bits(.randn([33], generator: other)) + bits(.rand([5], generator: other)) == expected)
    }
  }

  @Test("draws in other number formats")
  func dtypes() {
    let x = Tensor.randn([1000], generator: TorchGenerator(seed: 0), dtype: .float64)
    #expect(x.dtype == .float64)
    #expect(abs(x.mean().item()) < 0.2 && abs(x.square().mean().item() - 1) < 0.2)
  }

  @Test("refuses a state of another length and goes on as before")
  func badState() {
    let (generator, same) = (TorchGenerator(seed: 5), TorchGenerator(seed: 5))
    #expect(throws: TorchError.self) { try generator.restore([1, 2, 3]) }
    #expect(bits(.rand([4], generator: generator)) == bits(.rand([4], generator: same)))
  }
}

// Where codes lie: mean, deviation, and the space in which they are nearly normal.

import Inversion
import Networks
import TestSupport
import Tensors
import Testing

@Suite("Statistics of w") struct LatentStatisticsTests {
  @Test("mean, and the root of the mean squared distance from it")
  func moments() {
    let samples = Tensor([1.0, 0, 3, 0, 2, 3, 2, -3], shape: [4, 2])
    let statistics = LatentStatistics(samples: samples)
    #expect(statistics.mean.values(as: Double.self) == [2, 0])
    // (1 + 1 + 9 + 9) / 4.
    #expect(statistics.deviation == 5.0.squareRoot())
  }

  @Test("samples are those of NumPy's stream, however they are batched")
  func stream() {
    let generator = makeGenerator(smallStyleGAN2())
    let statistics = LatentStatistics(of: generator, count: 1200, seed: 5)
    var state = RandomState(seed: 5)
    let z = Tensor(state.randn(1200 * 8), shape: [1200, 8]).cast(to: .float32)
    let w = withoutGradients { generator.map(z: z, labels: nil) }
    expectClose(statistics.mean, w.mean(over: 0), atol: 1e-5)
  }

  @Test("whitened samples are uncorrelated, of mean 0 and variance 1")
  func whitening() throws {
    let normals = Tensor.seeded([4000, 5], seed: 2)
    let mixed = normals.matmul(.seeded([5, 5], seed: 3)) + .seeded([5], seed: 4)
    // What a last leaky ReLU of slope 0.2 makes of them.
    let w = mixed.leakyReLU(slope: 0.2)
    let space = try LatentStatistics(samples: w).whitenedSpace()
    let v = space(w)
    expectClose(v.mean(over: 0), .zeros([5], dtype: .float64), atol: 1e-8)
    let covariance = v.transposed(0, 1).matmul(v) / 3999
    expectClose(covariance, call("aten::eye", 5, DType.float64), atol: 1e-8)
    #expect(abs(space.meanSquare(w).item() - 3999.0 / 4000) < 1e-8)
    #expect(space.meanSquare(w * 3).item() > 5)
  }

  @Test("directions without variance are left out; samples that are all alike are refused")
  func degenerate() throws {
    let flat = Tensor.concatenate(
      [.seeded([50, 2], seed: 2), .ones([50, 1]).cast(to: .float64)], axis: 1)
    let space = try LatentStatistics(samples: flat).whitenedSpace()
    #expect(space(flat).shape == [50, 2])
    let error = #expect(throws: InversionError.self) {
      _ = try LatentStatistics(samples: .ones([4, 3])).whitenedSpace()
    }
    #expect(
      error?.description == "the Gaussian of w: expected samples that vary, found 4 equal ones")
  }
}

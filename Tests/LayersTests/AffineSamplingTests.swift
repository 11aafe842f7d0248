// Images sampled by affine maps: the operator against its plain reference and libtorch's own, and
// gradients of the second order, which that does not have.

import Layers
import TestSupport
import Tensors
import Testing

@Suite("Affine sampling") struct AffineSamplingTests {
  /// Maps around the identity that also reach far outside.
  private func maps(_ count: Int, seed: UInt64 = 3) -> Tensor {
    let identity = Tensor([1, 0, 0, 0, 1, 0] as [Double], shape: [1, 2, 3])
    let scales = Tensor([0.5, 0.5, 3, 0.5, 0.5, 3] as [Double], shape: [1, 2, 3])
    return identity + .seeded([count, 2, 3], seed: seed) * scales
  }

  @Test("equals the reference, inside and outside of the images", arguments: [1, 3, 4])
  func equalsReference(channels: Int) {
    // Products of three numbers of size 1; maps are float64 for both.
    for (dtype, atol) in [(DType.float64, 1e-12), (.float32, 1e-5)] {
      let x = Tensor.seeded([5, channels, 7, 9], seed: 1).cast(to: dtype)
      let found = affineSampled(x, at: maps(5), height: 8, width: 6)
      #expect(found.shape == [5, channels, 8, 6])
      expectClose(
        found, affineSampledReference(x, at: maps(5), height: 8, width: 6), atol: atol)
    }
  }

  @Test("equals libtorch's sampling of a grid")
  func equalsGridSampler() {
    let x = Tensor.seeded([2, 3, 6, 10], seed: 1)
    let theta = maps(2) * 0.7
    // In libtorch's coordinates, -1 and 1 are the outer edges of images.
    let grid: Tensor = call("aten::affine_grid_generator", theta, [2, 3, 5, 8], false)
    let expected: Tensor = call("aten::grid_sampler_2d", x, grid, 0, 0, false)
    func matrix(_ rows: [Double]) -> Tensor { Tensor(rows, shape: [3, 3]) }
    let fromPixels = matrix([2.0 / 8, 0, 1.0 / 8 - 1, 0, 2.0 / 5, 1.0 / 5 - 1, 0, 0, 1])
    let toPixels = matrix([5, 0, 4.5, 0, 3, 2.5, 0, 0, 1])
    let last = Tensor([0, 0, 1] as [Double], shape: [1, 1, 3]).expanded(2, 1, 3)
    let whole = toPixels.matmul(.concatenate([theta, last], axis: 1)).matmul(fromPixels)
    expectClose(
      affineSampled(x, at: whole.sliced(0..<2, axis: 1).contiguous(), height: 5, width: 8),
      expected, atol: 1e-12)
  }

  @Test("whole pixels are read as they are, and places beyond any number are outside")
  func exactPlaces() {
    let x = Tensor.seeded([1, 2, 5, 4], seed: 1, dtype: .float32)
    let shifted = Tensor([1, 0, 1, 0, 1, -2] as [Double], shape: [1, 2, 3])
    let found = affineSampled(x, at: shifted, height: 5, width: 4)
    let expected = x.padded(-1, 1, 2, -2)
    #expect(bits(found) == bits(expected))
    let far = Tensor([1e300, 0, 1e300, 0, 1, .nan] as [Double], shape: [1, 2, 3])
    #expect(affineSampled(x, at: far, height: 3, width: 3).abs().max().item() == 0)
  }

  @Test("first and second gradients agree with the reference's and with differences")
  func slopes() {
    let x = Tensor.seeded([2, 2, 4, 5], seed: 1)
    func gradient(_ sample: (Tensor) -> Tensor) -> Tensor {
      let x = x.cloned().requiringGrad()
      let y = sample(x)
      return gradients(of: [y], withRespectTo: [x], weights: [.seeded(y.shape, seed: 4)])[0]
    }
    expectClose(
      gradient { affineSampled($0, at: maps(2), height: 6, width: 5) },
      gradient { affineSampledReference($0, at: maps(2), height: 6, width: 5) }, atol: 1e-12)
    expectSecondGradients(at: [x]) { affineSampled($0[0], at: maps(2), height: 6, width: 5) }
  }
}

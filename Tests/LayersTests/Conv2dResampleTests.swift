// Convolution with resampling: every quick path against the plain definition.

import Layers
import TestSupport
import Tensors
import Testing

@Suite("conv2dResample") struct Conv2dResampleTests {
  private struct Choice: Sendable {
    let kernel: (h: Int, w: Int)
    let up: Int
    let down: Int
    let padding: Padding
    let groups: Int
    let flipWeight: Bool
    let taps: [Int]?
  }

  /// All paths: kernels with one and more pixels, square and not, factors, groups and filters.
  private static let choices: [Choice] = {
    var all: [Choice] = []
    for kernel in [(1, 1), (2, 2), (3, 3), (3, 2)] {
      for (up, down) in [(1, 1), (2, 1), (3, 1), (1, 2), (1, 3), (2, 2), (2, 3)] {
        for padding in [0, 1, Padding(left: 2, right: 0, top: -1, bottom: 3)] as [Padding] {
          for groups in [1, 2] {
            for flipWeight in [true, false] {
              for taps in [nil, [4, 4], [3, 2], [4]] as [[Int]?] {
                all.append(
                  Choice(
                    kernel: kernel, up: up, down: down, padding: padding, groups: groups,
                    flipWeight: flipWeight, taps: taps))
              }
            }
          }
        }
      }
    }
    return all
  }()

  private func apply(
    _ function: (Tensor, Tensor, Tensor?, Int, Int, Padding, Int, Bool, Bool) -> Tensor,
    _ c: Choice, _ x: Tensor, _ weight: Tensor
  ) -> Tensor {
    let filter = c.taps.map { Tensor.seeded($0, seed: 3) }
    return function(
      x, weight, filter, c.up, c.down, c.padding, c.groups, c.flipWeight, c.kernel.w == 2)
  }

  // Sums of up to 36 products after sums of 16, of numbers of size 1 and gains of up to 9, in
  // float64.
  @Test("equals the plain definition on every path")
  func equalsReference() {
    for c in Self.choices {
      let x = Tensor.seeded([2, 4, 7, 6], seed: 1)
      let weight = Tensor.seeded([6, 4 / c.groups, c.kernel.h, c.kernel.w], seed: 2)
      expectClose(
        apply(conv2dResample, c, x, weight), apply(conv2dResampleReference, c, x, weight),
        atol: 1e-11, "\(c)")
    }
  }

  @Test("gradients equal the plain definition's on every path")
  func gradientsEqualReference() {
    for c in Self.choices where c.padding == 1 {
      let x = Tensor.seeded([2, 4, 5, 6], seed: 1).requiringGrad()
      let weight = Tensor.seeded([2, 4 / c.groups, c.kernel.h, c.kernel.w], seed: 2).requiringGrad()
      func gradient(_ y: Tensor) -> [Tensor] {
        gradients(of: [y], withRespectTo: [x, weight], weights: [.seeded(y.shape, seed: 4)])
      }
      let found = gradient(apply(conv2dResample, c, x, weight))
      let expected = gradient(apply(conv2dResampleReference, c, x, weight))
      for (a, b) in zip(found, expected) { expectClose(a, b, atol: 1e-10, "\(c)") }
    }
  }

  @Test("first and second gradients agree with differences of the function")
  func differences() {
    for (up, down, k) in [(1, 1, 3), (2, 1, 3), (1, 2, 3), (2, 1, 1), (1, 2, 1), (2, 2, 3)] {
      let filter = Tensor.seeded([4, 4], seed: 3)
      expectSecondGradients(
        at: [.seeded([1, 2, 4, 4], seed: 1), .seeded([2, 2, k, k], seed: 2)],
        "up \(up), down \(down), kernel \(k)"
      ) {
        conv2dResample(
          $0[0], weight: $0[1], filter: filter, up: up, down: down, padding: Padding(k / 2),
          flipWeight: up == 1)
      }
    }
  }

  @Test("keeps, doubles and halves sizes with the padding that layers use")
  func sizes() {
    let x = Tensor.zeros([1, 2, 8, 8])
    let filter = defaultResampleFilter()
    for k in [1, 3] {
      func shape(up: Int = 1, down: Int = 1) -> [Int] {
        conv2dResample(
          x, weight: .zeros([5, 2, k, k]), filter: filter, up: up, down: down,
          padding: Padding(k / 2)
        ).shape
      }
      #expect(shape() == [1, 5, 8, 8])
      #expect(shape(up: 2) == [1, 5, 16, 16])
      #expect(shape(down: 2) == [1, 5, 4, 4])
    }
  }

  // Winograd's filtering where there is AVX-512: errors of 1e-5 of the largest result at most.
  @Test("equals the plain definition with many channels in float32, enlarging and reducing")
  func manyChannels() {
    let filter = resampleFilter([1, 3, 3, 1])
    for (up, down) in [(1, 1), (2, 1), (1, 2)] {
      for flipWeight in [true, false] {
        let x = Tensor.seeded([2, 32, 12, 10], seed: 1, dtype: .float32)
        let weight = Tensor.seeded([64, 32, 3, 3], seed: 2, dtype: .float32)
        let found = conv2dResample(
          x, weight: weight, filter: filter, up: up, down: down, padding: 1,
          flipWeight: flipWeight)
        let expected = conv2dResampleReference(
          x.cast(to: .float64), weight: weight.cast(to: .float64), filter: filter, up: up,
          down: down, padding: 1, flipWeight: flipWeight)
        let largest: Double = expected.abs().max().item()
        expectClose(
          found.cast(to: .float64), expected, atol: 1e-5 * largest, "up \(up) down \(down)")
      }
    }
  }
}

// How fast this machine computes at best: what figures are shares of.

import Tensors

/// How fast this machine computes at best.
enum ComputeCeiling {
  /// The better of a convolution and a matrix product that leave oneDNN little to wish for: a 3×3
  /// convolution of eight maps of 256 channels and 64×64 pixels, and two matrices of 4096×4096.
  ///
  /// - Parameter dtype: The number format.
  /// - Returns: GFLOP/s, the best of five rounds.
  /// - Throws: `CancellationError` between rounds.
  static func gflops(dtype: DType) throws -> Double {
    try withoutGradients { () throws in
      let random = TorchGenerator(seed: 0)
      func tensor(_ shape: [Int]) -> Tensor { .randn(shape, generator: random).cast(to: dtype) }
      let (a, b) = (tensor([4096, 4096]), tensor([4096, 4096]))
      let convolution = try convolutionGflops(dtype: dtype, rounds: 5)
      let product = try rate(2 * 4096 * 4096 * 4096) { _ = a.matmul(b) }
      return max(convolution, product)
    }
  }

  /// The convolution alone, which is known in a fraction of a second.
  ///
  /// - Parameters:
  ///   - dtype: The number format.
  ///   - rounds: How often it is computed after a first time.
  /// - Returns: GFLOP/s, the best of the rounds.
  /// - Throws: `CancellationError` between rounds.
  static func convolutionGflops(dtype: DType, rounds: Int) throws -> Double {
    try withoutGradients { () throws in
      let random = TorchGenerator(seed: 0)
      func tensor(_ shape: [Int]) -> Tensor {
        .randn(shape, generator: random).cast(to: dtype).channelsLast()
      }
      let (map, kernel) = (tensor([8, 256, 64, 64]), tensor([256, 256, 3, 3]))
      return try rate(2 * 8 * 64 * 64 * 256 * 256 * 9, rounds: rounds) {
        _ = map.conv2d(kernel, padding: [1, 1])
      }
    }
  }

  private static func rate(_ flop: Int, rounds: Int = 5, _ work: () -> Void) throws -> Double {
    work()
    let seconds = try (0..<rounds).map { _ in
      try Task.checkCancellation()
      return ContinuousClock().measure(work) / .seconds(1)
    }
    return Double(flop) / (seconds.min() ?? .infinity) / 1e9
  }
}

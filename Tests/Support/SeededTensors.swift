// Random tensors for tests, the same in every run.

public import Tensors

extension Tensor {
  /// Standard normal numbers that depend on the seed alone.
  public static func seeded(_ shape: [Int], seed: UInt64 = 1, dtype: DType = .float64) -> Tensor {
    .randn(shape, generator: TorchGenerator(seed: seed), dtype: dtype)
  }
}

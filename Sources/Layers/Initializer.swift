// First values of parameters and buffers.

import CKernels
public import Tensors

/// What a parameter or buffer holds before training or loading.
public struct Initializer {
  /// The length of each axis.
  public let shape: [Int]
  /// The type of the first values; floating-point ones then follow the network's number format.
  let dtype: DType
  /// True if the values are drawn at random, so that a store without a generator leaves them to be
  /// loaded.
  let isRandom: Bool
  let make: (TorchGenerator) -> Tensor

  /// Independent normal numbers of mean 0.
  public static func randn(_ shape: [Int], std: Double = 1) -> Initializer {
    Initializer(shape: shape, dtype: .float32, isRandom: true) {
      let values = drawnNormal(shape, generator: $0)
      if std != 1 { values.multiplyInPlace(std) }
      return values
    }
  }

  /// Independent numbers, equally likely everywhere between `-bound` and `bound`.
  public static func uniform(_ shape: [Int], bound: Double) -> Initializer {
    Initializer(shape: shape, dtype: .float32, isRandom: true) {
      let values = drawnUniform(shape, generator: $0)
      values.multiplyInPlace(2 * bound)
      return call("aten::sub_.Scalar", values, bound)
    }
  }

  /// Independent numbers, equally likely everywhere within one over the root of how many numbers
  /// each result sums: the first values of PyTorch's convolutions and matrices.
  public static func uniform(_ shape: [Int], fanIn: Int) -> Initializer {
    uniform(shape, bound: 1 / Double(fanIn).squareRoot())
  }

  /// One vector of length 1 in a random direction.
  public static func unitVector(_ count: Int) -> Initializer {
    Initializer(shape: [count], dtype: .float32, isRandom: true) {
      let values = Tensor.randn([count], generator: $0)
      return values / values.norm()
    }
  }

  /// The number 0 everywhere.
  public static func zeros(_ shape: [Int]) -> Initializer { constant(0, shape) }

  /// The number 1 everywhere.
  public static func ones(_ shape: [Int]) -> Initializer { constant(1, shape) }

  /// One number everywhere.
  public static func constant(_ value: Double, _ shape: [Int]) -> Initializer {
    Initializer(shape: shape, dtype: .float32, isRandom: false) { _ in .full(value, shape) }
  }

  /// The values of a tensor that is already there.
  public static func values(_ tensor: Tensor) -> Initializer {
    Initializer(shape: tensor.shape, dtype: tensor.dtype, isRandom: false) { _ in tensor.cloned() }
  }
}

// MARK: Drawing

/// `Tensor.randn` in float32, bit for bit, by several threads where numbers are many.
///
/// - Parameters:
///   - shape: The length of each axis.
///   - generator: What the numbers are drawn from.
/// - Returns: Standard normal numbers.
package func drawnNormal(_ shape: [Int], generator: TorchGenerator) -> Tensor {
  guard generator.device == .cpu else { return .randn(shape, generator: generator) }
  ckernels_register()
  return call("stylist::randn", shape, generator)
}

/// `Tensor.rand` in float32, bit for bit, by several threads where numbers are many.
///
/// - Parameters:
///   - shape: The length of each axis.
///   - generator: What the numbers are drawn from.
/// - Returns: Uniform numbers in [0, 1).
package func drawnUniform(_ shape: [Int], generator: TorchGenerator) -> Tensor {
  guard generator.device == .cpu else { return .rand(shape, generator: generator) }
  ckernels_register()
  return call("stylist::rand", shape, generator)
}

// Dropping numbers at random in training.

public import Tensors

/// Sets a share of all numbers to 0 at random, and enlarges the others so that the mean stays.
public struct Dropout {
  /// The share that is dropped, from 0 on and below 1.
  public let probability: Double
  private let generator: TorchGenerator

  /// Drops this share of numbers.
  ///
  /// - Parameters:
  ///   - probability: The share that is dropped, from 0 on and below 1.
  ///   - generator: Decides which, on the device of what is dropped.
  public init(probability: Double, generator: TorchGenerator) {
    precondition((0..<1).contains(probability), "a probability of \(probability)")
    (self.probability, self.generator) = (probability, generator)
  }

  /// Drops numbers.
  ///
  /// - Parameter x: Any tensor.
  /// - Returns: A tensor of the same shape; `x` itself if nothing is dropped.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    guard probability > 0 else { return x }
    let draws = Tensor.rand(x.shape, generator: generator)
    let stays = call("aten::ge.Scalar", draws, probability).cast(to: x.dtype)
    return x * (stays / (1 - probability))
  }
}

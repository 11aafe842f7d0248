// Batch normalisation, with the statistics of the batch or with those kept from training.

public import Tensors

/// Every channel brought to mean 0 and variance 1, then scaled and moved.
///
/// In training the mean and the variance are those of the batch, with divisor n, and the running
/// ones move a tenth of the way towards them, the variance with divisor n - 1. In evaluation they
/// are the running ones.
///
/// - Shape: `x` [N, C] or [N, C, H, W], result the same.
/// - Source: `torch.nn.BatchNorm1d` and `BatchNorm2d`.
public final class BatchNormLayer {
  private let weight: Tensor?  // [C]
  private let bias: Tensor?  // [C]
  private let runningMean: Tensor  // [C]
  private let runningVar: Tensor  // [C]
  private let batchesTracked: Tensor  // int64 []
  private let momentum: Double
  private let epsilon: Double

  /// Makes the layer's parameters `weight` and `bias`, and its buffers `running_mean`,
  /// `running_var` and `num_batches_tracked`.
  ///
  /// - Parameters:
  ///   - p: The layer's place among the names.
  ///   - channels: C.
  ///   - isAffine: Whether the result is scaled and moved.
  ///   - momentum: How far the running statistics move towards those of a batch.
  ///   - epsilon: What is added to the variance.
  public init(
    _ p: Scope, channels: Int, isAffine: Bool = true, momentum: Double = 0.1, epsilon: Double = 1e-5
  ) {
    weight = isAffine ? p.parameter("weight", .ones([channels])) : nil
    bias = isAffine ? p.parameter("bias", .zeros([channels])) : nil
    runningMean = p.buffer("running_mean", .zeros([channels]))
    runningVar = p.buffer("running_var", .ones([channels]))
    batchesTracked = p.buffer("num_batches_tracked", .values(.zeros([], dtype: .int64)))
    (self.momentum, self.epsilon) = (momentum, epsilon)
  }

  /// Applies the layer.
  ///
  /// - Parameters:
  ///   - x: [N, C] or [N, C, H, W].
  ///   - purpose: In training, the statistics are those of `x`, and the running ones move.
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor, purpose: ForwardPurpose = .evaluation) -> Tensor {
    let isTraining = purpose == .training
    if isTraining { withoutGradients { batchesTracked.addInPlace(Tensor([1], shape: [])) } }
    return call(
      "aten::batch_norm", x, weight, bias, runningMean, runningVar, isTraining, momentum, epsilon,
      false)
  }

  /// The factor and the summand, each [C], that evaluation comes down to.
  package var factorAndSummand: (factor: Tensor, summand: Tensor) {
    let deviation = (runningVar + epsilon).rsqrt()
    let factor = weight.map { $0 * deviation } ?? deviation
    let moved = runningMean * factor
    return (factor, bias.map { $0 - moved } ?? -moved)
  }
}

// The Inception Score: Salimans et al., "Improved Techniques for Training GANs" (2016).

import Foundation
public import Tensors

/// The mean of numbers, and their deviation with their number as divisor.
func meanAndDeviation(_ values: [Double]) -> (mean: Double, deviation: Double) {
  let count = Double(max(values.count, 1))
  let mean = values.reduce(0, +) / count
  let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
  return (mean, variance.squareRoot())
}

/// The Inception Score: e to the mean divergence of a picture's classes from those of all pictures.
///
/// The pictures are split in their order; each part's score is exp(mean KL(p(y|x) ‖ p(y))), with p(y)
/// the mean of the part.
///
/// - Shape: `logits` [N, classes], before the softmax.
/// - Parameters:
///   - logits: Of a classifier without the bias of its last layer, as published scores take it.
///   - splits: The number of parts, at most N.
/// - Returns: The mean over the parts, and their deviation with their number as divisor.
public func inceptionScore(logits: Tensor, splits: Int = 10) -> (mean: Double, deviation: Double) {
  let n = logits.size(0)
  precondition((1...max(n, 1)).contains(splits), "\(splits) parts of \(n) pictures")
  let scores = (0..<splits).map { part in
    let rows = part * n / splits..<(part + 1) * n / splits
    let logProbabilities: Tensor = call(
      "aten::log_softmax.int", logits.sliced(rows, axis: 0).cast(to: .float64), 1)
    let p = logProbabilities.exp()
    // 0 · log 0 is 0: the smallest positive number stands for a class that no picture has.
    let all = p.mean(over: 0, keepAxes: true).clamped(from: Double.leastNormalMagnitude)
    return exp((p * (logProbabilities - all.log())).sum(over: 1).mean().item())
  }
  return meanAndDeviation(scores)
}

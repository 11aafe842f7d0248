// Losses that are numbers.

import Tensors

/// The losses of pictures, which are numbers unless a training has broken down.
///
/// - Parameters:
///   - losses: One for each picture.
///   - imagesSeen: The pictures of all steps before.
/// - Returns: Their values.
/// - Throws: `TrainingError` if some are not finite.
func finiteLosses(_ losses: Tensor, imagesSeen: Int) throws -> [Double] {
  let values = losses.values().map(Double.init)
  let broken = values.count { !$0.isFinite }
  guard broken == 0 else {
    throw TrainingError.misfit(
      "loss after \(imagesSeen) pictures", expected: "finite numbers",
      found: "\(broken) of \(values.count) that are not (a lower learning rate may help)")
  }
  return values
}

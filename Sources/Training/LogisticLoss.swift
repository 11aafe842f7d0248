// The non-saturating logistic loss: Goodfellow et al., "Generative Adversarial Nets" (2014).

public import Tensors

/// The generator's loss: `softplus(-logit)`, which is `-log(sigmoid(logit))`.
///
/// - Parameter fakeLogits: [N, 1], of images that the generator made.
/// - Returns: [N, 1].
public func generatorLogisticLoss(fakeLogits: Tensor) -> Tensor { (-fakeLogits).softplus() }

/// The discriminator's loss: `softplus(fake) + softplus(-real)`.
///
/// - Parameters:
///   - fakeLogits: [N, 1], of images that the generator made.
///   - realLogits: [N, 1], of images from the data set.
/// - Returns: [N, 1].
public func discriminatorLogisticLoss(fakeLogits: Tensor, realLogits: Tensor) -> Tensor {
  fakeLogits.softplus() + (-realLogits).softplus()
}

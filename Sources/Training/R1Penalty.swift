// The R1 penalty: Mescheder et al., "Which Training Methods for GANs do actually Converge?" (2018).

public import Tensors

/// How steeply logits change with their images: the sum over C, H and W of `(d Σ logits / d img)²`.
///
/// The sum over the batch stands for each sample's own logit where samples do not see each other;
/// the minibatch standard deviation mixes them a little, as in the published code. The penalty can
/// itself be differentiated.
///
/// - Parameters:
///   - logits: [N, 1], computed from `images`.
///   - images: [N, C, H, W], recorded for gradients.
/// - Returns: [N].
public func r1Penalty(logits: Tensor, images: Tensor) -> Tensor {
  let slope = gradients(of: [logits.sum()], withRespectTo: [images], createGraph: true)[0]
  return slope.square().sum(over: 1, 2, 3)
}

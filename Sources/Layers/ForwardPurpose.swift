// What a network is run for, which is an argument rather than a state of the network.

/// What a forward pass is for: between equal ways of computing it, each takes the better one, and
/// only training moves what networks keep beside their parameters.
public enum ForwardPurpose: Hashable, Sendable {
  /// Looking at the result: convolutions have kernels for each sample, attention is fused and can
  /// be differentiated once, and nothing in the network changes.
  case evaluation
  /// Training on the result: kernels are shared by the batch, which has the cheaper gradients, all
  /// but neighbourhood attention can be differentiated twice, and spectral norms are measured anew.
  case training
}

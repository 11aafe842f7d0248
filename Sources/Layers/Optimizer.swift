// What moves the parameters of a training: Adam or Ranger.

public import Tensors

/// Moves the trainable parameters of a store along their gradients.
public protocol Optimizer: AnyObject {
  /// What the next step depends on, beside the parameters.
  var state: ParameterStore { get }
  /// The names of the parameters that are moved.
  var names: [String] { get }
  /// The parameters that are moved.
  var parameters: [Tensor] { get }

  /// Moves every parameter by one step.
  ///
  /// - Parameter gradients: The gradient of each of `parameters`.
  func callAsFunction(_ gradients: [Tensor])
}

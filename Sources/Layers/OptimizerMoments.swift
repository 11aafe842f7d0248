// What optimisers keep from step to step: the parameters that they move, and two moments of each gradient.

import OrderedCollections
import Tensors

/// The trainable parameters of a store, with the moments of their gradients.
struct OptimizerMoments {
  /// `first_moment.NAME` and `second_moment.NAME` for every parameter, and `step`.
  let state = ParameterStore()
  /// The names of the parameters, in the order of the store.
  let names: [String]
  /// The parameters, in the order of the store.
  let parameters: [Tensor]
  /// The mean gradient of each parameter.
  let first: [Tensor]
  /// The mean square of each parameter's gradient.
  let second: [Tensor]
  /// The number of steps taken, [] in int64.
  let step: Tensor

  /// The moments of parameters that have not moved: zeros.
  ///
  /// - Parameter store: Whose parameters are moved: those that are trainable now.
  init(_ store: ParameterStore) {
    let trainable = store.trainable
    (names, parameters) = (Array(trainable.keys), Array(trainable.values))
    for (name, parameter) in trainable {
      // A narrower format would round small steps away; fused operators read memory in order.
      precondition(
        parameter.dtype.byteCount >= 4 && parameter.isContiguous,
        "\(name): \(parameter) cannot be optimised: expected float32 or float64 without gaps")
    }
    var (first, second): ([Tensor], [Tensor]) = ([], [])
    for (name, parameter) in trainable {
      first.append(Self.zeros(like: parameter, in: state, as: "first_moment", name))
      second.append(Self.zeros(like: parameter, in: state, as: "second_moment", name))
    }
    (self.first, self.second) = (first, second)
    step = Scope(state).buffer("step", .values(Tensor([0], shape: [])))
  }

  /// The number of steps taken.
  var stepCount: Int { step.values(as: Int.self)[0] }

  /// Zeros of a parameter's shape in a store, as `prefix.NAME`.
  static func zeros(
    like parameter: Tensor, in store: ParameterStore, as prefix: String, _ name: String
  ) -> Tensor {
    (Scope(store, device: parameter.device, dtype: parameter.dtype) / prefix)
      .buffer(name, .zeros(parameter.shape))
  }

  /// Checks that there is a gradient of the same shape for every parameter.
  func check(_ gradients: [Tensor]) {
    precondition(
      gradients.map(\.shape) == parameters.map(\.shape),
      "gradients \(gradients.map(\.shape)), parameters \(parameters.map(\.shape))")
  }
}

// Everything that the next iteration depends on, to be saved and restored bit for bit.

public import Layers
import Networks
public import OrderedCollections
import Tensors

/// Everything that the next iteration of a trainer depends on, except its configuration and the
/// images to come.
public struct GANTrainerState {
  /// Iterations and images so far.
  public var counters: GANTrainer.Counters
  /// The networks below `G`, `D` and `G_ema`, the optimisers below `G_optimizer` and
  /// `D_optimizer`, `path_length.mean`, the probability of augmentation and what moves it below
  /// `augmentation` if there is any, and the random streams below `random`.
  public var tensors: OrderedDictionary<String, StoredParameter>

  /// A state that was read from somewhere.
  public init(
    counters: GANTrainer.Counters, tensors: OrderedDictionary<String, StoredParameter>
  ) {
    self.counters = counters
    self.tensors = tensors
  }
}

extension GANTrainer {
  /// Everything that the next iteration depends on.
  ///
  /// The tensors are the trainer's own: write or copy them before the next iteration.
  public var state: GANTrainerState {
    randomness.record()
    return GANTrainerState(
      counters: counters, tensors: stateStore.entries.mapValues { StoredParameter($0.tensor) })
  }

  /// Goes on from a state; nothing changes unless all of it fits.
  ///
  /// - Parameter state: What `state` gave, of a trainer with networks of the same configuration.
  /// - Throws: `ParameterLoadError` with all tensors that do not fit, `TrainingError` for anything
  ///   else that does not, or what reading a tensor threw.
  public func restore(_ state: GANTrainerState) throws {
    let store = stateStore
    let tensors = try store.values(fitting: state.tensors)
    try randomness.check { tensors["random.\($0)"] ?? Tensor([UInt8]()) }
    let counters = state.counters
    guard counters.iteration >= 0, counters.imageCount >= 0 else {
      throw TrainingError.misfit(
        "iterations and images so far", expected: "at least 0",
        found: "\(counters.iteration) and \(counters.imageCount)")
    }
    try store.load(tensors.mapValues { StoredParameter($0) })
    try randomness.restore()
    self.counters = counters
  }

  /// All tensors of the state under one roof.
  private var stateStore: ParameterStore {
    let store = ParameterStore()
    store.include(generator.parameters, under: "G")
    store.include(discriminator.parameters, under: "D")
    store.include(average.parameters, under: "G_ema")
    store.include(generatorOptimizer.state, under: "G_optimizer")
    store.include(discriminatorOptimizer.state, under: "D_optimizer")
    store.include(pathLength.state, under: "path_length")
    if let augmentation { store.include(augmentation.state, under: "augmentation") }
    store.include(randomness.state, under: "random")
    return store
  }
}

extension ParameterStore {
  /// Reads tensors of a state that are to be loaded; nothing changes.
  ///
  /// - Parameter tensors: The tensors by name.
  /// - Returns: Their values.
  /// - Throws: `ParameterLoadError` with all tensors that do not fit, `TrainingError` for a tensor of
  ///   another type, or what reading a tensor threw.
  func values(
    fitting tensors: OrderedDictionary<String, StoredParameter>
  ) throws -> OrderedDictionary<String, Tensor> {
    try check(tensors)
    let values = try tensors.mapValues { try $0.read() }
    for (name, tensor) in values where tensor.dtype != self[name].dtype {
      throw TrainingError.misfit(
        name, expected: "\(self[name].dtype)", found: "\(tensor.dtype)")
    }
    return values
  }
}

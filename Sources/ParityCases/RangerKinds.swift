// Kinds of cases about the optimiser Ranger: with given gradients, and on a small problem.

import Layers
import Tensors

let rangerKinds = [
  ParityKind("inversion", "ranger", givenGradients),
  ParityKind("inversion", "ranger_toy", toyProblem),
]

extension Ranger.Settings {
  /// The settings that all such kinds have, of which some are fixed.
  package init(_ config: StrictObject, learningRate: Double) throws {
    self.init(learningRate: learningRate)
    lookaheadShare = try config.value("alpha")
    lookaheadInterval = try config.count("k")
    rectificationThreshold = try config.value("N_sma_threshhold")
    let betas: [Double] = try config.value("betas")
    guard betas.count == 2 else { throw CaseError("betas: expected 2, found \(betas)") }
    (beta1, beta2, epsilon) = (betas[0], betas[1], try config.value("eps"))
    let decay: Double = try config.value("weight_decay")
    let centralizes: [Bool] = [try config.value("use_gc"), try config.value("gc_conv_only")]
    guard decay == 0, centralizes == [true, false] else {
      throw CaseError("expected no weight decay and all gradients centralised")
    }
  }
}

private func givenGradients(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let settings = try Ranger.Settings(config, learningRate: try config.value("lr"))
  let names: [String] = try config.value("tensors")
  let steps = try config.count("steps", in: 1...1000)
  let store = ParameterStore()
  for name in names {
    let shape = try inputs.expected("\(name).step1").shape
    _ = Scope(store).parameter(name, .values(try inputs.input(name, shape: shape)))
  }
  let ranger = Ranger(store, settings: settings)
  guard ranger.names == names else { throw CaseError("tensors: expected \(ranger.names)") }
  var computed: Computed = [:]
  for step in 1...steps {
    ranger(
      try names.map { try inputs.input("grad.\($0).\(step)", shape: store[$0].shape) })
    for name in names { computed["\(name).step\(step)"] = store[name].cloned() }
  }
  for name in names {
    computed["\(name).exp_avg"] = ranger.state["first_moment.\(name)"]
    computed["\(name).exp_avg_sq"] = ranger.state["second_moment.\(name)"]
    computed["\(name).slow_buffer"] = ranger.state["slow_weight.\(name)"]
  }
  return computed
}

private func toyProblem(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let settings = try Ranger.Settings(
    config.object("ranger"), learningRate: try config.value("lr"))
  let steps = try config.count("steps", in: 1...1000)
  let names: [String] = try config.value("tensors")
  guard try config.value("loss") == "mean((A W + c - b)^2)", names == ["W", "c"] else {
    throw CaseError("expected mean((A W + c - b)^2) of W and c")
  }
  let store = ParameterStore()
  for name in names {
    let shape = try inputs.expected("\(name).step1").shape
    _ = Scope(store).parameter(name, .values(try inputs.parameter(name, shape: shape)))
  }
  let ranger = Ranger(store, settings: settings)
  let (w, c) = (store["W"], store["c"])
  let size = try inputs.shape("A", rank: 2)
  let a = try inputs.input("A", shape: size)
  let b = try inputs.input("b", shape: [size[0]] + w.shape.dropFirst())
  func loss() -> Tensor { (a.matmul(w) + c - b).square().mean() }
  var (computed, losses): (Computed, [Float]) = ([:], [])
  for step in 1...steps {
    store.setRequiresGrad(true)
    let value = loss()
    let found = gradients(of: [value], withRespectTo: ranger.parameters)
    store.setRequiresGrad(false)
    losses.append(value.values(as: Float.self)[0])
    ranger(found)
    for name in names { computed["\(name).step\(step)"] = store[name].cloned() }
  }
  losses.append(loss().values(as: Float.self)[0])
  computed["loss"] = Tensor(losses)
  return computed
}

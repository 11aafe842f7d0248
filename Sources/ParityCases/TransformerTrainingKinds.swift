// Kinds of cases about training StyleSwin and StyleNAT: transformations of images, and whole
// iterations.

import Layers
import Networks
import OrderedCollections
import Tensors
import Training

let transformerTrainingKinds = [
  ParityKind("styleswin", "crdiffaug", transformations),
  ParityKind("styleswin", "train_step", trainingSteps),
]

// MARK: Transformations

private func transformations(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let (n, size) = (try config.count("n"), try config.count("size", in: 1...4096))
  var settings = DifferentiableAugmentation()
  settings.flipProbability = try config.value("flip_probability")
  settings.translationRatio = try config.value("translation_ratio")
  settings.cutoutRatio = try config.value("cutout_ratio")
  guard try config.value("generator") == "mt19937_torch_cpu" else {
    throw CaseError("generator: expected mt19937_torch_cpu")
  }
  let drawn = settings.draw(
    count: n, resolution: size, generator: TorchGenerator(seed: inputs.seed))
  let img = try inputs.input("image", shape: [n, 3, size, size])
  let draws = [
    ("draw_flip", drawn.flip), ("draw_tx", drawn.rowShift), ("draw_ty", drawn.columnShift),
    ("draw_brightness", drawn.brightness), ("draw_saturation", drawn.saturation),
    ("draw_contrast", drawn.contrast), ("draw_cut_x", drawn.cutRow),
    ("draw_cut_y", drawn.cutColumn),
  ]
  let listed: [[JSON]] = try config.value("draws")
  guard listed.map({ $0.first.flatMap(String.init) }) == draws.map({ $0.0 }) else {
    throw CaseError("draws: expected \(draws.map { $0.0 })")
  }
  for (entry, draw) in zip(listed, draws) {
    guard entry.count > 2, [Int](entry[2]) == draw.1.shape else {
      throw CaseError("\(draw.0): expected a shape of \(draw.1.shape)")
    }
  }
  var computed: Computed = ["out": drawn(img)]
  for (name, tensor) in draws { computed[name] = tensor }
  return computed
}

// MARK: Iterations

/// A transformation that a case gives as what it adds.
private struct AddedImages: ImageTransform {
  let delta: Tensor
  func callAsFunction(_ images: Tensor) -> Tensor { images + delta }
  func rows(_ range: Range<Int>) -> AddedImages { .init(delta: delta.sliced(range, axis: 0)) }
}

/// A transformation that a case gives by its result.
private struct GivenImages: ImageTransform {
  let result: Tensor
  func callAsFunction(_ images: Tensor) -> Tensor { result }
  func rows(_ range: Range<Int>) -> GivenImages { .init(result: result.sliced(range, axis: 0)) }
}

/// The trainer of a case, and its inputs.
private struct TransformerTrainingCase {
  let trainer: GANTrainer
  private let inputs: CaseInputs
  private let shape: TransformerShape
  private let batchSize: Int

  init(_ inputs: CaseInputs) throws {
    let config = inputs.config
    let g = try StyleNATConfiguration(config)
    try g.validate()
    let d = try WaveletDiscriminatorConfiguration(config)
    batchSize = try config.count("batch")
    let betas: [Double] = [try config.value("beta1"), try config.value("beta2")]
    func adam(_ learningRate: String) throws -> Adam.Settings {
      Adam.Settings(learningRate: try config.value(learningRate), beta1: betas[0], beta2: betas[1])
    }
    let kept: Double = try config.value("ema_decay")
    guard kept > 0, kept < 1 else { throw CaseError("ema_decay: \(kept)") }
    var settings = GANTrainerConfiguration(
      batchSize: batchSize, learningRate: 0, r1Gamma: try config.value("r1"),
      average: MovingAverage(share: kept, batchSize: batchSize))
    settings.generatorOptimizer = try adam("g_lr")
    settings.discriminatorOptimizer = try adam("d_lr")
    settings.generatorRegularizationInterval = 10_000_000
    settings.discriminatorRegularizationInterval = try config.count("d_reg_every")
    settings.pathLength.weight = 0
    settings.styleMixingProbability = 0
    settings.phaseOrder = .discriminatorFirst
    settings.discriminatorGradientBound = try config.value("clip") as Double
    var consistency = BalancedConsistency()
    consistency.weight = try config.value("bcr_lambda")
    settings.consistency = consistency
    trainer = try GANTrainer(
      generator: try inputs.network(prefix: "g.") { TransformerGenerator(g, $0) },
      discriminator: try inputs.network(prefix: "d.") { WaveletDiscriminator(d, $0) },
      configuration: settings, seed: 0)
    (self.inputs, shape) = (inputs, g.shape)
  }

  func images(_ name: String) throws -> Tensor {
    try inputs.input(name, shape: [batchSize, 3, shape.resolution, shape.resolution])
  }

  /// What is drawn for a phase of an iteration.
  func phaseInputs(_ phase: TrainingPhase, _ i: Int) throws -> PhaseInputs? {
    guard phase.makesImages else { return nil }
    let name = phase.trainsGenerator ? "noise_g\(i)" : "noise_d\(i)"
    var drawn = PhaseInputs(
      z: try inputs.input(name, shape: [batchSize, shape.wDim]), noise: .none)
    if phase == .discriminatorMain {
      drawn.transforms = ConsistencyTransforms(
        fake: AddedImages(delta: try images("aug_fake_delta\(i)")),
        real: GivenImages(result: try images("aug_real\(i)")))
    }
    return drawn
  }
}

private func trainingSteps(_ inputs: CaseInputs) throws -> Computed {
  let iterations = try inputs.config.count("iterations")
  let training = try TransformerTrainingCase(inputs)
  let trainer = training.trainer
  let stores = [
    ("g", trainer.generator.parameters), ("d", trainer.discriminator.parameters),
    ("g_ema", trainer.average.parameters),
  ]
  let before = stores.map { $0.1.trainable.mapValues { $0.cloned() } }
  var computed: Computed = [:]
  for i in 0..<iterations {
    let real = RealBatch(images: try training.images("real\(i)"))
    for phase in trainer.configuration.phaseOrder.phases where trainer.isDue(phase) {
      let outcome = try trainer.runPhase(
        phase, real: real, inputs: try training.phaseInputs(phase, i))
      record(outcome, of: phase, iteration: i, trainer, &computed)
    }
    trainer.finishIteration()
  }
  for ((network, store), old) in zip(stores, before) {
    for (name, tensor) in old { computed["delta.\(network).\(name)"] = store[name] - tensor }
  }
  for (network, optimizer) in [
    ("g", trainer.generatorOptimizer), ("d", trainer.discriminatorOptimizer),
  ] {
    for name in optimizer.names {
      computed["second_moment.\(network).\(name)"] = optimizer.state["second_moment.\(name)"]
    }
  }
  for (name, entry) in trainer.discriminator.parameters.entries {
    computed["after.\(name)"] = entry.tensor
  }
  return computed
}

/// Puts what a phase reported under the names of the kind.
private func record(
  _ outcome: GANTrainer.PhaseOutcome, of phase: TrainingPhase, iteration i: Int,
  _ trainer: GANTrainer, _ computed: inout Computed
) {
  let means = outcome.reports.mapValues { $0.mean() }
  switch phase {
  case .discriminatorMain:
    let weight = trainer.configuration.consistency?.weight ?? 0
    let loss = means["Loss/D/loss"]
    computed["it\(i).d_adv"] = loss
    if let loss, let penalty = means["Loss/consistency_penalty"] {
      computed["it\(i).d_loss"] = loss + penalty * weight
    }
    computed["it\(i).d_grad_norm"] = outcome.gradientNorm
  case .discriminatorRegularization: computed["it\(i).r1"] = means["Loss/r1_penalty"]
  case .generatorMain: computed["it\(i).g_loss"] = means["Loss/G/loss"]
  case .generatorRegularization: break
  }
  guard i == 0, !phase.isRegularization else { return }
  let optimizer =
    phase.trainsGenerator ? trainer.generatorOptimizer : trainer.discriminatorOptimizer
  let prefix = phase.trainsGenerator ? "g_grad" : "d_grad"
  for (name, gradient) in zip(optimizer.names, outcome.gradients) {
    computed["\(prefix).\(name)"] = gradient
  }
}

// Kinds of cases about training StyleGAN2: the losses of each phase, and whole iterations.

import Layers
import Networks
import OrderedCollections
import Tensors
import Training

let styleGAN2TrainingKinds = [
  ParityKind("StyleGAN2-ADA", "s2_losses", phaseLosses),
  ParityKind("StyleGAN2-ADA", "s2_train_steps", trainingSteps),
]

/// A trainer with the networks of a case, and what its batches consist of.
private struct TrainingCase {
  let trainer: GANTrainer
  let batchSize: Int
  let labels: Tensor?
  private let inputs: CaseInputs
  private let generator: StyleGAN2Configuration

  /// Reads the settings that both kinds have, then builds the networks.
  init(
    _ inputs: CaseInputs, counters: GANTrainer.Counters = .init(),
    _ adjust: (inout GANTrainerConfiguration) throws -> Void
  ) throws {
    let config = inputs.config
    let g = try StyleGAN2Configuration(config.object("G"))
    let d = try StyleGAN2DiscriminatorConfiguration(config.object("D"))
    let n = try config.count("n")
    var settings = GANTrainerConfiguration(
      batchSize: n, learningRate: 0, r1Gamma: try config.value("r1_gamma"),
      average: MovingAverage(halfLife: 0))
    settings.pathLength = PathLengthRegularizer.Settings(
      weight: try config.value("pl_weight", default: 2),
      decay: try config.value("pl_decay", default: 0.01),
      batchShrink: try config.count("pl_batch_shrink", default: 2))
    settings.styleMixingProbability = try config.value("style_mixing_prob", default: 0)
    guard settings.styleMixingProbability == 0, try !config.value("augment", default: false) else {
      throw CaseError("style mixing or augmentation, whose random draws the case does not hold")
    }
    try adjust(&settings)
    labels = try (config.value("labels") as LabelRule).labels(inputs, n: n, cDim: g.labelDim)
    trainer = try GANTrainer(
      generator: try inputs.network(prefix: "G.") { StyleGAN2(g, $0) },
      discriminator: try inputs.network(prefix: "D.") { StyleGAN2Discriminator(d, $0) },
      configuration: settings, seed: 0, counters: counters)
    (batchSize, generator, self.inputs) = (n, g, inputs)
  }

  /// The input `real` or `real3`.
  func real(_ suffix: String = "") throws -> RealBatch {
    RealBatch(images: try images("real\(suffix)", count: batchSize), labels: labels)
  }

  /// What a phase gets, from the inputs of these names.
  func phaseInputs(_ phase: TrainingPhase, z: String, pathLengthNoise: String) throws -> PhaseInputs
  {
    var drawn = PhaseInputs(
      z: try inputs.input(z, shape: [batchSize, generator.zDim]), labels: labels,
      noise: trainer.randomness.layerNoise)
    if phase == .generatorRegularization {
      let count = trainer.configuration.pathLength.batchSize(of: batchSize)
      drawn.pathLengthNoise = try images(pathLengthNoise, count: count)
    }
    return drawn
  }

  private func images(_ name: String, count: Int) throws -> Tensor {
    let size = generator.resolution
    return try inputs.input(name, shape: [count, generator.imgChannels, size, size])
  }
}

// MARK: Losses

private func phaseLosses(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let plMean: Double = try config.value("pl_mean")
  let gain = try config.object("gain")
  // Recorded only: the noise of each layer is multiplied by a strength of 0, and every gradient is
  // computed.
  let _: String = try config.value("noise_mode")
  let _: [String] = try config.object("grads").value("full")
  let training = try TrainingCase(inputs) { _ in }
  let trainer = training.trainer
  var computed: Computed = [:]
  for phase in TrainingPhase.allCases {
    trainer.pathLength.mean.assign(.full(plMean, []))
    let drawn =
      phase.makesImages
      ? try training.phaseInputs(phase, z: "z", pathLengthNoise: "pl_noise") : nil
    let outcome = try trainer.differentiate(
      phase, real: training.real(), inputs: drawn, gain: gain.value(phase.rawValue))
    for (name, report) in outcome.reports { computed["\(phase.rawValue).\(name)"] = report }
    let optimizer =
      phase.trainsGenerator ? trainer.generatorOptimizer : trainer.discriminatorOptimizer
    for (name, gradient) in zip(optimizer.names, outcome.gradients) {
      computed["\(phase.rawValue).grad.\(name)"] = gradient
      computed["\(phase.rawValue).gradnorm.\(name)"] = gradient.square().sum().sqrt()
    }
    if phase == .generatorRegularization {
      computed["Greg.pl_mean_after"] = trainer.pathLength.mean.cloned()
    }
  }
  return computed
}

// MARK: Iterations

private func trainingSteps(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let iterations = try config.count("iterations")
  let order: [String] = try config.value("phase_order")
  guard order == TrainingPhase.allCases.map(\.rawValue) else {
    throw CaseError("config.phase_order: expected Gmain, Greg, Dmain, Dreg, found \(order)")
  }
  let seen = try config.count("start_nimg", in: 0...1 << 40)
  let training = try TrainingCase(inputs, counters: .init(imageCount: seen)) { settings in
    let adam = try config.object("adam")
    let betas: [Double] = try adam.value("betas")
    guard betas.count == 2 else { throw CaseError("config.adam.betas: expected 2 numbers") }
    let optimizer = Adam.Settings(
      learningRate: try config.value("lr"), beta1: betas[0], beta2: betas[1],
      epsilon: try adam.value("eps"))
    (settings.generatorOptimizer, settings.discriminatorOptimizer) = (optimizer, optimizer)
    settings.generatorRegularizationInterval = try config.count("G_reg_interval")
    settings.discriminatorRegularizationInterval = try config.count("D_reg_interval")
    settings.wAvgBeta = try config.value("w_avg_beta", default: 0.995)
    settings.average = MovingAverage(
      halfLife: try config.value("ema_kimg") * 1000, rampUp: try config.optional("ema_rampup"))
  }
  let trainer = training.trainer
  let before = clones(of: trainer)
  var computed: Computed = [:]
  for i in 0..<iterations {
    let reports = try trainer.runIteration(real: try training.real("\(i)")) { phase in
      try training.phaseInputs(
        phase, z: "z_\(phase.rawValue)\(i)", pathLengthNoise: "pl_noise\(i)")
    }
    for (phase, named) in reports {
      for (name, report) in named { computed["it\(i).\(phase.rawValue).\(name)"] = report }
    }
  }
  for (name, tensor) in clones(of: trainer) {
    computed["delta.\(name)"] = before[name].map { tensor - $0 }
  }
  for (network, optimizer) in [
    ("G", trainer.generatorOptimizer), ("D", trainer.discriminatorOptimizer),
  ] {
    for name in optimizer.names {
      computed["second_moment.\(network).\(name)"] = optimizer.state["second_moment.\(name)"]
    }
    computed["adam_step.\(network)"] = optimizer.state["step"]
  }
  computed["pl_mean"] = trainer.pathLength.mean
  computed["G_ema.img"] = try evaluationImages(inputs, training)
  return computed
}

private func evaluationImages(_ inputs: CaseInputs, _ training: TrainingCase) throws -> Tensor {
  let average = training.trainer.average
  let z = try inputs.input("z_eval", shape: [2, average.traits.zDim])
  let labels = training.labels?.sliced(0..<2, axis: 0)
  let wPlus = average.broadcast(average.map(z: z, labels: labels))
  return average.synthesize(wPlus, options: SynthesisOptions())
}

/// Copies of all parameters and buffers, under `G.`, `D.` and `G_ema.`.
private func clones(of trainer: GANTrainer) -> Computed {
  let stores = [
    ("G", trainer.generator.parameters), ("D", trainer.discriminator.parameters),
    ("G_ema", trainer.average.parameters),
  ]
  var clones: Computed = [:]
  for (network, store) in stores {
    for (name, entry) in store.entries { clones["\(network).\(name)"] = entry.tensor.cloned() }
  }
  return clones
}

// Training a generator against a discriminator, iteration by iteration: Karras et al. (2020), as
// `training/training_loop.py` of stylegan2-ada-pytorch does it.

public import Layers
public import Networks
public import OrderedCollections
public import Tensors

/// Trains a generator and a discriminator of any family against each other.
///
/// An iteration runs its phases in order: the generator's loss, every few iterations its path
/// length regulariser, the discriminator's loss, every few iterations its R1 penalty. Each has its
/// own gradients and its own optimiser step; a regulariser that runs once in k iterations counts k
/// times. Then the average generator moves.
///
/// The trainer reads no files and prints nothing: batches come from whoever runs it, and statistics
/// and state are there to be taken.
public final class GANTrainer {
  /// How the networks are trained.
  public let configuration: GANTrainerConfiguration
  /// The generator that is trained.
  public let generator: any Generator
  /// The discriminator that is trained.
  public let discriminator: any Discriminator
  /// The moving average of the generator, which makes the better pictures.
  public let average: any Generator
  /// Moves the generator's parameters in both of its phases.
  public let generatorOptimizer: Adam
  /// Moves the discriminator's parameters in both of its phases.
  public let discriminatorOptimizer: Adam
  /// The path length regulariser and its running mean.
  public let pathLength: PathLengthRegularizer
  /// How often images are augmented; nil where they are not.
  public let augmentation: AugmentationControl?
  /// Where z, mixing, noise and augmentation come from.
  public let randomness: TrainingRandomness
  /// Iterations and images so far.
  public internal(set) var counters: Counters
  /// What was reported since the statistics were last taken; not part of the state.
  public private(set) var statistics = Statistics()
  private let losses: GANLosses

  /// How far training has come.
  public struct Counters: Codable, Hashable, Sendable {
    /// Iterations done.
    public var iteration = 0
    /// Real images seen, counting again those seen again.
    public var imageCount = 0

    /// Counters that start at numbers.
    public init(iteration: Int = 0, imageCount: Int = 0) {
      self.iteration = iteration
      self.imageCount = imageCount
    }
  }

  /// Prepares training; parameters that are frozen now stay frozen.
  ///
  /// - Parameters:
  ///   - generator: The generator, with its first values.
  ///   - discriminator: The discriminator, with its first values.
  ///   - average: A generator of the same configuration with the first values of the average; nil
  ///     for a copy of `generator`.
  ///   - configuration: How they are trained.
  ///   - seed: Where the random streams start.
  ///   - counters: How far earlier training has come.
  /// - Throws: `ConfigurationError` if the settings or the two networks do not go together.
  public init(
    generator: any Generator, discriminator: any Discriminator, average: (any Generator)? = nil,
    configuration: GANTrainerConfiguration, seed: UInt64, counters: Counters = Counters()
  ) throws(ConfigurationError) {
    try configuration.validate()
    try Self.check(generator, discriminator, configuration)
    self.configuration = configuration
    self.generator = generator
    self.discriminator = discriminator
    self.average = average ?? generator.copy()
    self.counters = counters
    let device = generator.wAvg.device
    generatorOptimizer = Adam(
      generator.parameters,
      settings: configuration.generatorOptimizer.corrected(
        forLazyRegularizationEvery: configuration.generatorRegularizationInterval))
    discriminatorOptimizer = Adam(
      discriminator.parameters,
      settings: configuration.discriminatorOptimizer.corrected(
        forLazyRegularizationEvery: configuration.discriminatorRegularizationInterval))
    pathLength = PathLengthRegularizer(configuration.pathLength, device: device)
    augmentation = configuration.augmentation.map { AugmentationControl($0.control) }
    randomness = TrainingRandomness(
      seed: seed, device: device, transforms: configuration.consistency != nil,
      augments: augmentation != nil)
    losses = GANLosses(
      generator: generator, discriminator: discriminator, pathLength: pathLength,
      configuration: configuration)
  }

  private static func check(
    _ generator: any Generator, _ discriminator: any Discriminator,
    _ configuration: GANTrainerConfiguration
  ) throws(ConfigurationError) {
    let (g, d) = (generator.traits, discriminator.configuration)
    try ConfigurationError.check(
      "resolution of the discriminator", d.resolution, in: g.resolution...g.resolution)
    try ConfigurationError.check(
      "imgChannels of the discriminator", d.imgChannels, in: g.imgChannels...g.imgChannels)
    try ConfigurationError.check(
      "labelDim of the discriminator", d.labelDim, in: g.labelDim...g.labelDim)
    try configuration.augmentation?.pipe.validate(resolution: g.resolution)
    try d.validate(batchSize: configuration.microBatchSize)
  }

  // MARK: Iterations

  /// Runs one iteration with random numbers from `randomness`.
  ///
  /// - Parameters:
  ///   - real: `batchSize` images and their labels, on the networks' device.
  ///   - drawLabels: Gives as many labels [N, labelDim] as asked for, for images to be made; nil for
  ///     networks without labels.
  /// - Returns: What each phase reported, for each sample.
  /// - Throws: `TrainingError`, or what `drawLabels` throws.
  @discardableResult
  public func runIteration(real: RealBatch, drawLabels: ((Int) throws -> Tensor)? = nil) throws
    -> OrderedDictionary<TrainingPhase, LossReports>
  {
    try runIteration(real: real) { phase in try draw(for: phase, labels: drawLabels) }
  }

  /// Runs one iteration with given random numbers.
  ///
  /// - Parameters:
  ///   - real: `batchSize` images and their labels.
  ///   - inputs: What is drawn for each phase that makes images, asked for in the order of phases;
  ///     augmentation comes from `randomness`.
  /// - Returns: What each phase reported, for each sample.
  /// - Throws: `TrainingError`, or what `inputs` throws. The phases before the one that failed have
  ///   moved the networks: go on from a saved state only.
  @discardableResult
  public func runIteration(real: RealBatch, inputs: (TrainingPhase) throws -> PhaseInputs) throws
    -> OrderedDictionary<TrainingPhase, LossReports>
  {
    try check(real)
    var reports: OrderedDictionary<TrainingPhase, LossReports> = [:]
    for phase in configuration.phaseOrder.phases where isDue(phase) {
      let drawn = phase.makesImages ? try inputs(phase) : nil
      reports[phase] = try runPhase(
        phase, real: real, inputs: drawn, augmentation: drawAugmentation(for: phase)
      ).reports
    }
    finishIteration()
    return reports
  }

  /// What a phase did.
  public struct PhaseOutcome {
    /// The gradients that the optimiser was given, bounded and free of numbers that are not finite.
    public let gradients: [Tensor]
    /// How long the gradients were before they were bounded, a tensor without axes; nil where there
    /// is no bound.
    public let gradientNorm: Tensor?
    /// What was reported for each sample.
    public let reports: LossReports
  }

  /// Runs one phase of an iteration: its gradients, and a step of its optimiser.
  ///
  /// - Parameters:
  ///   - phase: The phase.
  ///   - real: `batchSize` images and their labels.
  ///   - inputs: What is drawn at random, for phases that make images.
  ///   - augmentation: What happens to images before the discriminator sees them.
  /// - Returns: What it did.
  /// - Throws: `TrainingError` if a batch does not fit or a loss is not finite.
  public func runPhase(
    _ phase: TrainingPhase, real: RealBatch, inputs: PhaseInputs?,
    augmentation: PhaseAugmentation = PhaseAugmentation()
  ) throws(TrainingError) -> PhaseOutcome {
    let found = try differentiate(
      phase, real: real, inputs: inputs, augmentation: augmentation,
      gain: phase.isRegularization ? Double(interval(of: phase)) : 1)
    var (gradients, norm) = (sanitized(found.gradients), Tensor?.none)
    if phase == .discriminatorMain, let bound = configuration.discriminatorGradientBound {
      (gradients, norm) = bounded(gradients, to: bound)
    }
    let optimizer = optimizer(of: phase)
    if let factor = configuration.learningRateDecay?.factor(imageCount: counters.imageCount) {
      let settings =
        phase.trainsGenerator
        ? configuration.generatorOptimizer : configuration.discriminatorOptimizer
      optimizer.settings.learningRate = settings.learningRate * factor
    }
    optimizer(gradients)
    return PhaseOutcome(gradients: gradients, gradientNorm: norm, reports: found.reports)
  }

  /// Ends an iteration: the average moves, the iteration and its images are counted, and the
  /// probability of augmentation moves if it is time.
  public func finishIteration() {
    let beta = configuration.average.beta(
      batchSize: configuration.batchSize, imageCount: counters.imageCount)
    MovingAverage.update(average.parameters, towards: generator.parameters, beta: beta)
    counters.iteration += 1
    counters.imageCount += configuration.batchSize
    augmentation?.endIteration(counters.iteration, batchSize: configuration.batchSize)
  }

  /// The gradients of one phase over a batch, taken part by part; nothing is optimised.
  ///
  /// The running means of w and of path lengths move, and statistics are kept.
  ///
  /// - Parameters:
  ///   - phase: The phase.
  ///   - real: `batchSize` images and their labels.
  ///   - inputs: What is drawn at random, for phases that make images.
  ///   - augmentation: What happens to images before the discriminator sees them.
  ///   - gain: The weight of the phase's loss.
  /// - Returns: The gradient of the mean loss for each parameter of the phase's optimiser, and what
  ///   is reported for each sample.
  /// - Throws: `TrainingError` if a batch does not fit or a loss is not finite.
  public func differentiate(
    _ phase: TrainingPhase, real: RealBatch, inputs: PhaseInputs?,
    augmentation: PhaseAugmentation = PhaseAugmentation(), gain: Double = 1
  ) throws(TrainingError) -> (gradients: [Tensor], reports: LossReports) {
    try check(real)
    let parts = configuration.batchSize / configuration.microBatchSize
    let parameters = optimizer(of: phase).parameters
    generator.parameters.setRequiresGrad(phase.trainsGenerator)
    discriminator.parameters.setRequiresGrad(!phase.trainsGenerator)
    defer {
      generator.parameters.setRequiresGrad(false)
      discriminator.parameters.setRequiresGrad(false)
    }
    var (sums, reports): ([Tensor], [LossReports]) = ([], [])
    for part in 0..<parts {
      let found = losses(of: phase, part: part, real: real, inputs: inputs, augmentation)
      try record(found.reports, of: phase)
      let mean = found.loss.mean() * (gain / Double(parts))
      let more = gradients(of: [mean], withRespectTo: parameters)
      // A gradient may share its memory with others, so sums are new tensors.
      sums = sums.isEmpty ? more : zip(sums, more).map { $0 + $1 }
      reports.append(found.reports)
    }
    let names = reports[0].keys
    let joined = names.map { name in
      (name, Tensor.concatenate(reports.compactMap { $0[name] }, axis: 0))
    }
    return (sums, LossReports(uniqueKeysWithValues: joined))
  }

  private func losses(
    of phase: TrainingPhase, part: Int, real: RealBatch, inputs: PhaseInputs?,
    _ augmentation: PhaseAugmentation
  ) -> PhaseLosses {
    let size = configuration.microBatchSize
    let rows = part * size..<(part + 1) * size
    let augmentation = augmentation.rows(rows)
    if phase == .discriminatorRegularization {
      return losses.discriminatorRegularization(real: real.rows(rows), augmentation)
    }
    guard let inputs else { preconditionFailure("nothing was drawn for \(phase.rawValue)") }
    switch phase {
    case .generatorMain: return losses.generatorMain(inputs.rows(rows), augmentation)
    case .generatorRegularization:
      let shrunk = configuration.pathLength.batchSize(of: size)
      return losses.generatorRegularization(inputs.rows(part * shrunk..<(part + 1) * shrunk))
    case .discriminatorMain, .discriminatorRegularization:
      return losses.discriminatorMain(inputs.rows(rows), real: real.rows(rows), augmentation)
    }
  }

  // MARK: Phases

  /// Whether a phase runs in the next iteration.
  public func isDue(_ phase: TrainingPhase) -> Bool {
    let weight =
      switch phase {
      case .generatorMain, .discriminatorMain: 1.0
      case .generatorRegularization: configuration.pathLength.weight
      case .discriminatorRegularization: configuration.r1Gamma
      }
    let isItsTurn = !phase.isRegularization || counters.iteration % interval(of: phase) == 0
    return weight != 0 && isItsTurn
  }

  private func interval(of phase: TrainingPhase) -> Int {
    phase.trainsGenerator
      ? configuration.generatorRegularizationInterval
      : configuration.discriminatorRegularizationInterval
  }

  private func optimizer(of phase: TrainingPhase) -> Adam {
    phase.trainsGenerator ? generatorOptimizer : discriminatorOptimizer
  }

  /// Draws what a phase that makes images needs.
  package func draw(for phase: TrainingPhase, labels: ((Int) throws -> Tensor)? = nil) throws
    -> PhaseInputs
  {
    let (g, n) = (generator.traits, configuration.batchSize)
    precondition(
      (labels != nil) == (g.labelDim > 0), "labels are drawn exactly if the generator has any")
    let z = randomness.drawZ(count: n, zDim: g.zDim)
    let mixing = randomness.drawMixing(
      probability: configuration.styleMixingProbability, count: n, traits: g)
    var inputs = PhaseInputs(
      z: z, labels: try labels?(n), mixing: mixing, noise: randomness.layerNoise)
    if phase == .generatorRegularization {
      let parts = n / configuration.microBatchSize
      let count = parts * configuration.pathLength.batchSize(of: configuration.microBatchSize)
      inputs.pathLengthNoise = randomness.drawPathLengthNoise(
        [count, g.imgChannels, g.resolution, g.resolution])
    }
    if phase == .discriminatorMain, let consistency = configuration.consistency {
      inputs.transforms = randomness.drawTransforms(
        consistency.augmentation, count: n, resolution: g.resolution)
    }
    return inputs
  }

  /// Draws what happens to the images of a phase before the discriminator sees them.
  private func drawAugmentation(for phase: TrainingPhase) -> PhaseAugmentation {
    guard let pipe = configuration.augmentation?.pipe, let p = augmentation?.effectiveP else {
      return PhaseAugmentation()
    }
    let (g, n) = (generator.traits, configuration.batchSize)
    func draw() -> BatchAugmentation {
      randomness.drawAugmentation(
        pipe, p: p, shape: [n, g.imgChannels, g.resolution, g.resolution])
    }
    return switch phase {
    case .generatorMain: PhaseAugmentation(fake: draw())
    case .generatorRegularization: PhaseAugmentation()
    case .discriminatorMain: PhaseAugmentation(fake: draw(), real: draw())
    case .discriminatorRegularization: PhaseAugmentation(real: draw())
    }
  }

  // MARK: Checks and statistics

  /// Hands over the statistics so far and starts new ones.
  ///
  /// - Returns: What was reported since they were last taken.
  public func takeStatistics() -> Statistics {
    defer { statistics = Statistics() }
    return statistics
  }

  private func check(_ real: RealBatch) throws(TrainingError) {
    let g = generator.traits
    let expected = [configuration.batchSize, g.imgChannels, g.resolution, g.resolution]
    guard real.images.shape == expected else {
      throw .misfit("real images", expected: "\(expected)", found: "\(real.images.shape)")
    }
    let labels = g.labelDim > 0 ? [configuration.batchSize, g.labelDim] : nil
    guard real.labels?.shape == labels else {
      throw .misfit(
        "labels of real images", expected: labels.map { "\($0)" } ?? "none",
        found: real.labels.map { "\($0.shape)" } ?? "none")
    }
  }

  /// Adds reports to the statistics, and refuses numbers that are not finite.
  private func record(_ reports: LossReports, of phase: TrainingPhase) throws(TrainingError) {
    for (name, report) in reports {
      let values = report.values(as: Double.self)
      let bad = values.count { !$0.isFinite }
      guard bad == 0 else {
        throw .nonFiniteLoss(
          phase: phase, loss: name, iteration: counters.iteration, count: bad, of: values.count)
      }
      statistics.add(values, to: name)
      if name.hasPrefix("Loss/scores/") {
        let signs = values.map { $0 > 0 ? 1.0 : $0 < 0 ? -1 : 0 }
        statistics.add(signs, to: name.replacing("scores", with: "signs"))
        if name == "Loss/scores/real" { augmentation?.see(signs: signs) }
      }
    }
  }
}

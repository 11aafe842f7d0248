// The settings of training with a generator and a discriminator.

public import Layers
public import Networks
public import Tensors

/// Which network learns first in an iteration.
public enum PhaseOrder: String, Codable, Hashable, Sendable {
  /// The generator, as in stylegan2-ada-pytorch.
  case generatorFirst
  /// The discriminator, as in the programs of StyleSwin and StyleNAT.
  case discriminatorFirst

  /// All phases in order.
  public var phases: [TrainingPhase] {
    let all = TrainingPhase.allCases
    return self == .generatorFirst
      ? all : all.filter { !$0.trainsGenerator } + all.filter(\.trainsGenerator)
  }
}

/// How a generator and a discriminator are trained; the defaults are StyleGAN2's.
public struct GANTrainerConfiguration: Codable, Hashable, Sendable {
  /// Images of each kind, real and made, in an iteration.
  public var batchSize: Int
  /// Images that go through a network together, a divisor of `batchSize`.
  ///
  /// Smaller parts need less memory and give the same gradients, except that the discriminator
  /// compares images within a part, and that the mean path length moves with each part, as in the
  /// published code.
  public var microBatchSize: Int
  /// The generator's optimiser, before the correction for lazy regularisation.
  public var generatorOptimizer: Adam.Settings
  /// The discriminator's optimiser, before the correction for lazy regularisation.
  public var discriminatorOptimizer: Adam.Settings
  /// Iterations from one path length regularisation to the next, each a step of its own; nil for none.
  public var generatorRegularizationInterval: Int? = 4
  /// Iterations from one R1 penalty to the next, each a step of its own; nil where the penalty is part
  /// of the discriminator's loss in every iteration.
  public var discriminatorRegularizationInterval: Int? = 16
  /// The loss of Wasserstein's distance with its penalties; nil for the logistic one with R1.
  public var wasserstein: WassersteinLoss?
  /// γ, the weight of the R1 penalty; 0 for none.
  public var r1Gamma: Double
  /// The path length regulariser.
  public var pathLength = PathLengthRegularizer.Settings()
  /// The probability that a batch is made with two z.
  public var styleMixingProbability = 0.9
  /// The share of the old mean of w that stays at each mapping.
  public var wAvgBeta = 0.995
  /// The moving average of the generator.
  public var average: MovingAverage
  /// Which network learns first in an iteration.
  public var phaseOrder = PhaseOrder.generatorFirst
  /// Whether the average moves between the discriminator's step and the generator's, towards the
  /// generator of the iteration before, rather than at the end.
  public var averagesBeforeGenerator = false
  /// How the networks grow; nil if they have their whole size from the start.
  public var growth: ProgressiveGrowth?
  /// The consistency that the discriminator is held to; nil for none.
  public var consistency: BalancedConsistency?
  /// What happens to images before the discriminator sees them, and how often; nil for nothing.
  public var augmentation: TrainingAugmentation?
  /// The longest gradient of the discriminator's loss that is let through, its penalty aside; nil
  /// for no bound.
  public var discriminatorGradientBound: Double?
  /// How the learning rates fall towards the end; nil if they do not.
  public var learningRateDecay: LearningRateDecay?
  /// The number format of the highest resolutions, where the networks' configurations allow a
  /// narrower one; parameters stay float32.
  public var precision = DType.float32
  /// Whether blocks of the networks keep only what they are given for gradients, and are run once more
  /// for them; nil for no.
  ///
  /// It changes no number. Penalties, which differentiate gradients, keep everything all the same.
  public var usesCheckpointing: Bool?

  /// Settings for a batch size, with one learning rate for both networks.
  ///
  /// - Parameters:
  ///   - batchSize: Images of each kind in an iteration.
  ///   - microBatchSize: Images that go through a network together; nil for the whole batch.
  ///   - learningRate: The step of both optimisers.
  ///   - r1Gamma: The weight of the R1 penalty.
  ///   - average: The moving average of the generator.
  public init(
    batchSize: Int, microBatchSize: Int? = nil, learningRate: Double, r1Gamma: Double,
    average: MovingAverage
  ) {
    self.batchSize = batchSize
    self.microBatchSize = microBatchSize ?? batchSize
    generatorOptimizer = Adam.Settings(learningRate: learningRate)
    discriminatorOptimizer = Adam.Settings(learningRate: learningRate)
    self.r1Gamma = r1Gamma
    self.average = average
  }

  /// Checks that training can run with these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("batchSize", batchSize, in: 1...65536)
    try ConfigurationError.check("microBatchSize", microBatchSize, is: "a divisor of batchSize") {
      $0 > 0 && batchSize % $0 == 0
    }
    try check("generatorOptimizer", generatorOptimizer)
    try check("discriminatorOptimizer", discriminatorOptimizer)
    let intervals = [generatorRegularizationInterval, discriminatorRegularizationInterval]
    for interval in intervals.compactMap(\.self) {
      try ConfigurationError.check("regularization interval", interval, in: 1...10_000_000)
    }
    if generatorRegularizationInterval == nil, pathLength.weight != 0 {
      throw ConfigurationError(
        "pathLength.weight: expected 0 where the generator has no regularization interval, found "
          + "\(pathLength.weight)")
    }
    try checkGrowth()
    try wasserstein?.validate()
    if wasserstein != nil, r1Gamma != 0 {
      throw ConfigurationError("r1Gamma: expected 0 beside wasserstein, found \(r1Gamma)")
    }
    if averagesBeforeGenerator, phaseOrder == .generatorFirst {
      throw ConfigurationError(
        "phaseOrder: expected discriminatorFirst where the average moves before the generator, "
          + "found generatorFirst")
    }
    try check("r1Gamma", r1Gamma, in: 0...1e6)
    try check("pathLength.weight", pathLength.weight, in: 0...1e6)
    try check("pathLength.decay", pathLength.decay, in: 0...1)
    try ConfigurationError.check("pathLength.batchShrink", pathLength.batchShrink, in: 1...65536)
    try check("styleMixingProbability", styleMixingProbability, in: 0...1)
    try check("wAvgBeta", wAvgBeta, in: 0...1)
    try check("consistency.weight", consistency?.weight ?? 0, in: 0...1e6)
    if let augmentation = consistency?.augmentation {
      try check("flipProbability", augmentation.flipProbability, in: 0...1)
      try check("translationRatio", augmentation.translationRatio, in: 0...1)
      try check("cutoutRatio", augmentation.cutoutRatio, in: 0...1)
    }
    try augmentation?.validate()
    if augmentation != nil, consistency != nil {
      throw ConfigurationError("augmentation: expected none beside consistency, found both")
    }
    try check("discriminatorGradientBound", discriminatorGradientBound ?? 0, in: 0...1e6)
    if let decay = learningRateDecay {
      try check("learningRateDecay.startKimg", decay.startKimg, in: 0...1e9)
      try ConfigurationError.check(
        "learningRateDecay.endKimg", decay.endKimg, is: "after its start"
      ) {
        $0 > decay.startKimg && $0.isFinite
      }
    }
    try check("average.halfLife", average.halfLife, in: 0...1e12)
    try check("average.rampUp", average.rampUp ?? 0, in: 0...1e6)
    try ConfigurationError.check("precision", precision, is: "float32, bfloat16 or float16") {
      [.float32, .bfloat16, .float16].contains($0)
    }
  }

  private func checkGrowth() throws(ConfigurationError) {
    guard let growth else { return }
    try growth.validate()
    // What happens to images is drawn for those of full size.
    if augmentation != nil || consistency != nil {
      throw ConfigurationError("augmentation: expected none beside growth, found some")
    }
  }

  private func check(_ name: String, _ settings: Adam.Settings) throws(ConfigurationError) {
    try check("\(name).learningRate", settings.learningRate, in: 0...10)
    for beta in [settings.beta1, settings.beta2] {
      try ConfigurationError.check("\(name).beta", beta, is: "at least 0 and below 1") {
        $0 >= 0 && $0 < 1
      }
    }
    try check("\(name).epsilon", settings.epsilon, in: 0...1)
  }

  private func check(_ name: String, _ value: Double, in range: ClosedRange<Double>)
    throws(ConfigurationError)
  {
    try ConfigurationError.check(
      name, value, is: "from \(range.lowerBound) to \(range.upperBound)", range.contains)
  }
}

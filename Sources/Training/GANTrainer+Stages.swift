// What a trainer does at a time: how large its networks are, how many images an iteration has, and how
// fast it learns.

import Layers
import Networks

extension GANTrainer {
  /// What the next iteration does.
  ///
  /// Networks that grow do so between iterations, and not between any two: as often as `growth` says
  /// the schedule is looked at, by the images seen so far.
  public var stage: TrainingStage {
    guard let growth = configuration.growth else { return wholeStage }
    return growth.stage(imageCount: growsNext ? counters.imageCount : counters.stageImageCount)
  }

  /// The one stage of a training that does not grow.
  private var wholeStage: TrainingStage {
    var stage = TrainingStage(
      resolution: generator.traits.resolution, batchSize: configuration.batchSize,
      microBatchSize: configuration.microBatchSize,
      learningRate: configuration.generatorOptimizer.learningRate)
    stage.discriminatorLearningRate = configuration.discriminatorOptimizer.learningRate
    return stage
  }

  /// Whether the schedule of growth is looked at before the next iteration.
  private var growsNext: Bool {
    configuration.growth.map { counters.iteration % $0.iterationsPerStage == 0 } ?? false
  }

  /// Begins an iteration: if it is time, networks grow, and optimisers begin anew where a resolution
  /// begins to be faded in, or is there as a whole.
  ///
  /// - Source: `training_loop` in `training/training_loop.py` of stylegan.
  func enterStage() {
    guard let growth = configuration.growth else { return }
    if growsNext {
      let (before, now) = (
        growth.stage(imageCount: counters.stageImageCount).lod, stage.lod
      )
      if before.rounded(.down) != now.rounded(.down) || before.rounded(.up) != now.rounded(.up) {
        generatorOptimizer.reset()
        discriminatorOptimizer.reset()
      }
      counters.stageImageCount = counters.imageCount
    }
    setLod(of: [generator, discriminator])
  }

  /// Gives all networks the level of detail of the next iteration, the average among them, as it is
  /// at the start and after networks were taken from elsewhere.
  func showStage() {
    guard configuration.growth != nil else { return }
    setLod(of: [generator, discriminator, average])
  }

  private func setLod(of networks: [AnyObject]) {
    let lod = stage.lod
    for case let network as any GrowingNetwork in networks where network.lod != lod {
      network.lod = lod
    }
  }

  /// The learning rate of a phase, where it is not the same all the time.
  ///
  /// - Parameter phase: The phase.
  /// - Returns: The rate; nil where the optimiser has the right one.
  func changedLearningRate(in phase: TrainingPhase) -> Double? {
    let decay = configuration.learningRateDecay?.factor(imageCount: counters.imageCount)
    guard configuration.growth != nil || decay != nil else { return nil }
    let stage = stage
    var settings = configuration.generatorOptimizer
    settings.learningRate =
      phase.trainsGenerator ? stage.generatorLearningRate : stage.discriminatorLearningRate
    // The fall begins with a rate that is not corrected.
    if let decay { return settings.learningRate * decay }
    return settings.corrected(forLazyRegularizationEvery: interval(of: phase)).learningRate
  }
}

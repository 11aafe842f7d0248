// How a training grows its networks: Karras et al., "Progressive Growing of GANs" (2018), with the
// schedule of StyleGAN's program.

public import Networks

/// What a training does at a time: how far its networks have grown, how many images an iteration has,
/// how fast both networks learn.
///
/// Trainings that do not grow have one stage.
public struct TrainingStage: Codable, Hashable, Sendable {
  /// How many doublings of the resolution are still missing.
  public var lod: Double
  /// The width and height of the images that the networks see.
  public var resolution: Int
  /// Images of each kind in an iteration.
  public var batchSize: Int
  /// Images that go through a network together, a divisor of `batchSize`.
  public var microBatchSize: Int
  /// The generator's learning rate, before any correction.
  public var generatorLearningRate: Double
  /// The discriminator's learning rate, before any correction.
  public var discriminatorLearningRate: Double

  /// A stage with one learning rate for both networks.
  ///
  /// - Parameters:
  ///   - lod: How many doublings of the resolution are still missing.
  ///   - resolution: The width and height of the images that the networks see.
  ///   - batchSize: Images of each kind in an iteration.
  ///   - microBatchSize: Images that go through a network together.
  ///   - learningRate: The step of both optimisers.
  public init(
    lod: Double = 0, resolution: Int, batchSize: Int, microBatchSize: Int, learningRate: Double
  ) {
    (self.lod, self.resolution) = (lod, resolution)
    (self.batchSize, self.microBatchSize) = (batchSize, microBatchSize)
    (generatorLearningRate, discriminatorLearningRate) = (learningRate, learningRate)
  }

  /// The doublings of the resolution of which nothing is there yet.
  public var missingDoublings: Int { Int(lod) }
}

/// How networks grow while they are trained, and how each resolution is trained.
public struct ProgressiveGrowth: Codable, Hashable, Sendable {
  /// When networks grow.
  public var schedule: GrowingSchedule
  /// How each resolution is trained, from the first to that of the whole networks; its `lod` is the
  /// one at which nothing of the next resolution is there yet.
  public var stages: [TrainingStage]
  /// Iterations after which the schedule is looked at again; level, batch and rates stay meanwhile.
  public var iterationsPerStage = 4

  /// Growth by a schedule.
  ///
  /// - Parameters:
  ///   - schedule: When networks grow.
  ///   - stages: How each resolution is trained, from the first to that of the whole networks.
  public init(_ schedule: GrowingSchedule, stages: [TrainingStage]) {
    (self.schedule, self.stages) = (schedule, stages)
  }

  /// What a training does at a time.
  ///
  /// - Parameter imageCount: Images seen.
  /// - Returns: How the highest resolution of which something is there is trained, with the level of
  ///   detail in the precision in which networks keep it.
  public func stage(imageCount: Int) -> TrainingStage {
    let last = stages[stages.count - 1]
    let lod = Double(
      Float(schedule.lod(kimg: Double(imageCount) / 1000, resolution: last.resolution)))
    var stage = stages[stages.count - 1 - min(Int(lod), stages.count - 1)]
    stage.lod = lod
    return stage
  }

  /// Thousands of images after which a resolution begins to be faded in, and after which it is there.
  ///
  /// - Parameter index: The number of the resolution, from 0.
  /// - Returns: Both; 0 for the first resolution.
  public func kimg(ofStage index: Int) -> (fade: Double, whole: Double) {
    let whole = Double(index) * (schedule.stableKimg + schedule.fadeKimg)
    return (index > 0 ? whole - schedule.fadeKimg : 0, whole)
  }

  /// Checks that training can run with these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    let lengths = [("--stable-kimg", schedule.stableKimg), ("--fade-kimg", schedule.fadeKimg)]
    for (name, kimg) in lengths {
      try ConfigurationError.check(name, kimg, is: "from 0 to 1e9") { (0...1e9).contains($0) }
    }
    try ConfigurationError.check("iterationsPerStage", iterationsPerStage, in: 1...65536)
    let resolutions = stages.map(\.resolution)
    let expected = stages.indices.map { schedule.initialResolution << $0 }
    guard !stages.isEmpty, resolutions == expected, resolutions[0].nonzeroBitCount == 1 else {
      throw ConfigurationError(
        "growth: expected a stage for each resolution from \(schedule.initialResolution) on, "
          + "found \(resolutions)")
    }
    guard stages.count == 1 || schedule.stableKimg + schedule.fadeKimg > 0 else {
      throw ConfigurationError(
        "--stable-kimg and --fade-kimg: expected one of them above 0, without which nothing grows, "
          + "found 0 and 0")
    }
    for (index, stage) in stages.enumerated() {
      try ConfigurationError.check(
        "lod at \(stage.resolution)×\(stage.resolution)", stage.lod,
        is: "\(stages.count - 1 - index)"
      ) { $0 == Double(stages.count - 1 - index) }
      try ConfigurationError.check(
        "batchSize at \(stage.resolution)×\(stage.resolution)", stage.batchSize, in: 1...65536)
      try ConfigurationError.check(
        "microBatchSize at \(stage.resolution)×\(stage.resolution)", stage.microBatchSize,
        is: "a divisor of \(stage.batchSize)"
      ) { $0 > 0 && stage.batchSize % $0 == 0 }
      for rate in [stage.generatorLearningRate, stage.discriminatorLearningRate] {
        try ConfigurationError.check("learningRate", rate, is: "from 0 to 10") {
          (0...10).contains($0)
        }
      }
    }
  }
}

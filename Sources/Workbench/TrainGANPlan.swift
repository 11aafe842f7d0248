// What a training of a generator would be, before it runs.

import Layers
import Networks
public import Training

/// What is known of a training before it runs.
public struct TrainGANPlan: Encodable, Sendable {
  /// The folder of the run: for a new one, the name that is free now.
  public let folder: String
  /// Everything that decides what is learned.
  public let options: GANOptions
  /// When to write, save and end.
  public let schedule: Schedule
  /// The numbers that training optimises in the generator.
  public let generatorParameters: Int
  /// The numbers that training optimises in the discriminator.
  public let discriminatorParameters: Int
  /// Thousands of images that were seen already.
  public let kimg: Double

  /// The plan as lines for people.
  public let lines: [String]

  private enum CodingKeys: CodingKey {
    case folder, options, schedule, generatorParameters, discriminatorParameters, kimg
  }

  init(folder: String, options: GANOptions, schedule: Schedule, kimg: Double) throws {
    (self.folder, self.options, self.schedule, self.kimg) = (folder, options, schedule, kimg)
    let recipe = try options.recipe()
    let counts = recipe.parameterCounts
    (generatorParameters, discriminatorParameters) = (counts.generator, counts.discriminator)
    guard kimg < schedule.kimg else {
      lines = ["\(folder) is already at \(kimgText(kimg)) kimg; --kimg=N with a larger N goes on"]
      return
    }
    let (data, training, made) = (options.data, recipe.training, recipe.inEffect)
    let labels = data.labelDim > 0 ? "labels of \(data.labelDim)" : "no labels"
    let rates = [training.generatorOptimizer, training.discriminatorOptimizer].map {
      fourDigits($0.learningRate)
    }
    lines = [
      "would train in \(folder), from \(kimgText(kimg)) to \(schedule.lengths)",
      "  data: \(data.source), \(counted(data.count, "picture")) of "
        + "\(data.resolution)×\(data.resolution)\(data.mirror ? ", half of them mirrored" : ""), "
        + labels,
      "  generator: \(counted(counts.generator, "parameter")), z of \(made.zDim ?? 0), w of "
        + "\(made.wDim ?? 0); discriminator: \(counted(counts.discriminator, "parameter"))",
      "  batch \(training.batchSize) in parts of \(training.microBatchSize), "
        + "γ \(fourDigits(training.r1Gamma)), learning rates \(rates.joined(separator: " and ")), "
        + "average over \(fourDigits(made.averageKimg ?? 0)) kimg, \(training.precision)",
    ]
  }
}

extension Schedule {
  /// How long, and how often, in words.
  var lengths: String {
    let line = kimgPerTick == 1 ? "kimg" : "\(kimgText(kimgPerTick)) kimg"
    let snapshot = ticksPerSnapshot == 1 ? "line" : "\(ticksPerSnapshot) lines"
    return "\(kimgText(kimg)) kimg: a line every \(line), a snapshot every \(snapshot)"
  }
}

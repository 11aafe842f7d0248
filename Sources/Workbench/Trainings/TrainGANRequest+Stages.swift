// What a plan says of the stages of a training: batches, rates, and how networks grow.

import Layers
import Networks
import Training

extension TrainGANRequest {
  /// Batches, losses and rates, and of networks that grow at which time, a line each.
  ///
  /// - Parameters:
  ///   - recipe: What is trained, and how.
  ///   - kimg: Thousands of images after which the training ends.
  /// - Returns: The lines.
  func trainingLines(_ recipe: GANRecipe, kimg: Double) -> [String] {
    let training = recipe.training
    let ends =
      "average over \(fourDigits(training.average.halfLife / 1000)) kimg, \(training.precision)"
    let loss =
      training.wasserstein == nil
      ? "γ \(fourDigits(training.r1Gamma))" : "WGAN-GP in the place of R1"
    guard let growth = training.growth else {
      return [
        "batch \(training.batchSize) in parts of \(training.microBatchSize), \(loss), "
          + "learning rates \(rates(recipe.stages[0], joined: " and ")), \(ends)"
      ]
    }
    return ["\(loss) in every iteration, \(ends)", "grows with the kimg seen:"]
      + Self.table(growth).map { "  \($0)" }
      + (Self.shortLine(recipe, kimg: kimg).map { [$0] } ?? [])
  }

  /// What each resolution is trained with, and when.
  private static func table(_ growth: ProgressiveGrowth) -> [String] {
    let rows = growth.stages.enumerated().map { index, stage in
      let (fade, whole) = growth.kimg(ofStage: index)
      let isLast = index == growth.stages.count - 1
      let end = kimgText(whole + growth.schedule.stableKimg)
      return [
        "\(stage.resolution)×\(stage.resolution)",
        index == 0 ? "" : "\(kimgText(fade)) to \(kimgText(whole))",
        isLast ? "from \(kimgText(whole)) on" : "\(kimgText(whole)) to \(end)",
        "\(stage.batchSize) in parts of \(stage.microBatchSize)", rates(stage, joined: ", "),
      ]
    }
    return Table.lines(
      heading: ["pictures", "faded in", "whole", "batch", "learning rates"], rows)
  }

  /// That a training ends before its networks have grown; nil if it does not.
  ///
  /// - Parameters:
  ///   - recipe: What is trained, and how.
  ///   - kimg: Thousands of images after which the training ends.
  /// - Returns: A line.
  static func shortLine(_ recipe: GANRecipe, kimg: Double) -> String? {
    guard let growth = recipe.training.growth else { return nil }
    let (count, last) = (growth.stages.count, growth.stages[growth.stages.count - 1].resolution)
    let whole = growth.kimg(ofStage: count - 1).whole
    guard kimg < whole else { return nil }
    let reached = growth.stage(imageCount: Int(kimg * 1000)).resolution
    return "\(kimgText(kimg)) kimg end at pictures of \(reached)×\(reached): \(last)×\(last) are "
      + "whole from \(kimgText(whole)) kimg on; --stable-kimg and --fade-kimg make that sooner"
  }
}

/// The learning rates of both networks.
private func rates(_ stage: TrainingStage, joined: String) -> String {
  [stage.generatorLearningRate, stage.discriminatorLearningRate].map(fourDigits)
    .joined(separator: joined)
}

extension GANRecipe {
  /// A number as it is at every resolution: one if it is the same, otherwise each behind its
  /// resolution, as in `8:256,16:128`.
  ///
  /// - Parameter text: The number of a stage.
  /// - Returns: The text.
  func byResolution(_ text: (TrainingStage) -> String) -> String {
    let texts = stages.map(text)
    guard Set(texts).count > 1 else { return texts[0] }
    return zip(stages, texts).map { "\($0.resolution):\($1)" }.joined(separator: ",")
  }
}

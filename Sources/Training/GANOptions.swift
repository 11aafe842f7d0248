// Everything that decides what a training with a generator and a discriminator learns, as plain
// values that a run folder keeps.

import Foundation
import Layers
public import Networks

/// Everything that decides what a training learns: with the data, it gives the same networks again.
public struct GANOptions: TrainingOptions {
  /// `stylist train gan`.
  public static let kind = "gan"

  /// The name of the recipe.
  public var cfg: String
  /// The pictures.
  public var data: TrainingData
  /// What was changed of the recipe.
  public var changes: GANRecipeChanges
  /// Where all random streams start.
  public var seed: UInt32
  /// The file whose networks the training starts from; nil for new ones.
  public var initFrom: String?
  /// Threads that one operation may use; another number gives other last bits.
  public var threads: Int
  /// Whether blocks of the networks run once more for gradients, for which they keep less; nil for no.
  ///
  /// It decides nothing that is learned, and may change as a training goes on.
  public var gradientCheckpointing: Bool?

  /// The options of a training.
  public init(
    cfg: String, data: TrainingData, changes: GANRecipeChanges, seed: UInt32, initFrom: String?,
    threads: Int
  ) {
    (self.cfg, self.data, self.changes) = (cfg, data, changes)
    (self.seed, self.initFrom, self.threads) = (seed, initFrom, threads)
  }

  /// The networks and settings that follow.
  ///
  /// - Returns: The recipe with its changes.
  /// - Throws: `ConfigurationError` if values do not fit.
  public func recipe() throws(ConfigurationError) -> GANRecipe {
    var recipe = try GANRecipe(
      named: cfg, resolution: data.resolution, imgChannels: data.channels,
      labelDim: data.labelDim, changes: changes)
    recipe.training.usesCheckpointing = gradientCheckpointing
    if initFrom != nil {
      // The average of a network that has learned already is no average of random ones.
      recipe.training.average.rampUp = nil
      // What the discriminator knows already it may soon know by heart.
      recipe.training.augmentation?.control.kimg = AugmentationChoice.transferKimg
    }
    return recipe
  }

  /// The recipe, the data, and what people change most.
  public func folderName() throws(ConfigurationError) -> String {
    let training = try recipe().training
    let words =
      [cfg] + data.folderWords + [
        "batch\(training.batchSize)",
        training.wasserstein == nil ? String(format: "gamma%.4g", training.r1Gamma) : "wgan-gp",
      ]
    let others =
      (changes.augmentation?.folderWords ?? [])
      + (changes.frozenLayers.map { ["freezed\($0)"] } ?? []) + (initFrom == nil ? [] : ["init"])
    return (words + others).joined(separator: "-")
  }
}

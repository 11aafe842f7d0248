// What happens to pictures before a discriminator sees them, in the options of trainings.

import ArgumentParser
import Workbench

/// How often pictures are augmented, and what keeps a discriminator from learning too much.
struct AugmentationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "When pictures are changed before the discriminator sees them: noaug, never; ada, the more often the more it overfits; fixed (default: ada).",
      valueName: "mode"), completion: .list(KnownNames.augmentationModes))
  var aug: String?

  @Option(
    help: ArgumentHelp(
      "How: blit, geom, color, filter, noise, cutout, or together: bg, bgc, bgcf, bgcfn, bgcfnc (default: bgc).",
      valueName: "name"), completion: .list(KnownNames.augmentationSets))
  var augpipe: String?

  @Option(
    help: ArgumentHelp("With --aug=fixed: the probability of each change.", valueName: "number"))
  var p: Double?

  @Option(
    help: ArgumentHelp(
      "With --aug=ada: how sure of real pictures the discriminator may be, 0 to 1 (default: 0.6).",
      valueName: "number"))
  var target: Double?

  @Option(
    help: ArgumentHelp(
      "So many layers of the discriminator do not learn, from the picture on (default: 0).",
      valueName: "count"))
  var freezed: Int?

  /// Adds what was said to a request.
  ///
  /// - Parameter request: Gets it; what was not said stays as it is.
  func fill(_ request: inout TrainGANRequest) {
    put(aug, into: &request.augmentation)
    put(augpipe, into: &request.augmentationSet)
    put(p, into: &request.augmentationP)
    put(target, into: &request.augmentationTarget)
    put(freezed, into: &request.frozenLayers)
  }
}

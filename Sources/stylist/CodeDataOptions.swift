// From which codes the trainings of networks that edit learn.

import ArgumentParser
import Workbench

/// From which codes a training learns.
struct CodeDataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The generator that codes are of: a published .pkl or .pt, our .safetensors, or the name of a model that comes with the program.",
      valueName: "file"), completion: .checkpoint)
  var network: String?

  @Option(
    help: ArgumentHelp(
      "codes, for those of seeds (the default); a file of codes: .safetensors, .npz or .npy; or pictures: a folder, a .zip or portraits.",
      valueName: "source"), completion: .pictures)
  var data: String?

  @Option(
    help: ArgumentHelp("Of pictures: what finds their codes.", valueName: "file"),
    completion: .checkpoint)
  var encoder: String?

  @Option(help: ArgumentHelp("Of seeds: their truncation ψ (default: 1).", valueName: "psi"))
  var trunc: Double?

  @Option(
    help: ArgumentHelp(
      "Of seeds: the share whose codes are of two z, so that rows differ (default: 0.5).",
      valueName: "share"))
  var styleMixing: Double?

  @Option(
    help: ArgumentHelp(
      "With portraits: width and height, a power of two from 8 to 1024 (default: the generator's).",
      valueName: "pixels"))
  var res: Int?

  @Option(
    help: ArgumentHelp(
      "Train on so many pictures, chosen at random; of seeds, on the first (default: all).",
      valueName: "count"))
  var subset: Int?

  @Option(
    help: ArgumentHelp(
      "Hold out so many of the last codes (default: a tenth, at most 2048).",
      valueName: "count"))
  var heldOut: Int?

  /// What was said of the codes.
  ///
  /// - Parameter isNew: Whether the training starts at the first code.
  /// - Returns: The request.
  func request(isNew: Bool) -> CodeDataRequest {
    if isNew { TrainingDataOptions.sayWhatPortraitsAre(data) }
    var request = CodeDataRequest()
    (request.data.source, request.data.resolution, request.data.subset) = (data, res, subset)
    (request.network, request.encoder) = (network, encoder)
    (request.truncationPsi, request.styleMixing) = (trunc, styleMixing)
    request.heldOut = heldOut
    return request
  }
}

// The terms of a projection's loss.

import Networks
import Tensors

/// Computes the loss of a picture and its code.
struct ProjectionTerms {
  private let target: Tensor  // [1, C, H, W] in [-1, 1]
  private let visibleRows: Range<Int>
  private let distance: ((Tensor) -> Tensor)?
  private let prior: WhitenedSpace?
  private let encoder: ((Tensor) -> Tensor)?
  private let settings: ProjectionSettings

  init(
    target: Tensor, _ traits: GeneratorTraits, distance: ImageDistance,
    statistics: LatentStatistics, settings: ProjectionSettings, encoder: ((Tensor) -> Tensor)?
  ) throws(InversionError) {
    try target.check(isPictureOf: traits)
    if settings.domainWeight > 0, encoder == nil {
      throw InversionError(
        "domainWeight \(settings.domainWeight)", expected: "an encoder", found: "none")
    }
    self.target = target.detached()
    visibleRows = traits.visibleRows
    let isMeasured = settings.distanceWeight > 0 || settings.stopDistance != nil
    self.distance = isMeasured ? distance.prepare(target.detached()) : nil
    prior = settings.priorWeight > 0 ? try statistics.whitenedSpace() : nil
    self.encoder = settings.domainWeight > 0 ? encoder : nil
    self.settings = settings
  }

  /// The loss, and the numbers that it is made of.
  ///
  /// - Parameters:
  ///   - picture: [1, C, H, W] in [-1, 1], of all rows.
  ///   - wPlus: The code that it is of: [1, numWs, wDim].
  ///   - noise: The noise images that are sought: [H, W] each.
  /// - Returns: The loss without axes, and its numbers but for the step's own.
  func sums(_ picture: Tensor, of wPlus: Tensor, noise: [Tensor]) -> (Tensor, ProjectionStep) {
    let seen = picture.sliced(visibleRows, axis: 2)
    let zero = Tensor.zeros([], dtype: wPlus.dtype, device: wPlus.device)
    let near = distance.map { $0(seen) } ?? zero
    let pixels = (seen - target).square().mean()
    let structure = noise.map(noiseAutocorrelation).reduce(zero, +)
    var loss = zero
    func add(_ term: Tensor, _ weight: Double) {
      if weight > 0 { loss = loss + term * weight }
    }
    add(near, settings.distanceWeight)
    add(pixels, settings.pixelWeight)
    add(structure, settings.noiseWeight)
    if let prior { add(prior.meanSquare(wPlus), settings.priorWeight) }
    if let encoder { add((encoder(seen) - wPlus).square().mean(), settings.domainWeight) }
    let sums = ProjectionStep(
      step: 0, loss: loss.item(), distance: near.item(), pixelDifference: pixels.item(),
      noiseAutocorrelation: structure.item(), learningRate: 0, wNoiseScale: 0)
    return (loss, sums)
  }
}

extension Tensor {
  /// Checks that this can be a picture of a generator, of the rows that are meant to be seen.
  func check(isPictureOf traits: GeneratorTraits) throws(InversionError) {
    let wanted = [1, traits.imgChannels, traits.visibleRows.count, traits.resolution]
    guard shape == wanted else {
      throw InversionError("the target", expected: "\(wanted)", found: "\(shape)")
    }
    guard isFinite().all else {
      throw InversionError("the target", expected: "finite numbers", found: "others")
    }
  }
}

// The losses of the four phases, for one part of a batch.

import Layers
import Networks
import OrderedCollections
import Tensors

/// What a phase minimises and what it reports, for one part of a batch.
struct PhaseLosses {
  /// A number for each sample; the phase minimises their mean.
  var loss: Tensor
  /// What is reported, without the record of how it came about.
  var reports: LossReports

  init(_ loss: Tensor, reports: LossReports) {
    self.loss = loss
    self.reports = reports.mapValues { $0.detached() }
  }

  /// Adds a loss of as many samples, and what it reports.
  mutating func add(_ other: PhaseLosses) {
    loss = loss + other.loss
    reports.merge(other.reports) { $1 }
  }
}

/// Computes the losses of a generator and a discriminator.
struct GANLosses {
  let generator: any Generator
  let discriminator: any Discriminator
  let pathLength: PathLengthRegularizer
  let configuration: GANTrainerConfiguration

  /// The generator's loss: its images should look real.
  func generatorMain(_ inputs: PhaseInputs, _ augmentation: PhaseAugmentation) -> PhaseLosses {
    let images = make(inputs, usesCheckpointing: usesCheckpointing).images
    let logits = judge(images, labels: inputs.labels, augmentation.fake)
    let loss =
      configuration.wasserstein?.generatorLoss(fakeLogits: logits)
      ?? generatorLogisticLoss(fakeLogits: logits)
    return PhaseLosses(loss, reports: ["Loss/scores/fake": logits, "Loss/G/loss": loss])
  }

  /// The path length penalty times its weight.
  func generatorRegularization(_ inputs: PhaseInputs) -> PhaseLosses {
    guard let noise = inputs.pathLengthNoise else {
      preconditionFailure("path length regularisation without its image noise")
    }
    let (images, wPlus) = make(inputs)
    let penalty = pathLength(images: images, wPlus: wPlus, noise: noise)
    let loss = penalty * pathLength.settings.weight
    return PhaseLosses(loss, reports: ["Loss/pl_penalty": penalty, "Loss/G/reg": loss])
  }

  /// The discriminator's loss: it should tell made images from real ones.
  func discriminatorMain(
    _ inputs: PhaseInputs, real: RealBatch, _ augmentation: PhaseAugmentation
  ) -> PhaseLosses {
    let images = withoutGradients { make(inputs).images }
    let real = grown(real)
    let fakeLogits = judge(images, labels: inputs.labels, augmentation.fake)
    let isPenalized = hasPenaltyInLoss
    let realImages = isPenalized ? real.images.detached().requiringGrad() : real.images
    let realLogits = judge(
      realImages, labels: real.labels, augmentation.real, isDifferentiatedTwice: isPenalized)
    let loss =
      configuration.wasserstein?.discriminatorLoss(fakeLogits: fakeLogits, realLogits: realLogits)
      ?? discriminatorLogisticLoss(fakeLogits: fakeLogits, realLogits: realLogits)
    var all = PhaseLosses(
      loss,
      reports: [
        "Loss/scores/fake": fakeLogits, "Loss/scores/real": realLogits, "Loss/D/loss": loss,
      ])
    if configuration.consistency != nil {
      all.add(consistency(inputs, images, real, fakeLogits, realLogits))
    }
    if isPenalized { all.add(r1(logits: realLogits, images: realImages)) }
    if let wasserstein = configuration.wasserstein {
      all.add(wassersteinPenalties(wasserstein, inputs, images, real, realLogits))
    }
    return all
  }

  /// Whether the R1 penalty is part of the discriminator's loss, rather than a phase.
  private var hasPenaltyInLoss: Bool {
    configuration.discriminatorRegularizationInterval == nil && configuration.r1Gamma != 0
  }

  /// What the discriminator should say alike of images and of what they become.
  private func consistency(
    _ inputs: PhaseInputs, _ images: Tensor, _ real: RealBatch, _ fakeLogits: Tensor,
    _ realLogits: Tensor
  ) -> PhaseLosses {
    guard let transforms = inputs.transforms, let weight = configuration.consistency?.weight else {
      preconditionFailure("consistency without transformations")
    }
    let fakeChange = judge(transforms.fake(images), labels: inputs.labels) - fakeLogits
    let realChange = judge(transforms.real(real.images), labels: real.labels) - realLogits
    let penalty = fakeChange.square() + realChange.square()
    return PhaseLosses(penalty * weight, reports: ["Loss/consistency_penalty": penalty])
  }

  /// The penalties on slopes between real and made images, and on the heights of real ones.
  private func wassersteinPenalties(
    _ wasserstein: WassersteinLoss, _ inputs: PhaseInputs, _ images: Tensor, _ real: RealBatch,
    _ realLogits: Tensor
  ) -> PhaseLosses {
    guard let factors = inputs.interpolation else {
      preconditionFailure("a Wasserstein loss without numbers between 0 and 1")
    }
    let mixed = WassersteinLoss.mixed(real: real.images, fake: images, factors: factors)
      .detached().requiringGrad()
    let logits = judge(mixed, labels: real.labels, isDifferentiatedTwice: true)
    let norms = gradientNorms(logits: logits, images: mixed) / Double(enlargement(of: mixed))
    let penalty = wasserstein.gradientPenalty(norms: norms).reshaped(-1, 1)
    let drift = wasserstein.drift(realLogits: realLogits)
    return PhaseLosses(
      penalty + drift,
      reports: [
        "Loss/mixed_norms": norms, "Loss/gradient_penalty": penalty, "Loss/epsilon_penalty": drift,
      ])
  }

  /// The R1 penalty on real images times γ / 2, by the images as they were before augmentation.
  func discriminatorRegularization(real: RealBatch, _ augmentation: PhaseAugmentation)
    -> PhaseLosses
  {
    let real = grown(real)
    let images = real.images.detached().requiringGrad()
    let logits = judge(
      images, labels: real.labels, augmentation.real, isDifferentiatedTwice: true)
    var all = r1(logits: logits, images: images)
    let scores: LossReports = ["Loss/scores/real": logits.detached()]
    all.reports = scores.merging(all.reports) { $1 }
    return all
  }

  /// The R1 penalty times γ / 2, [N, 1], of logits of real images.
  private func r1(logits: Tensor, images: Tensor) -> PhaseLosses {
    let slopes = r1Penalty(logits: logits, images: images)
    let factor = enlargement(of: images)
    let penalty = factor > 1 ? slopes / Double(factor * factor) : slopes
    let loss = penalty * (configuration.r1Gamma / 2)
    return PhaseLosses(
      loss.reshaped(-1, 1), reports: ["Loss/r1_penalty": penalty, "Loss/D/reg": loss])
  }

  // MARK: Growing

  /// Real images with as much detail as networks that grow have by now.
  private func grown(_ real: RealBatch) -> RealBatch {
    guard configuration.growth != nil, let network = discriminator as? any GrowingNetwork else {
      return real
    }
    return RealBatch(
      images: fadedReals(real.images, lod: network.lod, isFullSize: false), labels: real.labels)
  }

  /// How many pixels of full size lie side by side in one of images that are still growing.
  ///
  /// The published losses take slopes by images of full size, whose pixels are repeated; a change
  /// of one of n² equal pixels is a change of their mean by 1 / n² of it, so that slopes by images
  /// of full size are n times shorter.
  private func enlargement(of images: Tensor) -> Int {
    generator.traits.resolution / images.size(3)
  }

  /// Images [N, C, H, W] and the W+ [N, numWs, wDim] that they were made from; the mean of w moves.
  private func make(
    _ inputs: PhaseInputs, usesCheckpointing: Bool = false
  ) -> (images: Tensor, wPlus: Tensor) {
    let w = generator.map(z: inputs.z, labels: inputs.labels)
    generator.updateAverage(with: w, beta: configuration.wAvgBeta)
    var wPlus = generator.broadcast(w)
    if let mixing = inputs.mixing {
      wPlus = mixing.applied(to: wPlus, of: generator, labels: inputs.labels)
    }
    let options = SynthesisOptions(
      noise: inputs.noise, purpose: .training, precision: configuration.precision,
      isFullSize: configuration.growth == nil, usesCheckpointing: usesCheckpointing)
    return (generator.synthesize(wPlus, options: options), wPlus)
  }

  private func judge(
    _ images: Tensor, labels: Tensor?, _ augmentation: BatchAugmentation? = nil,
    isDifferentiatedTwice: Bool = false
  ) -> Tensor {
    discriminator(
      augmentation?(images) ?? images, labels: labels,
      options: DiscriminatorOptions(
        purpose: .training, precision: configuration.precision,
        usesCheckpointing: usesCheckpointing && !isDifferentiatedTwice))
  }

  /// Whether activations are computed again for gradients, which no penalty on gradients can do with.
  private var usesCheckpointing: Bool { configuration.usesCheckpointing ?? false }
}

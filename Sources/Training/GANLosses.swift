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
}

/// Computes the losses of a generator and a discriminator.
struct GANLosses {
  let generator: any Generator
  let discriminator: any Discriminator
  let pathLength: PathLengthRegularizer
  let configuration: GANTrainerConfiguration

  /// The generator's loss: its images should look real.
  func generatorMain(_ inputs: PhaseInputs, _ augmentation: PhaseAugmentation) -> PhaseLosses {
    let logits = judge(make(inputs).images, labels: inputs.labels, augmentation.fake)
    let loss = generatorLogisticLoss(fakeLogits: logits)
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
    let fakeLogits = judge(images, labels: inputs.labels, augmentation.fake)
    let realLogits = judge(real.images, labels: real.labels, augmentation.real)
    let loss = discriminatorLogisticLoss(fakeLogits: fakeLogits, realLogits: realLogits)
    let reports: LossReports = [
      "Loss/scores/fake": fakeLogits, "Loss/scores/real": realLogits, "Loss/D/loss": loss,
    ]
    guard let consistency = configuration.consistency else {
      return PhaseLosses(loss, reports: reports)
    }
    guard let transforms = inputs.transforms else {
      preconditionFailure("consistency without transformations")
    }
    let fakeChange = judge(transforms.fake(images), labels: inputs.labels) - fakeLogits
    let realChange = judge(transforms.real(real.images), labels: real.labels) - realLogits
    let penalty = fakeChange.square() + realChange.square()
    return PhaseLosses(
      loss + penalty * consistency.weight,
      reports: reports.merging(["Loss/consistency_penalty": penalty]) { $1 })
  }

  /// The R1 penalty on real images times γ / 2, by the images as they were before augmentation.
  func discriminatorRegularization(real: RealBatch, _ augmentation: PhaseAugmentation)
    -> PhaseLosses
  {
    let images = real.images.detached().requiringGrad()
    let logits = judge(images, labels: real.labels, augmentation.real)
    let penalty = r1Penalty(logits: logits, images: images)
    let loss = penalty * (configuration.r1Gamma / 2)
    return PhaseLosses(
      loss,
      reports: ["Loss/scores/real": logits, "Loss/r1_penalty": penalty, "Loss/D/reg": loss])
  }

  /// Images [N, C, H, W] and the W+ [N, numWs, wDim] that they were made from; the mean of w moves.
  private func make(_ inputs: PhaseInputs) -> (images: Tensor, wPlus: Tensor) {
    let w = generator.map(z: inputs.z, labels: inputs.labels)
    generator.updateAverage(with: w, beta: configuration.wAvgBeta)
    var wPlus = generator.broadcast(w)
    if let mixing = inputs.mixing {
      wPlus = mixing.applied(to: wPlus, of: generator, labels: inputs.labels)
    }
    let options = SynthesisOptions(
      noise: inputs.noise, purpose: .training, precision: configuration.precision)
    return (generator.synthesize(wPlus, options: options), wPlus)
  }

  private func judge(
    _ images: Tensor, labels: Tensor?, _ augmentation: BatchAugmentation? = nil
  ) -> Tensor {
    discriminator(
      augmentation?(images) ?? images, labels: labels,
      options: DiscriminatorOptions(purpose: .training, precision: configuration.precision))
  }
}

// Kinds of cases about the discriminator of StyleSwin and StyleNAT: its transforms and filters, its
// judgements and their gradients.

import Layers
import Networks
import OrderedCollections
import Tensors
import Training

let waveletKinds = [
  ParityKind("styleswin", "wavelet_blur", transforms),
  ParityKind("styleswin", "discriminator", judgements),
]

private func transforms(_ inputs: CaseInputs) throws -> Computed {
  let taps: [Double] = try inputs.config.value("blur_kernel")
  let pad: [Int] = try inputs.config.value("blur_pad")
  guard (1...64).contains(taps.count), pad.count == 2, pad.allSatisfy((0...64).contains) else {
    throw CaseError("blur_kernel \(taps), blur_pad \(pad)")
  }
  let img = try inputs.input("image", shape: try inputs.shape("image", rank: 4))
  let p = Scope(ParameterStore())
  let coefficients = HaarTransform(p / "dwt")(img)
  let filter = resampleFilter(taps, separable: false)
  func padding(_ before: Int, _ after: Int) -> Padding {
    Padding(left: before, right: after, top: before, bottom: after)
  }
  return [
    "haar": coefficients,
    "inverse": InverseHaarTransform(p / "iwt")(coefficients),
    "down": upfirdn2d(img, filter: filter, down: 2, padding: 1),
    "up": upfirdn2d(img, filter: filter, up: 2, padding: padding(2, 1), gain: 4),
    "blur22": upfirdn2d(img, filter: filter, padding: padding(pad[0], pad[1])),
  ]
}

extension WaveletDiscriminatorConfiguration {
  /// Reads the sizes that the kinds with this discriminator share.
  init(_ config: StrictObject) throws {
    self.init(resolution: try config.value("size"))
    channelMultiplier = try config.value("channel_multiplier")
    baseChannels = try config.value("base_channels", default: 512)
    usesSpectralNorm = try config.value("spectral_norm", default: true)
    resampleFilter = try config.value("blur_kernel", default: [1, 3, 3, 1])
    try validate()
  }
}

/// What a case about the discriminator wants to know.
private enum Wanted: String, CaseIterable, JSONReadable {
  case logitsOnly = "logits_only"
  case logitsAndGradients = "logits_and_gradients"
}

private func judgements(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let wanted: Wanted = try config.value("outputs")
  // Recorded only: the case lists the gradients that it expects.
  let _ = try config.count("max_gradient_elements", in: 0...(1 << 30))
  let configuration = try WaveletDiscriminatorConfiguration(config)
  let d = try inputs.network { WaveletDiscriminator(configuration, $0) }
  let total: Int? = try config.optional("parameters_total")
  guard total ?? d.parameters.parameterCount == d.parameters.parameterCount else {
    throw CaseError(
      "parameters_total: expected \(total ?? 0), found \(d.parameters.parameterCount)")
  }
  let (n, r) = (try inputs.shape("image", rank: 4)[0], configuration.resolution)
  try configuration.validate(batchSize: n)
  let img = try inputs.input("image", shape: [n, 3, r, r])
  var computed: Computed = [:]
  withoutGradients {
    computed["logits_train"] = d(img, labels: nil, options: .init(purpose: .training))
  }
  for (name, entry) in d.parameters.entries
  where name.hasSuffix("weight_u") || name.hasSuffix("weight_v") {
    computed["after.\(name)"] = entry.tensor
  }
  guard wanted == .logitsAndGradients else {
    withoutGradients {
      computed["logits_eval"] = d(img)
      computed["logits_first_image_batch1"] = d(img.sliced(0..<1, axis: 0))
    }
    return computed
  }
  let (weight, interval): (Double, Double) = (
    try config.value("r1", default: 10), try config.value("d_reg_every", default: 16)
  )
  return computed.merging(slopes(d, img, r1Factor: weight / 2 * interval)) { $1 }
}

/// Logits of the evaluation, and the gradients of R1 and of the generator's loss.
private func slopes(_ d: WaveletDiscriminator, _ img: Tensor, r1Factor: Double) -> Computed {
  d.parameters.setRequiresGrad(true)
  img.requiringGrad()
  let parameters = d.parameters.trainable
  let logits = d(img)
  let slope = gradients(of: [logits.sum()], withRespectTo: [img], createGraph: true)[0]
  let penalty = slope.square().sum(over: 1, 2, 3).mean()
  let loss = generatorLogisticLoss(fakeLogits: d(img)).mean()
  var computed = [
    "logits_eval": logits, "grad_image": slope, "r1": penalty, "g_nonsat": loss,
  ]
  let targets = Array(parameters.values)
  let ofPenalty = gradients(of: [penalty * r1Factor], withRespectTo: targets)
  let ofLoss = gradients(of: [loss], withRespectTo: targets)
  for (i, name) in parameters.keys.enumerated() {
    computed["r1grad.\(name)"] = ofPenalty[i]
    computed["grad.\(name)"] = ofLoss[i]
  }
  return computed
}

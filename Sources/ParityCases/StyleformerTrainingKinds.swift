// Kinds of cases about training Styleformer: gradients of the generator, the path length, and the
// discriminator's losses.

import Layers
import Networks
import OrderedCollections
import Tensors
import Training

let styleformerTrainingKinds = [
  ParityKind("Styleformer", "gradients", generatorGradients),
  ParityKind("Styleformer", "discriminator", discriminatorLosses),
]

// MARK: Generator

private func generatorGradients(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let g = try StyleformerConfiguration(config)
  let mode: NoiseMode = try config.value("noise_mode")
  let _: Bool = try config.value("trace", default: false)
  let names: [String] = try config.value("grad_of")
  let pathLengthNames: [String] = try config.value("pl_grad_of")
  let (decay, weight): (Double, Double) = (
    try config.value("pl_decay", default: 0.01), try config.value("pl_weight", default: 2)
  )
  let n = try inputs.batch(of: "z")
  let shape = [n, g.imgChannels, g.resolution, g.resolution]
  let generator = try inputs.network { Styleformer(g, $0) }
  generator.parameters.setRequiresGrad(true)
  let z = try inputs.input("z", shape: [n, g.zDim]).requiringGrad()
  let labels = try inputs.styleformerLabels(n: n, cDim: g.labelDim)
  let ws = generator.broadcast(generator.map(z: z, labels: labels))
  let image = generator.synthesize(
    ws, options: SynthesisOptions(noise: mode.source, purpose: .training))
  let loss = (image * (try inputs.input("grad_image", shape: shape))).sum()
  func parameters(_ names: [String]) throws(CaseError) -> [Tensor] {
    for name in names where generator.parameters.entries[name] == nil {
      throw CaseError("\(name): no parameter of the generator")
    }
    return names.map { generator.parameters[$0] }
  }
  let firstOrder = gradients(
    of: [loss], withRespectTo: [z, ws] + (try parameters(names)), retainGraph: true)
  var computed = [
    "loss": loss.reshaped(1), "image": image, "grad.z": firstOrder[0], "grad.ws": firstOrder[1],
  ]
  for (name, gradient) in zip(names, firstOrder.dropFirst(2)) {
    computed["grad.\(name)"] = gradient
  }
  let lengths = pathLengths(
    images: image, wPlus: ws, noise: try inputs.input("pl_noise", shape: shape))
  let (penalty, mean) = pathLengthPenalty(
    lengths, mean: .full(try inputs.value("pl_mean"), []), decay: decay)
  let secondOrder = gradients(
    of: [(penalty * weight).mean()], withRespectTo: try parameters(pathLengthNames))
  computed["pl_lengths"] = lengths
  computed["pl_mean_after"] = mean.reshaped(1)
  computed["pl_penalty"] = penalty
  for (name, gradient) in zip(pathLengthNames, secondOrder) {
    computed["pl_grad.\(name)"] = gradient
  }
  return computed
}

// MARK: Discriminator

extension StyleGAN2DiscriminatorConfiguration {
  /// Reads the discriminator of a Styleformer.
  fileprivate init(styleformer object: StrictObject) throws {
    self.init(resolution: try object.value("img_resolution"))
    labelDim = try object.value("c_dim")
    imgChannels = try object.value("img_channels")
    let inner = try object.object("discriminator_kwargs")
    architecture = try inner.value("architecture")
    channelBase = try inner.value("channel_base")
    channelMax = try inner.value("channel_max")
    let _: Int = try inner.value("num_fp16_res")
    convClamp = try inner.optional("conv_clamp")
    mbstdGroupSize = try inner.object("epilogue_kwargs").value("mbstd_group_size") as Int
    try validate()
  }
}

private func discriminatorLosses(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let d = try StyleGAN2DiscriminatorConfiguration(styleformer: config)
  let names: [String] = try config.value("grad_of")
  let gamma: Double = try inputs.value("r1_gamma")
  let n = try inputs.batch(of: "real")
  try d.validate(batchSize: n)
  let shape = [n, d.imgChannels, d.resolution, d.resolution]
  let labels = try inputs.styleformerLabels(n: n, cDim: d.labelDim)
  let discriminator = try inputs.network(prefix: "D.") { StyleGAN2Discriminator(d, $0) }
  let store = discriminator.parameters
  store.setRequiresGrad(true)
  let real = try inputs.input("real", shape: shape).requiringGrad()
  let logitsReal = discriminator(real, labels: labels)
  let logitsFake = discriminator(try inputs.input("fake", shape: shape), labels: labels)
  let gradient = gradients(of: [logitsReal.sum()], withRespectTo: [real], createGraph: true)[0]
  let penalty = gradient.square().sum(over: 1, 2, 3)
  let (lossReal, lossFake) = ((-logitsReal).softplus(), logitsFake.softplus())
  let loss = lossFake.mean() + lossReal.mean() + (penalty * (gamma / 2)).mean()
  let owned = try names.map { name throws(CaseError) in
    guard let entry = store.entries[String(name.dropFirst(2))], name.hasPrefix("D.") else {
      throw CaseError("\(name): no parameter of the discriminator")
    }
    return entry.tensor
  }
  var computed = [
    "logits_real": logitsReal, "logits_fake": logitsFake, "r1_gradient": gradient,
    "r1_penalty": penalty, "loss_real": lossReal, "loss_fake": lossFake,
    "loss_generator": (-logitsFake).softplus(),
  ]
  for (name, gradient) in zip(names, gradients(of: [loss], withRespectTo: owned)) {
    computed["grad.\(name)"] = gradient
  }
  return computed
}

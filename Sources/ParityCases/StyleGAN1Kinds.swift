// Kinds of cases about StyleGAN: generator, discriminator with its losses, single layers.

import Layers
import Networks
import OrderedCollections
import Tensors
import Training

let styleGAN1Kinds = [
  ParityKind("StyleGAN", "v1_generator", generatedImages),
  ParityKind("StyleGAN", "v1_discriminator", judgements),
  ParityKind(
    "StyleGAN", "v1_layers",
    [
      .init(name: "fused") {
        try singleLayers($0, up: upscaleConv2d, down: downscaleConv2d)
      },
      .init(name: "reference") {
        try singleLayers($0, up: upscaleConv2dReference, down: downscaleConv2dReference)
      },
    ]),
]

/// Which convolutions that resize run fused in the published program.
private enum FusedScale: JSONReadable {
  case auto, always, never

  static var expectation: String { "auto, true or false" }

  init?(_ json: JSON) {
    switch json {
    case .string("auto"): self = .auto
    case .bool(let isFused): self = isFused ? .always : .never
    default: return nil
    }
  }

  /// The name in those of expected tensors.
  var name: String {
    switch self {
    case .auto: "auto"
    case .always: "True"
    case .never: "False"
    }
  }

  /// The lowest resolution to which convolutions enlarge with their kernel mirrored.
  func mirroredFrom(auto: Int) -> Int {
    switch self {
    case .auto: auto
    case .always: 8
    case .never: 8192
    }
  }
}

/// The spellings that names of expected tensors have for a level of detail: `1.0`, and as an
/// integer in the case `1`.
private func spellings(ofLod lod: Double) -> [String] {
  ["\(lod)"] + (Int(exactly: lod).map { ["\($0)"] } ?? [])
}

extension StrictObject {
  /// Levels of detail, as far as networks have them.
  fileprivate func lods() throws -> [Double] {
    let lods: [Double] = try value("lods")
    guard lods.allSatisfy({ 0...16 ~= $0 }) else {
      throw CaseError("\(path).lods: expected numbers from 0 to 16, found \(lods)")
    }
    return lods
  }
}

// MARK: Generator

extension StyleGAN1Configuration {
  /// Reads a generator's sizes, and its choices from the case's own configuration.
  fileprivate init(_ config: StrictObject) throws {
    let g = try config.object("G")
    self.init(resolution: try g.value("res"))
    featureBase = try g.value("fmap_base")
    featureMax = try g.value("fmap_max")
    zDim = try g.value("latent")
    wDim = try g.value("dlatent")
    mappingWidth = try g.value("mapping_fmaps")
    mappingLayers = try g.value("layers")
    labelDim = try g.value("label_size", default: 0)
    useStyles = try config.value("use_styles", default: g.value("use_styles", default: true))
    constInput = try config.value("const_input", default: g.value("const_input", default: true))
    useNoise = try config.value("use_noise", default: g.value("use_noise", default: true))
    usePixelNorm = try config.value("use_pixel_norm", default: false)
    useInstanceNorm = try config.value("use_instance_norm", default: true)
  }
}

private func generatedImages(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  var g = try StyleGAN1Configuration(config)
  let n = try config.count("n")
  let truncation = Truncation(
    psi: try config.value("psi"), cutoff: try config.count("cutoff", in: 0...65536))
  let (lods, fused): ([Double], [FusedScale]) = (try config.lods(), try config.value("fused"))
  let auto = try config.count("fused_auto_min_output", in: 0...8192, default: 128)
  guard let firstWay = fused.first else {
    throw CaseError("config.fused: expected at least one way, found none")
  }
  let mixed = (
    row: try config.count("mix_at", in: 0...65536),
    lod: try config.value("mix_lod", default: 0.0),
    way: try config.value("mix_fused", default: firstWay)
  )
  try config.requireUsualChoices()
  let z = try inputs.input("latents", shape: [n, g.zDim])
  let labels = g.labelDim > 0 ? try inputs.input("labels", shape: [n, g.labelDim]) : nil
  var computed: Computed = [:]
  var generators: [String: StyleGAN1] = [:]
  for way in fused + [mixed.way] where generators[way.name] == nil {
    g.mirroredFrom = way.mirroredFrom(auto: auto)
    try g.validate()
    generators[way.name] = try inputs.network { StyleGAN1(g, $0) }
  }
  guard let first = generators[mixed.way.name] else { throw CaseError("no generator") }
  let wPlus = first.broadcast(first.map(z: z, labels: labels))
  let truncated = first.truncate(wPlus, truncation)
  (computed["dlatents"], computed["dlatents_truncated"]) = (wPlus, truncated)
  for way in fused {
    for lod in lods {
      let img = generators[way.name]?.synthesize(truncated, options: SynthesisOptions(lod: lod))
      for name in spellings(ofLod: lod) { computed["images.lod\(name).fused_\(way.name)"] = img }
    }
  }
  let mixedWPlus = first.mix(
    wPlus, with: wPlus.flipped(0), rows: Set((0..<g.numWs).dropFirst(mixed.row)))
  computed["images.mixed"] = first.synthesize(
    mixedWPlus, options: SynthesisOptions(lod: mixed.lod))
  first.updateAverage(
    with: wPlus.selected(0, axis: 1), beta: try config.value("dlatent_avg_beta", default: 0.995))
  computed["dlatent_avg_after_one_training_call"] = first.wAvg
  return computed
}

extension StrictObject {
  /// Reads what cases record and no case has otherwise.
  fileprivate func requireUsualChoices() throws {
    // The case's subsamples say what is stored.
    _ = try count("stride", default: 1)
    let noise = try value("noise", default: "stored")
    let order = try value("mix_order", default: "batch_reversed")
    let isTruncated = try value("mix_truncation", default: false)
    guard noise == "stored", order == "batch_reversed", !isTruncated else {
      throw CaseError(
        "\(path): expected noise stored, mix_order batch_reversed and mix_truncation false, found "
          + "\(noise), \(order) and \(isTruncated)")
    }
  }
}

// MARK: Discriminator

private func judgements(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let sizes = try config.object("D")
  var d = StyleGAN1DiscriminatorConfiguration(resolution: try sizes.value("res"))
  d.featureBase = try sizes.value("fmap_base")
  d.featureMax = try sizes.value("fmap_max")
  d.labelDim = try sizes.value("label_size", default: 0)
  d.mbstdGroupSize = try config.value("mbstd_group_size", default: 4)
  try d.validate()
  let n = try config.count("n")
  try d.validate(batchSize: n)
  let lods = try config.lods()
  let fused: [FusedScale] = try config.value("fused")
  // Both ways of reduction give the same, so the discriminator has one.
  let _: FusedScale = try config.value("loss_fused", default: .auto)
  _ = try config.count("fused_auto_min_output", in: 0...8192, default: 128)
  let discriminator = try inputs.network { StyleGAN1Discriminator(d, $0) }
  let labels = d.labelDim > 0 ? try inputs.input("labels", shape: [n, d.labelDim]) : nil
  let shape = [n, d.imgChannels, d.resolution, d.resolution]
  let images = try inputs.input("images", shape: shape)
  var computed: Computed = [:]
  for lod in lods {
    let scores = discriminator(images, labels: labels, lod: lod)
    for way in fused {
      for name in spellings(ofLod: lod) { computed["scores.lod\(name).fused_\(way.name)"] = scores }
    }
  }
  discriminator.lod = try config.value("loss_lod", default: 0.0)
  let losses = DiscriminatorLosses(
    discriminator: discriminator, labels: labels, images: images,
    fakes: try inputs.input("fakes", shape: shape), wanted: try config.value("grads"))
  try losses.addWGANGP(
    to: &computed, factors: try inputs.input("mixing_factors", shape: [n, 1, 1, 1]),
    settings: try config.object("wgan_gp"))
  try losses.addR1(to: &computed, gamma: try config.value("gamma"))
  return computed
}

/// The losses that StyleGAN's discriminator was published with.
private struct DiscriminatorLosses {
  let discriminator: StyleGAN1Discriminator
  let labels: Tensor?
  let images: Tensor
  let fakes: Tensor
  /// The names of the parameters whose gradients are wanted.
  let wanted: [String]

  private func judge(_ img: Tensor) -> Tensor { discriminator(img, labels: labels) }

  private func add(_ loss: Tensor, _ name: String, to computed: inout Computed) throws {
    computed["\(name).loss_mean"] = loss
    let store = discriminator.parameters
    guard wanted.allSatisfy({ store.entries[$0]?.isTrainable == true }) else {
      throw CaseError("config.grads: expected parameters, found \(wanted)")
    }
    let found = gradients(of: [loss], withRespectTo: wanted.map { store[$0] })
    for (parameter, g) in zip(wanted, found) {
      computed["\(name).gradnorm.\(parameter)"] = g.square().sum().sqrt()
    }
  }

  func addWGANGP(
    to computed: inout Computed, factors: Tensor, settings: StrictObject
  ) throws {
    var wasserstein = WassersteinLoss()
    wasserstein.penaltyWeight = try settings.value("lambda")
    wasserstein.driftWeight = try settings.value("drift")
    wasserstein.targetNorm = try settings.value("target")
    discriminator.parameters.setRequiresGrad(true)
    defer { discriminator.parameters.setRequiresGrad(false) }
    let (real, fake) = (judge(images), judge(fakes))
    let mixed = WassersteinLoss.mixed(real: images, fake: fakes, factors: factors)
      .detached().requiringGrad()
    let norms = gradientNorms(logits: judge(mixed), images: mixed)
    computed["wgan_gp.mixed_norms"] = norms
    let loss =
      wasserstein.discriminatorLoss(fakeLogits: fake, realLogits: real).mean()
      + wasserstein.gradientPenalty(norms: norms).mean()
      + wasserstein.drift(realLogits: real).mean()
    try add(loss, "wgan_gp", to: &computed)
  }

  func addR1(to computed: inout Computed, gamma: Double) throws {
    discriminator.parameters.setRequiresGrad(true)
    defer { discriminator.parameters.setRequiresGrad(false) }
    let fake = judge(fakes)
    let img = images.detached().requiringGrad()
    let real = judge(img)
    let penalty = r1Penalty(logits: real, images: img)
    computed["r1.penalty"] = penalty
    computed["g_nonsaturating.loss"] = generatorLogisticLoss(fakeLogits: fake)
    let loss =
      discriminatorLogisticLoss(fakeLogits: fake, realLogits: real).mean()
      + penalty.mean() * (gamma / 2)
    try add(loss, "r1", to: &computed)
  }
}

// MARK: Layers

private func singleLayers(
  _ inputs: CaseInputs, up: (Tensor, Tensor) -> Tensor, down: (Tensor, Tensor) -> Tensor
) throws -> Computed {
  let config = inputs.config
  let (inChannels, outChannels) = (try config.count("in"), try config.count("out"))
  let (size, wDim) = (try config.count("h", in: 2...4096), try config.count("w"))
  let finalResolution = 1 << (try config.count("res_log2", in: 2...16))
  let taps: [Double] = try config.value("blur_filter", default: [1, 2, 1])
  guard !taps.isEmpty, taps.reduce(0, +) != 0, size % 2 == 0 else {
    throw CaseError("config: \(taps.count) taps of a blur, \(size) pixels")
  }
  let x = try inputs.input("x", shape: [2, inChannels, size, size])
  let gain = (2 / Double(9 * inChannels)).squareRoot()
  let weight = (try inputs.parameter("Conv/weight", shape: [3, 3, inChannels, outChannels]) * gain)
    .permuted(3, 2, 0, 1)
  var c = StyleGAN1Configuration()
  c.wDim = wDim
  let epilogue = try inputs.network(prefix: "E/") { scope in
    StyleGAN1Epilogue(scope.separated(by: "/"), channels: inChannels, c)
  }
  let features = epilogue(
    x, w: try inputs.input("dlatent", shape: [2, wDim]),
    noise: try inputs.input("noise", shape: [1, 1, size, size]))
  var computed: Computed = [
    "upscale2d": nearestUpsample2d(x), "downscale2d": averagePool2d(x),
    "blur2d": filter2d(x, filter: resampleFilter(taps, separable: false), flipFilter: true),
    "conv2d": x.conv2d(weight, padding: [1, 1]),
    // The fused way of the published program applies its kernel mirrored.
    "upscale2d_conv2d.fused": up(x, weight.flipped(2, 3)),
    "upscale2d_conv2d.unfused": up(x, weight),
    "conv2d_downscale2d.fused": down(x, weight), "conv2d_downscale2d.unfused": down(x, weight),
    "instance_norm": x.normalizedPerInstance(), "pixel_norm": x.normalizedSecondMoment(),
    "layer_epilogue": features,
  ]
  let schedule = try GrowingSchedule(config.object("schedule"))
  for (i, kimg) in (try config.value("kimg") as [Double]).enumerated() {
    let lod = schedule.lod(kimg: kimg, resolution: finalResolution)
    let resolution = GrowingSchedule.resolution(atLod: lod, of: finalResolution)
    computed["schedule.\(i)"] = Tensor([Float(lod), Float(resolution)])
  }
  for lod in try config.lods() {
    let faded = fadedReals(x, lod: lod)
    for name in spellings(ofLod: lod) { computed["process_reals.lod\(name)"] = faded }
  }
  return computed
}

extension GrowingSchedule {
  fileprivate init(_ object: StrictObject) throws {
    self.init()
    initialResolution = try object.count("initial_resolution")
    stableKimg = try object.value("training_kimg")
    fadeKimg = try object.value("transition_kimg")
  }
}

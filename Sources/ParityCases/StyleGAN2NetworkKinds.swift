// Kinds of cases about StyleGAN2's networks: mapping, synthesis blocks, generator, discriminator.

import Layers
import Networks
import Tensors

let styleGAN2NetworkKinds = [
  ParityKind("StyleGAN2-ADA", "s2_mapping", mappings),
  ParityKind("StyleGAN2-ADA", "s2_block", blocks),
  ParityKind("StyleGAN2-ADA", "s2_generator", generatedImages),
  ParityKind("StyleGAN2-ADA", "s2_discriminator", judgements),
]

extension StyleGAN2Configuration.Architecture: JSONReadable {}

/// The noise that images are made with; fresh noise cannot be reproduced.
enum NoiseMode: String, CaseIterable, JSONReadable {
  case const, none

  var source: NoiseSource { self == .const ? .const : .none }
}

/// The labels of a batch.
enum LabelRule: String, CaseIterable, JSONReadable {
  case none
  /// The input `c`.
  case input
  /// Sample i has class i modulo the number of classes.
  case oneHot = "one_hot_index_mod_c_dim"

  /// Labels [n, cDim], or nil for networks without labels.
  func labels(_ inputs: CaseInputs, n: Int, cDim: Int) throws(CaseError) -> Tensor? {
    guard cDim > 0 else { return nil }
    switch self {
    case .none: throw CaseError("labels: none for a network with c_dim \(cDim)")
    case .input: return try inputs.input("c", shape: [n, cDim])
    case .oneHot: return .oneHot((0..<n).map { $0 % cDim }, count: cDim)
    }
  }
}

// MARK: Configurations

extension StyleGAN2Configuration {
  /// Reads a generator's sizes; 16-bit resolutions are recorded only, all is float32.
  init(_ object: StrictObject) throws {
    self.init(resolution: try object.value("res"))
    zDim = try object.value("z_dim")
    labelDim = try object.value("c_dim")
    wDim = try object.value("w_dim")
    channelBase = try object.value("channel_base")
    channelMax = try object.value("channel_max")
    mappingLayers = try object.value("num_layers")
    architecture = try object.value("architecture")
    convClamp = try object.optional("conv_clamp")
    numFP16Res = try object.value("num_fp16_res", default: 0)
    useNoise = try object.value("use_noise", default: true)
    imgChannels = try object.value("img_channels", default: 3)
    try validate()
  }
}

extension StyleGAN2DiscriminatorConfiguration {
  /// Reads a discriminator's sizes.
  init(_ object: StrictObject) throws {
    self.init(resolution: try object.value("res"))
    channelBase = try object.value("channel_base")
    channelMax = try object.value("channel_max")
    labelDim = try object.value("c_dim")
    mbstdGroupSize = try object.value("mbstd_group") as Int
    mbstdChannels = try object.value("mbstd_channels", default: 1)
    architecture = try object.value("architecture")
    convClamp = try object.optional("conv_clamp")
    imgChannels = try object.value("img_channels", default: 3)
    mappingLayers = try object.object("mapping_kwargs").value("num_layers", default: 8)
    try validate()
  }
}

// MARK: Mapping

private func mappings(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let (n, numWs) = (try config.count("n"), try config.count("num_ws"))
  let (zDim, cDim) = (try config.count("z_dim"), try config.count("c_dim", in: 0...65536))
  let wDim = try config.count("w_dim")
  let mapping = try inputs.network { scope in
    MappingNetwork(
      scope / "mapping", zDim: zDim, labelDim: cDim, wDim: wDim,
      numLayers: try config.count("num_layers", in: 1...64),
      layerFeatures: try config.optional("layer_features"),
      embedFeatures: try config.optional("embed_features"),
      lrMultiplier: try config.value("lr_multiplier"), keepsAverage: true)
  }
  let psi: Double = try config.value("psi")
  let cutoff = try config.count("cutoff", in: 0...65536)
  let labels = cDim > 0 ? try inputs.input("c", shape: [n, cDim]) : nil
  let w = mapping(try inputs.input("z", shape: [n, zDim]), labels: labels)
  let wPlus = w.unsqueezed(1).repeated(1, numWs, 1)
  guard let wAvg = mapping.wAvg else { throw CaseError("a mapping network without w_avg") }
  let truncated = Truncation(psi: psi).applied(to: wPlus, towards: wAvg)
  let partly = Truncation(psi: psi, cutoff: cutoff).applied(to: wPlus, towards: wAvg)
  mapping.updateAverage(with: w, beta: try config.value("w_avg_beta", default: 0.995))
  return [
    "ws": wPlus, "ws_psi": truncated, "ws_psi_cutoff": partly,
    "w_avg_after_one_training_call": wAvg,
  ]
}

// MARK: Synthesis blocks

private func blocks(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let (n, wDim) = (try config.count("n"), try config.count("w_dim"))
  let (inChannels, res) = (
    try config.count("in", in: 0...65536), try config.count("res", in: 2...4096)
  )
  let imgChannels = try config.count("img_channels", default: 3)
  let taps: [Double] = try config.value("resample_filter")
  guard !taps.isEmpty else { throw CaseError("a filter without taps") }
  let layers = SynthesisLayer.Context(
    wDim: wDim, filter: resampleFilter(taps), convClamp: try config.optional("conv_clamp"),
    useNoise: true, firstNoise: 0)
  let block = try inputs.network { scope in
    SynthesisBlock(
      scope / "synthesis" / "b\(res)", inChannels: inChannels,
      outChannels: try config.count("out"), resolution: res, imgChannels: imgChannels,
      isLast: try config.value("is_last"), architecture: try config.value("architecture"),
      layers: layers)
  }
  func image(_ name: String, channels: Int) throws -> Tensor {
    try inputs.input(name, shape: [n, channels, res / 2, res / 2])
  }
  let state = SynthesisBlock.State(
    x: inChannels > 0 ? try image("x", channels: inChannels) : nil,
    img: try config.value("with_img") ? try image("img", channels: imgChannels) : nil)
  let ws = try inputs.input("ws", shape: [n, block.numConv + block.numToRGB, wDim])
  var computed: Computed = [:]
  for mode in try config.value("noise_modes") as [NoiseMode] {
    for isFused in try config.value("fused") as [Bool] {
      let options = SynthesisOptions(
        noise: mode.source, purpose: isFused ? .evaluation : .training)
      let after = block(state, ws: ws, options: options)
      let way = "\(mode).\(isFused ? "fused" : "unfused")"
      computed["x.\(way)"] = after.x
      computed["img.\(way)"] = after.img
    }
  }
  return computed
}

// MARK: Generator

private func generatedImages(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let g = try StyleGAN2Configuration(config)
  let n = try config.count("n")
  let (psi, cutoff): (Double, Int?) = (try config.value("psi"), try config.optional("cutoff"))
  let isTruncated = try config.value("truncated_outputs", default: true)
  let modes: [NoiseMode] = try config.value("noise_modes")
  let isFull = try config.value("full", default: true)
  // Recorded only: everything is float32, and the case's subsamples say what is stored.
  let _ = try config.value("force_fp32", default: true)
  if !isFull { let _: [Int] = [try config.value("stride"), try config.value("center")] }
  let labels = try (config.value("labels") as LabelRule).labels(inputs, n: n, cDim: g.labelDim)
  let generator = try inputs.network { StyleGAN2(g, $0) }
  let w = generator.map(z: try inputs.input("z", shape: [n, g.zDim]), labels: labels)
  let truncation = isTruncated ? Truncation(psi: psi, cutoff: cutoff) : Truncation()
  let ws = generator.broadcast(w, truncation: truncation)
  var computed = ["ws": ws]
  for mode in modes {
    computed["img.\(mode)"] = generator.synthesize(ws, options: .init(noise: mode.source))
  }
  guard isFull else { return computed }
  let wPlus = try inputs.input("w_plus", shape: [n, g.numWs, g.wDim])
  computed["img.w_plus"] = generator.synthesize(wPlus)
  computed["img.const.uint8_nhwc"] = computed["img.const"].map {
    generator.traits.pixelEncoding.bytes($0).cast(to: .int64)
  }
  return computed
}

// MARK: Discriminator

private func judgements(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let d = try StyleGAN2DiscriminatorConfiguration(config)
  let n = try config.count("n")
  let seen = try config.value("mbstd_in_channels", default: 8)
  let group = min(d.mbstdGroupSize ?? n, n)
  guard n % group == 0, d.mbstdChannels > 0, seen > 0, seen % d.mbstdChannels == 0 else {
    throw CaseError(
      "\(n) samples in groups of \(group), \(seen) channels in \(d.mbstdChannels) parts")
  }
  let labels = try (config.value("labels") as LabelRule).labels(inputs, n: n, cDim: d.labelDim)
  let discriminator = try inputs.network { StyleGAN2Discriminator(d, $0) }
  let images = try inputs.input("img", shape: [n, d.imgChannels, d.resolution, d.resolution])
  let features = try inputs.input("mbstd_in", shape: [n, seen, 4, 4])
  return [
    "logits": discriminator(images, labels: labels),
    "mbstd_out": minibatchStandardDeviation(
      features, groupSize: d.mbstdGroupSize, channels: d.mbstdChannels),
  ]
}

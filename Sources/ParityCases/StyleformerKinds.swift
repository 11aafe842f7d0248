// Kinds of cases about Styleformer's networks: mapping, one encoder layer, whole generators, the
// composition with StyleGAN2's blocks, and counts.

import Layers
import Networks
import OrderedCollections
import Tensors

let styleformerKinds = [
  ParityKind("Styleformer", "mapping", mappings),
  ParityKind("Styleformer", "encoderlayer", encoderLayers),
  ParityKind(
    "Styleformer", "generator",
    [
      ParityKind.Way(name: "fused attention") { try generatedImages($0, .evaluation) },
      ParityKind.Way(name: "plain attention") { try generatedImages($0, .training) },
    ]),
  ParityKind("Styleformer", "composed-c", composedImages),
  ParityKind("Styleformer", "counts", counts),
]

extension StyleformerConfiguration {
  /// Reads a generator's sizes; 16-bit resolutions are recorded only, all is float32.
  init(_ object: StrictObject) throws {
    self.init()
    zDim = try object.value("z_dim")
    labelDim = try object.value("c_dim")
    wDim = try object.value("w_dim")
    resolution = try object.value("img_resolution")
    startResolution = try object.value("start_resolution")
    imgChannels = try object.value("img_channels")
    mappingLayers = try object.object("mapping_kwargs").value("num_layers")
    let synthesis = try object.object("synthesis_kwargs")
    let _: Int = try synthesis.value("num_fp16_res")
    try readLayers(synthesis)
    try validate()
  }

  /// Reads what the encoder layers are.
  mutating func readLayers(_ object: StrictObject) throws(CaseError) {
    headSize = try object.value("depth")
    minimumHeads = try object.value("minimum_head", default: 1)
    numLayers = try object.value("num_layers")
    hiddenSizes = try object.value("G_dict")
    linformer = try object.value("linformer")
    convClamp = try object.value("conv_clamp", default: 256)
  }
}

/// A whole number as cases expect it, [1].
private func integer(_ number: Int) -> Tensor { Tensor([number]) }

extension CaseInputs {
  /// The labels of a batch: the input `c` if there is one, else one-hot rows.
  func styleformerLabels(n: Int, cDim: Int) throws(CaseError) -> Tensor? {
    try (hasInput("c") ? LabelRule.input : .oneHot).labels(self, n: n, cDim: cDim)
  }
}

// MARK: Mapping

private func mappings(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let zDim = try config.count("z_dim", in: 0...65536)
  let (cDim, wDim) = (try config.count("c_dim", in: 0...65536), try config.count("w_dim"))
  let numWs = try config.count("num_ws")
  let numLayers = try config.object("mapping_kwargs").count("num_layers", in: 1...64)
  let mapping = try inputs.network { scope in
    MappingNetwork(
      scope / "mapping", zDim: zDim, labelDim: cDim, wDim: wDim, numLayers: numLayers,
      keepsAverage: true)
  }
  let n = try inputs.batch(of: inputs.hasInput("z") ? "z" : "c")
  let z = zDim > 0 ? try inputs.input("z", shape: [n, zDim]) : nil
  let labels = cDim > 0 ? try inputs.input("c", shape: [n, cDim]) : nil
  let psi: Double = try inputs.value("truncation_psi")
  let cutoff: Int = try inputs.value("truncation_cutoff")
  let w = mapping(z, labels: labels)
  let wPlus = w.unsqueezed(1).repeated(1, numWs, 1)
  guard let wAvg = mapping.wAvg else { throw CaseError("a mapping network without w_avg") }
  let truncated = Truncation(psi: psi).applied(to: wPlus, towards: wAvg)
  let partly = Truncation(psi: psi, cutoff: cutoff).applied(to: wPlus, towards: wAvg)
  mapping.updateAverage(with: w, beta: try config.value("w_avg_beta", default: 0.995))
  return [
    "ws": wPlus, "ws_psi": truncated, "ws_psi_cutoff": partly, "w_avg_after_training_step": wAvg,
  ]
}

// MARK: Encoder layer

/// The noise of a layer.
private enum LayerNoise: String, CaseIterable, JSONReadable { case none, const, given }

private func encoderLayers(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  var settings = StyleformerConfiguration()
  settings.headSize = try config.count("depth")
  settings.minimumHeads = try config.count("minimum_head")
  settings.wDim = try config.count("w_dim")
  settings.linformer = try config.value("linformer")
  settings.convClamp = try config.value("conv_clamp")
  let (channels, outChannels) = (try config.count("h_dim"), try config.count("out_dim"))
  let tokens = try config.count("seq_length", in: 1...1 << 20)
  let side = Int(Double(tokens).squareRoot())
  let block: String = try config.value("block")
  guard side * side == tokens, channels % settings.heads(of: channels) == 0 else {
    throw CaseError("\(tokens) tokens of \(channels) channels, which are no square of whole heads")
  }
  let layer = try inputs.network { scope in
    let place = scope / "synthesis" / block
    if settings.linformer { _ = place.parameter("proj_weight", .zeros([256, tokens])) }
    return StyleformerLayer(
      place / "enc", inChannels: channels, outChannels: outChannels, resolution: side,
      projection: settings.linformer ? "\(place.path).proj_weight" : nil, noiseIndex: 0,
      StyleformerLayer.Context(settings))
  }
  let n = try inputs.batch(of: "x")
  let x = try inputs.input("x", shape: [n, tokens, channels])
  let w = try inputs.input("w", shape: [n, settings.wDim])
  var computed = try steps(of: layer, x, w)
  computed["num_heads"] = integer(layer.headCount)
  for mode in try config.value("noise_modes") as [LayerNoise] {
    switch mode {
    case .none: computed["block_no_noise"] = layer(x, w: w, options: .init(noise: .none))
    case .const: computed["block_const_noise"] = layer(x, w: w, options: .init(noise: .const))
    case .given:
      let noise = try inputs.input("noise", shape: [n, tokens, 1])
      computed["block_given_noise"] = computed["attention_result"].map {
        layer.finished($0, noise: noise)
      }
    }
  }
  return computed
}

/// Everything that a layer computes on the way.
private func steps(of layer: StyleformerLayer, _ x: Tensor, _ w: Tensor) throws -> Computed {
  guard let uWeight = layer.uWeight else { throw CaseError("a layer without its second branch") }
  let styles = layer.styles(w)
  let y = layer.normalized(x, styles)
  let operands = layer.operands(x, styles)
  func plain(_ x: Tensor, _ weight: Tensor) -> Tensor { x.matmul(weight.transposed(0, 1)) }
  let map = layer.attentionProbabilities(x, w: w)
  let concatenated = layer.merged(map.matmul(operands.v))
  let output = layer.linear(concatenated, layer.wWeight, styles.value)
  let skip = layer.linear(operands.modulatedValue, uWeight, styles.value)
  let scale = 1 / Double(operands.q.size(-1)).squareRoot()
  return [
    "styles": styles.all, "x_modulated": x * styles.input.unsqueezed(1), "x_normalised": y,
    "q": operands.q, "k": layer.split(layer.linear(y, layer.kWeight, styles.input)),
    "k_projected": operands.k, "v_plain": plain(y, layer.vWeight),
    "v_demodulated": layer.linear(y, layer.vWeight, styles.input),
    "v_modulated": operands.modulatedValue, "v_heads": operands.v,
    "attention_logits": operands.q.matmul(operands.k.transposed(-2, -1)) * scale,
    "attention_map": map, "attention_concat": concatenated,
    "output_projected": plain(concatenated, layer.wWeight), "output_demodulated": output,
    "skip_projected": plain(operands.modulatedValue, uWeight), "skip_demodulated": skip,
    "attention_result": output + skip,
    "q_dcoefs": demodulation(of: layer.qWeight, styles: styles.input),
    "k_dcoefs": demodulation(of: layer.kWeight, styles: styles.input),
    "v_dcoefs": demodulation(of: layer.vWeight, styles: styles.input),
    "w_dcoefs": demodulation(of: layer.wWeight, styles: styles.value),
    "u_dcoefs": demodulation(of: uWeight, styles: styles.value),
  ]
}

// MARK: Generator

private func generatedImages(
  _ inputs: CaseInputs, _ purpose: ForwardPurpose
) throws -> Computed {
  let config = inputs.config
  let g = try StyleformerConfiguration(config)
  let mode: NoiseMode = try config.value("noise_mode")
  let (isTraced, isMixed): (Bool, Bool) = (try config.value("trace"), try config.value("mixing"))
  let psi: Double = try inputs.value("truncation_psi", default: 1)
  let n = try inputs.batch(of: "z")
  let labels = try inputs.styleformerLabels(n: n, cDim: g.labelDim)
  let generator = try inputs.network { Styleformer(g, $0) }
  let options = SynthesisOptions(noise: mode.source, purpose: purpose)
  func wPlus(_ name: String) throws -> Tensor {
    let w = generator.map(z: try inputs.input(name, shape: [n, g.zDim]), labels: labels)
    return generator.broadcast(w, truncation: Truncation(psi: psi))
  }
  let ws = try wPlus("z")
  var computed = ["num_ws": integer(g.numWs), "ws": ws, "w": ws]
  var (row, stage) = (0, 0)
  let image = generator.synthesis(ws, options: options) { block, _, _, state in
    defer {
      row += 1
      if row == g.numLayers[stage] { (row, stage) = (0, stage + 1) }
    }
    guard isTraced else { return }
    let name = "b\(block.layer.resolution)_\(row)"
    (computed["\(name).x"], computed["\(name).img"]) = (state.x, state.img)
  }.img
  computed["image"] = image
  guard isMixed else { return computed }
  let other = try wPlus("mix_z")
  for crossover in try inputs.value("crossover") as [Int] {
    let mixed = generator.mix(ws, with: other, rows: Set(max(0, crossover)..<g.numWs))
    computed["image_crossover_\(crossover)"] = generator.synthesize(mixed, options: options)
  }
  return computed
}

// MARK: Styleformer-C

private func composedImages(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  var c = StyleformerCConfiguration(resolution: try config.value("img_resolution"))
  c.transformer.wDim = try config.count("w_dim")
  c.transformer.resolution = try config.value("switch_resolution")
  c.transformer.startResolution = try config.value("start_resolution", default: 8)
  c.transformer.imgChannels = try config.value("img_channels", default: 3)
  try c.transformer.readLayers(config)
  c.convChannels = try config.value("conv_channels")
  try c.validate()
  let mode: NoiseMode = try config.value("noise_mode", default: .const)
  let synthesis = try inputs.network { StyleformerCSynthesis(c, $0 / "synthesis") }
  let n = try inputs.batch(of: "ws")
  let ws = try inputs.input("ws", shape: [n, c.numWs, c.transformer.wDim])
  var computed = ["rows_used": integer(c.numWs)]
  computed["image"] = synthesis(ws, options: SynthesisOptions(noise: mode.source)) { img in
    computed["img_\(img.size(2))"] = img
  }
  return computed
}

// MARK: Counts

private func counts(_ inputs: CaseInputs) throws -> Computed {
  let configs = try inputs.config.object("configs")
  var computed: Computed = [:]
  for label in configs.keys {
    let object = try configs.object(label)
    // Recorded only.
    let _: [JSON?] = [
      try object.optional("kind"), try object.optional("noise_mode"), try object.optional("trace"),
      try object.optional("mixing"),
    ]
    let plan = ParameterStore()
    let g = Styleformer(try StyleformerConfiguration(object), Scope(plan, device: .meta))
    func count(_ part: String) -> Int {
      plan.names(under: part).compactMap { plan.entries[$0] }.filter { $0.role == .parameter }
        .map(\.tensor.count).reduce(0, +)
    }
    computed["\(label).generator"] = integer(plan.parameterCount)
    computed["\(label).mapping"] = integer(count("mapping"))
    computed["\(label).synthesis"] = integer(count("synthesis"))
    computed["\(label).tensors"] = integer(plan.entries.count)
    computed["\(label).num_ws"] = integer(g.traits.numWs)
  }
  return computed
}

// Kinds of cases about what StyleSwin and StyleNAT share: mapping, enlargement, position code, RGB,
// and the steps that the cases of both have in common.

import Layers
import Networks
import OrderedCollections
import Tensors

let transformerKinds = [
  ParityKind("stylenat", "mapping", mappings),
  ParityKind("stylenat", "upsample", enlargements),
  ParityKind("stylenat", "torgb", colours),
  ParityKind("stylenat", "spe", positionCodes),
  ParityKind("stylenat", "counts", counts),
]

/// The result of a module, and the gradients of `sum(out * grad_out)`.
///
/// - Parameters:
///   - inputs: The case, whose input `grad_out` has the shape of the result.
///   - sources: The module's inputs by name; their gradients are `grad_NAME`.
///   - store: The module's parameters; their gradients are `grad.NAME`.
///   - module: Computes the result from the sources.
/// - Returns: `out` and all gradients.
/// - Throws: `CaseError` if the case has no such `grad_out`.
func outcome(
  _ inputs: CaseInputs, _ sources: [(name: String, tensor: Tensor)], _ store: ParameterStore,
  _ module: () -> Tensor
) throws -> Computed {
  store.setRequiresGrad(true)
  for source in sources { source.tensor.requiringGrad() }
  let out = module()
  let upstream = try inputs.input("grad_out", shape: out.shape)
  let parameters = store.trainable
  let found = gradients(
    of: [out], withRespectTo: sources.map(\.tensor) + parameters.values, weights: [upstream])
  var computed = ["out": out]
  for (source, gradient) in zip(sources, found) { computed["grad_\(source.name)"] = gradient }
  for (name, gradient) in zip(parameters.keys, found.dropFirst(sources.count)) {
    computed["grad.\(name)"] = gradient
  }
  return computed
}

// MARK: Parts of the shell

private func mappings(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let wDim = try config.count("style_dim")
  let layers = try config.count("n_mlp", in: 1...64)
  let (multiplier, slope): (Double, Double) = (
    try config.value("lr_mlp"), try config.value("negative_slope", default: 0.2)
  )
  let mapping: (MappingNetwork, ParameterStore) = try inputs.network { scope in
    let mapping = MappingNetwork(
      scope / "style", zDim: wDim, labelDim: 0, wDim: wDim, numLayers: layers,
      lrMultiplier: multiplier, negativeSlope: slope, keepsAverage: false,
      layerName: { "\($0 + 1)" })
    return (mapping, scope.store)
  }
  let noise = try inputs.input("noise", shape: [try inputs.shape("noise", rank: 2)[0], wDim])
  return try outcome(inputs, [("noise", noise)], mapping.1) { mapping.0(noise) }
}

private func enlargements(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let size: [Int] = try config.value("input_resolution")
  guard size.count == 2, size.allSatisfy((1...1024).contains) else {
    throw CaseError("input_resolution: expected height and width, found \(size)")
  }
  let (dim, outDim) = (try config.count("dim"), try config.count("out_dim", in: 8...65536))
  guard outDim % 4 == 0 else {
    throw CaseError("out_dim: expected a multiple of 4, found \(outDim)")
  }
  let epsilon = try config.value("norm_eps", default: 1e-5)
  let alignsCorners = try config.value("align_corners", default: false)
  let upsample: (TransformerUpsample, ParameterStore) = try inputs.network { scope in
    let layer = TransformerUpsample(
      scope, dim: dim, outDim: outDim, normEpsilon: epsilon, alignsCorners: alignsCorners)
    return (layer, scope.store)
  }
  let x = try inputs.input("x", shape: [try inputs.shape("x", rank: 3)[0], size[0] * size[1], dim])
  return try outcome(inputs, [("x", x)], upsample.1) {
    upsample.0(x, height: size[0], width: size[1])
  }
}

private func colours(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let channels = try config.count("in_channel")
  let upsamples: Bool = try config.value("upsample")
  let taps: [Double] = try config.value("blur_kernel")
  guard (1...64).contains(taps.count) else { throw CaseError("blur_kernel: \(taps.count) taps") }
  let layer: (TransformerToRGB, ParameterStore) = try inputs.network { scope in
    let layer = TransformerToRGB(
      scope, inChannels: channels, upsamples: upsamples, resampleFilter: taps)
    return (layer, scope.store)
  }
  let shape = try inputs.shape("x", rank: 4)
  let x = try inputs.input("x", shape: [shape[0], channels, shape[2], shape[3]])
  let part = upsamples ? 2 : 1
  let skip = try inputs.input("skip", shape: [shape[0], 3, shape[2] / part, shape[3] / part])
  return try outcome(inputs, [("x", x), ("skip", skip)], layer.1) { layer.0(x, skip: skip) }
}

private func positionCodes(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let channels = try config.count("out_dim", in: 8...65536)
  let perAxis = try config.count("embedding_dim_per_axis")
  let (h, w) = (try config.count("height", in: 1...4096), try config.count("width", in: 1...4096))
  let first = try config.count("first_position", default: 1)
  // The row of the table that is zeros; no pixel may stand there.
  let padding = try config.count("padding_idx", in: 0...65535, default: 0)
  guard perAxis * 2 == channels, channels % 4 == 0, padding < first else {
    throw CaseError("\(channels) channels, \(perAxis) for an axis, from \(first) after \(padding)")
  }
  let code = sinusoidalPositionCode(height: h, width: w, channels: channels, first: first)
  return ["grid": code.permuted(2, 0, 1).unsqueezed(0)]
}

// MARK: Generators

/// What cases about a transformer generator ask for beside its sizes.
private struct ImageRequest {
  let batch: Int
  let mixCut: Int
  let hasWPlus: Bool
  let hasMix: Bool

  init(_ config: StrictObject) throws {
    batch = try config.count("batch", in: 1...1024)
    mixCut = try config.count("mix_cut", in: 0...64)
    hasWPlus = try config.value("wplus")
    hasMix = try config.value("mix")
    // Recorded only: the case's subsamples say what is stored.
    let _: [Int] = [try config.value("image_stride"), try config.value("layer_samples")]
  }
}

/// The images of a transformer generator: from z, from W+, and mixed.
///
/// - Parameters:
///   - inputs: The case.
///   - configuration: Its sizes; facts that the case states must agree with them.
/// - Returns: The tensors of the kinds `generator`.
/// - Throws: `CaseError` if facts or inputs do not fit.
func transformerImages(_ inputs: CaseInputs, _ configuration: some TransformerConfiguration) throws
  -> Computed
{
  let request = try ImageRequest(inputs.config)
  let shape = configuration.shape
  let generator = try inputs.network { TransformerGenerator(configuration, $0) }
  let facts: [Int] = [
    try inputs.config.value("n_latent"), try inputs.config.value("parameters_total"),
  ]
  let found = [shape.numWs, generator.parameters.parameterCount]
  guard facts == found else {
    throw CaseError("n_latent, parameters_total: expected \(facts), found \(found)")
  }
  let noise = try inputs.input("noise", shape: [request.batch, shape.wDim])
  return try withoutGradients {
    let w = generator.map(z: noise)
    let ws = generator.broadcast(w)
    var computed = ["w": w, "ws": ws]
    computed["image"] = generator.synthesis(
      ws, watch: .init(stage: { computed["layer\($0)"] = $1 }))
    if request.hasWPlus {
      let wPlus = try inputs.input("w_plus", shape: [request.batch, shape.numWs, shape.wDim])
      computed["wplus"] = generator.synthesize(wPlus)
    }
    if request.hasMix {
      let other = try inputs.input("noise_b", shape: [request.batch, shape.wDim])
      let rows = Set(shape.numWs < request.mixCut ? 0..<0 : request.mixCut..<shape.numWs)
      let source = generator.broadcast(generator.map(z: other))
      computed["mix"] = generator.synthesize(generator.mix(ws, with: source, rows: rows))
    }
    return computed
  }
}

extension TransformerShape {
  /// Reads the sizes that the kinds about StyleSwin's and StyleNAT's generators share.
  init(_ config: StrictObject) throws {
    self.init(
      resolution: try config.value("size"),
      channelMultiplier: try config.value("channel_multiplier"))
    wDim = try config.value("style_dim")
    mappingLayers = try config.value("n_mlp")
    baseChannels = try config.value("base_channels", default: 512)
    mlpRatio = try config.value("mlp_ratio", default: 4)
    mappingLRMultiplier = try config.value("lr_mlp", default: 0.01)
  }
}

// MARK: Counts

/// The parameters of published networks, and the entries of their state dictionaries.
private func counts(_ inputs: CaseInputs) throws -> Computed {
  var computed: Computed = [:]
  func count(_ label: String, _ store: ParameterStore, entries: Int) {
    computed["\(label).parameters"] = Tensor([store.parameterCount])
    computed["\(label).state_keys"] = Tensor([entries])
  }
  func generator(_ label: String, _ configuration: some TransformerConfiguration) throws {
    try configuration.validate()
    let store = ParameterStore()
    _ = TransformerGenerator(configuration, Scope(store, device: .meta))
    // Published dictionaries hold tables and masks that follow from the sizes, and no mean of w.
    count(label, store, entries: store.entries.count + configuration.derivedBuffers.count - 1)
  }
  for label in inputs.config.keys where label != "kind" {
    let sizes = try inputs.config.object(label)
    let multiplier: Int = try sizes.value("channel_multiplier")
    if label.hasPrefix("stylenat-") {
      var configuration = StyleNATConfiguration()
      configuration.shape = TransformerShape(
        resolution: try sizes.value("size"), channelMultiplier: multiplier,
        minHeads: try sizes.value("min_heads"))
      try configuration.takePartitions(from: sizes)
      try generator(label, configuration)
    } else if label.hasPrefix("styleswin-") {
      var configuration = StyleSwinConfiguration(resolution: try sizes.value("size"))
      configuration.shape.channelMultiplier = multiplier
      try generator(label, configuration)
    } else if label == "discriminator-*" {
      for (size, isSpectral) in [(256, true), (256, false), (1024, true), (1024, false)] {
        var configuration = WaveletDiscriminatorConfiguration(resolution: size)
        configuration.channelMultiplier = multiplier
        configuration.usesSpectralNorm = isSpectral
        try configuration.validate()
        let store = ParameterStore()
        _ = configuration.makeDiscriminator(Scope(store, device: .meta))
        count(
          "discriminator-\(size)-\(isSpectral ? "sn" : "nosn")", store,
          entries: store.entries.count)
      }
    } else {
      throw CaseError("\(label): expected stylenat-…, styleswin-… or discriminator-*")
    }
  }
  return computed
}

// Kinds of cases about encoders: pSp's, Style Transformer's, and the images of their codes.

import Checkpoints
import Layers
import Networks
import OrderedCollections
import Tensors

let inversionKinds = [
  ParityKind("inversion", "style_transformer", styleTransformers),
  ParityKind("inversion", "image", images),
  ParityKind("inversion", "psp_gradual") { try pSp($0, .gradual) },
  ParityKind("inversion", "psp_into_w") { try pSp($0, .intoW) },
  ParityKind("inversion", "psp_into_wplus") { try pSp($0, .intoWPlus) },
]

// MARK: Style Transformer

private func styleTransformers(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  var configuration = StyleTransformerConfiguration()
  configuration.tokens = try config.count("n_styles", in: 1...256)
  configuration.decoder.width = try config.count("d_model")
  configuration.decoder.heads = try config.count("nhead")
  configuration.decoder.feedForward = try config.count("ffn")
  configuration.decoder.activation = try config.value("activation")
  configuration.shape.wDim = configuration.decoder.width
  // The size of what the codes are for, which they do not depend on.
  let _ = try config.count("output_size")
  let (layers, norm): (String, String) = (try config.value("layers"), try config.value("norm"))
  guard layers == "1 coarse + 1 medium + 1 fine", ["post", "pre"].contains(norm) else {
    throw CaseError("one layer of each level, norm post or pre: found \(layers), \(norm)")
  }
  configuration.decoder.normalizesFirst = norm == "pre"
  let encoder = try styleTransformer(inputs, configuration)
  let x = try inputs.input("x", shape: try config.imageShape())
  return withoutGradients {
    let steps = encoder.steps(x)
    var computed = [
      "query": steps.query, "codes": encoder(x), "codes_plus_avg": encoder.wPlus(of: x),
    ]
    for (i, level) in ["coarse", "medium", "fine"].enumerated() {
      computed["memory_\(level)"] = steps.memories[i]
      computed["query_\(level)"] = steps.codes[i]
    }
    return computed
  }
}

private func images(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  var configuration = StyleTransformerConfiguration()
  configuration.tokens = try config.count("z_tokens", in: 1...256)
  guard try config.value("randomize_noise") == false else {
    throw CaseError("randomize_noise: expected false, there is no random stream for it")
  }
  let encoder = try styleTransformer(inputs, configuration)
  let g = StyleGAN2Configuration(resolution: try config.value("output_size"))
  try g.validate()
  let rows: [Int] = [try config.value("n_styles"), try config.value("latent_tokens_used")]
  guard rows == [g.numWs, g.numWs], encoder.configuration.tokens >= g.numWs else {
    throw CaseError("\(encoder.configuration.tokens) tokens, rows \(rows) of \(g.numWs)")
  }
  let generator = try inputs.network(
    of: namedByNVIDIA(
      rosinality: inputs.parameters(under: decoderPrefix), isGenerator: true, file: inputs.folder)
  ) { StyleGAN2(g, $0) }
  let side = try config.count("pool", in: 1...4096)
  let x = try inputs.input("x", shape: try config.imageShape())
  return withoutGradients {
    let latent = encoder.wPlus(of: x)
    let img = generator.synthesize(latent.sliced(0..<g.numWs, axis: 1))
    return [
      "latent": latent, "image": img,
      "image_pooled256": adaptiveAveragePool2d(img, height: side, width: side),
    ]
  }
}

/// What stands before the generator's names in Style Transformer's files.
let decoderPrefix = "decoder.module."

/// The encoder that gives a row for every token, with the average of the case.
///
/// - Parameters:
///   - inputs: The case.
///   - configuration: What the case says of the encoder.
///   - image: The shape of the images; nil for that of the input.
/// - Returns: The encoder.
/// - Throws: `CaseError` if the case is of another.
func styleTransformer(
  _ inputs: CaseInputs, _ configuration: StyleTransformerConfiguration, image: [Int]? = nil
) throws -> StyleTransformerEncoder {
  var configuration = configuration
  let image = try image ?? inputs.config.imageShape()
  configuration.shape.trunk.inChannels = image[1]
  (configuration.shape.height, configuration.shape.width) = (image[2], image[3])
  configuration.shape.numWs = configuration.tokens
  let mapping = inputs.parameters(under: "\(decoderPrefix)style.")
  configuration.mappingLayers = mapping.keys.count { $0.hasSuffix(".weight") }
  try configuration.validate()
  var state = inputs.parameters(under: "encoder.module.")
  for layer in 0..<configuration.mappingLayers {
    for name in ["weight", "bias"] {
      state["mapping.fc\(layer).\(name)"] = mapping["\(layer + 1).\(name)"]
    }
  }
  let encoder = try inputs.network(of: state) { StyleTransformerEncoder(configuration, $0) }
  try setAverage(of: encoder, inputs)
  return encoder
}

// MARK: pSp

private func pSp(_ inputs: CaseInputs, _ head: PSpEncoderConfiguration.Head) throws -> Computed {
  let config = inputs.config
  let types: [PSpEncoderConfiguration.Head: String] = [
    .gradual: "GradualStyleEncoder", .intoW: "BackboneEncoderUsingLastLayerIntoW",
    .intoWPlus: "BackboneEncoderUsingLastLayerIntoWPlus",
  ]
  let type: String = try config.value("encoder_type")
  guard type == types[head] else {
    throw CaseError("encoder_type: expected \(types[head] ?? ""), found \(type)")
  }
  let image = try config.imageShape()
  var configuration = PSpEncoderConfiguration()
  configuration.head = head
  configuration.shape.trunk = try config.trunk()
  configuration.shape.trunk.inChannels = image[1]
  (configuration.shape.height, configuration.shape.width) = (image[2], image[3])
  configuration.shape.numWs = try config.count("n_styles", in: 1...256)
  configuration.coarseEnd = try config.count("coarse_ind", in: 0...256)
  configuration.middleEnd = try config.count("middle_ind", in: 0...256)
  try configuration.validate()
  let encoder = try inputs.network(prefix: "encoder.") { PSpEncoder(configuration, $0) }
  try setAverage(of: encoder, inputs)
  let x = try inputs.input("x", shape: image)
  return withoutGradients {
    let (codes, sums) = (encoder(x), encoder.wPlus(of: x))
    guard head == .intoW else { return ["codes": codes, "codes_plus_avg": sums] }
    // One code for all rows, of which cases hold one.
    return ["codes": codes.selected(0, axis: 1), "codes_plus_avg": sums.selected(0, axis: 1)]
  }
}

// MARK: Both

/// Gives an encoder the average of the case, one for all rows or one for each.
private func setAverage(of encoder: some ImageEncoder, _ inputs: CaseInputs) throws {
  let shape: [Int] = try inputs.config.value("latent_avg_shape")
  let average = try inputs.input("latent_avg", shape: shape)
  let (rows, wDim) = (encoder.traits.numWs, encoder.traits.wDim)
  guard [[wDim], [1, wDim], [rows, wDim]].contains(shape) else {
    throw CaseError("latent_avg_shape: \(shape) for \(rows) codes of \(wDim)")
  }
  encoder.latentAverage?.assign(average)
}

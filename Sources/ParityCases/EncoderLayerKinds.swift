// Kinds of cases about the parts of encoders: the trunk and the decoder layer.

import Layers
import Networks
import OrderedCollections
import Tensors

let encoderLayerKinds = [
  ParityKind("inversion", "irse50_taps", trunks),
  ParityKind(
    "inversion", "decoder_layer",
    [
      .init(name: "fused") { try decoderLayers($0, isFused: true) },
      .init(name: "reference") { try decoderLayers($0, isFused: false) },
    ]),
]

private func trunks(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let shape = try config.imageShape()
  var configuration = try config.trunk()
  configuration.inChannels = shape[1]
  try configuration.validate()
  let wanted: [Int] = try config.value("tap_units")
  let taps = try config.object("taps")
  for (name, unit) in zip(["c1", "c2", "c3"], configuration.tapUnits) {
    let found: String = try taps.value(name)
    guard found == "body\(unit)" else {
      throw CaseError("\(taps.path).\(name): expected body\(unit), found \(found)")
    }
  }
  let trunk = try inputs.network(prefix: "encoder.module.") { IRSETrunk(configuration, $0) }
  let x = try inputs.input("x", shape: shape)
  return try withoutGradients { () throws in
    let steps = trunk.everyStep(x)
    var computed = ["stem": steps.stem]
    for unit in wanted {
      guard steps.units.indices.contains(unit) else {
        throw CaseError("tap_units: there is no unit \(unit) of \(steps.units.count)")
      }
      computed["body\(unit)"] = steps.units[unit]
    }
    return computed
  }
}

private func decoderLayers(_ inputs: CaseInputs, isFused: Bool) throws -> Computed {
  let config = inputs.config
  let configuration = try DETRDecoderConfiguration(config)
  let (queries, keys) = (try config.count("tokens"), try config.count("memory_tokens"))
  let (n, width) = (try config.count("batch"), configuration.width)
  let _: Double? = try config.optional("published_dropout")
  let prefix = "encoder.module.transformerlayer_coarse."
  let built: (layer: DETRDecoderLayer, store: ParameterStore) = try inputs.network(
    prefix: prefix
  ) { (DETRDecoderLayer(configuration, $0), $0.store) }
  built.store.setRequiresGrad(true)
  let tgt = try inputs.input("tgt", shape: [queries, n, width]).requiringGrad()
  let memory = try inputs.input("memory", shape: [keys, n, width]).requiringGrad()
  // Cases have the tokens first, layers the batch.
  let (t, m) = (tgt.transposed(0, 1), memory.transposed(0, 1))
  let steps = built.layer.reference(t, memory: m)
  let out = (isFused ? built.layer(t, memory: m) : steps.result).transposed(0, 1)
  var computed = [
    "self_attn_out": steps.selfAttention.transposed(0, 1),
    "self_attn_weights": steps.selfAttentionWeights,
    "norm1_out": steps.norm1.transposed(0, 1),
    "cross_attn_out": steps.crossAttention.transposed(0, 1),
    "cross_attn_weights": steps.crossAttentionWeights,
    "norm2_out": steps.norm2.transposed(0, 1), "linear1_out": steps.hidden.transposed(0, 1),
    "ffn_out": steps.feedForward.transposed(0, 1), "out": out,
  ]
  let parameters = built.store.trainable
  let found = gradients(
    of: [out], withRespectTo: [tgt, memory] + parameters.values,
    weights: [try inputs.input("grad_out", shape: [queries, n, width])])
  (computed["grad.tgt"], computed["grad.memory"]) = (found[0], found[1])
  for (name, gradient) in zip(parameters.keys, found.dropFirst(2)) {
    computed["grad.\(prefix)\(name)"] = gradient
  }
  return computed
}

extension DETRDecoderConfiguration {
  /// Reads a layer as the kinds of cases about single layers write it.
  init(_ config: StrictObject) throws {
    self.init()
    (width, heads) = (try config.count("d_model"), try config.count("nhead"))
    feedForward = try config.count("dim_feedforward")
    activation = try config.value("activation", default: .relu)
    normalizesFirst = try config.value("normalize_before")
    // Evaluation drops nothing, and a case has no random numbers for it.
    dropout = try config.value("dropout", default: 0)
    guard dropout == 0 else { throw CaseError("dropout: expected 0, found \(dropout)") }
    try validate()
  }
}

extension DETRDecoderConfiguration.Activation: JSONReadable {}

extension StrictObject {
  /// The shape [N, C, H, W] of the images, as `input` gives it.
  func imageShape() throws(CaseError) -> [Int] {
    let shape: [Int] = try value("input")
    guard shape.count == 4, shape.allSatisfy((1...4096).contains) else {
      throw CaseError("\(path).input: expected batch, channels, height and width, found \(shape)")
    }
    return shape
  }

  /// The trunk that `layers` and `mode` name; IR-SE50 where they are not given.
  func trunk() throws(CaseError) -> IRSEConfiguration {
    let layers = try value("layers", default: 50)
    guard let units = IRSEConfiguration.publishedUnits[layers] else {
      throw CaseError("\(path).layers: expected 50, 100 or 152, found \(layers)")
    }
    let mode = try value("mode", default: "ir_se")
    guard ["ir", "ir_se"].contains(mode) else {
      throw CaseError("\(path).mode: expected ir or ir_se, found \(mode)")
    }
    return IRSEConfiguration(units: units, squeezes: mode == "ir_se")
  }
}

// Kinds of cases about networks that edit codes: the edit transformer, the classifier of codes, and
// directions from labels.

import Checkpoints
import Editing
import Layers
import Networks
import OrderedCollections
import Tensors
import Training

let editingKinds = [
  ParityKind("checkpoint", "edit", editingFiles),
  ParityKind("edit", "attention_qk_renorm", attentionWeights),
  ParityKind("edit", "latent_classifier", latentClassifier),
  ParityKind("edit", "label_direction", labelDirections),
  ParityKind(
    "edit", "transformer",
    [
      .init(name: "fused") { try editTransformer($0, isFused: true) },
      .init(name: "reference") { try editTransformer($0, isFused: false) },
    ]),
]

extension LatentClassifierConfiguration {
  /// Reads the object of a classifier.
  fileprivate init(_ config: StrictObject) throws(CaseError) {
    self.init()
    let widths: [Int] = try config.value("fmaps")
    guard let first = widths.first, widths.count > 1 else {
      throw CaseError("\(config.path).fmaps: expected at least 2 widths, found \(widths)")
    }
    (codeLength, hiddenWidths) = (first, Array(widths.dropFirst()))
    attributeCount = try config.count("n_classes")
    featureWidth = try config.count("feature_dim")
    activation = try config.value("activation")
    if activation == .leakyReLU { slope = try config.value("slope") }
    if activation == .relu { let _: Double? = try config.optional("slope") }
    do { try validate() } catch { throw CaseError("\(config.path): \(error)") }
  }

  /// The length of a row of codes of so many rows.
  fileprivate func rowLength(of rows: Int) throws(CaseError) -> Int {
    guard codeLength % rows == 0 else {
      throw CaseError("fmaps: expected a multiple of \(rows) rows first, found \(codeLength)")
    }
    return codeLength / rows
  }
}

extension LatentClassifierConfiguration.Activation: JSONReadable {}

private func attentionWeights(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let (heads, width) = (try config.count("heads"), try config.count("head_dim"))
  let (queries, keys) = (try config.count("queries"), try config.count("keys"))
  let scale: String = try config.value("scale")
  guard scale == "1/sqrt(head_dim)" else {
    throw CaseError("config.scale: expected 1/sqrt(head_dim), found \(scale)")
  }
  let q = try inputs.input("q", shape: [heads, queries, width])
  let k = try inputs.input("k", shape: [heads, keys, width])
  let v = try inputs.input("v", shape: [heads, keys, width])
  let logits = q.matmul(k.transposed(1, 2)) / Double(width).squareRoot()
  let (paper, code) = (
    AttentionNormalization.queries(logits), AttentionNormalization.keys(logits)
  )
  return [
    "softmax_q": logits.softmax(axis: -2), "norm_k": paper, "out_paper": paper.matmul(v),
    "softmax_k": code, "out_code": code.matmul(v),
  ]
}

private func latentClassifier(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let configuration = try LatentClassifierConfiguration(config)
  let rows = try config.count("tokens")
  let shape = [try inputs.batch(of: "w"), rows, try configuration.rowLength(of: rows)]
  let classifier = try inputs.network { LatentClassifier(configuration, $0) }
  let judgement = classifier(try inputs.input("w", shape: shape))
  return ["logits": judgement.logits, "features": judgement.features]
}

private func labelDirections(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let configuration = try LatentClassifierConfiguration(config.object("classifier"))
  let classifier = try inputs.network { LatentClassifier(configuration, $0) }
  let (n, rows) = (try config.count("batch"), try config.count("n_tokens"))
  let shape = [n, rows, try configuration.rowLength(of: rows)]
  let (w, r) = (try inputs.input("w", shape: shape), try inputs.input("r", shape: shape))
  let attribute = try config.count("attr_type", in: 0...configuration.attributeCount - 1)
  let step: Double = try config.value("step")
  func editor(_ target: Int) throws -> LabelEditor {
    guard (0...1).contains(target) else { throw CaseError("the target \(target) is no label") }
    var editor = try LabelEditor(classifier, attribute: attribute, target: target == 1)
    editor.norm = .row
    return editor
  }
  var computed = ["logits_before": classifier(w).logits]
  let targets: [Int] = try config.value("first_targets")
  let edited: Int = try config.value("first_edited_target")
  guard targets.contains(edited) else {
    throw CaseError("config.first_edited_target: expected one of \(targets), found \(edited)")
  }
  for target in targets {
    let editor = try editor(target)
    // The case's direction is uphill; the editor's is downhill.
    let codes = editor.edited(w, strength: step)
    computed["first.loss.target\(target)"] = editor.loss(w)
    computed["first.direction.target\(target)"] = -editor.direction(at: w)
    computed["first.edited.target\(target)"] = codes
    computed["first.logits_after.target\(target)"] = classifier(codes).logits
  }
  let curvature = try editor(config.value("hess_target")).publishedCurvature(
    at: w, r: r, xi: config.value("xi"))
  computed["hess.loss_r"] = curvature.loss
  computed["hess.loss_0"] = curvature.lossAtCode
  computed["hess.grad_r"] = curvature.gradient
  computed["hess.grad_0"] = curvature.gradientAtCode
  computed["hess.unit"] = curvature.unit
  computed["hess.direct"] = curvature.change
  computed["hess.edited"] = w - curvature.change * step
  return computed
}

private func editTransformer(_ inputs: CaseInputs, isFused: Bool) throws -> Computed {
  let config = inputs.config
  guard !config.keys.contains("activation") else {
    throw CaseError("config.activation: not known here")
  }
  var configuration = EditTransformerConfiguration()
  configuration.decoder = try DETRDecoderConfiguration(config)
  let classes = try LatentClassifierConfiguration(config.object("classifier"))
  let (prefix, classifierPrefix) = ("encoder.module.", "classifier.module.")
  let editor = try inputs.network(prefix: prefix) { EditTransformer(configuration, $0) }
  let classifier = try inputs.network(prefix: classifierPrefix) { LatentClassifier(classes, $0) }
  var loss = ReferenceEditingLoss(
    attribute: try config.count("attr_type", in: 0...classes.attributeCount - 1))
  loss.codeWeight = try config.value("l2_lambda")
  loss.attributeWeight = try config.value("l2_ref_lambda")
  loss.othersWeight = try config.value("l2_src_lambda")
  let shape = [
    try config.count("batch"), try config.count("tokens"), configuration.decoder.width,
  ]
  let src = try inputs.input("src", shape: shape)
  let ref = try inputs.input("ref", shape: shape)
  editor.parameters.setRequiresGrad(true)
  classifier.parameters.setRequiresGrad(true)
  let steps = editor.reference(src, reference: ref)
  let codes = isFused ? editor(src, reference: ref) : steps.result
  let terms = loss(codes, source: src, reference: ref, classifier: classifier)
  var computed = [
    "codes": codes, "logits_mix": classifier(codes).logits,
    "self_attn_out": steps.selfAttention.transposed(0, 1),
    "self_attn_weights": steps.selfAttentionWeights,
    "cross_attn_out": steps.crossAttention.transposed(0, 1),
    "cross_attn_weights": steps.crossAttentionWeights, "loss_l2_src_code": terms.code,
    "loss_l2_ref_attr": terms.attribute, "loss_l2_src_attr": terms.others, "loss": terms.sum,
  ]
  let (own, others) = (editor.parameters.trainable, classifier.parameters.trainable)
  let found = gradients(of: [terms.sum], withRespectTo: [codes] + own.values + others.values)
  computed["grad.codes"] = found[0]
  let names = own.keys.map { prefix + $0 } + others.keys.map { classifierPrefix + $0 }
  for (name, gradient) in zip(names, found.dropFirst()) { computed["grad.\(name)"] = gradient }
  return computed
}

/// Every tensor of the state dictionaries, and what the file with options says of its training.
private func editingFiles(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let options: JSON = try config.value("opts")
  let keys: [String] = try config.value("top_level_keys")
  let count: Int = try config.value("state_dict_entries")
  return try inputs.readCheckpoints { path in
    let state = try TorchState(reading: path)
    let tensors = try state.dictionary(at: "state_dict")
    // The classifier's own file has nothing else.
    if state.keys != ["state_dict"] {
      try require(state.keys == keys, "the outermost keys of \(path)")
      try require(state.values["opts"] == options.plain, "opts in \(path)")
      try require(tensors.count == count, "the number of tensors in \(path)")
    }
    return tensors
  }
}

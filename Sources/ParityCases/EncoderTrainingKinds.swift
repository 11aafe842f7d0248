// The kind of cases about the steps with which an encoder learns.

import Checkpoints
import Layers
import Networks
import OrderedCollections
import Tensors
import Training

let encoderTrainingKinds = [ParityKind("inversion", "train_step", steps)]

private func steps(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let count = try config.count("steps", in: 1...100)
  let deltaSteps: [Int] = try config.value("delta_steps")
  let lr: Double = try config.value("lr")
  let settings = try Ranger.Settings(config.object("ranger"), learningRate: lr)
  try requireFixedChoices(config)
  let img = try composed(inputs)
  let learner = try makeLearner(inputs, image: img.shape) {
    Ranger($0, settings: settings)
  }
  let (parameters, optimizer) = (learner.encoder.parameters, learner.optimizer)
  let wanted = Set(inputs.expectedNames.map { inputs.whole(of: $0) ?? $0 })
  let before = parameters.trainable.mapValues { $0.cloned() }
  var computed: Computed = [
    "parameter_tensors_in_optimizer": Tensor([optimizer.names.count])
  ]
  var series: [String: [Float]] = [:]
  for step in 0...count {
    let (terms, gradients) = learner.gradients(at: img)
    let all = [
      ("losses", terms.total), ("loss_id", terms.pictures.identity),
      ("loss_l2", terms.pictures.l2), ("loss_lpips", terms.pictures.lpips),
    ]
    for (name, loss) in all { series[name, default: []] += loss?.detached().values() ?? [] }
    if step == 0 {
      computed["latent.step0"] = terms.wPlus.detached()
      computed["y_hat.step0"] = terms.yHat.detached()
      for (name, gradient) in zip(optimizer.names, gradients) {
        let key = "grad.\(publishedName(name))"
        if wanted.contains(key) { computed[key] = gradient }
      }
      for (name, entry) in parameters.entries where wanted.contains("after0.\(publishedName(name))")
      {
        computed["after0.\(publishedName(name))"] = entry.tensor.cloned()
      }
    }
    guard step < count else { break }
    optimizer(gradients)
    guard deltaSteps.contains(step + 1) else { continue }
    for (name, old) in before {
      let key = "delta\(step + 1).\(publishedName(name))"
      if wanted.contains(key) { computed[key] = parameters[name] - old }
    }
  }
  return computed.merging(series.mapValues { Tensor($0) }) { own, _ in own }
}

/// The name that a parameter of our encoder has in Style Transformer's files, in which the mapping
/// network is the decoder's.
private func publishedName(_ name: String) -> String {
  guard let match = name.wholeMatch(of: /mapping\.fc(\d+)\.(weight|bias)/), let layer = Int(match.1)
  else { return "encoder.module.\(name)" }
  return "decoder.module.style.\(layer + 1).\(match.2)"
}

private func requireFixedChoices(_ config: StrictObject) throws {
  let optimizer: String = try config.value("optimizer")
  let isOff: [Bool] = [
    try config.value("train_decoder"), try config.value("randomize_noise"),
  ]
  let (dropout, momentum): (Double, Double) = (
    try config.value("dropout"), try config.value("batchnorm_momentum")
  )
  guard optimizer == "ranger", isOff == [false, false], dropout == 0, momentum == 0.1 else {
    throw CaseError(
      "expected Ranger, a frozen decoder with stored noise, no dropout and momentum 0.1, found "
        + "\(optimizer), \(isOff), \(dropout), \(momentum)")
  }
}

/// The pictures, of coarse and fine noise; the targets are the same, larger.
private func composed(_ inputs: CaseInputs) throws -> Tensor {
  let (config, compose) = (inputs.config, try inputs.config.object("compose"))
  let shape: [Int] = try config.value("x")
  let compared: [Int] = try config.value("y")
  let batch = try config.count("batch")
  let low = try inputs.shape("x_low", rank: 4)
  guard shape.count == 4, compared.count == 4, shape[0] == batch, compared[0] == batch,
    shape.prefix(2) == low.prefix(2), shape[2].isMultiple(of: low[2]),
    compared[2...].allSatisfy({ $0 == compared[2] }), shape[2] == shape[3]
  else { throw CaseError("pictures \(shape) of \(low), targets \(compared)") }
  let coarse: Double = try compose.value("x_low")
  let fine: Double = try compose.value("x_noise")
  let enlarged = nearestUpsample2d(
    try inputs.input("x_low", shape: low), factor: shape[2] / low[2])
  return enlarged * coarse + (try inputs.input("x_noise", shape: shape)) * fine
}

private func makeLearner(
  _ inputs: CaseInputs, image: [Int], _ makeOptimizer: (ParameterStore) -> any Optimizer
) throws -> EncoderLearner {
  let config = inputs.config
  var configuration = StyleTransformerConfiguration()
  configuration.tokens = try config.count("z_tokens", in: 1...256)
  let encoder = try styleTransformer(inputs, configuration, image: image)
  let g = StyleGAN2Configuration(resolution: try config.value("output_size"))
  try g.validate()
  guard g.numWs == configuration.tokens else {
    throw CaseError("\(configuration.tokens) tokens for \(g.numWs) rows")
  }
  let generator = try inputs.network(
    of: namedByNVIDIA(
      rosinality: inputs.parameters(under: decoderPrefix), isGenerator: true, file: inputs.folder)
  ) { StyleGAN2(g, $0) }
  let compared: [Int] = try config.value("y")
  let weights = try InversionLossWeights(config.object("lambdas"))
  let losses = InversionLoss(
    weights, lpips: try perception(inputs), features: try recognition(inputs, crop: .published))
  return EncoderLearner(
    encoder, into: generator, losses: EncoderLosses(losses, comparedWidth: compared[3]),
    optimizer: makeOptimizer(encoder.parameters))
}

// Kinds of cases about the torch files of StyleSwin and StyleNAT.

import Checkpoints
import Layers
import Networks
import OrderedCollections
import Tensors

let transformerCheckpointKinds = [
  ParityKind("checkpoint", "styleswin", styleSwin),
  ParityKind("checkpoint", "stylenat") { try styleNAT($0, states: "state_dicts.") },
  ParityKind("checkpoint", "stylenat-legacy") { try styleNAT($0, states: "") },
]

private func styleSwin(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  var configuration = StyleSwinConfiguration()
  configuration.shape = try TransformerShape(config)
  configuration.shape.minHeads = try config.count("min_heads")
  configuration.fullResolution = try config.value("enable_full_resolution", default: 8)
  try configuration.validate()
  // Attention of the other family, which this one does not have.
  let _: [[[Int]]] = [try config.value("kernels"), try config.value("dilations")]
  guard try !config.value("legacy") else { throw CaseError("legacy: StyleSwin has no such names") }
  return try transformerCheckpoint(inputs, configuration, states: "")
}

/// StyleNAT's files, with all settings (`state_dicts.`) or without those of the attention.
private func styleNAT(_ inputs: CaseInputs, states: String) throws -> Computed {
  let wanted = try StyleNATConfiguration(inputs.config)
  try wanted.validate()
  return try transformerCheckpoint(inputs, wanted, states: states) { told in
    guard states.isEmpty else { return }
    // Neither tensors nor arguments tell dilations; of kernels and heads only what follows from
    // them is told.
    told.dilations = wanted.dilations
    let resolutions = wanted.shape.resolutions
    if resolutions.allSatisfy({ told.shape.heads(at: $0) == wanted.shape.heads(at: $0) }) {
      told.shape.minHeads = wanted.shape.minHeads
    }
    let sizes = try resolutions.dropFirst().map { r in
      [try told.partitions(at: r), try wanted.partitions(at: r)].map { $0.map(\.kernelSize) }
    }
    if sizes.allSatisfy({ $0[0] == $0[1] }) { told.kernelSizes = wanted.kernelSizes }
  }
}

/// The images and logits of a file's networks, and its tensors.
///
/// - Parameters:
///   - inputs: The case.
///   - wanted: The generator that the case describes.
///   - states: What stands before the names of the networks in the file: `state_dicts.` or nothing.
///   - supply: Takes from the case what the file cannot tell.
/// - Returns: The tensors of the kinds about such files.
/// - Throws: `CaseError` if the file is not what the case says.
func transformerCheckpoint<Configuration: TransformerConfiguration>(
  _ inputs: CaseInputs, _ wanted: Configuration, states: String,
  supply: (inout Configuration) throws -> Void = { _ in }
) throws -> Computed {
  let config = inputs.config
  let discriminator = try WaveletDiscriminatorConfiguration(config)
  let path = "\(inputs.folder)/\(try config.value("file") as String)"
  let _: String = try config.value("format")
  let state = try TorchState(reading: path)
  let keys: [String] = try config.value("top_level_keys")
  guard state.keys == keys else { throw CaseError("top_level_keys: found \(state.keys)") }
  let counts: [Int] = [try config.value("state_keys_g"), try config.value("state_keys_d")]
  let found = ["g", "d"].map { key in
    state.tensors.keys.count { $0.hasPrefix("\(states)\(key).") }
  }
  guard counts == found else { throw CaseError("state_keys_g, state_keys_d: found \(found)") }
  let checkpoint = try Checkpoint.open(path)
  func generator(_ role: String) throws -> TransformerGenerator<Configuration> {
    guard let network = checkpoint.networks[role],
      var told = network.configuration as? Configuration
    else { throw CaseError("\(role): expected \(Configuration.kind)") }
    // No tensor tells it.
    told.shape.mappingLRMultiplier = wanted.shape.mappingLRMultiplier
    try supply(&told)
    guard told == wanted else { throw CaseError("\(role): expected \(wanted), found \(told)") }
    let store = ParameterStore()
    let generator = TransformerGenerator(wanted, Scope(store))
    try store.load(network.tensors)
    return generator
  }
  guard let network = checkpoint.networks["D"],
    network.configuration as? WaveletDiscriminatorConfiguration == discriminator
  else { throw CaseError("D: expected \(discriminator)") }
  let shape = [try inputs.shape("noise", rank: 2)[0], wanted.shape.wDim]
  let noise = try inputs.input("noise", shape: shape)
  let (average, trained) = (try generator("G_ema"), try generator("G"))
  let d = try network.makeDiscriminator()
  var computed = try inputs.readCheckpoints { _ in
    var tensors: [String: StoredParameter] = [:]
    for (name, tensor) in state.tensors {
      tensors[name.hasPrefix(states) ? String(name.dropFirst(states.count)) : name] =
        try StoredParameter(tensor)
    }
    return tensors
  }
  withoutGradients {
    func image(_ generator: TransformerGenerator<Configuration>) -> Tensor {
      generator.synthesize(generator.broadcast(generator.map(z: noise)))
    }
    let img = image(average)
    computed["image"] = img
    computed["image_g"] = image(trained)
    computed["d_logits"] = d(img)
  }
  return computed
}

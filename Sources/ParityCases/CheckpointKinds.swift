// Kinds of cases about checkpoints in the published forms.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors

let checkpointKinds = [
  ParityKind("checkpoint", "stylegan2-ada-pkl", nvidiaStyleGAN2),
  ParityKind("checkpoint", "stylegan2-ada-pkl-cond", nvidiaStyleGAN2),
  ParityKind("checkpoint", "stylegan1-tf-pkl", tensorFlowStyleGAN1),
  ParityKind("checkpoint", "rosinality-pt", rosinality),
  ParityKind("checkpoint", "styleformer", styleformer),
  ParityKind("checkpoint", "styleformer-linformer", styleformer),
]

/// NVIDIA's pickles of StyleGAN2: every tensor, and the configurations that the files state.
private func nvidiaStyleGAN2(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let g = try StyleGAN2Configuration(config.object("g"))
  let d = try StyleGAN2DiscriminatorConfiguration(config.object("d"))
  let sizes: JSON = try config.value("files")
  let trainingSet: JSON = try config.value("training_set_kwargs")
  let arguments = try config.object("init_kwargs")
  return try inputs.readCheckpoints { path in
    let checkpoint = try Checkpoint.open(path)
    try require(size(of: path, in: sizes), "the size of \(path)")
    try require(checkpoint.trainingSet == trainingSet.plain, "training_set_kwargs in \(path)")
    for role in ["G", "G_ema", "D"] {
      let network = checkpoint.networks[role]
      let isAlike =
        role == "D"
        ? network?.configuration as? StyleGAN2DiscriminatorConfiguration == d
        : network?.configuration as? StyleGAN2Configuration == g
      try require(isAlike, "the configuration of \(role) in \(path)")
      let stated: JSON = try arguments.value(role)
      try require(network?.arguments == stated.plain, "the arguments of \(role) in \(path)")
    }
    return try tensors(of: checkpoint)
  }
}

/// All tensors of a checkpoint under `ROLE.NAME`.
private func tensors(of checkpoint: Checkpoint) throws -> [String: StoredParameter] {
  var all: [String: StoredParameter] = [:]
  for (role, network) in checkpoint.networks {
    for (name, tensor) in network.tensors { all["\(role).\(name)"] = tensor }
  }
  for (name, tensor) in checkpoint.otherTensors { all[name] = try StoredParameter(tensor) }
  return all
}

/// StyleGAN's TensorFlow pickles: every variable, and the sizes that the networks state.
private func tensorFlowStyleGAN1(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let (g, d) = (try config.object("G"), try config.object("D"))
  let sizes: JSON = try config.value("files")
  let version: Int = try config.value("version")
  let wanted: [Int] = [
    try g.value("res"), try g.value("fmap_base"), try g.value("fmap_max"), try g.value("latent"),
    try g.value("dlatent"), try g.value("mapping_fmaps"), try g.value("layers"),
  ]
  let wantedOfD: [Int] = [try d.value("res"), try d.value("fmap_base"), try d.value("fmap_max")]
  return try inputs.readCheckpoints { path in
    let checkpoint = try Checkpoint.open(path)
    try require(size(of: path, in: sizes), "the size of \(path)")
    for role in ["G", "G_ema"] {
      let found = checkpoint.networks[role]?.configuration as? StyleGAN1Configuration
      let numbers = found.map {
        [
          $0.resolution, $0.featureBase, $0.featureMax, $0.zDim, $0.wDim, $0.mappingWidth,
          $0.mappingLayers,
        ]
      }
      try require(numbers == wanted, "the configuration of \(role) in \(path)")
    }
    let found = checkpoint.networks["D"]?.configuration as? StyleGAN1DiscriminatorConfiguration
    let numbers = found.map { [$0.resolution, $0.featureBase, $0.featureMax] }
    try require(numbers == wantedOfD, "the configuration of D in \(path)")
    var all: [String: StoredParameter] = [:]
    for (role, network) in try TensorFlowNetwork.networks(reading: path) {
      try require(network.version == version, "the version of \(role) in \(path)")
      for (name, variable) in network.variables {
        all["\(role).\(name)"] = try StoredParameter(variable)
      }
    }
    return all
  }
}

/// rosinality's torch files: every tensor, and the sizes that follow from the shapes.
private func rosinality(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let (size, styleDim) = (try config.count("size"), try config.count("style_dim"))
  let mappingLayers = try config.count("n_mlp")
  let channels = try config.object("channels")
  let sizes: JSON = try config.value("files")
  var widths: [Int: Int] = [:]
  for key in channels.keys { widths[Int(key) ?? 0] = try channels.value(key) as Int }
  return try inputs.readCheckpoints { path in
    try require(ParityCases.size(of: path, in: sizes), "the size of \(path)")
    let state = try TorchState(reading: path)
    if state.keys.contains("g_ema") {
      let network = try Checkpoint.open(path).networks["G_ema"]
      let found = network?.configuration as? StyleGAN2Configuration
      try require(found?.resolution == size, "the resolution of \(path)")
      try require([found?.zDim, found?.wDim] == [styleDim, styleDim], "style_dim in \(path)")
      try require(found?.mappingLayers == mappingLayers, "n_mlp in \(path)")
      let isAlike = widths.allSatisfy { found?.channels(at: $0.key) == $0.value }
      try require(isAlike, "the channels in \(path)")
    }
    // Files without networks hold views of storages, which the case calls `views.NAME`.
    let prefix = state.keys.contains("g_ema") ? "" : "views."
    let expected = Set(inputs.expectedNames)
    var all: [String: StoredParameter] = [:]
    for (name, tensor) in state.tensors where expected.contains(prefix + name) {
      all[prefix + name] = try StoredParameter(tensor)
    }
    return all
  }
}

/// Styleformer's pickles: every tensor, what the file states, and an image and its logit.
private func styleformer(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let stated: [(role: String, arguments: JSON)] = [
    ("G", try config.value("generator_init")), ("G_ema", try config.value("generator_init")),
    ("D", try config.value("discriminator_init")),
  ]
  let trainingSet: JSON = try config.value("training_set_kwargs")
  let mode: NoiseMode = try config.value("noise_mode")
  let psi: Double = try config.value("truncation_psi")
  let batch: String = try config.value("d_batch")
  guard batch == "one_batch" else { throw CaseError("config.d_batch: found \(batch)") }
  let checkpoint = try Checkpoint.open("\(inputs.folder)/\(config.value("file") as String)")
  try require(checkpoint.trainingSet == trainingSet.plain, "training_set_kwargs")
  for (role, arguments) in stated {
    try require(checkpoint.networks[role]?.arguments == arguments.plain, "the arguments of \(role)")
  }
  guard let g = checkpoint.networks["G_ema"], let d = checkpoint.networks["D"] else {
    throw CaseError("a file without G_ema or D")
  }
  var computed = try inputs.readCheckpoints { path in try tensors(of: Checkpoint.open(path)) }
  for (name, tensor) in try tensors(of: checkpoint) where computed[name] == nil {
    computed[name] = try tensor.read()
  }
  let (generator, discriminator) = (try g.makeGenerator(), try d.makeDiscriminator())
  let n = try inputs.batch(of: "z")
  let traits = generator.traits
  let labels = try inputs.styleformerLabels(n: n, cDim: traits.labelDim)
  let z = try inputs.input("z", shape: [n, traits.zDim])
  withoutGradients {
    let wPlus = generator.broadcast(
      generator.map(z: z, labels: labels), truncation: Truncation(psi: psi))
    let img = generator.synthesize(wPlus, options: SynthesisOptions(noise: mode.source))
    computed["image_from_G_ema"] = img
    computed["logits_from_D"] = discriminator(img, labels: labels)
  }
  return computed
}

/// Checks that something in a file is as the case says.
func require(_ holds: Bool, _ fact: String) throws(CaseError) {
  guard holds else { throw CaseError("\(fact): not as the case says") }
}

/// Whether a file has the size that the case's `files` state.
private func size(of path: String, in sizes: JSON) throws -> Bool {
  guard case .object(let members) = sizes,
    case .integer(let size) = members[path.split(separator: "/").last.map(String.init) ?? ""]
  else { return false }
  return try ByteRegion(mapping: path).count == size
}

extension JSON {
  /// The same value as checkpoints give plain values.
  var plain: PlainValue {
    switch self {
    case .null: .null
    case .bool(let truth): .bool(truth)
    case .integer(let number): .int(number)
    case .number(let number): .double(number)
    case .string(let text): .string(text)
    case .array(let elements): .list(elements.map(\.plain))
    case .object(let members):
      .dictionary(Dictionary(uniqueKeysWithValues: members.map { ($0.key, $0.value.plain) }))
    }
  }
}

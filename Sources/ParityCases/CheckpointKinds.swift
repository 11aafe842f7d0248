// Kinds of cases about checkpoints in the published forms.

import Checkpoints
import Formats
import Networks
import OrderedCollections

let checkpointKinds = [
  ParityKind("checkpoint", "stylegan2-ada-pkl", nvidiaStyleGAN2),
  ParityKind("checkpoint", "stylegan2-ada-pkl-cond", nvidiaStyleGAN2),
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
    return tensors(of: checkpoint)
  }
}

/// All tensors of a checkpoint under `ROLE.NAME`.
private func tensors(of checkpoint: Checkpoint) -> [String: StoredTensor] {
  var all: [String: StoredTensor] = [:]
  for (role, network) in checkpoint.networks {
    for (name, tensor) in network.tensors { all["\(role).\(name)"] = tensor }
  }
  for (name, tensor) in checkpoint.otherTensors { all[name] = tensor }
  return all
}

private func require(_ holds: Bool, _ fact: String) throws(CaseError) {
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
  fileprivate var plain: PlainValue {
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

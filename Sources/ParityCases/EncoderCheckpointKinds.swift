// Kinds of cases about the files of programs that invert pictures.

import Checkpoints
import Layers
import Networks
import OrderedCollections
import Tensors

let encoderCheckpointKinds = [
  ParityKind("checkpoint", "psp", encoderFiles),
  ParityKind("checkpoint", "style-transformer", encoderFiles),
]

/// Every tensor of the state dictionary, the average code, and what the file says of its training.
private func encoderFiles(_ inputs: CaseInputs) throws -> Computed {
  let config = inputs.config
  let options: JSON = try config.value("opts")
  let keys: [String] = try config.value("top_level_keys")
  let count: Int = try config.value("state_dict_entries")
  return try inputs.readCheckpoints { path in
    let state = try TorchState(reading: path)
    try require(state.keys == keys, "the outermost keys of \(path)")
    try require(state.values["opts"] == options.plain, "opts in \(path)")
    var all = try state.dictionary(at: "state_dict")
    try require(all.count == count, "the number of tensors in \(path)")
    all["latent_avg"] = try state.tensors["latent_avg"].map { try StoredParameter($0) }
    return all
  }
}

extension TorchState {
  /// The tensors below an outermost key, without it.
  func dictionary(at key: String) throws -> [String: StoredParameter] {
    var all: [String: StoredParameter] = [:]
    for (name, tensor) in tensors where name.hasPrefix("\(key).") {
      all[String(name.dropFirst(key.count + 1))] = try StoredParameter(tensor)
    }
    return all
  }
}

// The pickles of stylegan2-ada-pytorch, stylegan3 and Styleformer: a dictionary of persistent
// modules G, D and G_ema.

import Formats
import Networks
import OrderedCollections

extension Checkpoint {
  /// Reads a pickle of NVIDIA's PyTorch networks.
  ///
  /// - Source: `torch_utils/persistence.py` and `legacy.py` of stylegan2-ada-pytorch.
  init(nvidiaPickle root: PickleValue, _ bytes: ByteRegion) throws(FileError) {
    let file = bytes.name
    guard let entries = root.asDictionary else {
      throw bytes.error(at: 0, expected: "a dictionary of networks", found: root.kind)
    }
    let tensors = TorchTensors(file: file)
    func module(_ role: String) throws(FileError) -> PersistentModule? {
      guard let value = entries[role], !value.isNone else { return nil }
      guard let module = try PersistentModule(value, name: role, tensors: tensors, file: file)
      else {
        throw bytes.error(at: 0, expected: "\(role): a persistent module", found: value.kind)
      }
      return module
    }
    var networks: OrderedDictionary<String, Network> = [:]
    for role in ["G", "D", "G_ema"] {
      guard let module = try module(role) else { continue }
      networks[role] = Network(
        configuration: try networkConfiguration(of: module, role: role, file: file),
        tensors: try module.tensors.storedParameters(), arguments: try module.arguments(),
        file: file)
    }
    guard !networks.isEmpty else {
      let present = entries.entries.filter { !$0.value.isNone }
      let names = present.compactMap(\.key.asString).prefix(8).joined(separator: ", ")
      throw FileError(
        .notRecognised, file: file, expected: "a network G, D or G_ema",
        found: names.isEmpty ? "nothing" : "only \(names)")
    }
    var others: OrderedDictionary<String, StoredTensor> = [:]
    for (name, tensor) in try module("augment_pipe")?.tensors ?? [:] {
      others["augment_pipe.\(name)"] = tensor
    }
    form = .torchPickle
    format = form.rawValue
    self.networks = networks
    otherTensors = others
    trainingSet = entries["training_set_kwargs"].flatMap { PlainValue($0) } ?? .null
    notes = NetworkFileNotes()
    otherParts = entries.entries.compactMap { key, value in
      value.isNone ? nil : key.asString
    }.filter { networks[$0] == nil }
  }
}

/// The configuration of the network that a module is.
private func networkConfiguration(
  of module: PersistentModule, role: String, file: String
) throws(FileError) -> any NetworkConfiguration {
  switch module.className {
  case "Generator" where role != "D" && module["synthesis.b4"] != nil:
    return try StyleGAN2Configuration(module, role: role, file: file)
  case "Generator" where role != "D" && StyleformerConfiguration.names(module.tensors.keys):
    return try StyleformerConfiguration(module, role: role, file: file)
  case "Discriminator" where role == "D":
    return try StyleGAN2DiscriminatorConfiguration(module, role: role, file: file)
  default:
    throw OtherFamilies.error(
      in: file,
      expected: role == "D"
        ? "D: StyleGAN2's discriminator" : "\(role): StyleGAN2's or Styleformer's generator",
      names: module.tensors.keys, otherwise: "a network of class \(module.className)",
      kind: .unsupported)
  }
}

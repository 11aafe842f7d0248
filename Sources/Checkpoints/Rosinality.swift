// Checkpoints of rosinality's StyleGAN2, of the programs built on it, and state dictionaries with
// NVIDIA's names.

import Formats
import Layers
import Networks
import OrderedCollections
import Tensors

extension Checkpoint {
  /// Reads a torch file that holds StyleGAN2 networks as state dictionaries.
  init(torchFile bytes: ByteRegion) throws(FileError) {
    let archive = try TorchArchive(bytes)
    try self.init(TorchState(archive, file: bytes.name), form: archive.form)
  }

  private init(_ state: TorchState, form: TorchArchive.Form) throws(FileError) {
    var networks: OrderedDictionary<String, Network> = [:]
    var style = ""
    let places = try StatePlace.all(in: state)
    for place in places {
      networks[place.role] = try place.network(state)
      style = place.naming.rawValue
    }
    guard !networks.isEmpty else {
      let keys = state.keys.prefix(8).joined(separator: ", ")
      throw FileError(
        .damaged, file: state.file,
        expected: "StyleGAN2 networks with rosinality's or NVIDIA's names",
        found: keys.isEmpty ? "nothing" : "a dictionary of \(keys)")
    }
    format = "torch file (\(form.rawValue)) with \(style)'s names"
    self.networks = networks
    otherTensors = [:]
    trainingSet = .null
    notes = NetworkFileNotes()
    // A dictionary that is itself a network's state has no other parts.
    let used = places.map { $0.path.split(separator: ".").first.map(String.init) }
    otherParts = used.contains(nil) ? [] : state.keys.filter { !used.contains($0) }
  }
}

/// Where a state dictionary stands in a torch file, and whose names it uses.
private struct StatePlace {
  enum Naming: String { case rosinality, nvidia = "NVIDIA" }

  let role: String
  let path: String
  let naming: Naming
  let isGenerator: Bool

  /// The networks of a file, at the places where the known programs put them.
  static func all(in state: TorchState) throws(FileError) -> [StatePlace] {
    let places = [
      ("G_ema", "g_ema"), ("G", "g"), ("D", "d"), ("G_ema", "G_ema"), ("G", "G"), ("D", "D"),
      // Programs that invert pictures keep the generator inside their own network.
      ("G_ema", "state_dict.decoder"), ("G_ema", "state_dict.generator"),
      ("G_ema", "decoder"), ("G_ema", "generator"), ("G_ema", "state_dict"), ("G_ema", ""),
    ]
    var found: OrderedDictionary<String, StatePlace> = [:]
    for (role, path) in places where found[role] == nil {
      found[role] = StatePlace(role: role, path: path, in: state)
    }
    return Array(found.values)
  }

  private init?(role: String, path: String, in state: TorchState) {
    func has(_ name: String) -> Bool {
      state.tensors[path.isEmpty ? name : "\(path).\(name)"] != nil
    }
    let known: (naming: Naming, isGenerator: Bool)? =
      if has("conv1.conv.modulation.weight") {
        (.rosinality, true)
      } else if has("final_linear.0.weight") && has("convs.0.0.weight") {
        (.rosinality, false)
      } else if has("synthesis.b4.conv1.weight") {
        (.nvidia, true)
      } else if has("b4.out.weight") {
        (.nvidia, false)
      } else {
        nil
      }
    guard let known else { return nil }
    (self.role, self.path, naming, isGenerator) = (role, path, known.naming, known.isGenerator)
  }

  func network(_ state: TorchState) throws(FileError) -> Checkpoint.Network {
    var parameters = try state.parameters(under: path)
    if naming == .rosinality {
      parameters = try rosinality(parameters, state)
    }
    let arguments = state.arguments(of: role)
    return try isGenerator
      ? generator(parameters, arguments, state.file)
      : discriminator(parameters, arguments, state.file)
  }

  private func generator(
    _ parameters: StoredParameters, _ arguments: PlainValue?, _ file: String
  ) throws(FileError) -> Checkpoint.Network {
    var configuration = try StyleGAN2Configuration(shapesOf: parameters, file: file)
    if let arguments {
      configuration = try StyleGAN2Configuration(arguments: arguments, role: role, file: file)
    }
    if naming == .rosinality { configuration.pixelEncoding = .rounded }
    var network = Checkpoint.Network(completing: parameters, as: configuration, file: file)
    network.arguments = arguments ?? .null
    return network
  }

  private func discriminator(
    _ parameters: StoredParameters, _ arguments: PlainValue?, _ file: String
  ) throws(FileError) -> Checkpoint.Network {
    var configuration = try StyleGAN2DiscriminatorConfiguration(shapesOf: parameters, file: file)
    if let arguments {
      configuration = try StyleGAN2DiscriminatorConfiguration(
        arguments: arguments, role: role, file: file)
    }
    var network = Checkpoint.Network(completing: parameters, as: configuration, file: file)
    network.arguments = arguments ?? .null
    return network
  }

  /// The parameters under NVIDIA's names, with the mean of w that stands beside them.
  private func rosinality(
    _ parameters: StoredParameters, _ state: TorchState
  ) throws(FileError) -> StoredParameters {
    var parameters = parameters
    let inside = parameters.removeValue(forKey: "latent_avg")
    let beside = try state.tensors["latent_avg"].map(StoredParameter.init(_:))
    var renamed = try namedByNVIDIA(
      rosinality: parameters, isGenerator: isGenerator, file: state.file)
    guard isGenerator, let width = renamed["mapping.fc0.bias"]?.shape.first else { return renamed }
    // The mean beside the networks is that of the generator that people look at.
    guard role == "G_ema" || state.tensors["g_ema.input.input"] == nil else { return renamed }
    // Programs that invert pictures may keep one mean for each row of W+ instead, which is no w.
    if let mean = inside ?? beside, [[width], [1, width]].contains(mean.shape) {
      renamed["mapping.w_avg"] = mean.reshaped([width])
    }
    return renamed
  }
}

extension TorchState {
  /// The constructor arguments that our own files hold beside NVIDIA's names.
  fileprivate func arguments(of role: String) -> PlainValue? {
    guard case .dictionary(let all) = values[NVIDIAStateFile.argumentsKey] else { return nil }
    return all[role]
  }
}

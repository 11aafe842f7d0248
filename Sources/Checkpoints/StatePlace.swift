// Where a network's state dictionary stands in a torch file, whose names it uses, and the network
// that it is.

import Formats
import Layers
import Networks
import OrderedCollections

/// Where a network's state dictionary stands in a torch file, and whose names it uses.
struct StatePlace {
  /// Whose names the tensors have.
  enum Naming {
    case rosinality, nvidia
    /// NVIDIA's, of a generator with encoder layers.
    case styleformer
  }

  /// What the network is in training.
  let role: String
  /// The keys that lead to it, with dots between; empty if it is the whole file.
  let path: String
  /// Whose names the tensors have.
  let naming: Naming
  private let isGenerator: Bool
  /// Whether it is part of a program that inverts pictures, whose generator draws new noise for
  /// every picture.
  private let isDecoder: Bool
  /// Whether the network was wrapped for training on several devices.
  private let isWrapped: Bool

  /// The networks of a file by role, at the places where the known programs put them.
  ///
  /// - Source: rosinality's `train.py`; `coach.py` of pixel2style2pixel and encoder4editing.
  static func all(
    in state: TorchState
  ) throws(FileError) -> OrderedDictionary<String, StatePlace> {
    let named = [
      ("g_ema", "G_ema"), ("g", "G"), ("d", "D"), ("G_ema", "G_ema"), ("G", "G"), ("D", "D"),
    ]
    // Programs that invert pictures keep the generator inside their own network.
    let decoders = ["state_dict.decoder", "state_dict.generator", "decoder", "generator"]
    var found: OrderedDictionary<String, StatePlace> = [:]
    for (key, role) in named where found[role] == nil {
      found[role] = try StatePlace(key, role: role, in: state)
    }
    for (path, isDecoder) in decoders.map({ ($0, true) }) + [("state_dict", false), ("", false)] {
      guard let place = try StatePlace(path, isDecoder: isDecoder, in: state),
        found[place.role] == nil
      else { continue }
      found[place.role] = place
    }
    return found
  }

  /// The network at a path, or nil if there is none of a known program; without a role, it is `D`
  /// or `G_ema`.
  private init?(
    _ place: String, role: String? = nil, isDecoder: Bool = false, in state: TorchState
  ) throws(FileError) {
    let path = state.unwrapped(place)
    func has(_ name: String) -> Bool { state.tensors[path.appending(key: name)] != nil }
    let known: (naming: Naming, isGenerator: Bool)? =
      if has("conv1.conv.modulation.weight") {
        (.rosinality, true)
      } else if has("final_linear.0.weight") && has("convs.0.0.weight") {
        (.rosinality, false)
      } else if has("synthesis.b4.conv1.weight") {
        (.nvidia, true)
      } else if has("b4.out.weight") || has("b6.out.weight") {
        (.nvidia, false)
      } else if ["8", "12"].contains(where: { has("synthesis.b\($0)_0.const") }) {
        (.styleformer, true)
      } else {
        nil
      }
    guard let known else { return nil }
    (naming, isGenerator) = known
    (self.path, self.isDecoder, isWrapped) = (path, isDecoder, path != place)
    self.role = role ?? (isGenerator ? "G_ema" : "D")
    guard isGenerator == (self.role != "D") else {
      throw FileError(
        .damaged, file: state.file,
        expected: "\(place): a \(isGenerator ? "discriminator" : "generator")",
        found: "the tensors of a \(isGenerator ? "generator" : "discriminator")")
    }
  }

  /// The network.
  ///
  /// - Parameters:
  ///   - state: The file.
  ///   - besideAverage: Whether the file holds an averaged generator, whose mean of w it then
  ///     keeps.
  /// - Returns: The network, with filters, noise and the mean of w that the file lacks.
  /// - Throws: `FileError` if tensors are missing or unknown, or contradict one another.
  func network(
    in state: TorchState, besideAverage: Bool
  ) throws(FileError) -> Checkpoint.Network {
    var parameters = try state.parameters(under: path)
    let arguments = state.arguments(of: role)
    if naming == .rosinality {
      parameters["latent_avg"] = nil
      parameters = try namedByNVIDIA(
        rosinality: parameters, isGenerator: isGenerator, file: state.file)
    }
    var network =
      isGenerator
      ? try generator(parameters, arguments, state, besideAverage)
      : try discriminator(parameters, arguments, state.file)
    network.arguments = arguments ?? .null
    if isWrapped {
      network.remarks.append(
        "the names begin with module., as DataParallel writes them; read without it")
    }
    return network
  }

  private func generator(
    _ parameters: StoredParameters, _ arguments: PlainValue?, _ state: TorchState,
    _ besideAverage: Bool
  ) throws(FileError) -> Checkpoint.Network {
    let file = state.file
    if naming == .styleformer { return try styleformer(parameters, arguments, file) }
    var configuration = try StyleGAN2Configuration(shapesOf: parameters, file: file)
    if let arguments {
      configuration = try StyleGAN2Configuration(arguments: arguments, role: role, file: file)
    }
    guard naming == .rosinality else {
      var network = Checkpoint.Network(completing: parameters, as: configuration, file: file)
      if arguments == nil { network.remarks.append(configuration.guesses(from: parameters)) }
      return network
    }
    configuration.pixelEncoding = .rounded
    // The mean beside the networks is that of the generator that people look at.
    let owner: LatentAverage.Owner =
      role != "G_ema" && besideAverage ? .other : isDecoder ? .encoder : .generator
    let average = try LatentAverage(
      inside: state.tensors[path.appending(key: "latent_avg")],
      beside: state.tensors["latent_avg"], of: owner, configuration, file: file)
    var parameters = parameters
    parameters["mapping.w_avg"] = average.mean
    return Checkpoint.Network(
      completing: parameters, as: configuration, wAvgReason: average.reason,
      dropsOtherNoise: isDecoder, file: file)
  }

  private func styleformer(
    _ parameters: StoredParameters, _ arguments: PlainValue?, _ file: String
  ) throws(FileError) -> Checkpoint.Network {
    guard let arguments else {
      let configuration = try StyleformerConfiguration(shapesOf: parameters, file: file)
      var network = Checkpoint.Network(
        configuration: configuration, tensors: parameters, file: file)
      network.remarks.append(guessed(configuration.guesses()))
      return network
    }
    let configuration = try StyleformerConfiguration(
      arguments: arguments, names: parameters.keys, role: role, file: file)
    return Checkpoint.Network(configuration: configuration, tensors: parameters, file: file)
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
    if naming == .nvidia, arguments == nil {
      network.remarks.append(configuration.guesses(from: parameters))
    }
    return network
  }
}

extension TorchState {
  /// The constructor arguments that our own files hold beside NVIDIA's names.
  fileprivate func arguments(of role: String) -> PlainValue? {
    guard case .dictionary(let all) = values[NVIDIAStateFile.argumentsKey] else { return nil }
    return all[role]
  }
}

// MARK: - Guesses

extension StyleGAN2Configuration {
  /// What neither arguments nor shapes said, and was taken as it usually is.
  fileprivate func guesses(from parameters: StoredParameters) -> String {
    guessed([
      ("conv_clamp", convClamp.map { "\($0)" }), ("num_fp16_res", "\(numFP16Res)"),
      ("the mapping's lr_multiplier", "\(mappingLRMultiplier ?? 0.01)"),
      filter(resampleFilter, from: parameters),
    ])
  }
}

extension StyleGAN2DiscriminatorConfiguration {
  /// What neither arguments nor shapes said, and was taken as it usually is.
  fileprivate func guesses(from parameters: StoredParameters) -> String {
    guessed([
      ("conv_clamp", convClamp.map { "\($0)" }), ("num_fp16_res", "\(numFP16Res)"),
      ("mbstd_group_size", mbstdGroupSize.map { "\($0)" }),
      filter(resampleFilter, from: parameters),
    ])
  }
}

/// The filter, if no tensor says what it is.
private func filter(
  _ taps: [Double], from parameters: StoredParameters
) -> (name: String, value: String?)? {
  let isStored = parameters.keys.contains { $0.hasSuffix("resample_filter") }
  return isStored ? nil : ("resample_filter", "\(taps)")
}

/// A remark on arguments that a file does not state.
private func guessed(_ arguments: [(name: String, value: String?)?]) -> String {
  let list = arguments.compactMap(\.self).map { "\($0.name) \($0.value ?? "none")" }
  return
    "no \(NVIDIAStateFile.argumentsKey) for it in the file; guessed, since shapes do not tell: "
    + list.joined(separator: ", ")
}

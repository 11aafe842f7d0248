// StyleGAN2 under NVIDIA's names in torch files, with the arguments of its constructors or without.

import Formats
import Networks
import OrderedCollections

extension StateFamily {
  /// NVIDIA's generator.
  static let nvidiaGenerator = StateFamily(
    form: .nvidiaStates, use: .generator,
    recognises: { has in has("synthesis.b4.conv1.weight") },
    network: { source throws(FileError) in try source.nvidiaGenerator() })

  /// NVIDIA's discriminator.
  static let nvidiaDiscriminator = StateFamily(
    form: .nvidiaStates, use: .discriminator,
    recognises: { has in has("b4.out.weight") || has("b6.out.weight") },
    network: { source throws(FileError) in try source.nvidiaDiscriminator() })
}

extension StateSource {
  /// The constructor arguments that our own files hold beside NVIDIA's names.
  var arguments: PlainValue? {
    guard case .dictionary(let all) = state.values[NVIDIAStateFile.argumentsKey] else { return nil }
    return all[role]
  }

  fileprivate func nvidiaGenerator() throws(FileError) -> Checkpoint.Network {
    guard let arguments else {
      let configuration = try StyleGAN2Configuration(shapesOf: parameters, file: file)
      var network = Checkpoint.Network(completing: parameters, as: configuration, file: file)
      network.remarks.append(configuration.guesses(from: parameters))
      return network
    }
    var network = Checkpoint.Network(
      completing: parameters,
      as: try StyleGAN2Configuration(arguments: arguments, role: role, file: file), file: file)
    network.arguments = arguments
    return network
  }

  fileprivate func nvidiaDiscriminator() throws(FileError) -> Checkpoint.Network {
    guard let arguments else {
      let configuration = try StyleGAN2DiscriminatorConfiguration(shapesOf: parameters, file: file)
      var network = Checkpoint.Network(completing: parameters, as: configuration, file: file)
      network.remarks.append(configuration.guesses(from: parameters))
      return network
    }
    var network = Checkpoint.Network(
      completing: parameters,
      as: try StyleGAN2DiscriminatorConfiguration(arguments: arguments, role: role, file: file),
      file: file)
    network.arguments = arguments
    return network
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
func guessed(_ arguments: [(name: String, value: String?)?]) -> String {
  let list = arguments.compactMap(\.self).map { "\($0.name) \($0.value ?? "none")" }
  return
    "no \(NVIDIAStateFile.argumentsKey) for it in the file; guessed, since shapes do not tell: "
    + list.joined(separator: ", ")
}

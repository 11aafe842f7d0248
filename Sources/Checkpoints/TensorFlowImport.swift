// StyleGAN2's TensorFlow variables as the parameters of NVIDIA's PyTorch networks.

import Formats
import Layers
import Networks
import OrderedCollections
import Tensors

/// The variables of one network, renamed and turned around as the published converter does it.
///
/// TensorFlow's convolutions are [height, width, in, out] and its matrices [in, out]. Convolutions
/// that enlarge are stored mirrored, and the bias of a style is stored without its 1.
///
/// - Source: `legacy.py` of stylegan2-ada-pytorch.
struct TensorFlowImport {
  private var remaining: StoredParameters
  private var parameters: StoredParameters = [:]
  private let file: String
  private let name: String

  init(_ network: TensorFlowNetwork, file: String) throws(FileError) {
    var variables = network.ownVariables
    for (key, component) in network.components {
      for (name, variable) in component.variables { variables["\(key)/\(name)"] = variable }
    }
    remaining = try variables.storedParameters()
    // How far a network had grown; those of StyleGAN2 are always whole.
    for name in ["lod", "synthesis/lod"] { remaining.removeValue(forKey: name) }
    (self.file, name) = (file, network.name)
  }

  // MARK: Networks

  /// The generator's parameters under NVIDIA's names.
  consuming func generator() throws(FileError) -> StoredParameters {
    move("dlatent_avg", "mapping.w_avg")
    dense("mapping/LabelEmbed", "mapping.embed")
    for layer in 0..<64 { dense("mapping/Dense\(layer)", "mapping.fc\(layer)") }
    for r in resolutions {
      let (theirs, block) = ("synthesis/\(r)x\(r)", "synthesis.b\(r)")
      move("\(theirs)/Const/const", "\(block).const") { $0.reshaped(Array($0.shape.dropFirst())) }
      modulated("\(theirs)/Conv", "\(block).conv1", noise: 0)
      let index = 2 * r.trailingZeroBitCount - 5
      modulated("\(theirs)/Conv0_up", "\(block).conv0", isMirrored: true, noise: index)
      modulated("\(theirs)/Conv1", "\(block).conv1", noise: index + 1)
      modulated("\(theirs)/ToRGB", "\(block).torgb", noise: nil)
      convolution("\(theirs)/Skip", "\(block).skip", isMirrored: true)
    }
    if let last = resolutions.last(where: { parameters["synthesis.b\($0).conv1.weight"] != nil }) {
      modulated("synthesis/ToRGB_lod0", "synthesis.b\(last).torgb", noise: nil)
      dropGrowthStages("synthesis/ToRGB_lod")
    }
    return try finished()
  }

  /// The discriminator's parameters under NVIDIA's names.
  consuming func discriminator() throws(FileError) -> StoredParameters {
    dense("LabelEmbed", "mapping.embed")
    for layer in 0..<64 { dense("Mapping\(layer)", "mapping.fc\(layer)") }
    for r in resolutions {
      let (theirs, block) = ("\(r)x\(r)", "b\(r)")
      convolution("\(theirs)/FromRGB", "\(block).fromrgb")
      convolution("\(theirs)/Conv0", "\(block).conv0")
      convolution("\(theirs)/Conv1_down", "\(block).conv1")
      convolution("\(theirs)/Skip", "\(block).skip")
      convolution("\(theirs)/Conv", "\(block).conv")
      dense("\(theirs)/Dense0", "\(block).fc")
    }
    if let first = resolutions.last(where: { parameters["b\($0).conv0.weight"] != nil }) {
      convolution("FromRGB_lod0", "b\(first).fromrgb")
      dropGrowthStages("FromRGB_lod")
    }
    dense("Output", "b4.out")
    return try finished()
  }

  private var resolutions: [Int] { (2...12).map { 1 << $0 } }

  private func finished() throws(FileError) -> StoredParameters {
    guard let unknown = remaining.keys.min() else { return parameters }
    throw FileError(
      .damaged, file: file, expected: "\(name): only variables of StyleGAN2",
      found: unknown + (remaining.count > 1 ? " and \(remaining.count - 1) more" : ""))
  }

  // MARK: Layers

  private mutating func move(
    _ theirs: String, _ ours: String, _ change: (StoredParameter) -> StoredParameter = { $0 }
  ) {
    guard let parameter = remaining.removeValue(forKey: theirs) else { return }
    parameters[ours] = change(parameter)
  }

  private mutating func dense(_ theirs: String, _ ours: String) {
    move("\(theirs)/weight", "\(ours).weight") { $0.shape.count == 2 ? $0.permuted([1, 0]) : $0 }
    move("\(theirs)/bias", "\(ours).bias")
  }

  private mutating func convolution(_ theirs: String, _ ours: String, isMirrored: Bool = false) {
    move("\(theirs)/weight", "\(ours).weight") { weight in
      guard weight.shape.count == 4 else { return weight }
      let mirrored =
        isMirrored ? weight.changed(to: weight.shape) { $0.flipped(0, 1) } : weight
      return mirrored.permuted([3, 2, 0, 1])
    }
    move("\(theirs)/bias", "\(ours).bias")
  }

  /// A convolution with styles, and the noise of a number that it adds.
  private mutating func modulated(
    _ theirs: String, _ ours: String, isMirrored: Bool = false, noise: Int?
  ) {
    guard remaining["\(theirs)/mod_weight"] != nil else { return }
    convolution(theirs, ours, isMirrored: isMirrored)
    move("\(theirs)/mod_weight", "\(ours).affine.weight") {
      $0.shape.count == 2 ? $0.permuted([1, 0]) : $0
    }
    move("\(theirs)/mod_bias", "\(ours).affine.bias") { bias in
      bias.changed(to: bias.shape) { $0 + 1 }
    }
    move("\(theirs)/noise_strength", "\(ours).noise_strength")
    guard let noise else { return }
    move("synthesis/noise\(noise)", "\(ours).noise_const") {
      $0.reshaped(Array($0.shape.suffix(2)))
    }
  }

  /// Layers of lower resolutions that only growing networks use.
  private mutating func dropGrowthStages(_ prefix: String) {
    remaining.removeAll { $0.key.hasPrefix(prefix) }
  }
}

// MARK: - Arguments

extension StyleGAN2Configuration {
  /// Takes what the arguments of a TensorFlow network say beyond the shapes of its variables.
  mutating func takeArguments(of network: TensorFlowNetwork, file: String) throws(FileError) {
    let arguments = TensorFlowArguments(network, file: file)
    try arguments.require("nonlinearity", oneOf: .string("lrelu"))
    try arguments.require("mapping_nonlinearity", oneOf: .string("lrelu"))
    mappingLRMultiplier = try arguments.double("mapping_lrmul").flatMap { $0 == 0.01 ? nil : $0 }
    try arguments.require("normalize_latents", oneOf: .bool(true))
    try arguments.require("architecture", oneOf: .string(architecture.rawValue))
    try arguments.require("resolution", oneOf: .int(resolution))
    resampleFilter = try arguments.doubles("resample_kernel") ?? resampleFilter
    convClamp = try arguments.double("conv_clamp") ?? convClamp
    numFP16Res = try arguments.int("num_fp16_res") ?? numFP16Res
    try validated(file: file)
  }
}

extension StyleGAN2DiscriminatorConfiguration {
  /// Takes what the arguments of a TensorFlow network say beyond the shapes of its variables.
  mutating func takeArguments(of network: TensorFlowNetwork, file: String) throws(FileError) {
    let arguments = TensorFlowArguments(network, file: file)
    try arguments.require("nonlinearity", oneOf: .string("lrelu"))
    try arguments.require("architecture", oneOf: .string(architecture.rawValue))
    try arguments.require("resolution", oneOf: .int(resolution))
    resampleFilter = try arguments.doubles("resample_kernel") ?? resampleFilter
    convClamp = try arguments.double("conv_clamp") ?? convClamp
    numFP16Res = try arguments.int("num_fp16_res") ?? numFP16Res
    mbstdGroupSize = try arguments.int("mbstd_group_size") ?? mbstdGroupSize
    try validated(file: file)
  }
}

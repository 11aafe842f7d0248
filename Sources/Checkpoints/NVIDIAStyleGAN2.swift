// StyleGAN2's configurations from NVIDIA's modules: constructor arguments first, recorded
// attributes where they are silent, since the two repositories that write such files have different
// defaults.

import Formats
import Networks
import OrderedCollections

extension StyleGAN2Configuration {
  /// The configuration of a generator in a pickle.
  ///
  /// stylegan2-ada-pytorch hands the synthesis network its arguments in `synthesis_kwargs`,
  /// stylegan3 beside the others.
  init(_ module: PersistentModule, role: String, file: String) throws(FileError) {
    try self.init(arguments: module.arguments(), module: module, role: role, file: file)
    try requireAttributes(of: module)
  }

  /// The configuration of a generator that was constructed with some arguments; a module knows the
  /// defaults of those that are missing.
  init(
    arguments: PlainValue, module: PersistentModule? = nil, role: String, file: String
  ) throws(FileError) {
    self.init()
    var outer = try ConstructorArguments(arguments, of: role, file: file)
    zDim = try outer.int("z_dim") ?? zDim
    labelDim = try outer.int("c_dim") ?? labelDim
    wDim = try outer.int("w_dim") ?? wDim
    resolution = try outer.int("img_resolution") ?? resolution
    imgChannels = try outer.int("img_channels") ?? imgChannels
    var mapping = try outer.nested("mapping_kwargs")
    mappingLayers =
      try mapping.int("num_layers") ?? module?.int("num_layers", at: "mapping") ?? mappingLayers
    try mapping.require("activation", .string("lrelu"))
    // The usual value stays unsaid, so that equal networks have equal configurations.
    mappingLRMultiplier = try mapping.double("lr_multiplier").flatMap { $0 == 0.01 ? nil : $0 }
    mapping.ignore("w_avg_beta")
    try mapping.requireAllRead()
    try outer.unfold("synthesis_kwargs")
    try readSynthesis(&outer, module)
    try outer.requireAllRead()
    try validated(file: file)
  }

  /// Takes the synthesis network's arguments.
  private mutating func readSynthesis(
    _ arguments: inout ConstructorArguments, _ module: PersistentModule?
  ) throws(FileError) {
    let last = "synthesis.b\(resolution)"
    channelBase = try arguments.int("channel_base") ?? channelBase
    channelMax = try arguments.int("channel_max") ?? channelMax
    architecture =
      try arguments.choice("architecture", of: Architecture.self)
      ?? module?.architecture(at: last) ?? architecture
    resampleFilter = try arguments.doubles("resample_filter") ?? resampleFilter
    numFP16Res =
      try arguments.int("num_fp16_res") ?? module?.int("num_fp16_res", at: "synthesis")
      ?? numFP16Res
    convClamp =
      try arguments.double("conv_clamp") ?? module?.double("conv_clamp", at: "\(last).conv1")
    useNoise =
      try arguments.bool("use_noise") ?? module?.bool("use_noise", at: "\(last).conv1") ?? useNoise
    try arguments.require("activation", .string("lrelu"))
    try arguments.require("kernel_size", .int(3))
    arguments.ignore("fused_modconv_default", "fp16_channels_last", "channels_last", "use_fp16")
  }
}

extension StyleGAN2DiscriminatorConfiguration {
  /// The configuration of a discriminator in a pickle.
  init(_ module: PersistentModule, role: String, file: String) throws(FileError) {
    try self.init(arguments: module.arguments(), module: module, role: role, file: file)
    try requireAttributes(of: module)
  }

  /// The configuration of a discriminator that was constructed with some arguments; a module knows
  /// the defaults of those that are missing.
  init(
    arguments: PlainValue, module: PersistentModule? = nil, role: String, file: String
  ) throws(FileError) {
    self.init()
    var outer = try ConstructorArguments(arguments, of: role, file: file)
    labelDim = try outer.int("c_dim") ?? labelDim
    resolution = try outer.int("img_resolution") ?? resolution
    imgChannels = try outer.int("img_channels") ?? imgChannels
    channelBase = try outer.int("channel_base") ?? channelBase
    channelMax = try outer.int("channel_max") ?? channelMax
    let first = "b\(resolution)"
    architecture =
      try outer.choice("architecture", of: StyleGAN2Configuration.Architecture.self)
      ?? module?.architecture(at: first) ?? architecture
    numFP16Res = try outer.int("num_fp16_res") ?? module?.blocksInFP16 ?? numFP16Res
    convClamp = try outer.double("conv_clamp") ?? module?.double("conv_clamp", at: "\(first).conv0")
    try outer.require("cmap_dim", .null)
    var blocks = try outer.nested("block_kwargs")
    resampleFilter = try blocks.doubles("resample_filter") ?? resampleFilter
    try blocks.require("activation", .string("lrelu"))
    blocks.ignore("freeze_layers", "fp16_channels_last")
    try blocks.requireAllRead()
    var mapping = try outer.nested("mapping_kwargs")
    mappingLayers =
      try mapping.int("num_layers") ?? module?.int("num_layers", at: "mapping") ?? mappingLayers
    try mapping.require("activation", .string("lrelu"))
    try mapping.require("lr_multiplier", .double(0.01))
    try mapping.requireAllRead()
    var epilogue = try outer.nested("epilogue_kwargs")
    if module != nil || epilogue.has("mbstd_group_size") {
      mbstdGroupSize =
        try epilogue.int("mbstd_group_size")
        ?? module?.int("group_size", at: "b\(lastResolution).mbstd")
    }
    mbstdChannels = try epilogue.int("mbstd_num_channels") ?? mbstdChannels
    try epilogue.require("activation", .string("lrelu"))
    try epilogue.requireAllRead()
    try outer.requireAllRead()
    try validated(file: file)
  }
}

extension NetworkConfiguration {
  /// Checks the values that a file gave.
  func validated(file: String) throws(FileError) {
    do {
      try validate()
    } catch {
      throw FileError(
        .damaged, file: file, expected: "a possible \(Self.kind)", found: "one with \(error)")
    }
  }
}

extension PersistentModule {
  fileprivate func int(_ attribute: String, at path: String) -> Int? {
    guard case .int(let number) = self.attribute(attribute, at: path) else { return nil }
    return number
  }

  fileprivate func double(_ attribute: String, at path: String) -> Double? {
    self.attribute(attribute, at: path)?.finiteNumber
  }

  fileprivate func bool(_ attribute: String, at path: String) -> Bool? {
    guard case .bool(let truth) = self.attribute(attribute, at: path) else { return nil }
    return truth
  }

  fileprivate func architecture(at path: String) -> StyleGAN2Configuration.Architecture? {
    attribute("architecture", at: path)?.choice(of: StyleGAN2Configuration.Architecture.self)
  }

  /// The blocks that say that they run in a 16-bit format.
  fileprivate var blocksInFP16: Int {
    children.keys.count { attribute("use_fp16", at: $0) == .bool(true) }
  }
}

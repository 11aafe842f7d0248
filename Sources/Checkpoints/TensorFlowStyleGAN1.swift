// StyleGAN's configurations from the networks of its TensorFlow pickles, whose variables are the
// parameters of our networks as they stand.

import Formats
import Networks
import OrderedCollections

extension StyleGAN1Configuration {
  /// The configuration of a generator, from the arguments that it was built with.
  ///
  /// - Source: `G_style`, `G_mapping` and `G_synthesis` in `networks_stylegan.py` of stylegan.
  init(_ network: TensorFlowNetwork, file: String) throws(FileError) {
    self.init()
    let arguments = TensorFlowArguments(network, file: file)
    resolution = try arguments.int("resolution") ?? resolution
    imgChannels = try arguments.int("num_channels") ?? imgChannels
    labelDim = try arguments.int("label_size") ?? labelDim
    zDim = try arguments.int("latent_size") ?? zDim
    wDim = try arguments.int("dlatent_size") ?? wDim
    mappingLayers = try arguments.int("mapping_layers") ?? mappingLayers
    mappingWidth = try arguments.int("mapping_fmaps") ?? mappingWidth
    mappingLRMultiplier = try arguments.double("mapping_lrmul") ?? mappingLRMultiplier
    featureBase = try arguments.int("fmap_base") ?? featureBase
    featureMax = try arguments.int("fmap_max") ?? featureMax
    useStyles = try arguments.bool("use_styles") ?? useStyles
    constInput = try arguments.bool("const_input_layer") ?? constInput
    useNoise = try arguments.bool("use_noise") ?? useNoise
    usePixelNorm = try arguments.bool("use_pixel_norm") ?? usePixelNorm
    useInstanceNorm = try arguments.bool("use_instance_norm") ?? useInstanceNorm
    blurFilter = try arguments.blurFilter() ?? blurFilter
    mirroredFrom = try arguments.mirroredFrom() ?? mirroredFrom
    try arguments.require("normalize_latents", oneOf: .bool(true))
    try arguments.require("mapping_nonlinearity", oneOf: .string("lrelu"))
    try arguments.requireUsualChoices()
    try validated(file: file)
  }
}

extension StyleGAN1DiscriminatorConfiguration {
  /// The configuration of a discriminator, from the arguments that it was built with.
  ///
  /// - Source: `D_basic` in `networks_stylegan.py` of stylegan.
  init(_ network: TensorFlowNetwork, file: String) throws(FileError) {
    self.init()
    let arguments = TensorFlowArguments(network, file: file)
    resolution = try arguments.int("resolution") ?? resolution
    imgChannels = try arguments.int("num_channels") ?? imgChannels
    labelDim = try arguments.int("label_size") ?? labelDim
    featureBase = try arguments.int("fmap_base") ?? featureBase
    featureMax = try arguments.int("fmap_max") ?? featureMax
    mbstdGroupSize = try arguments.groupSize() ?? mbstdGroupSize
    mbstdChannels = try arguments.int("mbstd_num_features") ?? mbstdChannels
    blurFilter = try arguments.blurFilter() ?? blurFilter
    try arguments.requireUsualChoices()
    try validated(file: file)
  }
}

extension StyleGAN1ClassifierConfiguration {
  /// The configuration of a classifier, from the arguments that its network was built with; what
  /// they do not say of statistics over the batch follows from the layer that would read them.
  ///
  /// - Source: `D_basic` in `networks_stylegan.py` and `D_paper` in `networks_progan.py` of
  ///   stylegan; the second has no low-pass filter.
  init(_ network: TensorFlowNetwork, attribute: String, file: String) throws(FileError) {
    var body = try StyleGAN1DiscriminatorConfiguration(network, file: file)
    let arguments = TensorFlowArguments(network, file: file)
    if try arguments.groupSize() == nil, let shape = network.variables["4x4/Conv/weight"]?.shape,
      shape.count == 4, shape[2] == body.channels(at: 4)
    {
      body.mbstdGroupSize = 1
    }
    if try arguments.blurFilter() == nil, network.buildFunction == "D_paper" {
      body.blurFilter = [1]
    }
    self.init(attribute: attribute, body: body)
    try validated(file: file)
  }
}

extension TensorFlowArguments {
  /// The group of the minibatch standard deviation, 1 where there is none; nil if the arguments do
  /// not say.
  fileprivate func groupSize() throws(FileError) -> Int? {
    has("mbstd_group_size", .int(0)) ? 1 : try int("mbstd_group_size")
  }

  /// Checks the choices that both networks have and that are always made alike.
  fileprivate func requireUsualChoices() throws(FileError) {
    try require("nonlinearity", oneOf: .string("lrelu"))
    try require("use_wscale", oneOf: .bool(true))
    try require("fmap_decay", oneOf: .double(1), .int(1))
    try require("dtype", oneOf: .string("float32"))
  }

  /// The taps of the low-pass filter, a single one where there is none; nil if the arguments do not
  /// say.
  fileprivate func blurFilter() throws(FileError) -> [Double]? {
    has("blur_filter", .null) ? [1] : try doubles("blur_filter")
  }

  /// From which resolution on kernels are applied mirrored; nil if the arguments do not say.
  fileprivate func mirroredFrom() throws(FileError) -> Int? {
    try require("fused_scale", oneOf: .string("auto"), .bool(true), .bool(false))
    return has("fused_scale", .bool(true)) ? 8 : has("fused_scale", .bool(false)) ? 8192 : nil
  }
}

/// What a TensorFlow network was built with.
struct TensorFlowArguments {
  private let network: TensorFlowNetwork
  private let file: String

  init(_ network: TensorFlowNetwork, file: String) {
    (self.network, self.file) = (network, file)
  }

  /// A whole number, or nil if the argument is not there.
  func int(_ name: String) throws(FileError) -> Int? {
    switch network.arguments[name] {
    case nil, .null: return nil
    case .int(let number): return number
    case .some(let other): throw damaged("\(name): a whole number", found: "\(other)")
    }
  }

  /// A finite number, or nil if the argument is not there.
  func double(_ name: String) throws(FileError) -> Double? {
    switch network.arguments[name] {
    case nil, .null: return nil
    case .some(let value):
      guard let number = value.finiteNumber else {
        throw damaged("\(name): a finite number", found: "\(value)")
      }
      return number
    }
  }

  /// A truth, or nil if the argument is not there.
  func bool(_ name: String) throws(FileError) -> Bool? {
    switch network.arguments[name] {
    case nil, .null: return nil
    case .bool(let truth): return truth
    case .some(let other): throw damaged("\(name): True or False", found: "\(other)")
    }
  }

  /// Finite numbers, or nil if the argument is not there.
  func doubles(_ name: String) throws(FileError) -> [Double]? {
    switch network.arguments[name] {
    case nil, .null: return nil
    case .list(let values) where values.allSatisfy({ $0.finiteNumber != nil }):
      return values.compactMap(\.finiteNumber)
    case .some(let other): throw damaged("\(name): a list of numbers", found: "\(other)")
    }
  }

  /// Whether an argument is there and has this value.
  func has(_ name: String, _ value: PlainValue) -> Bool { network.arguments[name] == value }

  /// Checks an argument for which only some values are supported.
  func require(_ name: String, oneOf supported: PlainValue...) throws(FileError) {
    guard let found = network.arguments[name], !supported.contains(found) else { return }
    let list = supported.map(\.description).joined(separator: " or ")
    throw damaged("\(name) = \(list), the only one supported", found: "\(found)")
  }

  private func damaged(_ expected: String, found: String) -> FileError {
    FileError(.damaged, file: file, expected: "\(network.name): \(expected)", found: found)
  }
}

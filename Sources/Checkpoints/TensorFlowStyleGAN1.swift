// StyleGAN's configurations from the networks of its TensorFlow pickles.

import Formats
import Networks
import OrderedCollections

extension StyleGAN1Configuration {
  /// The configuration of a generator: what its arguments say, checked against its variables.
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
    featureBase = try arguments.int("fmap_base") ?? featureBase
    featureMax = try arguments.int("fmap_max") ?? featureMax
    try validated(file: file)
    try checkVariables(arguments)
  }

  private func checkVariables(_ arguments: TensorFlowArguments) throws(FileError) {
    for lod in 0..<resolution.trailingZeroBitCount - 1 {
      let r = resolution >> lod
      try arguments.require(
        "G_synthesis/ToRGB_lod\(lod)/weight", [1, 1, channels(at: r), imgChannels])
      let last = r == 4 ? "4x4/Conv" : "\(r)x\(r)/Conv1"
      try arguments.require(
        "G_synthesis/\(last)/weight", [3, 3, channels(at: r), channels(at: r)])
    }
    // The matrix of labels doubles what the first layer reads.
    var inputs = labelDim == 0 ? zDim : 2 * zDim
    for layer in 0..<mappingLayers {
      let outputs = layer == mappingLayers - 1 ? wDim : mappingWidth
      try arguments.require("G_mapping/Dense\(layer)/weight", [inputs, outputs])
      inputs = outputs
    }
    try arguments.require("dlatent_avg", [wDim])
  }
}

extension StyleGAN1DiscriminatorConfiguration {
  /// The configuration of a discriminator: what its arguments say, checked against its variables.
  init(_ network: TensorFlowNetwork, file: String) throws(FileError) {
    self.init()
    let arguments = TensorFlowArguments(network, file: file)
    resolution = try arguments.int("resolution") ?? resolution
    imgChannels = try arguments.int("num_channels") ?? imgChannels
    labelDim = try arguments.int("label_size") ?? labelDim
    featureBase = try arguments.int("fmap_base") ?? featureBase
    featureMax = try arguments.int("fmap_max") ?? featureMax
    try validated(file: file)
    for lod in 0..<resolution.trailingZeroBitCount - 1 {
      let r = resolution >> lod
      try arguments.require("FromRGB_lod\(lod)/weight", [1, 1, imgChannels, channels(at: r)])
    }
    try arguments.require("4x4/Dense1/weight", [channels(at: 2), max(labelDim, 1)])
  }
}

/// What a TensorFlow network was built with, and whether its variables agree.
struct TensorFlowArguments {
  private let network: TensorFlowNetwork
  private let variables: OrderedDictionary<String, StoredTensor>
  private let file: String

  init(_ network: TensorFlowNetwork, file: String) {
    (self.network, self.file) = (network, file)
    variables = network.variables
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

  /// Checks an argument for which only some values are supported.
  func require(_ name: String, oneOf supported: PlainValue...) throws(FileError) {
    guard let found = network.arguments[name], !supported.contains(found) else { return }
    let list = supported.map(\.description).joined(separator: " or ")
    throw damaged("\(name) = \(list), the only one supported", found: "\(found)")
  }

  /// Checks that there is a variable of this shape.
  func require(_ name: String, _ shape: [Int]) throws(FileError) {
    guard let variable = variables[name] else { throw damaged("a variable \(name)", found: "none") }
    guard variable.shape == shape else {
      throw damaged("\(name) of shape \(shape)", found: "\(variable.shape)")
    }
  }

  private func damaged(_ expected: String, found: String) -> FileError {
    FileError(.damaged, file: file, expected: "\(network.name): \(expected)", found: found)
  }
}

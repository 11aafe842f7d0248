// Whether the attributes that NVIDIA's modules recorded agree with their constructor arguments.

import Formats
import Networks
import OrderedCollections

extension PersistentModule {
  /// Checks attributes of the parts at some paths; parts and attributes that are not there pass.
  ///
  /// The published code restores attributes as they stand in the file. A file whose attributes
  /// contradict its arguments would draw other pictures there than here, so it is refused.
  ///
  /// - Parameters:
  ///   - paths: Parts, such as `synthesis.b4.conv1`; empty text is the module itself.
  ///   - expected: What their attributes must be.
  /// - Throws: `FileError` naming the first attribute that is not.
  func requireAttributes(at paths: [String], _ expected: [String: PlainValue]) throws(FileError) {
    for path in paths {
      for (name, value) in expected.sorted(by: { $0.key < $1.key }) {
        guard let found = attribute(name, at: path), !found.isSame(as: value) else { continue }
        let part = path.isEmpty ? "" : "\(path)."
        throw disagreement("\(part)\(name) = \(value), as constructed", "\(found)")
      }
    }
  }
}

extension PlainValue {
  /// Equality that does not tell 256 from 256.0.
  fileprivate func isSame(as other: PlainValue) -> Bool {
    if let number = finiteNumber, let otherNumber = other.finiteNumber {
      return number == otherNumber
    }
    return self == other
  }

  fileprivate init(_ number: Double?) { self = number.map { .double($0) } ?? .null }
}

extension StyleGAN2Configuration {
  /// Checks a generator's attributes against this configuration.
  func requireAttributes(of module: PersistentModule) throws(FileError) {
    let (channels, w, ws) = (
      PlainValue.int(imgChannels), PlainValue.int(wDim), PlainValue.int(numWs)
    )
    let size = PlainValue.int(resolution)
    let latents: [String: PlainValue] = ["z_dim": .int(zDim), "c_dim": .int(labelDim)]
    let sizes = ["img_resolution": size, "img_channels": channels]
    try module.requireAttributes(at: ["", "mapping"], latents)
    try module.requireAttributes(at: ["", "synthesis"], sizes)
    try module.requireAttributes(at: ["", "mapping", "synthesis"], ["w_dim": w, "num_ws": ws])
    try module.requireAttributes(at: ["mapping"], ["num_layers": .int(mappingLayers)])
    for r in blockResolutions {
      let block = "synthesis.b\(r)"
      try module.requireAttributes(
        at: [block],
        [
          "resolution": .int(r), "img_channels": channels, "w_dim": w,
          "architecture": .string(architecture.rawValue),
        ])
      let layers = ["\(block).conv0", "\(block).conv1"]
      try module.requireAttributes(
        at: layers + ["\(block).torgb"], ["conv_clamp": PlainValue(convClamp)])
      try module.requireAttributes(
        at: layers, ["use_noise": .bool(useNoise), "activation": .string("lrelu")])
    }
  }
}

extension StyleGAN2DiscriminatorConfiguration {
  /// Checks a discriminator's attributes against this configuration.
  func requireAttributes(of module: PersistentModule) throws(FileError) {
    let channels = PlainValue.int(imgChannels)
    try module.requireAttributes(
      at: [""],
      ["c_dim": .int(labelDim), "img_resolution": .int(resolution), "img_channels": channels])
    for r in blockResolutions {
      let block = "b\(r)"
      try module.requireAttributes(
        at: [block],
        [
          "resolution": .int(r), "img_channels": channels,
          "architecture": .string(architecture.rawValue),
        ])
      try module.requireAttributes(
        at: ["\(block).fromrgb", "\(block).conv0", "\(block).conv1"],
        ["conv_clamp": PlainValue(convClamp), "activation": .string("lrelu")])
    }
    try module.requireAttributes(
      at: ["b\(lastResolution).conv"], ["conv_clamp": PlainValue(convClamp)])
    try module.requireAttributes(
      at: ["b\(lastResolution).mbstd"],
      [
        "group_size": mbstdGroupSize.map { .int($0) } ?? .null, "num_channels": .int(mbstdChannels),
      ])
  }
}

// The discriminator of StyleSwin and StyleNAT in torch files.

import Formats
import Layers
import Networks
import OrderedCollections

extension StateFamily {
  /// The discriminator of StyleSwin and StyleNAT.
  static let waveletDiscriminator = StateFamily(
    form: .transformers, use: .discriminator,
    recognises: { has in
      has("from_rgbs.0.conv.0.weight_orig") || has("from_rgbs.0.conv.0.weight")
    },
    network: { source throws(FileError) in
      let configuration = try WaveletDiscriminatorConfiguration(shapesOf: source)
      return Checkpoint.Network(
        configuration: configuration, tensors: source.parameters, file: source.file)
    })
}

extension WaveletDiscriminatorConfiguration {
  /// The configuration of the discriminator that has these parameters.
  fileprivate init(shapesOf source: StateSource) throws(FileError) {
    let shapes = NetworkShapes(source.parameters, file: source.file)
    let isSpectral = source.parameters["from_rgbs.0.conv.0.weight_orig"] != nil
    let weight = isSpectral ? "weight_orig" : "weight"
    let count = shapes.count { "from_rgbs.\($0).conv.0.\(weight)" }
    guard (2...8).contains(count) else {
      throw shapes.damaged("2 to 8 layers such as from_rgbs.0", found: "\(count)")
    }
    self.init(resolution: 4 << count)
    usesSpectralNorm = isSpectral
    baseChannels = try shapes.required("final_conv.0.\(weight)", rank: 4)[0]
    if resolution > 32 {
      let wide = try shapes.required("from_rgbs.0.conv.0.\(weight)", rank: 4)[0]
      channelMultiplier = wide * resolution / max(32 * baseChannels, 1)
    } else {
      channelMultiplier = source.argument("D_channel_multiplier") ?? channelMultiplier
    }
    resampleFilter = try shapes.taps("convs.0.conv2.0.kernel") ?? resampleFilter
    try validated(file: source.file)
    try source.require("size", resolution)
    try source.require("D_channel_multiplier", channelMultiplier)
  }
}

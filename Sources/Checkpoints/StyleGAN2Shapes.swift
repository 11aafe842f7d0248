// StyleGAN2's configurations from the shapes of tensors, for files that do not state them.

import Formats
import Networks
import OrderedCollections
import Tensors

extension StyleGAN2Configuration {
  /// The configuration of the generator that has these parameters under NVIDIA's names.
  ///
  /// What shapes do not tell, such as the bound on convolutions, keeps its default.
  init(shapesOf parameters: StoredParameters, file: String) throws(FileError) {
    let shapes = NetworkShapes(parameters, file: file)
    let resolution = try shapes.largestBlock(before: "synthesis.b", after: ".conv1.weight")
    self.init(resolution: resolution)
    let last = "synthesis.b\(resolution)"
    let rgb = try shapes.required("\(last).torgb.weight", rank: 4)
    imgChannels = rgb[0]
    let mapping = try shapes.mapping()
    (zDim, labelDim, wDim) = (mapping.zDim, mapping.labelDim, mapping.wDim)
    mappingLayers = mapping.numLayers
    useNoise = parameters["\(last).conv1.noise_strength"] != nil
    if parameters["\(last).skip.weight"] != nil {
      architecture = .resnet
    } else if resolution > 4 && parameters["synthesis.b4.torgb.weight"] == nil {
      architecture = .orig
    }
    let widths = try shapes.widths(blockResolutions) { "synthesis.b\($0).conv1.weight" }
    (channelBase, channelMax) = try shapes.channels(widths)
    resampleFilter = try shapes.taps("\(last).resample_filter") ?? resampleFilter
    try validated(file: file)
  }
}

extension StyleGAN2DiscriminatorConfiguration {
  /// The configuration of the discriminator that has these parameters under NVIDIA's names.
  ///
  /// What shapes do not tell, such as the group size of the standard deviation, keeps its default.
  init(shapesOf parameters: StoredParameters, file: String) throws(FileError) {
    let shapes = NetworkShapes(parameters, file: file)
    let resolution = try shapes.largestBlock(before: "b", after: ".conv1.weight")
    self.init(resolution: resolution)
    imgChannels = try shapes.required("b\(resolution).fromrgb.weight", rank: 4)[1]
    let embedding = shapes.optional("mapping.embed.weight", rank: 2)
    labelDim = embedding?[1] ?? 0
    if labelDim > 0 { mappingLayers = shapes.count { "mapping.fc\($0).weight" } }
    if parameters["b\(resolution).skip.weight"] == nil {
      architecture = parameters["b\(lastResolution).fromrgb.weight"] == nil ? .orig : .skip
    }
    var widths = try shapes.widths(blockResolutions) { "b\($0).conv0.weight" }
    let end = try shapes.required("b\(lastResolution).conv.weight", rank: 4)
    widths[lastResolution] = end[0]
    mbstdChannels = end[1] - end[0]
    (channelBase, channelMax) = try shapes.channels(widths)
    resampleFilter = try shapes.taps("b\(resolution).conv1.resample_filter") ?? resampleFilter
    try validated(file: file)
  }
}

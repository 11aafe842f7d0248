// StyleSwin's generator in torch files, as its training program writes them.

import Formats
import Layers
import Networks
import OrderedCollections

extension StateFamily {
  /// StyleSwin's generator.
  static let styleSwin = StateFamily(
    form: .transformers, use: .generator,
    recognises: { has in has("layers.0.blocks.0.qkv.weight") },
    network: { source throws(FileError) in
      let configuration = try StyleSwinConfiguration(shapesOf: source)
      return try Checkpoint.Network(
        completing: source.parameters, as: configuration, file: source.file)
    })
}

extension StyleSwinConfiguration {
  /// The configuration of the generator that has these parameters.
  fileprivate init(shapesOf source: StateSource) throws(FileError) {
    let shapes = NetworkShapes(source.parameters, file: source.file)
    self.init()
    shape = try TransformerShape(shapesOf: source) { stage throws(FileError) in
      2 * (try shapes.required(Self.table(stage), rank: 2)[1])
    }
    fullResolution = 4
    for (stage, r) in shape.resolutions.enumerated() {
      let offsets = try shapes.required(Self.table(stage), rank: 2)[0]
      if offsets == (2 * r - 1) * (2 * r - 1) { fullResolution = r }
    }
    try validated(file: source.file)
    try source.requireArguments(of: shape)
  }

  private static func table(_ stage: Int) -> String {
    "layers.\(stage).blocks.0.attn.0.relative_position_bias_table"
  }
}

extension TransformerShape {
  /// The sizes of the generator that has these parameters.
  ///
  /// What shapes do not tell keeps its default: the learning rate of the mapping network, and the
  /// factor on the channels above 32×32 where there are none.
  ///
  /// - Parameters:
  ///   - source: The generator's dictionary.
  ///   - heads: The attention heads of a stage, which families tell by tensors of their own.
  /// - Throws: `FileError` if tensors that tell the sizes are missing, or what `heads` throws.
  init(
    shapesOf source: StateSource, heads: (_ stage: Int) throws(FileError) -> Int
  ) throws(FileError) {
    let shapes = NetworkShapes(source.parameters, file: source.file)
    self.init()
    let stages = shapes.count { "layers.\($0).blocks.0.norm1.style.weight" }
    guard (2...9).contains(stages) else {
      throw shapes.damaged("2 to 9 stages such as layers.0", found: "\(stages)")
    }
    resolution = 2 << stages
    mappingLayers = shapes.count { "style.\($0 + 1).weight" }
    wDim = try shapes.required("style.1.weight", rank: 2)[0]
    baseChannels = try shapes.required("input.input", rank: 4)[1]
    if resolution > 32 {
      let wide = try shapes.required("layers.4.blocks.0.norm1.style.weight", rank: 2)[0]
      channelMultiplier = wide / max(baseChannels, 1)
    } else {
      channelMultiplier = source.argument("G_channel_multiplier") ?? channelMultiplier
    }
    let hidden = try shapes.required("layers.0.blocks.0.mlp.fc1.weight", rank: 2)[0]
    mlpRatio = Double(hidden) / Double(max(baseChannels, 1))
    // Where heads of 32 channels are too few, there are as many as the fewest.
    for (stage, r) in resolutions.enumerated() {
      let found = try heads(stage)
      if found > channels(at: r) / 32 { minHeads = found }
    }
  }
}

extension StateSource {
  /// The settings of networks and training that StyleNAT's program keeps among its arguments; nil
  /// for files of other programs and older ones.
  var runs: [String: PlainValue]? {
    guard case .dictionary(let arguments) = state.values["args"],
      case .dictionary(let runs) = arguments["runs"]
    else { return nil }
    return runs
  }

  /// A whole number among the training program's arguments, under the name that StyleSwin's program
  /// has for it.
  func argument(_ name: String) -> Int? {
    let number: PlainValue?
    if let runs {
      // StyleNAT's program keeps the same by network.
      let parts: (network: String, name: String) =
        switch name {
        case "G_channel_multiplier": ("generator", "channel_multiplier")
        case "D_channel_multiplier": ("discriminator", "channel_multiplier")
        default: ("generator", name)
        }
      number = name == "size" ? runs[name] : runs[parts.network]?[parts.name]
    } else {
      number = state.values["args"]?[name]
    }
    if case .int(let number) = number { return number }
    return nil
  }

  /// Checks that the sizes in the training program's arguments are those of the tensors.
  ///
  /// - Parameter shape: What the tensors tell.
  /// - Throws: `FileError` if the file states other sizes.
  func requireArguments(of shape: TransformerShape) throws(FileError) {
    try require("size", shape.resolution)
    try require("style_dim", shape.wDim)
    try require("n_mlp", shape.mappingLayers)
    try require("G_channel_multiplier", shape.channelMultiplier)
  }

  /// Checks that a number in the training program's arguments is that of the tensors, if it is
  /// there.
  func require(_ argument: String, _ number: Int) throws(FileError) {
    guard let stated = self.argument(argument), stated != number else { return }
    throw FileError(
      .damaged, file: file, expected: "\(path) of the size that args state, \(argument) \(stated)",
      found: "\(number)")
  }
}

extension PlainValue {
  /// The value of a name, if this is a dictionary that has it.
  fileprivate subscript(name: String) -> PlainValue? {
    if case .dictionary(let values) = self { values[name] } else { nil }
  }
}

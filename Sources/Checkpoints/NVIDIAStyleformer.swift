// Styleformer's configuration from the modules and state dictionaries of its program, which is
// built on stylegan2-ada-pytorch and writes the same forms of files.

import Formats
import Layers
import Networks
import OrderedCollections

extension StateFamily {
  /// Styleformer's generator under the names of its program.
  static let styleformer = StateFamily(
    form: .nvidiaStates, use: .generator,
    recognises: { has in ["8", "12"].contains { has("synthesis.b\($0)_0.const") } },
    network: { source throws(FileError) in try source.styleformer() })
}

extension StateSource {
  fileprivate func styleformer() throws(FileError) -> Checkpoint.Network {
    guard let arguments else {
      let configuration = try StyleformerConfiguration(shapesOf: parameters, file: file)
      var network = Checkpoint.Network(
        configuration: configuration, tensors: parameters, file: file)
      network.remarks.append(guessed(configuration.guesses()))
      return network
    }
    let configuration = try StyleformerConfiguration(
      arguments: arguments, names: parameters.keys, role: role, file: file)
    var network = Checkpoint.Network(
      configuration: configuration, tensors: parameters, file: file)
    network.arguments = arguments
    return network
  }
}

extension StyleformerConfiguration {
  /// The configuration of a generator in a pickle.
  init(_ module: PersistentModule, role: String, file: String) throws(FileError) {
    try self.init(
      arguments: module.arguments(), names: module.tensors.keys, role: role, file: file)
    try requireAttributes(of: module)
  }

  /// The configuration of a generator that was constructed with some arguments.
  ///
  /// Where synthesis starts stands in no argument: the program has 8 written in its source, and
  /// who draws 48×48 is told to write 12. The names of the blocks tell it.
  ///
  /// - Parameters:
  ///   - arguments: The arguments.
  ///   - names: The names of its tensors.
  ///   - role: What the network is in training.
  ///   - file: The file.
  /// - Throws: `FileError` if an argument is missing, of another type or unknown, or if no network
  ///   can be built of them.
  init(
    arguments: PlainValue, names: some Collection<String>, role: String, file: String
  ) throws(FileError) {
    self.init()
    var outer = try ConstructorArguments(arguments, of: role, file: file)
    zDim = try outer.int("z_dim") ?? zDim
    labelDim = try outer.int("c_dim") ?? labelDim
    wDim = try outer.int("w_dim") ?? wDim
    resolution = try outer.int("img_resolution") ?? resolution
    imgChannels = try outer.int("img_channels") ?? imgChannels
    var mapping = try outer.nested("mapping_kwargs")
    mappingLayers = try mapping.int("num_layers") ?? 8
    try mapping.require("activation", .string("lrelu"))
    try mapping.require("lr_multiplier", .double(0.01))
    mapping.ignore("w_avg_beta")
    try mapping.requireAllRead()
    var synthesis = try outer.nested("synthesis_kwargs")
    headSize = try synthesis.int("depth") ?? headSize
    minimumHeads = try synthesis.int("minimum_head") ?? minimumHeads
    numLayers = try synthesis.requiredInts("num_layers")
    hiddenSizes = try synthesis.requiredInts("G_dict")
    linformer = try synthesis.bool("linformer") ?? false
    convClamp = try synthesis.double("conv_clamp")
    // Taken and not used by the published code, which always computes in float32.
    synthesis.ignore("channel_base", "channel_max", "num_fp16_res", "use_fp16", "channels_last")
    try synthesis.requireAllRead()
    try outer.requireAllRead()
    startResolution = Self.stageResolutions(in: names).first ?? startResolution
    try validated(file: file)
  }

  /// The configuration of the generator that has these parameters.
  ///
  /// What shapes do not tell, such as the number of heads, keeps its default.
  init(shapesOf parameters: StoredParameters, file: String) throws(FileError) {
    self.init()
    let shapes = NetworkShapes(parameters, file: file)
    let stages = Self.stageResolutions(in: parameters.keys)
    numLayers = stages.map { r in shapes.count { "synthesis.b\(r)_\($0).enc.q_weight" } }
    var sizes: [Int] = []
    for r in stages {
      sizes.append(try shapes.required("synthesis.b\(r)_0.enc.q_weight", rank: 2)[0])
    }
    hiddenSizes = sizes
    (startResolution, resolution) = (stages.first ?? startResolution, stages.last ?? resolution)
    linformer = parameters.keys.contains { $0.hasSuffix(".proj_weight") }
    let last = "synthesis.b\(resolution)_\((numLayers.last ?? 1) - 1)"
    imgChannels = try shapes.required("\(last).torgb.weight", rank: 2)[0]
    let mapping = try shapes.mapping()
    (zDim, labelDim, wDim) = (mapping.zDim, mapping.labelDim, mapping.wDim)
    mappingLayers = mapping.numLayers
    try validated(file: file)
  }

  /// Whether tensors have the names of a Styleformer's generator.
  static func names(_ names: some Collection<String>) -> Bool {
    !stageResolutions(in: names).isEmpty
  }

  /// The resolutions of the blocks `synthesis.bR_0`, in ascending order; at most as many as there
  /// are powers of two.
  private static func stageResolutions(in names: some Collection<String>) -> [Int] {
    var found: Set<Int> = []
    for name in names where name.hasSuffix("_0.enc.q_weight") {
      guard let match = name.wholeMatch(of: /synthesis\.b([1-9][0-9]{0,4})_0\.enc\.q_weight/),
        let resolution = Int(match.1)
      else { continue }
      found.insert(resolution)
    }
    return found.sorted()
  }

  /// What neither arguments nor shapes said, and was taken as it was published.
  fileprivate func guesses() -> [(name: String, value: String?)?] {
    [
      ("depth", "\(headSize)"), ("minimum_head", "\(minimumHeads)"),
      ("conv_clamp", convClamp.map { "\($0)" }),
    ]
  }

  /// Checks a generator's attributes against this configuration.
  private func requireAttributes(of module: PersistentModule) throws(FileError) {
    let (w, channels) = (PlainValue.int(wDim), PlainValue.int(imgChannels))
    try module.requireAttributes(
      at: ["", "mapping"], ["z_dim": .int(zDim), "c_dim": .int(labelDim)])
    try module.requireAttributes(
      at: ["", "synthesis"], ["img_resolution": .int(resolution), "img_channels": channels])
    try module.requireAttributes(
      at: ["", "mapping", "synthesis"], ["w_dim": w, "num_ws": .int(numWs)])
    try module.requireAttributes(at: ["mapping"], ["num_layers": .int(mappingLayers)])
    let clamp = convClamp.map { PlainValue.double($0) } ?? .null
    for (stage, r) in stageResolutions.enumerated() {
      let (count, h) = (numLayers[stage], hiddenSizes[stage])
      for j in 0..<count {
        let block = "synthesis.b\(r)_\(j)"
        let out = j == count - 1 ? hiddenSizes.dropFirst(stage + 1).first ?? h : h
        try module.requireAttributes(
          at: [block, "\(block).enc"],
          [
            "h_dim": .int(h), "out_dim": .int(out), "seq_length": .int(r * r), "w_dim": w,
            "conv_clamp": clamp,
          ])
        try module.requireAttributes(
          at: [block],
          ["resolution": .int(r), "img_channels": channels, "architecture": .string("skip")])
        try module.requireAttributes(
          at: ["\(block).enc"], ["num_heads": .int(heads(of: h)), "use_noise": .bool(true)])
        try module.requireAttributes(at: ["\(block).torgb"], ["conv_clamp": .null])
      }
    }
  }
}

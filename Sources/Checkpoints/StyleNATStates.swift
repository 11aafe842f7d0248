// StyleNAT's generator in torch files: as its training program writes them now, with all settings,
// and as the published files of FFHQ are, with other names and no settings of the attention.

import Formats
import Layers
import Networks
import OrderedCollections

extension StateFamily {
  /// StyleNAT's generator.
  static let styleNAT = StateFamily(
    form: .transformers, use: .generator,
    recognises: { has in has("layers.0.blocks.0.attn.rpb") },
    network: { source throws(FileError) in
      let isStated = source.settings != nil
      let configuration = try StyleNATConfiguration(of: source)
      var network = try Checkpoint.Network(
        completing: source.parameters, as: configuration, file: source.file)
      if !isStated { network.remarks.append(configuration.guess) }
      return network
    })
}

extension StyleNATConfiguration {
  /// The configuration of the generator that has these parameters.
  ///
  /// Kernel sizes and the split of the heads follow from the biases. Dilations leave no trace in
  /// tensors: where the file does not state them, they are those that were published.
  fileprivate init(of source: StateSource) throws(FileError) {
    let biases = BiasTables(source)
    self.init()
    shape = try TransformerShape(shapesOf: source) { stage throws(FileError) in
      try biases.heads(stage)
    }
    biasNames = biases.names
    qkvBias = source.parameters["layers.0.blocks.0.attn.qkv.bias"] != nil
    let stages = Array(shape.resolutions.enumerated().dropFirst())
    kernelSizes = []
    for (stage, _) in stages { kernelSizes.append(try biases.kernelSizes(stage)) }
    dilations = []
    for (stage, r) in stages {
      dilations.append(
        Self.publishedDilations(
          try biases.partitionCount(stage), resolution: r, kernelSizes: kernelSizes[stage - 1]))
    }
    if let settings = source.settings { try adopt(settings, stages: stages.count) }
    try validated(file: source.file)
    try source.requireArguments(of: shape)
  }

  /// What the training program states beyond what tensors tell.
  private mutating func adopt(_ settings: Settings, stages: Int) throws(FileError) {
    let blockType = settings["block_type"]
    guard blockType == nil || blockType == .string("nat") else {
      throw FileError(
        .unsupported, file: settings.file, expected: "attention of block_type nat",
        found: blockType?.description ?? "none")
    }
    shape.minHeads = try settings.int("min_heads") ?? shape.minHeads
    shape.mappingLRMultiplier = try settings.number("lr_mlp") ?? shape.mappingLRMultiplier
    shape.mlpRatio = try settings.number("mlp_ratio") ?? shape.mlpRatio
    qkScale = try settings.number("qk_scale")
    // The first entry stands for 4×4, where attention is of all pixels.
    if let lists = try settings.lists("kernels") {
      kernelSizes = Array(lists.dropFirst().prefix(stages))
    }
    if let lists = try settings.lists("dilations") {
      dilations = Array(lists.dropFirst().prefix(stages))
    }
  }

  /// The dilations with which networks of as many partitions were published.
  private static func publishedDilations(
    _ count: Int, resolution r: Int, kernelSizes: [Int]
  ) -> [Int] {
    let most = max(1, min(r / 8, r / max(kernelSizes.max() ?? 1, 1)))
    switch count {
    case 1: return [1]
    case 2: return most == 1 ? [1] : [1, most]
    default: return (0..<count).map { min(1 << min($0, 12), most) }
    }
  }

  /// Whether a file with two biases at every stage, which states no dilations, is read with these.
  var hasPublishedDilations: Bool {
    let stages = zip(shape.resolutions.dropFirst(), kernelSizes)
    return dilations
      == stages.map { Self.publishedDilations(2, resolution: $0, kernelSizes: $1) }
  }

  /// What the file does not state, and was taken as published.
  fileprivate var guess: String {
    let lists = zip(shape.resolutions.dropFirst(), dilations).map { "\($1) at \($0)×\($0)" }
    return
      "no dilations in the file, and tensors do not tell them; taken as published: "
      + lists.joined(separator: ", ")
  }
}

/// The position biases of a generator, whose shapes tell heads and kernel sizes.
private struct BiasTables {
  let names: HydraBiasNames
  private let shapes: NetworkShapes

  init(_ source: StateSource) {
    let isHalved = source.parameters[Self.path(1, "rpb0")] != nil
    names = isHalved ? .halves : .list
    shapes = NetworkShapes(source.parameters, file: source.file)
  }

  private static func path(_ stage: Int, _ name: String) -> String {
    "layers.\(stage).blocks.0.attn.\(name)"
  }

  private func path(_ stage: Int, partition: Int) -> String {
    Self.path(stage, names == .halves ? "rpb\(partition)" : "rpb.\(partition)")
  }

  /// The partitions of the heads at a stage above 4×4; the old names do not tell one from two.
  func partitionCount(_ stage: Int) throws(FileError) -> Int {
    let count = shapes.count { path(stage, partition: $0) }
    guard count > 0 else {
      throw shapes.damaged("\(path(stage, partition: 0)), a position bias", found: "none")
    }
    return count
  }

  private func tables(_ stage: Int) throws(FileError) -> [[Int]] {
    guard stage > 0 else { return [try shapes.required(Self.path(0, "rpb"), rank: 3)] }
    var tables: [[Int]] = []
    for partition in 0..<(try partitionCount(stage)) {
      tables.append(try shapes.required(path(stage, partition: partition), rank: 3))
    }
    return tables
  }

  /// All heads of a stage.
  func heads(_ stage: Int) throws(FileError) -> Int {
    try tables(stage).reduce(0) { $0 + min($1[0], 1 << 16) }
  }

  /// The kernel sizes of a stage, one for all partitions if they are the same.
  func kernelSizes(_ stage: Int) throws(FileError) -> [Int] {
    let sizes = try tables(stage).map { $0[1] / 2 + 1 }
    return Set(sizes).count == 1 ? [sizes[0]] : sizes
  }
}

/// The settings of the generator that StyleNAT's training program keeps in its files.
private struct Settings {
  let file: String
  private let values: [String: PlainValue]

  init(_ values: [String: PlainValue], file: String) { (self.values, self.file) = (values, file) }

  subscript(name: String) -> PlainValue? {
    values[name].flatMap { $0 == .null ? nil : $0 }
  }

  func int(_ name: String) throws(FileError) -> Int? {
    guard let value = self[name] else { return nil }
    guard case .int(let number) = value else { throw damaged(name, "a whole number", value) }
    return number
  }

  func number(_ name: String) throws(FileError) -> Double? {
    switch self[name] {
    case nil: return nil
    case .int(let number): return Double(number)
    case .double(let number): return number
    case let value?: throw damaged(name, "a number", value)
    }
  }

  func lists(_ name: String) throws(FileError) -> [[Int]]? {
    guard let value = self[name] else { return nil }
    let lists: [[Int]]? = value.items?.compactMap { list in
      list.items?.compactMap { if case .int(let number) = $0 { number } else { nil } }
    }
    let counts = value.items?.map { $0.items?.count }
    guard let lists, lists.map(\.count) == counts else {
      throw damaged(name, "lists of whole numbers", value)
    }
    return lists
  }

  private func damaged(_ name: String, _ expected: String, _ found: PlainValue) -> FileError {
    FileError(
      .damaged, file: file, expected: "args.runs.generator.\(name): \(expected)",
      found: String(found.description.prefix(80)))
  }
}

extension StateSource {
  /// The settings of the generator, which older files do not hold.
  fileprivate var settings: Settings? {
    guard case .dictionary(let values) = runs?["generator"] else { return nil }
    return Settings(values, file: file)
  }
}

extension PlainValue {
  fileprivate var items: [PlainValue]? { if case .list(let items) = self { items } else { nil } }
}

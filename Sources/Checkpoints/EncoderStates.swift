// Encoders in torch files: Style Transformer's, pSp's and e4e's, beside the generators that they
// are for.

import Formats
import Layers
import Networks
import OrderedCollections
import Tensors

extension StateFamily {
  /// Style Transformer's encoder.
  static let styleTransformerEncoder = StateFamily(
    form: .encoders, use: .encoder,
    recognises: { has in has("transformerlayer_coarse.linear1.weight") },
    network: { source throws(FileError) in try source.styleTransformerEncoder() })

  /// pSp's encoders, and e4e's.
  static let pSpEncoder = StateFamily(
    form: .encoders, use: .encoder,
    recognises: { has in
      has("styles.0.linear.weight") || (has("linear.weight") && has("input_layer.0.weight"))
    },
    network: { source throws(FileError) in try source.pSpEncoder() })
}

// MARK: - Style Transformer

extension StateSource {
  fileprivate func styleTransformerEncoder() throws(FileError) -> Checkpoint.Network {
    let shapes = NetworkShapes(parameters, file: file)
    var configuration = StyleTransformerConfiguration()
    let z = try shapes.required("z", rank: 3)
    (configuration.tokens, configuration.shape.wDim) = (z[1], z[2])
    configuration.shape.numWs = decoderRows ?? z[1]
    configuration.shape.trunk = try shapes.trunk()
    configuration.decoder.width = z[2]
    configuration.decoder.feedForward = try shapes.required(
      "transformerlayer_coarse.linear1.weight", rank: 2)[0]
    takeSize(&configuration.shape)
    // The mapping network that the queries were trained with stands with the generator.
    var tensors = parameters
    configuration.mappingLayers = 0
    for (layer, found) in try decoderMapping().enumerated() {
      for (name, parameter) in found { tensors["mapping.fc\(layer).\(name)"] = parameter }
      configuration.mappingLayers += 1
    }
    guard configuration.mappingLayers > 0 else {
      throw shapes.damaged(
        "decoder.style.1.weight, the mapping network that the queries pass", found: "none")
    }
    try takeAverage(&configuration.shape, &tensors)
    return try Checkpoint.Network(counting: tensors, as: configuration, file: file) {
      _ = configuration.makeEncoder($0)
    }
  }
}

// MARK: - pSp and e4e

extension StateSource {
  fileprivate func pSpEncoder() throws(FileError) -> Checkpoint.Network {
    let shapes = NetworkShapes(parameters, file: file)
    var configuration = PSpEncoderConfiguration()
    configuration.head = try head()
    configuration.shape.trunk = try shapes.trunk()
    switch configuration.head {
    case .gradual, .offsets:
      configuration.shape.wDim = try shapes.required("styles.0.linear.weight", rank: 2)[0]
      configuration.shape.numWs = shapes.count { "styles.\($0).linear.weight" }
      takeHeads(&configuration)
    case .intoW:
      configuration.shape.wDim = try shapes.required("linear.weight", rank: 2)[0]
      configuration.shape.numWs = decoderRows ?? configuration.shape.numWs
    case .intoWPlus:
      let matrix = try shapes.required("linear.weight", rank: 2)
      configuration.shape.wDim = matrix[1]
      configuration.shape.numWs = matrix[0] / max(1, matrix[1])
    }
    takeSize(&configuration.shape)
    var tensors = parameters
    try takeAverage(&configuration.shape, &tensors)
    return try Checkpoint.Network(counting: tensors, as: configuration, file: file) {
      _ = configuration.makeEncoder($0)
    }
  }

  /// How codes are made of features: what the file says, else what its names tell.
  private func head() throws(FileError) -> PSpEncoderConfiguration.Head {
    let types: [String: PSpEncoderConfiguration.Head] = [
      "GradualStyleEncoder": .gradual, "Encoder4Editing": .offsets,
      "BackboneEncoderUsingLastLayerIntoW": .intoW,
      "BackboneEncoderUsingLastLayerIntoWPlus": .intoWPlus,
    ]
    if case .string(let type) = option("encoder_type") {
      guard let head = types[type] else {
        throw FileError(
          .unsupported, file: file,
          expected: "an encoder of type \(types.keys.sorted().joined(separator: ", "))",
          found: type)
      }
      return head
    }
    if parameters["styles.0.linear.weight"] != nil { return .gradual }
    return parameters["output_layer_2.0.weight"] == nil ? .intoW : .intoWPlus
  }

  /// Which rows read which features, told by how often their heads halve them.
  private func takeHeads(_ configuration: inout PSpEncoderConfiguration) {
    let counts = (0..<configuration.shape.numWs).map { row in
      (0...16).first { parameters["styles.\(row).convs.\(2 * $0).weight"] == nil } ?? 16
    }
    var (ends, depths) = ([Int](), [Int]())
    for (row, count) in counts.enumerated() where depths.last != count {
      if row > 0 { ends.append(row) }
      depths.append(count)
    }
    guard (1...3).contains(depths.count) else { return }
    configuration.coarseEnd = ends.first ?? counts.count
    configuration.middleEnd = ends.count > 1 ? ends[1] : counts.count
    configuration.headConvolutions = (0..<3).map { level in
      level < depths.count ? depths[level] : depths[depths.count - 1] + level - depths.count + 1
    }
  }
}

// MARK: - Both

extension StateSource {
  /// Whether the program was trained on pictures of cars, which are wider than high.
  var isOfCars: Bool {
    guard case .string(let type) = option("dataset_type") else { return false }
    return type.hasPrefix("cars")
  }

  /// A stored option of the program that trained the encoder.
  private func option(_ name: String) -> PlainValue? {
    guard case .dictionary(let options) = state.values["opts"] else { return nil }
    return options[name]
  }

  /// Where the generator stands beside the encoder.
  private var decoderPath: String? {
    let keys = path.split(separator: ".")
    guard let index = keys.firstIndex(of: "encoder") else { return nil }
    let container = keys[..<index].joined(separator: ".")
    return state.unwrapped(container.appending(key: "decoder"))
  }

  /// The rows of the W+ of the generator beside the encoder, if there is one.
  private var decoderRows: Int? {
    guard let decoderPath else { return nil }
    func has(_ name: String) -> Bool { state.tensors[decoderPath.appending(key: name)] != nil }
    guard has("to_rgb1.bias") else { return nil }
    return 2 * ((0...16).first { !has("to_rgbs.\($0).bias") } ?? 16) + 2
  }

  /// The layers of the mapping network of the generator beside the encoder.
  private func decoderMapping() throws(FileError) -> [StoredParameters] {
    guard let decoderPath else { return [] }
    var layers: [StoredParameters] = []
    while layers.count < 64 {
      // The normalisation of z, number 0, has no parameters.
      let layer = try state.parameters(
        under: decoderPath.appending(key: "style.\(layers.count + 1)"))
      guard !layer.isEmpty else { break }
      layers.append(layer)
    }
    return layers
  }

  /// The size of the pictures, which no tensor tells: those of cars are wider than high.
  private func takeSize(_ shape: inout EncoderShape) {
    if isOfCars { shape.height = 192 }
  }

  /// The average code beside the networks, with a row for each of W+.
  private func takeAverage(
    _ shape: inout EncoderShape, _ tensors: inout StoredParameters
  ) throws(FileError) {
    let stored = state.tensors["latent_avg"]
    shape.isResidual = stored != nil
    if case .bool(let starts) = option("start_from_latent_avg") { shape.isResidual = starts }
    guard shape.isResidual else { return }
    let (rows, wDim) = (shape.numWs, shape.wDim)
    let expected = "latent_avg of shape [\(wDim)], [1, \(wDim)] or [\(rows), \(wDim)]"
    guard let stored, stored.shape.last == wDim, stored.shape.count <= 2,
      stored.shape.count == 1 || stored.shape[0] == 1 || stored.shape[0] >= rows
    else {
      throw FileError(
        .damaged, file: file, expected: expected,
        found: stored.map { "\($0.shape)" } ?? "none")
    }
    tensors["latent_avg"] = try StoredParameter(stored).changed(to: [rows, wDim]) { average in
      let all = average.rank == 1 ? average.unsqueezed(0) : average
      return all.size(0) == 1
        ? all.expanded(rows, wDim) : all.sliced(0..<rows, axis: 0)
    }
  }
}

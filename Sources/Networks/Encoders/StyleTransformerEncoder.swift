// Style Transformer's encoder: Hu et al., "Style Transformer for Image Inversion and Editing"
// (2022), in the configuration and with the layer names of the published code.

public import Layers
public import Tensors

/// The sizes and choices of Style Transformer's encoder; the defaults are those for faces at
/// 1024×1024.
public struct StyleTransformerConfiguration: EncoderConfiguration {
  /// The name of this kind in network files.
  public static let kind = "style-transformer-encoder"

  /// Image, trunk and target.
  public var shape = EncoderShape()
  /// The learned queries; those beyond the rows of W+ only take part in attention.
  public var tokens = 18
  /// What each decoder layer reads, in their order; nil, as published, for coarse, middle and fine.
  public var levels: [FeatureLevel]?
  /// Whether all rows have the code of the first query, which is then in W; nil, as published, for no.
  public var isIntoW: Bool?
  /// The fully connected layers of the mapping network that the queries pass.
  public var mappingLayers = 8
  /// The learning rate of the mapping network relative to other layers.
  public var mappingLRMultiplier = 0.01
  /// The decoder layers.
  public var decoder = DETRDecoderConfiguration()

  /// The encoder for faces at 1024×1024.
  public init() {}

  /// Checks that an encoder can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try shape.validate()
    try decoder.validate()
    try ConfigurationError.check(
      "tokens", tokens, in: (isIntoW == true ? 1 : shape.numWs)...256)
    try ConfigurationError.check("levels", readLevels.map(\.rawValue), is: "1 to 6 levels") {
      (1...6).contains($0.count)
    }
    try ConfigurationError.check("mappingLayers", mappingLayers, in: 1...64)
    try ConfigurationError.check("mappingLRMultiplier", mappingLRMultiplier, is: "positive") {
      $0 > 0 && $0.isFinite
    }
    try ConfigurationError.check("decoder.width", decoder.width, is: "wDim, \(shape.wDim)") {
      $0 == shape.wDim
    }
    let (name, part) =
      shape.pyramidWidth == nil ? ("trunk.stages", "a last stage") : ("pyramidWidth", "features")
    try ConfigurationError.check(
      name, shape.featureWidth, is: "\(part) as wide as wDim, \(shape.wDim)"
    ) { $0 == shape.wDim }
  }

  /// What each decoder layer reads.
  var readLevels: [FeatureLevel] { levels ?? FeatureLevel.allCases }

  /// The same encoder for another generator; the last stage of its trunk, or its pyramid where that has
  /// a width of its own, is as wide as the generator's w.
  public func fitting(_ generator: GeneratorTraits) -> StyleTransformerConfiguration {
    var fitting = self
    fitting.shape.fit(generator)
    fitting.tokens = isIntoW == true ? tokens : generator.numWs
    fitting.decoder.width = generator.wDim
    fitting.decoder.heads =
      (1...decoder.heads).last { generator.wDim.isMultiple(of: $0) } ?? 1
    if shape.pyramidWidth == nil {
      fitting.shape.trunk.stages[shape.trunk.stages.count - 1].width = generator.wDim
    } else {
      fitting.shape.pyramidWidth = generator.wDim
    }
    return fitting
  }

  /// Builds the encoder.
  public func makeEncoder(_ p: Scope) -> any ImageEncoder { StyleTransformerEncoder(self, p) }

  /// The published encoders, and one small enough to learn on a processor.
  public static var namedConfigurations: [NamedEncoder] {
    let faces = StyleTransformerConfiguration()
    var cars = faces
    (cars.shape.height, cars.shape.numWs, cars.tokens) = (192, 16, 16)
    var small = faces
    (small.shape.height, small.shape.width) = (64, 64)
    (small.shape.numWs, small.tokens) = (10, 10)
    small.shape.trunk = IRSEConfiguration(
      stemWidth: 32,
      stages: [(32, 1), (64, 2), (128, 2), (512, 1)].map { .init(width: $0, units: $1) })
    return [
      NamedEncoder(
        name: "style-transformer", summary: "Style Transformer for StyleGAN2 of 1024×1024",
        configuration: faces),
      NamedEncoder(
        name: "style-transformer-cars", summary: "Style Transformer for cars: 192×256, 16 rows",
        configuration: cars),
      NamedEncoder(
        name: "style-transformer-small", summary: "ours, for generators of 64×64: a small trunk",
        configuration: small),
    ]
  }
}

/// Style Transformer's encoder: learned queries that read an image's features from coarse to fine.
///
/// The queries are mapped by a network that belongs to the encoder: it starts as the generator's
/// and is then trained, so that codes are never made with that of another checkpoint.
public final class StyleTransformerEncoder: ImageEncoder {
  /// What every part makes of an image.
  public struct Steps {
    /// The mapped queries, [N, tokens, wDim]; the same for every image.
    public let query: Tensor
    /// The features that each decoder layer reads as tokens, each [N, H · W, wDim], row by row.
    public let memories: [Tensor]
    /// What each decoder layer gives, each [N, tokens, wDim].
    public let codes: [Tensor]
  }

  /// The sizes and choices it was built from.
  public let configuration: StyleTransformerConfiguration
  /// All parameters and buffers under the published names, and those of `mapping`.
  public let parameters: ParameterStore
  /// The code that is added to what the network gives, [numWs, wDim].
  public let latentAverage: Tensor?
  /// The mapping network of the queries, which is not the generator's.
  public let mapping: MappingNetwork
  private let z: Tensor  // [1, tokens, wDim]
  private let trunk: IRSETrunk
  private let pyramid: FeaturePyramid
  private let layers: [(level: FeatureLevel, layer: DETRDecoderLayer)]

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: StyleTransformerConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    let shape = configuration.shape
    z = p.parameter("z", .randn([1, configuration.tokens, shape.wDim]))
    trunk = IRSETrunk(shape.trunk, p)
    let levels = configuration.readLevels
    pyramid = FeaturePyramid(
      p, shape, finest: levels.max { $0.coarser < $1.coarser } ?? .fine)
    let published = ["coarse", "medium", "fine"]
    layers = levels.enumerated().map { index, level in
      let name = configuration.levels == nil ? published[index] : "\(index + 1)"
      return (level, DETRDecoderLayer(configuration.decoder, p / "transformerlayer_\(name)"))
    }
    mapping = MappingNetwork(
      p / "mapping", zDim: shape.wDim, labelDim: 0, wDim: shape.wDim,
      numLayers: configuration.mappingLayers, lrMultiplier: configuration.mappingLRMultiplier,
      keepsAverage: false)
    latentAverage = shape.makeLatentAverage(p)
  }

  /// Finds the codes of images [N, C, H, W], without the average: [N, numWs, wDim].
  public func callAsFunction(_ img: Tensor, options: EncoderOptions = .init()) -> Tensor {
    let codes =
      recordsGradients || options.purpose == .training || options.dropping != nil
      ? steps(img, options: options).codes[layers.count - 1] : lastCodes(img)
    let numWs = configuration.shape.numWs
    return configuration.isIntoW == true
      ? codes.sliced(0..<1, axis: 1).expanded(-1, numWs, -1)
      : codes.sliced(0..<numWs, axis: 1)
  }

  /// The last codes of `steps`, with as few features at a time as there can be: features as tokens are
  /// four times as wide as those that they are made of.
  private func lastCodes(_ img: Tensor) -> Tensor {
    configuration.shape.check(img)
    let query = mapping(z.squeezed(0)).cast(to: z.dtype).unsqueezed(0)
    let taps = trunk(img)
    return sampleBySample(img.size(0)) { one in
      let taps = IRSETrunk.Taps(
        fine: one(taps.fine), middle: one(taps.middle), coarse: one(taps.coarse))
      var levels = pyramid(taps)
      return layers.reduce(query) { codes, part in
        part.layer(codes, memory: Self.tokens(levels(part.level)))
      }
    }
  }

  /// [N, C, H, W] → [N, H · W, C].
  private static func tokens(_ x: Tensor) -> Tensor { x.flattened(from: 2).transposed(1, 2) }

  /// Finds the codes of images, and keeps what every part makes.
  ///
  /// - Parameters:
  ///   - img: [N, C, H, W] in [-1, 1].
  ///   - options: Purpose, and what training drops.
  /// - Returns: All steps; the last codes have a row for every token.
  public func steps(_ img: Tensor, options: EncoderOptions = .init()) -> Steps {
    configuration.shape.check(img)
    // Mapping networks compute in float32.
    let query = mapping(z.squeezed(0)).cast(to: z.dtype).unsqueezed(0)
      .expanded(img.size(0), -1, -1)
    var levels = pyramid(trunk(img, purpose: options.purpose))
    let memories = layers.map { Self.tokens(levels($0.level)) }
    var codes: [Tensor] = []
    for (part, memory) in zip(layers, memories) {
      codes.append(part.layer(codes.last ?? query, memory: memory, dropping: options.dropping))
    }
    return Steps(query: query, memories: memories, codes: codes)
  }
}

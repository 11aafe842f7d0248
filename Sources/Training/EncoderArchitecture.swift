// Which encoder is trained, as plain values that a run folder keeps.

public import Networks

/// The encoders that can be trained, as people type them.
public enum EncoderKind: String, CaseIterable, Codable, Sendable {
  /// Style Transformer: queries that read features from coarse to fine.
  case styleTransformer = "style-transformer"
  /// pSp: a head of convolutions for every row of W+.
  case psp
  /// pSp's baseline: one code for all rows.
  case pspW = "psp-w"
  /// pSp's baseline: all rows from one matrix.
  case pspWPlus = "psp-w-plus"
}

/// How large an encoder is made.
public enum EncoderSize: String, CaseIterable, Codable, Sendable {
  /// The published widths and depths.
  case published
  /// Ours, for a processor: at most three million parameters into a w of 256 numbers.
  case small
}

/// The sizes of an encoder.
public struct EncoderArchitecture: Codable, Hashable, Sendable {
  /// Which encoder it is.
  public var kind: EncoderKind
  /// The height of the pictures that it sees, in pixels.
  public var height: Int
  /// Their width.
  public var width: Int
  /// Their channels.
  public var channels: Int
  /// The rows of W+.
  public var numWs: Int
  /// The length of w.
  public var wDim: Int
  /// The features of the trunk's first convolution.
  public var stemWidth: Int
  /// The features of each stage of the trunk.
  public var widths: [Int]
  /// The residual units of each stage.
  public var units: [Int]
  /// The features of the pyramid; nil for those of the last stage.
  public var pyramidWidth: Int?
  /// pSp: the features of the heads' convolutions; nil for as many as w has.
  public var headWidth: Int?
  /// Style Transformer: the heads of an attention.
  public var heads: Int?
  /// Style Transformer: the numbers between the two matrices of a decoder layer.
  public var feedForward: Int?
  /// Style Transformer: the share of numbers that training drops.
  public var dropout: Double?
  /// Style Transformer: the layers of the mapping network that the queries pass.
  public var mappingLayers: Int?
  /// Style Transformer: whether queries look at one another; nil, as published, for yes.
  public var selfAttention: Bool?
  /// Style Transformer: what each decoder layer reads; nil, as published, for coarse, middle and fine.
  public var levels: [FeatureLevel]?
  /// Style Transformer: whether all rows have one code; nil, as published, for no.
  public var isIntoW: Bool?
  /// Whether codes are differences from the average code; nil, as published, for yes.
  public var isResidual: Bool?

  /// The sizes of an encoder for a generator.
  ///
  /// - Parameters:
  ///   - kind: Which encoder it is.
  ///   - size: How large it is made.
  ///   - width: The width of the pictures that it sees, in pixels.
  ///   - decoder: The generator, whose codes and proportions of pictures it has.
  public init(_ kind: EncoderKind, _ size: EncoderSize, width: Int, into decoder: any Generator) {
    let traits = decoder.traits
    (self.kind, self.width, channels) = (kind, width, traits.imgChannels)
    height = max(1, width * traits.visibleRows.count / traits.resolution)
    (numWs, wDim) = (traits.numWs, traits.wDim)
    let isTransformer = kind == .styleTransformer
    switch size {
    case .published:
      (stemWidth, units) = (64, [3, 4, 14, 3])
      widths = [64, 128, 256, isTransformer ? traits.wDim : 512]
    case .small:
      (stemWidth, units, widths) = (32, [1, 1, 2, 1], [32, 64, 96, 128])
      pyramidWidth = isTransformer ? traits.wDim : nil
      headWidth = kind == .psp ? 64 : nil
    }
    guard isTransformer else { return }
    heads = (1...4).last { traits.wDim.isMultiple(of: $0) }
    feedForward = size == .published ? 1024 : traits.wDim
    dropout = 0.1
    let layers = EncoderLearner.mappingLayers(of: decoder.parameters).count
    mappingLayers = layers > 0 ? layers : 8
  }

  /// Checks that a trunk of other sizes has a width and a depth for every stage.
  ///
  /// - Throws: `ConfigurationError` if it has not.
  func validate() throws(ConfigurationError) {
    try ConfigurationError.check(
      "units", units.count, is: "\(widths.count) numbers, one for each stage"
    ) { $0 == widths.count }
  }

  /// The configuration that follows.
  ///
  /// - Returns: The configuration, validated.
  /// - Throws: `ConfigurationError` if sizes do not go together.
  public func configuration() throws(ConfigurationError) -> any EncoderConfiguration {
    try validate()
    var shape = EncoderShape()
    (shape.height, shape.width) = (height, width)
    (shape.numWs, shape.wDim, shape.pyramidWidth) = (numWs, wDim, pyramidWidth)
    shape.isResidual = isResidual ?? true
    shape.trunk = IRSEConfiguration(
      stemWidth: stemWidth, stages: zip(widths, units).map { .init(width: $0, units: $1) })
    shape.trunk.inChannels = channels
    try shape.validate()
    let configuration: any EncoderConfiguration =
      kind == .styleTransformer ? styleTransformer(shape) : pSp(shape)
    try configuration.validate()
    return configuration
  }

  private func styleTransformer(_ shape: EncoderShape) -> StyleTransformerConfiguration {
    var configuration = StyleTransformerConfiguration()
    (configuration.shape, configuration.tokens) = (shape, isIntoW == true ? 1 : numWs)
    (configuration.levels, configuration.isIntoW) = (levels, isIntoW)
    (configuration.decoder.width, configuration.decoder.selfAttention) = (wDim, selfAttention)
    if let heads { configuration.decoder.heads = heads }
    if let feedForward { configuration.decoder.feedForward = feedForward }
    if let dropout { configuration.decoder.dropout = dropout }
    if let mappingLayers { configuration.mappingLayers = mappingLayers }
    return configuration
  }

  private func pSp(_ shape: EncoderShape) -> PSpEncoderConfiguration {
    var configuration = PSpEncoderConfiguration()
    (configuration.shape, configuration.headWidth) = (shape, headWidth)
    switch kind {
    case .styleTransformer, .psp: configuration.head = .gradual
    case .pspW: configuration.head = .intoW
    case .pspWPlus: configuration.head = .intoWPlus
    }
    // As many as leave one vector of the features: 4, 5 and 6 at 256 pixels, as published.
    configuration.headConvolutions = shape.tapSizes.reversed().map { size in
      let longest = max(size.height, size.width)
      return (1...16).first { IRSEConfiguration.length(longest, after: $0) == 1 } ?? 16
    }
    return configuration
  }
}

// The generator that StyleSwin (Zhang et al., 2022) and StyleNAT (Walton et al., 2022) are, up to
// their attention: mapping network, transformer synthesis, and the sizes of both.

public import Layers
public import Tensors

/// The sizes that transformer generators share; the defaults are the published ones at 256×256.
public struct TransformerShape: Codable, Hashable, Sendable {
  /// The image's width and height, a power of two from 8 to 1024.
  public var resolution = 256
  /// The length of z and of w.
  public var wDim = 512
  /// Fully connected layers of the mapping network.
  public var mappingLayers = 8
  /// The learning rate of the mapping network relative to other layers, which scales what its
  /// weights are stored as.
  public var mappingLRMultiplier = 0.01
  /// Channels of the feature maps from 4×4 to 32×32.
  public var baseChannels = 512
  /// A factor on the channels above: half of the base at 64×64, a quarter at 128×128, and so on.
  public var channelMultiplier = 2
  /// The fewest attention heads; from 32 channels for each head on there are more.
  public var minHeads = 4
  /// The hidden width of the blocks' MLP relative to their channels.
  public var mlpRatio = 4.0

  /// The published sizes at a resolution.
  ///
  /// - Parameters:
  ///   - resolution: The image's width and height, in pixels.
  ///   - channelMultiplier: A factor on the channels above 32×32.
  ///   - minHeads: The fewest attention heads.
  public init(resolution: Int = 256, channelMultiplier: Int = 2, minHeads: Int = 4) {
    self.resolution = resolution
    self.channelMultiplier = channelMultiplier
    self.minHeads = minHeads
  }

  /// The resolutions of the stages: 4, 8, … up to `resolution`.
  public var resolutions: [Int] {
    Array(sequence(first: 4) { $0 * 2 }.prefix { $0 <= resolution })
  }

  /// The rows of W+: two for each resolution.
  public var numWs: Int { 2 * resolutions.count }

  /// The channels of the feature maps at resolution `r`.
  ///
  /// - Parameter r: A power of two.
  /// - Returns: The number of channels.
  public func channels(at r: Int) -> Int {
    Self.channels(at: r, base: baseChannels, multiplier: channelMultiplier)
  }

  /// The channels of generators and of the discriminator at resolution `r`.
  static func channels(at r: Int, base: Int, multiplier: Int) -> Int {
    r <= 32 ? base : base * multiplier * 32 / r
  }

  /// The attention heads at resolution `r`.
  ///
  /// - Parameter r: A power of two.
  /// - Returns: The number of heads.
  public func heads(at r: Int) -> Int { max(channels(at: r) / 32, minHeads) }

  /// Makes the mapping network under its published names.
  ///
  /// - Parameters:
  ///   - p: The root of the generator's names.
  ///   - keepsAverage: Whether a running mean of w is kept.
  /// - Returns: The mapping network.
  public func makeMapping(_ p: Scope, keepsAverage: Bool) -> MappingNetwork {
    // Layer 0 of the published module is the normalisation of z, which has no parameters.
    MappingNetwork(
      p / "style", zDim: wDim, labelDim: 0, wDim: wDim, numLayers: mappingLayers,
      lrMultiplier: mappingLRMultiplier, keepsAverage: keepsAverage, layerName: { "\($0 + 1)" })
  }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("resolution", resolution, is: "a power of two from 8 to 1024") {
      (8...1024).contains($0) && $0.nonzeroBitCount == 1
    }
    try ConfigurationError.check("wDim", wDim, in: 1...65536)
    try ConfigurationError.check("mappingLayers", mappingLayers, in: 1...64)
    try ConfigurationError.check("mappingLRMultiplier", mappingLRMultiplier, is: "positive") {
      $0 > 0 && $0.isFinite
    }
    try ConfigurationError.check("baseChannels", baseChannels, in: 8...65536)
    try ConfigurationError.check("channelMultiplier", channelMultiplier, in: 1...64)
    try ConfigurationError.check("minHeads", minHeads, in: 1...1024)
    try ConfigurationError.check("mlpRatio", mlpRatio, is: "from 0.125 to 64") {
      (0.125...64).contains($0)
    }
    for r in resolutions {
      let (dim, heads) = (channels(at: r), heads(at: r))
      try ConfigurationError.check(
        "channels at \(r)×\(r)", dim, is: "a multiple of 4 and of the \(heads) heads"
      ) { $0 % 4 == 0 && $0 % heads == 0 }
    }
  }
}

/// The sizes and choices of a transformer generator: the shared ones, and its attention.
public protocol TransformerConfiguration: GeneratorConfiguration {
  /// The sizes that all transformer generators share.
  var shape: TransformerShape { get set }

  /// Makes the attention of one block.
  ///
  /// - Parameters:
  ///   - p: The block's place among the names; some families put the attention's own below `attn`.
  ///   - place: Which block it is, and its sizes.
  /// - Returns: The attention.
  func makeAttention(_ p: Scope, at place: AttentionPlace) -> any PixelAttention

  /// What published files hold for the attention of one block although it follows from the sizes:
  /// tables of indices, masks.
  ///
  /// - Parameter place: Which block it is, and its sizes.
  /// - Returns: Tensors by name below the block's own, such as `attn_mask2`, made when asked for.
  func derivedBuffers(at place: AttentionPlace) -> [String: StoredParameter]
}

extension TransformerConfiguration {
  /// Also bfloat16, from 16×16 on.
  public static var numberFormats: [DType] { [.float32, .bfloat16] }

  /// The image's width and height, in pixels.
  public var resolution: Int { shape.resolution }

  /// Builds the generator.
  public func makeGenerator(_ p: Scope) -> any Generator { TransformerGenerator(self, p) }

  /// The blocks of all stages in order, two for each.
  public var attentionPlaces: [AttentionPlace] {
    shape.resolutions.enumerated().flatMap { stage, r in
      (0..<2).map { block in
        AttentionPlace(
          stage: stage, block: block, resolution: r, dim: shape.channels(at: r),
          heads: shape.heads(at: r))
      }
    }
  }

  /// What published files hold beside the parameters and buffers of the network, by name.
  ///
  /// Networks have no such tensors, since these follow from the sizes or are never read.
  public var derivedBuffers: [String: StoredParameter] {
    var buffers: [String: StoredParameter] = [:]
    for place in attentionPlaces {
      let path = "layers.\(place.stage)"
      for (name, buffer) in derivedBuffers(at: place) {
        buffers["\(path).blocks.\(place.block).\(name)"] = buffer
      }
      // Memory that PyTorch's module reserves to know its device by; its number means nothing.
      if place.block == 1, place.resolution < shape.resolution {
        buffers["\(path).upsample.sin_pos_embed._float_tensor"] = StoredParameter(.zeros([1]))
      }
    }
    return buffers
  }
}

/// A style-based generator of transformer blocks, whatever their attention.
///
/// It has no noise: the styles decide every pixel. Where bfloat16 is asked for and no gradients are
/// recorded, matrices and attention from 16×16 on work in it; normalisation, what the blocks add to,
/// and the image stay in float32.
public final class TransformerGenerator<Configuration: TransformerConfiguration>: AttentiveGenerator
{
  /// The sizes and choices it was built from.
  public let configuration: Configuration
  /// All parameters and buffers under the published names, and `style.w_avg`, which published files
  /// lack.
  public let parameters: ParameterStore
  /// From z to w; also keeps the mean of w.
  public let mapping: MappingNetwork
  /// From W+ to images.
  public let synthesis: TransformerSynthesis
  /// Where the mean of w came from.
  public var wAvgSource = WAvgSource.stored

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: Configuration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    mapping = configuration.shape.makeMapping(p, keepsAverage: true)
    synthesis = TransformerSynthesis(configuration, p)
  }

  /// Sizes, ranges and conventions.
  public var traits: GeneratorTraits {
    let shape = configuration.shape
    return GeneratorTraits(
      zDim: shape.wDim, wDim: shape.wDim, labelDim: 0, numWs: shape.numWs, usedWs: 0..<shape.numWs,
      resolution: shape.resolution, startResolution: 4, imgChannels: 3,
      visibleRows: 0..<shape.resolution, pixelEncoding: .imageNet,
      seedConvention: .torchManualSeed, wAvgSource: wAvgSource,
      layerRanges: LayerRanges(numWs: shape.numWs),
      attentionResolutions: configuration.attentionPlaces.map(\.resolution))
  }

  /// The running mean of w: [wDim].
  public var wAvg: Tensor { parameters["style.w_avg"] }

  /// None: the family has no noise.
  public var noiseInputs: [NoiseInput] { [] }

  /// The matrices of both normalisations of every block, in the order of their rows of W+.
  public var styleMatrices: [StyleMatrix] {
    synthesis.blocks.enumerated().flatMap { row, block in
      block.affines.map { StyleMatrix(name: $0.name, row: row, weight: $0.weight) }
    }
  }

  /// Maps z [N, zDim] to w [N, wDim]; there are no labels.
  public func map(z: Tensor, labels: Tensor? = nil) -> Tensor { mapping(z, labels: labels) }

  /// Moves `wAvg` towards the mean of w [N, wDim].
  public func updateAverage(with w: Tensor, beta: Double) {
    mapping.updateAverage(with: w, beta: beta)
  }

  /// Draws W+ [N, numWs, wDim] as images [N, 3, H, W], in ImageNet's normalised colours.
  public func synthesize(_ wPlus: Tensor, options: SynthesisOptions = .init()) -> Tensor {
    synthesis(wPlus, options: options)
  }

  /// Where a pixel of the image looks, in every block.
  public func attentionMaps(
    _ wPlus: Tensor, at pixel: PixelPosition, options: SynthesisOptions = .init()
  ) -> [AttentionMap] {
    let (places, blocks, resolution) = (
      configuration.attentionPlaces, synthesis.blocks, configuration.resolution
    )
    var maps: [AttentionMap] = []
    _ = synthesis(
      wPlus,
      watch: TransformerSynthesis.Watch { index, x in
        let (place, attention) = (places[index], blocks[index].attention)
        let query = pixel.scaled(from: resolution, to: place.resolution)
        maps.append(
          AttentionMap(
            name: "layers.\(place.stage).blocks.\(place.block)", query: query,
            weights: attention.weights(x, row: query.row, column: query.column),
            groups: attention.headGroups))
      })
    return maps
  }
}

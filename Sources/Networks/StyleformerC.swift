// Styleformer-C, in our reading: Styleformer at low resolutions, StyleGAN2's blocks above. The
// paper names the combination; neither its code nor its sizes were published.

public import Layers
public import Tensors

/// The sizes and choices of a Styleformer-C.
///
/// This is our reading of a network that was never published: encoder layers up to the resolution
/// of `transformer`, then a StyleGAN2 block for each entry of `convChannels`, all adding to one RGB
/// image.
public struct StyleformerCConfiguration: GeneratorConfiguration {
  /// The name of this family in network files.
  public static let kind = "styleformer-c"
  /// The encoder layers also in bfloat16.
  public static let numberFormats: [DType] = [.float32, .bfloat16]

  /// The image's width and height, in pixels.
  public var resolution: Int
  /// The stages of encoder layers, and all that the two parts have in common.
  public var transformer = StyleformerConfiguration()
  /// Channels of each convolutional block above, each of twice the resolution before.
  public var convChannels: [Int]

  /// Encoder layers as published for CIFAR-10 up to 32×32, and above them convolutions with the
  /// channels of StyleGAN2's preset `auto`.
  ///
  /// - Parameter resolution: The image's width and height, in pixels: a power of two from 64 on.
  public init(resolution: Int = 256) {
    self.resolution = resolution
    let start = transformer.resolution
    let resolutions = sequence(first: 2 * start) { $0 * 2 }.prefix { $0 <= min(resolution, 4096) }
    convChannels = resolutions.map { min((resolution >= 512 ? 32768 : 16384) / $0, 512) }
  }

  /// The rows of W+, all of which are read: one for each encoder layer and convolution, and one for
  /// the last toRGB.
  public var numWs: Int { transformer.usedWs.count + 2 * convChannels.count }

  /// The resolutions of the convolutional blocks.
  public var convResolutions: [Int] {
    convChannels.indices.map { transformer.resolution << ($0 + 1) }
  }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try transformer.validate()
    try ConfigurationError.check(
      "convChannels", convChannels, is: "1 to 6 numbers from 1 to 65536"
    ) { (1...6).contains($0.count) && $0.allSatisfy((1...65536).contains) }
    let expected = transformer.resolution << convChannels.count
    try ConfigurationError.check(
      "resolution", resolution,
      is: "\(expected), the transformer's \(transformer.resolution) doubled for each of "
        + "convChannels, at most 4096"
    ) { $0 == expected && $0 <= 4096 }
  }

  /// One of ours, of 256×256 pixels.
  public static var namedConfigurations: [NamedConfiguration] {
    [
      NamedConfiguration(
        name: "styleformer-c-256",
        summary: "Styleformer-C in our reading, for it was not published, 256×256"
      ) { StyleformerCConfiguration(resolution: $0 ?? 256) }
    ]
  }

  /// Builds the generator.
  public func makeGenerator(_ p: Scope) -> any Generator { StyleformerC(self, p) }
}

/// The Styleformer-C generator, in our reading.
public final class StyleformerC: AttentiveGenerator {
  /// The sizes and choices it was built from.
  public let configuration: StyleformerCConfiguration
  /// All parameters and buffers.
  public let parameters: ParameterStore
  /// From z and labels to w; also keeps the mean of w.
  public let mapping: MappingNetwork
  /// From W+ to images.
  public let synthesis: StyleformerCSynthesis
  /// Where the mean of w came from.
  public var wAvgSource = WAvgSource.stored

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: StyleformerCConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    synthesis = StyleformerCSynthesis(configuration, p / "synthesis")
    mapping = MappingNetwork(configuration.transformer, p / "mapping")
  }

  /// Sizes, ranges and conventions.
  public var traits: GeneratorTraits {
    let (shared, resolution) = (configuration.transformer, configuration.resolution)
    let convolutions = configuration.convResolutions.flatMap { [$0, $0] }
    return GeneratorTraits(
      zDim: shared.zDim, wDim: shared.wDim, labelDim: shared.labelDim, numWs: configuration.numWs,
      usedWs: 0..<configuration.numWs, resolution: resolution,
      startResolution: shared.startResolution, imgChannels: shared.imgChannels,
      visibleRows: 0..<resolution, pixelEncoding: .truncated,
      seedConvention: .numpyRandomState, wAvgSource: wAvgSource,
      layerRanges: LayerRanges(
        resolutions: shared.layerResolutions + convolutions + [resolution]),
      attentionResolutions: shared.layerResolutions,
      noiseLayers: shared.layerResolutions.count + convolutions.count)
  }

  /// The running mean of w: [wDim].
  public var wAvg: Tensor { parameters["mapping.w_avg"] }

  /// The `noise_const` of every layer: [L, 1] of encoder layers, [r, r] of convolutions.
  public var noiseInputs: [NoiseInput] { parameters.noiseInputs }

  /// The affine matrices of every layer and toRGB, in the order of their rows of W+.
  public var styleMatrices: [StyleMatrix] { synthesis.styleMatrices }

  /// Maps z [N, zDim] and labels [N, labelDim] to w [N, wDim].
  public func map(z: Tensor, labels: Tensor? = nil) -> Tensor { mapping(z, labels: labels) }

  /// Moves `wAvg` towards the mean of w [N, wDim].
  public func updateAverage(with w: Tensor, beta: Double) {
    mapping.updateAverage(with: w, beta: beta)
  }

  /// Draws W+ [N, numWs, wDim] as images [N, C, H, W].
  public func synthesize(_ wPlus: Tensor, options: SynthesisOptions = .init()) -> Tensor {
    synthesis(wPlus, options: options)
  }

  /// Where a pixel of the image looks, in every encoder layer.
  public func attentionMaps(
    _ wPlus: Tensor, at pixel: PixelPosition, options: SynthesisOptions = .init()
  ) -> [AttentionMap] {
    synthesis.transformer.attentionMaps(
      wPlus, at: pixel, of: configuration.resolution, options: options)
  }
}

/// Styleformer's blocks, then StyleGAN2's.
///
/// - Shape: `wPlus` [N, numWs, wDim], result [N, C, H, W].
public final class StyleformerCSynthesis {
  /// The stages of encoder layers.
  package let transformer: StyleformerSynthesis
  private let blocks: [SynthesisBlock]
  private let numWs: Int

  /// Makes the blocks `b8_0`, … of encoder layers and `b64`, … of convolutions.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices.
  ///   - p: The network's place among the names.
  public init(_ configuration: StyleformerCConfiguration, _ p: Scope) {
    let shared = configuration.transformer
    transformer = StyleformerSynthesis(shared, p)
    let widths = [shared.hiddenSizes.last ?? 0] + configuration.convChannels
    let encoderLayers = shared.layerResolutions.count
    let filter = defaultResampleFilter()
    blocks = configuration.convResolutions.enumerated().map { i, r in
      SynthesisBlock(
        p / "b\(r)", inChannels: widths[i], outChannels: widths[i + 1], resolution: r,
        imgChannels: shared.imgChannels, isLast: r == configuration.resolution,
        architecture: .skip,
        layers: SynthesisLayer.Context(
          wDim: shared.wDim, filter: filter, convClamp: shared.convClamp, useNoise: true,
          firstNoise: encoderLayers + 2 * i))
    }
    numWs = configuration.numWs
  }

  /// Draws images.
  ///
  /// - Parameters:
  ///   - wPlus: [N, numWs, wDim].
  ///   - options: Noise and purpose.
  ///   - observe: Is shown the image after each resolution; nil for nobody.
  /// - Returns: [N, C, H, W].
  package func callAsFunction(
    _ wPlus: Tensor, options: SynthesisOptions, observe: ((Tensor) -> Void)? = nil
  ) -> Tensor {
    precondition(wPlus.size(1) == numWs, "W+ has \(wPlus.size(1)) rows, expected \(numWs)")
    var seen = 0
    let observeBlock = observe.map { observe in
      { (block: StyleformerBlock, _: Tensor, _: Tensor, state: StyleformerBlock.State) in
        guard block.layer.resolution > seen, let img = state.img, img.size(2) > seen else { return }
        seen = img.size(2)
        observe(img)
      }
    }
    let (x, img) = transformer(wPlus, options: options, observe: observeBlock)
    var state = SynthesisBlock.State(x: imageOfTokens(x), img: img)
    var row = transformer.blocks.count
    for block in blocks {
      // A block's toRGB reads the row that the next block's first convolution also reads.
      let ws = wPlus.sliced(row..<row + block.numConv + block.numToRGB, axis: 1)
      state = block(state, ws: ws, options: options)
      if let observe { state.img.map(observe) }
      row += block.numConv
    }
    guard let img = state.img else { preconditionFailure("the last block makes no image") }
    return img
  }

  var styleMatrices: [StyleMatrix] {
    var row = transformer.blocks.count
    var matrices = transformer.styleMatrices
    for block in blocks {
      matrices += block.styleMatrices(from: row)
      row += block.numConv
    }
    return matrices
  }
}

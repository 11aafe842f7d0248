// StyleGAN2: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN" (2020), with
// the layer names and configurations of stylegan2-ada-pytorch, whose `G` and `G_ema` it equals
// parameter for parameter.

import Foundation
public import Layers
public import Tensors

/// The sizes and choices of a StyleGAN2 generator; the defaults are the paper's configuration F at
/// 1024×1024.
public struct StyleGAN2Configuration: GeneratorConfiguration {
  /// The name of this family in network files.
  public static let kind = "stylegan2"
  /// The highest resolutions also in 16 bits, where `numFP16Res` says so.
  ///
  /// Processors that take Winograd's convolution make images in float32 all the same, which is
  /// quicker there.
  public static let numberFormats: [DType] = [.float32, .bfloat16, .float16]

  /// How images are put together from the blocks.
  public enum Architecture: String, CaseIterable, Codable, Hashable, Sendable {
    /// Every block adds its own RGB to the enlarged image of the block below. Configuration E and
    /// F.
    case skip
    /// Features pass every block beside its convolutions; only the last block makes RGB.
    case resnet
    /// Neither; only the last block makes RGB.
    case orig
  }

  /// The length of z.
  public var zDim = 512
  /// The length of a label; 0 for none.
  public var labelDim = 0
  /// The length of w.
  public var wDim = 512
  /// The image's width and height, a power of two from 4 on.
  public var resolution = 1024
  /// 1 grey, 3 RGB, 4 RGB with opacity.
  public var imgChannels = 3
  /// Fully connected layers of the mapping network.
  public var mappingLayers = 8
  /// Features at resolution r are `min(channelBase / r, channelMax)`; 32768 is configuration F,
  /// 16384 E.
  public var channelBase = 32768
  /// The most features of a layer.
  public var channelMax = 512
  /// How images are put together from the blocks.
  public var architecture = Architecture.skip
  /// The low-pass filter of enlargement, before normalisation.
  public var resampleFilter: [Double] = [1, 3, 3, 1]
  /// How many of the highest resolutions may run in a 16-bit format.
  public var numFP16Res = 0
  /// The largest absolute value that convolutions let through; nil for no bound.
  public var convClamp: Double?
  /// Whether layers add noise.
  public var useNoise = true
  /// The rows that are meant to be seen, such as 64 ..< 448 of 512 for cars; nil for all.
  public var visibleRows: Range<Int>?
  /// The learning rate of the mapping network relative to other layers, which scales what its
  /// weights are stored as; nil for 0.01.
  public var mappingLRMultiplier: Double?
  /// How images become 8-bit pixels; nil for `truncated`, NVIDIA's way.
  public var pixelEncoding: PixelEncoding?

  /// Configuration F of the paper at a resolution.
  public init(resolution: Int = 1024) { self.resolution = resolution }

  /// The rows of W+: two for each resolution.
  public var numWs: Int { 2 * Int(log2(Double(resolution))) - 2 }

  /// The resolutions of the blocks: 4, 8, … up to `resolution`.
  public var blockResolutions: [Int] {
    Array(sequence(first: 4) { $0 * 2 }.prefix { $0 <= resolution })
  }

  /// The features of the block at resolution `r`.
  ///
  /// - Parameter r: A power of two.
  /// - Returns: The number of channels.
  public func channels(at r: Int) -> Int { min(channelBase / r, channelMax) }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("resolution", resolution, is: "a power of two from 4 to 4096") {
      (4...4096).contains($0) && $0.nonzeroBitCount == 1
    }
    try ConfigurationError.check("channelBase", channelBase, is: "at least the resolution") {
      ($0 >= resolution) && $0 <= 1 << 24
    }
    try ConfigurationError.check("imgChannels", imgChannels, is: "1, 3 or 4", [1, 3, 4].contains)
    try ConfigurationError.check("zDim", zDim, in: 1...65536)
    try ConfigurationError.check("wDim", wDim, in: 1...65536)
    try ConfigurationError.check("labelDim", labelDim, in: 0...65536)
    try ConfigurationError.check("channelMax", channelMax, in: 1...65536)
    try ConfigurationError.check("mappingLayers", mappingLayers, in: 1...64)
    try ConfigurationError.check("numFP16Res", numFP16Res, in: 0...16)
    try ConfigurationError.check("mappingLRMultiplier", mappingLRMultiplier ?? 1, is: "positive") {
      $0 > 0 && $0.isFinite
    }
    try ConfigurationError.checkResampleFilter(resampleFilter)
    try ConfigurationError.checkConvClamp(convClamp)
    try ConfigurationError.check("visibleRows", visibleRows ?? 0..<1, is: "within the image") {
      !$0.isEmpty && $0.lowerBound >= 0 && $0.upperBound <= resolution
    }
  }

  /// Builds the generator.
  public func makeGenerator(_ p: Scope) -> any Generator { StyleGAN2(self, p) }
}

/// The StyleGAN2 generator: a mapping network from z to w, and a synthesis network from W+ to
/// images.
public final class StyleGAN2: Generator {
  /// The sizes and choices it was built from.
  public let configuration: StyleGAN2Configuration
  /// All parameters and buffers under the published names.
  public let parameters: ParameterStore
  /// From z and labels to w; also keeps the mean of w.
  public let mapping: MappingNetwork
  /// From W+ to images.
  public let synthesis: SynthesisNetwork
  /// Where the mean of w came from.
  public var wAvgSource = WAvgSource.stored

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: StyleGAN2Configuration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    synthesis = SynthesisNetwork(configuration, p / "synthesis")
    mapping = MappingNetwork(
      p / "mapping", zDim: configuration.zDim, labelDim: configuration.labelDim,
      wDim: configuration.wDim, numLayers: configuration.mappingLayers,
      lrMultiplier: configuration.mappingLRMultiplier ?? 0.01, keepsAverage: true)
  }

  /// Sizes, ranges and conventions.
  public var traits: GeneratorTraits {
    GeneratorTraits(
      zDim: configuration.zDim, wDim: configuration.wDim, labelDim: configuration.labelDim,
      numWs: configuration.numWs, usedWs: 0..<configuration.numWs,
      resolution: configuration.resolution, startResolution: 4,
      imgChannels: configuration.imgChannels,
      visibleRows: configuration.visibleRows ?? 0..<configuration.resolution,
      pixelEncoding: configuration.pixelEncoding ?? .truncated,
      seedConvention: .numpyRandomState, wAvgSource: wAvgSource,
      layerRanges: LayerRanges(numWs: configuration.numWs),
      noiseLayers: configuration.useNoise ? configuration.numWs - 1 : 0)
  }

  /// The running mean of w: [wDim].
  public var wAvg: Tensor { parameters["mapping.w_avg"] }

  /// The `noise_const` of every layer, [r, r].
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
}

// MARK: Synthesis

/// From W+ to images, block by block from 4×4 up.
///
/// - Shape: `wPlus` [N, numWs, wDim], result [N, C, H, W].
public final class SynthesisNetwork {
  private let blocks: [SynthesisBlock]
  private let numWs: Int

  init(_ configuration: StyleGAN2Configuration, _ p: Scope) {
    let filter = resampleFilter(configuration.resampleFilter)
    var blocks: [SynthesisBlock] = []
    for r in configuration.blockResolutions {
      let inChannels = r == 4 ? 0 : configuration.channels(at: r / 2)
      let layers = SynthesisLayer.Context(
        wDim: configuration.wDim, filter: filter, convClamp: configuration.convClamp,
        useNoise: configuration.useNoise, firstNoise: blocks.reduce(0) { $0 + $1.numConv })
      blocks.append(
        SynthesisBlock(
          p / "b\(r)", inChannels: inChannels, outChannels: configuration.channels(at: r),
          resolution: r, imgChannels: configuration.imgChannels,
          isLast: r == configuration.resolution, architecture: configuration.architecture,
          // The last numFP16Res blocks, but never the first.
          mayNarrow: r >= 8 && r << configuration.numFP16Res > configuration.resolution,
          layers: layers))
    }
    self.blocks = blocks
    numWs = configuration.numWs
  }

  func callAsFunction(_ wPlus: Tensor, options: SynthesisOptions) -> Tensor {
    precondition(wPlus.size(1) == numWs, "W+ has \(wPlus.size(1)) rows, expected \(numWs)")
    return run(from: 0, .init(x: nil, img: nil), wPlus, options)
  }

  /// Runs the blocks from one on, given what the block below hands on and the rows of W+ that are
  /// left.
  private func run(
    from first: Int, _ below: SynthesisBlock.State, _ wPlus: Tensor, _ options: SynthesisOptions
  ) -> Tensor {
    var state = below
    var row = 0
    for (i, block) in blocks.enumerated().dropFirst(first) {
      let rest = wPlus.sliced(row..<wPlus.size(1), axis: 1)
      if let x = state.x,
        fallsIntoSamples(
          x, noise: options.noise,
          precision: blocks[i...].contains { $0.format(options) != .float32 }
            ? options.precision : .float32)
      {
        return sampleBySample(x.size(0)) { one in
          run(from: i, .init(x: one(x), img: state.img.map(one)), one(rest), options)
        }
      }
      // A block's toRGB reads the row that the next block's first convolution also reads.
      let ws = rest.sliced(0..<block.numConv + block.numToRGB, axis: 1)
      state = block(state, ws: ws, options: options)
      row += block.numConv
    }
    guard let img = state.img else { preconditionFailure("the last block makes no image") }
    return img
  }

  var styleMatrices: [StyleMatrix] {
    var row = 0
    var matrices: [StyleMatrix] = []
    for block in blocks {
      matrices += block.styleMatrices(from: row)
      row += block.numConv
    }
    return matrices
  }
}

/// One resolution: the features are doubled in size and convolved twice; RGB is added to the image
/// so far.
///
/// - Shape: x [N, I, r / 2, r / 2] → [N, O, r, r]; image [N, C, r / 2, r / 2] → [N, C, r, r].
public final class SynthesisBlock {
  /// What blocks hand on.
  public struct State {
    /// The features.
    public var x: Tensor?
    /// The image so far.
    public var img: Tensor?

    /// What a block starts from; both are nil before the first.
    public init(x: Tensor?, img: Tensor?) { (self.x, self.img) = (x, img) }
  }

  /// Rows of W+ that the convolutions read.
  public let numConv: Int
  /// Rows of W+ that toRGB reads.
  public let numToRGB: Int
  private let const: Tensor?  // [O, 4, 4], only in the first block
  private let conv0: SynthesisLayer?  // not in the first block
  private let conv1: SynthesisLayer
  private let toRGB: ToRGBLayer?
  private let skip: Conv2dLayer?  // only resnet
  private let filter: Tensor  // [4, 4]
  private let mayNarrow: Bool

  /// Makes the block's layers.
  ///
  /// - Parameters:
  ///   - p: The block's place among the names.
  ///   - inChannels: I; 0 in the first block, which starts from a learned constant.
  ///   - outChannels: O.
  ///   - resolution: r, in pixels.
  ///   - imgChannels: C.
  ///   - isLast: Whether the image is complete after this block.
  ///   - architecture: How blocks make the image.
  ///   - mayNarrow: Whether the block may run in a 16-bit format.
  ///   - layers: What its layers have in common.
  public init(
    _ p: Scope, inChannels: Int, outChannels: Int, resolution: Int, imgChannels: Int, isLast: Bool,
    architecture: StyleGAN2Configuration.Architecture, mayNarrow: Bool = false,
    layers: SynthesisLayer.Context
  ) {
    let isFirst = inChannels == 0
    self.mayNarrow = mayNarrow
    filter = p.buffer("resample_filter", .values(layers.filter))
    const = isFirst ? p.parameter("const", .randn([outChannels, resolution, resolution])) : nil
    conv0 =
      isFirst
      ? nil
      : SynthesisLayer(
        p / "conv0", inChannels: inChannels, outChannels: outChannels, resolution: resolution,
        up: 2, noiseIndex: layers.firstNoise, layers)
    conv1 = SynthesisLayer(
      p / "conv1", inChannels: outChannels, outChannels: outChannels, resolution: resolution,
      noiseIndex: layers.firstNoise + (isFirst ? 0 : 1), layers)
    toRGB =
      isLast || architecture == .skip
      ? ToRGBLayer(p / "torgb", inChannels: outChannels, imgChannels: imgChannels, layers) : nil
    skip =
      !isFirst && architecture == .resnet
      ? Conv2dLayer(
        p / "skip", inChannels: inChannels, outChannels: outChannels, kernelSize: 1,
        hasBias: false, up: 2, resampleFilter: layers.filter) : nil
    numConv = isFirst ? 1 : 2
    numToRGB = toRGB == nil ? 0 : 1
  }

  /// Runs the block.
  ///
  /// - Parameters:
  ///   - state: The features and image of the block below.
  ///   - ws: [N, numConv + numToRGB, wDim].
  ///   - options: Noise, purpose and precision.
  /// - Returns: Features and image at this resolution; the image is always float32.
  public func callAsFunction(_ state: State, ws: Tensor, options: SynthesisOptions) -> State {
    guard options.usesCheckpointing else { return run(state, ws: ws, options: options) }
    let made = checkpointed(
      [ws], optional: [state.x, state.img], replaying: options.noise.generators
    ) { [self] kept, state in
      let next = run(State(x: state[0], img: state[1]), ws: kept[0], options: options)
      return [next.x, next.img]
    }
    return State(x: made[0], img: made[1])
  }

  private func run(_ state: State, ws: Tensor, options: SynthesisOptions) -> State {
    let w = (0..<ws.size(1)).map { ws.selected($0, axis: 1) }
    let x = features(state.x, w: w, options: options)
    var img = state.img.map { upsample2d($0, filter: filter) }
    if let toRGB {
      let rgb = toRGB(x, w: w[numConv], options: options).cast(to: .float32)
      img = img.map { $0 + rgb } ?? rgb
    }
    return State(x: x, img: img)
  }

  /// The number format of the features: a narrow one where it is asked for and the block may, unless
  /// float32 is quicker.
  func format(_ options: SynthesisOptions) -> DType {
    let layers = [conv0, conv1].compactMap(\.self)
    return mayNarrow && !layers.allSatisfy(\.isQuickerInFloat32) ? options.precision : .float32
  }

  private func features(_ x: Tensor?, w: [Tensor], options: SynthesisOptions) -> Tensor {
    let dtype = format(options)
    guard let conv0 else {
      guard let const else { preconditionFailure("a first block without its constant") }
      let x = const.cast(to: dtype).unsqueezed(0).repeated(w[0].size(0), 1, 1, 1)
      return conv1(x, w: w[0], options: options)
    }
    guard let x = x?.cast(to: dtype) else { preconditionFailure("a later block without features") }
    guard let skip else {
      return conv1(conv0(x, w: w[0], options: options), w: w[1], options: options)
    }
    let half = 0.5.squareRoot()
    let y = skip(x, gain: half)
    return y + conv1(conv0(x, w: w[0], options: options), w: w[1], options: options, gain: half)
  }

  /// The matrices of the layers with styles, the first of which reads this row of W+.
  func styleMatrices(from row: Int) -> [StyleMatrix] {
    var matrices = [conv0, conv1].compactMap(\.self).enumerated().map { index, layer in
      layer.styleMatrix(row: row + index)
    }
    if let toRGB { matrices.append(toRGB.styleMatrix(row: row + matrices.count)) }
    return matrices
  }
}

/// A modulated 3×3 convolution with noise, bias and leaky ReLU.
///
/// - Shape: `x` [N, I, r / up, r / up], `w` [N, wDim], result [N, O, r, r].
public final class SynthesisLayer {
  /// What the layers of a network have in common.
  public struct Context {
    let wDim: Int
    let filter: Tensor  // [4, 4]
    let convClamp: Double?
    let useNoise: Bool
    /// The place of the block's first noise among all noise inputs.
    let firstNoise: Int

    /// What the layers of a block have in common with all others, and where its noise inputs start.
    public init(wDim: Int, filter: Tensor, convClamp: Double?, useNoise: Bool, firstNoise: Int) {
      self.wDim = wDim
      self.filter = filter
      self.convClamp = convClamp
      self.useNoise = useNoise
      self.firstNoise = firstNoise
    }
  }

  private let weight: Tensor  // [O, I, 3, 3]
  private let bias: Tensor  // [O]
  private let affine: FullyConnectedLayer  // w [N, wDim] → styles [N, I]
  private let filter: Tensor  // [4, 4]
  private let noiseConst: Tensor?  // [r, r]
  private let noiseStrength: Tensor?  // []
  private let noiseIndex: Int
  private let resolution: Int
  private let up: Int
  private let clamp: Double?
  private let path: String

  init(
    _ p: Scope, inChannels: Int, outChannels: Int, resolution: Int, up: Int = 1, noiseIndex: Int,
    _ context: Context
  ) {
    affine = FullyConnectedLayer(
      p / "affine", inFeatures: context.wDim, outFeatures: inChannels, biasInit: 1)
    weight = p.parameter("weight", .randn([outChannels, inChannels, 3, 3]))
    filter = p.buffer("resample_filter", .values(context.filter))
    noiseConst =
      context.useNoise ? p.buffer("noise_const", .randn([resolution, resolution])) : nil
    noiseStrength = context.useNoise ? p.parameter("noise_strength", .zeros([])) : nil
    bias = p.parameter("bias", .zeros([outChannels]))
    self.noiseIndex = noiseIndex
    self.resolution = resolution
    self.up = up
    clamp = context.convClamp
    path = p.path
  }

  /// Whether a format of 16 bits would take more time than float32.
  var isQuickerInFloat32: Bool { Layers.isQuickerInFloat32(weight: weight) }

  /// The matrix that makes the styles of the row of W+ that the layer reads.
  func styleMatrix(row: Int) -> StyleMatrix {
    StyleMatrix(name: "\(path).affine.weight", row: row, weight: affine.weight)
  }

  func callAsFunction(_ x: Tensor, w: Tensor, options: SynthesisOptions, gain: Double = 1)
    -> Tensor
  {
    let epilogue = ConvolutionEpilogue(
      bias: bias, noise: noise(options.noise, batch: x.size(0)),
      gain: Activation.lrelu.defaultGain * gain, clamp: clamp.map { $0 * gain })
    return styledConv2d(
      x, weight: weight, styles: affine(w), up: up, filter: filter, epilogue: epilogue,
      fused: options.fuses(x))
  }

  /// The noise times its strength, [r, r] or [N, 1, r, r].
  private func noise(_ source: NoiseSource, batch: Int) -> Tensor? {
    guard let noiseConst, let noiseStrength else { return nil }
    switch source.mode(forLayer: noiseIndex) {
    case .const: return noiseConst * noiseStrength
    case .random(let streams):
      return streams.randn(batch: batch, [1, resolution, resolution]) * noiseStrength
    case .none: return nil
    }
  }
}

/// A modulated 1×1 convolution to image channels, without demodulation: its styles carry the scale
/// of the weight.
///
/// - Shape: `x` [N, I, r, r], `w` [N, wDim], result [N, C, r, r].
public final class ToRGBLayer {
  private let weight: Tensor  // [C, I, 1, 1]
  private let bias: Tensor  // [C]
  private let affine: FullyConnectedLayer  // w [N, wDim] → styles [N, I]
  private let clamp: Double?
  private let path: String

  init(_ p: Scope, inChannels: Int, imgChannels: Int, _ context: SynthesisLayer.Context) {
    affine = FullyConnectedLayer(
      p / "affine", inFeatures: context.wDim, outFeatures: inChannels, biasInit: 1)
    weight = p.parameter("weight", .randn([imgChannels, inChannels, 1, 1]))
    bias = p.parameter("bias", .zeros([imgChannels]))
    clamp = context.convClamp
    path = p.path
  }

  /// The matrix that makes the styles of the row of W+ that the layer reads.
  func styleMatrix(row: Int) -> StyleMatrix {
    StyleMatrix(
      name: "\(path).affine.weight", row: row, weight: affine.weight, makesColours: true)
  }

  func callAsFunction(_ x: Tensor, w: Tensor, options: SynthesisOptions) -> Tensor {
    let styles = affine(w) * (1 / Double(weight.size(1)).squareRoot())
    let y = modulatedConv2d(
      x, weight: weight, styles: styles, demodulate: false, fused: options.fuses(x))
    return biasAct(y, bias: bias, clamp: clamp)
  }
}

extension SynthesisOptions {
  /// Whether modulated convolutions are fused (`fused_modconv` in the published code): for
  /// evaluation, in float32 or with a single sample.
  func fuses(_ x: Tensor) -> Bool {
    purpose == .evaluation && (x.dtype == .float32 || x.size(0) == 1)
  }
}

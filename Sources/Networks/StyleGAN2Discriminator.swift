// The StyleGAN2 discriminator: Karras et al. (2020), with the layer names and configurations of
// stylegan2-ada-pytorch, whose `D` it equals parameter for parameter.

public import Layers
public import Tensors

/// The sizes and choices of a StyleGAN2 discriminator; the defaults are the paper's configuration F
/// at 1024×1024.
public struct StyleGAN2DiscriminatorConfiguration: DiscriminatorConfiguration {
  /// The name of this network in network files.
  public static let kind = "stylegan2-discriminator"

  /// The image's width and height: a power of two from 8 on, or three times one from 12 on.
  ///
  /// The published network halves powers of two down to 4×4. That it halves three times a power of
  /// two down to 6×6, as images of 48 need, is ours.
  public var resolution = 1024
  /// 1 grey, 3 RGB, 4 RGB with opacity.
  public var imgChannels = 3
  /// The length of a label; 0 for none.
  public var labelDim = 0
  /// Features at resolution r are `min(channelBase / r, channelMax)`; 32768 is configuration F,
  /// 16384 E.
  public var channelBase = 32768
  /// The most features of a layer.
  public var channelMax = 512
  /// How blocks read the image and pass features on.
  public var architecture = StyleGAN2Configuration.Architecture.resnet
  /// The low-pass filter of reduction, before normalisation.
  public var resampleFilter: [Double] = [1, 3, 3, 1]
  /// How many of the highest resolutions may run in a 16-bit format.
  public var numFP16Res = 0
  /// The largest absolute value that convolutions let through; nil for no bound.
  public var convClamp: Double?
  /// Samples in a group of the minibatch standard deviation; nil for the whole batch.
  public var mbstdGroupSize: Int? = 4
  /// Channels that the minibatch standard deviation adds; 0 for none.
  public var mbstdChannels = 1
  /// Fully connected layers that map labels.
  public var mappingLayers = 8

  /// Configuration F of the paper at a resolution.
  public init(resolution: Int = 1024) { self.resolution = resolution }

  /// The resolution of the last block: 4, or 6 for images of three times a power of two.
  public var lastResolution: Int { resolution % 3 == 0 ? 6 : 4 }

  /// The resolutions of the blocks before the last: `resolution`, halved again and again.
  public var blockResolutions: [Int] {
    Array(sequence(first: resolution) { $0 / 2 }.prefix { $0 > lastResolution })
  }

  /// The convolutions of all blocks but the last, as Freeze-D counts them in the published program.
  public var layersFromImage: [String] {
    blockResolutions.flatMap { r in
      let readsImage = r == resolution || architecture == .skip
      let names =
        (readsImage ? ["fromrgb"] : []) + ["conv0", "conv1"]
        + (architecture == .resnet ? ["skip"] : [])
      return names.map { "b\(r).\($0)" }
    }
  }

  func channels(at r: Int) -> Int { min(channelBase / r, channelMax) }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check(
      "resolution", resolution,
      is: "a power of two from 8 to 4096, or three times one from 12 to 3072"
    ) { resolution in
      let rest = resolution % 3 == 0 ? resolution / 3 : resolution
      return (8...4096).contains(resolution) && rest.nonzeroBitCount == 1
    }
    try ConfigurationError.check("channelBase", channelBase, is: "at least the resolution") {
      ($0 >= resolution) && $0 <= 1 << 24
    }
    try ConfigurationError.check("imgChannels", imgChannels, is: "1, 3 or 4", [1, 3, 4].contains)
    try ConfigurationError.check("labelDim", labelDim, in: 0...65536)
    try ConfigurationError.check("channelMax", channelMax, in: 1...65536)
    try ConfigurationError.check("mappingLayers", mappingLayers, in: 1...64)
    try ConfigurationError.check("numFP16Res", numFP16Res, in: 0...16)
    try ConfigurationError.checkResampleFilter(resampleFilter)
    try ConfigurationError.checkConvClamp(convClamp)
    let last = lastResolution
    try ConfigurationError.check(
      "mbstdChannels", mbstdChannels, is: "from 0 to channels at \(last)×\(last)"
    ) { $0 >= 0 && ($0 == 0 || channels(at: last) % $0 == 0) }
    try ConfigurationError.check("mbstdGroupSize", mbstdGroupSize ?? 1, is: "at least 1") {
      $0 >= 1
    }
  }

  /// Checks that a batch is smaller than the groups of the minibatch standard deviation, or
  /// consists of whole ones.
  public func validate(batchSize: Int) throws(ConfigurationError) {
    let group = mbstdChannels > 0 ? mbstdGroupSize ?? batchSize : 1
    try ConfigurationError.check(
      "images judged together", batchSize, is: "a multiple of mbstdGroupSize \(group), or fewer"
    ) { $0 < group || $0 % group == 0 }
  }

  /// Builds the discriminator.
  public func makeDiscriminator(_ p: Scope) -> any Discriminator { StyleGAN2Discriminator(self, p) }
}

/// The StyleGAN2 discriminator: images to logits, positive where they look real.
///
/// - Shape: `img` [N, C, H, W] in [-1, 1], `labels` [N, labelDim], result [N, 1].
public final class StyleGAN2Discriminator: Discriminator {
  /// The sizes and choices it was built from.
  public let configuration: StyleGAN2DiscriminatorConfiguration
  /// All parameters and buffers under the published names.
  public let parameters: ParameterStore
  private let blocks: [DiscriminatorBlock]
  private let mapping: MappingNetwork?
  private let epilogue: DiscriminatorEpilogue

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: StyleGAN2DiscriminatorConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    let filter = Layers.resampleFilter(configuration.resampleFilter)
    blocks = configuration.blockResolutions.map { r in
      DiscriminatorBlock(p / "b\(r)", resolution: r, configuration, filter: filter)
    }
    let last = configuration.lastResolution
    let mapped = configuration.channels(at: last)
    mapping =
      configuration.labelDim > 0
      ? MappingNetwork(
        p / "mapping", zDim: 0, labelDim: configuration.labelDim, wDim: mapped,
        numLayers: configuration.mappingLayers, keepsAverage: false) : nil
    epilogue = DiscriminatorEpilogue(p / "b\(last)", configuration, filter: filter)
  }

  /// Judges images.
  ///
  /// - Parameters:
  ///   - img: [N, C, H, W] in [-1, 1].
  ///   - labels: [N, labelDim]; nil for discriminators without labels.
  ///   - options: The precision; judging for training and for evaluation is the same.
  /// - Returns: Logits [N, 1].
  public func callAsFunction(_ img: Tensor, labels: Tensor?, options: DiscriminatorOptions)
    -> Tensor
  {
    // Features keep the order of memory of the image, and convolutions prefer this one.
    var state = DiscriminatorBlock.State(x: nil, img: img.channelsLast())
    for block in blocks { state = block(state, options) }
    let mapped = mapping.map { $0(nil, labels: labels) }
    return epilogue(state, mappedLabels: mapped)
  }
}

/// One resolution: two convolutions, the second of which halves the image.
///
/// - Shape: x [N, I, r, r] → [N, O, r / 2, r / 2].
final class DiscriminatorBlock {
  /// What blocks hand on.
  struct State {
    /// The features; nil before the first block.
    var x: Tensor?
    /// The image, as long as blocks read it.
    var img: Tensor?
  }

  private let fromRGB: Conv2dLayer?  // in the first block; with skip in every block
  private let conv0: Conv2dLayer
  private let conv1: Conv2dLayer
  private let skip: Conv2dLayer?  // only resnet
  private let filter: Tensor  // [4, 4]
  private let handsImageOn: Bool
  private let mayNarrow: Bool

  init(
    _ p: Scope, resolution r: Int, _ configuration: StyleGAN2DiscriminatorConfiguration,
    filter resampleFilter: Tensor
  ) {
    let isFirst = r == configuration.resolution
    let (inChannels, outChannels) = (
      configuration.channels(at: r), configuration.channels(at: r / 2)
    )
    let clamp = configuration.convClamp
    func convolution(
      _ name: String, from: Int, to: Int, size: Int, bias: Bool = true,
      _ activation: Activation = .lrelu, down: Int = 1, clamp: Double?
    ) -> Conv2dLayer {
      Conv2dLayer(
        p / name, inChannels: from, outChannels: to, kernelSize: size, hasBias: bias,
        activation: activation, down: down, resampleFilter: resampleFilter, clamp: clamp)
    }
    filter = p.buffer("resample_filter", .values(resampleFilter))
    fromRGB =
      isFirst || configuration.architecture == .skip
      ? convolution(
        "fromrgb", from: configuration.imgChannels, to: inChannels, size: 1, clamp: clamp) : nil
    conv0 = convolution("conv0", from: inChannels, to: inChannels, size: 3, clamp: clamp)
    conv1 = convolution("conv1", from: inChannels, to: outChannels, size: 3, down: 2, clamp: clamp)
    skip =
      configuration.architecture == .resnet
      ? convolution(
        "skip", from: inChannels, to: outChannels, size: 1, bias: false, .linear, down: 2,
        clamp: nil) : nil
    handsImageOn = configuration.architecture == .skip
    mayNarrow = r >= 8 && r << configuration.numFP16Res > configuration.resolution
  }

  func callAsFunction(_ state: State, _ options: DiscriminatorOptions) -> State {
    guard options.usesCheckpointing else { return run(state, precision: options.precision) }
    let made = checkpointed([], optional: [state.x, state.img]) { [self] _, state in
      let next = run(State(x: state[0], img: state[1]), precision: options.precision)
      return [next.x, next.img]
    }
    return State(x: made[0], img: made[1])
  }

  private func run(_ state: State, precision: DType) -> State {
    let dtype = mayNarrow ? precision : .float32
    var x = state.x?.cast(to: dtype)
    var img = state.img?.cast(to: dtype)
    if let fromRGB, let seen = img {
      let y = fromRGB(seen)
      x = x.map { $0 + y } ?? y
      img = handsImageOn ? downsample2d(seen, filter: filter) : nil
    }
    guard let x else { preconditionFailure("a block without features or image") }
    guard let skip else { return State(x: conv1(conv0(x)), img: img) }
    let half = 0.5.squareRoot()
    return State(x: skip(x, gain: half) + conv1(conv0(x), gain: half), img: img)
  }
}

/// The last resolution, 4×4 or 6×6: statistics over the batch, one convolution, two fully connected
/// layers.
///
/// - Shape: x [N, C, r, r], mapped labels [N, M], result [N, 1].
final class DiscriminatorEpilogue {
  private let fromRGB: Conv2dLayer?  // only skip
  private let mbstd: (groupSize: Int?, channels: Int)
  private let conv: Conv2dLayer
  private let fc: FullyConnectedLayer
  let out: FullyConnectedLayer

  init(
    _ p: Scope, _ configuration: StyleGAN2DiscriminatorConfiguration, filter: Tensor,
    outFeatures: Int? = nil
  ) {
    let last = configuration.lastResolution
    let channels = configuration.channels(at: last)
    fromRGB =
      configuration.architecture == .skip
      ? Conv2dLayer(
        p / "fromrgb", inChannels: configuration.imgChannels, outChannels: channels,
        kernelSize: 1, activation: .lrelu, resampleFilter: filter) : nil
    mbstd = (configuration.mbstdGroupSize, configuration.mbstdChannels)
    conv = Conv2dLayer(
      p / "conv", inChannels: channels + configuration.mbstdChannels, outChannels: channels,
      kernelSize: 3, activation: .lrelu, resampleFilter: filter, clamp: configuration.convClamp)
    fc = FullyConnectedLayer(
      p / "fc", inFeatures: channels * last * last, outFeatures: channels, activation: .lrelu)
    out = FullyConnectedLayer(
      p / "out", inFeatures: channels,
      outFeatures: outFeatures ?? (configuration.labelDim > 0 ? channels : 1))
  }

  /// What the last layer reads: [N, C].
  func features(_ state: DiscriminatorBlock.State) -> Tensor {
    guard var x = state.x?.cast(to: .float32) else {
      preconditionFailure("the last block without features")
    }
    if let fromRGB, let img = state.img { x = x + fromRGB(img.cast(to: .float32)) }
    if mbstd.channels > 0 {
      x = minibatchStandardDeviation(x, groupSize: mbstd.groupSize, channels: mbstd.channels)
    }
    return fc(conv(x).flattened(from: 1))
  }

  func callAsFunction(_ state: DiscriminatorBlock.State, mappedLabels: Tensor?) -> Tensor {
    let x = out(features(state))
    guard let mappedLabels else { return x }
    // The logit is the projection of the features on the mapped label.
    let scale = 1 / Double(mappedLabels.size(1)).squareRoot()
    return (x * mappedLabels).sum(over: 1, keepAxes: true) * scale
  }
}

// The StyleGAN discriminator: Karras et al. (2019), with the variables of NVIDIA's TensorFlow
// program (stylegan), whose `D` it equals name for name.

public import Layers
public import Tensors

/// The sizes and choices of a StyleGAN discriminator; the defaults are the paper's at 1024×1024.
public struct StyleGAN1DiscriminatorConfiguration: DiscriminatorConfiguration {
  /// The name of this network in network files.
  public static let kind = "stylegan1-discriminator"

  /// The image's width and height, a power of two from 8 on.
  public var resolution = 1024
  /// 1 grey, 3 RGB, 4 RGB with opacity.
  public var imgChannels = 3
  /// The length of a label; 0 for none.
  public var labelDim = 0
  /// Features at resolution r are `min(featureBase * 2 / r, featureMax)`.
  public var featureBase = 8192
  /// The most features of a layer.
  public var featureMax = 512
  /// The low-pass filter before reduction, an odd number of taps before normalisation; one tap for
  /// none.
  public var blurFilter: [Double] = [1, 2, 1]
  /// Samples in a group of the minibatch standard deviation; 1 for no such deviation.
  public var mbstdGroupSize = 4
  /// Channels that the minibatch standard deviation adds.
  public var mbstdChannels = 1

  /// The paper's sizes at a resolution.
  public init(resolution: Int = 1024) { self.resolution = resolution }

  /// The resolutions of the blocks before the last: `resolution`, …, 8.
  public var blockResolutions: [Int] {
    Array(sequence(first: resolution) { $0 / 2 }.prefix { $0 > 4 })
  }

  /// The features of the block at resolution `r`.
  ///
  /// - Parameter r: A power of two.
  /// - Returns: The number of channels.
  public func channels(at r: Int) -> Int { min(featureBase * 2 / r, featureMax) }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("resolution", resolution, is: "a power of two from 8 to 4096") {
      (8...4096).contains($0) && $0.nonzeroBitCount == 1
    }
    try ConfigurationError.check(
      "featureBase", featureBase, is: "at least half the resolution, at most \(1 << 24)"
    ) { (resolution / 2...1 << 24).contains($0) }
    try ConfigurationError.check("imgChannels", imgChannels, is: "1, 3 or 4", [1, 3, 4].contains)
    try ConfigurationError.check("labelDim", labelDim, in: 0...65536)
    try ConfigurationError.check("featureMax", featureMax, in: 1...65536)
    try ConfigurationError.checkBlurFilter(blurFilter)
    try ConfigurationError.check("mbstdGroupSize", mbstdGroupSize, in: 1...65536)
    try ConfigurationError.check("mbstdChannels", mbstdChannels, is: "a divisor of those at 4×4") {
      $0 >= 1 && channels(at: 4) % $0 == 0
    }
  }

  /// Checks that a batch is smaller than the groups of the minibatch standard deviation, or
  /// consists of whole ones.
  public func validate(batchSize: Int) throws(ConfigurationError) {
    try ConfigurationError.check(
      "images judged together", batchSize,
      is: "a multiple of mbstdGroupSize \(mbstdGroupSize), or fewer"
    ) { $0 < mbstdGroupSize || $0 % mbstdGroupSize == 0 }
  }

  /// Builds the discriminator.
  public func makeDiscriminator(_ p: Scope) -> any Discriminator { StyleGAN1Discriminator(self, p) }
}

/// The StyleGAN discriminator: images to logits, positive where they look real; it grows while it
/// is trained.
///
/// - Shape: `img` [N, C, H, W] in [-1, 1], `labels` [N, labelDim], result [N, 1].
public final class StyleGAN1Discriminator: Discriminator, GrowingNetwork {
  /// The sizes and choices it was built from.
  public let configuration: StyleGAN1DiscriminatorConfiguration
  /// All parameters and buffers under the published names.
  public let parameters: ParameterStore
  private let storedLod: Tensor  // []
  private let fromRGB: [StyleGAN1PixelLayer]  // one for each resolution, the highest first
  private let blocks: [StyleGAN1DiscriminatorBlock]  // one for each but 4×4
  private let epilogue: StyleGAN1DiscriminatorEpilogue

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: StyleGAN1DiscriminatorConfiguration, _ p: Scope) {
    let (c, p) = (configuration, p.separated(by: "/"))
    self.configuration = configuration
    parameters = p.store
    storedLod = p.buffer("lod", .zeros([]))
    func fromRGB(_ lod: Int, _ r: Int) -> StyleGAN1PixelLayer {
      StyleGAN1PixelLayer(
        p / "FromRGB_lod\(lod)", inChannels: c.imgChannels, outChannels: c.channels(at: r),
        activation: .lrelu)
    }
    var (layers, blocks): ([StyleGAN1PixelLayer], [StyleGAN1DiscriminatorBlock]) = ([], [])
    for (lod, r) in c.blockResolutions.enumerated() {
      layers.append(fromRGB(lod, r))
      blocks.append(StyleGAN1DiscriminatorBlock(p / "\(r)x\(r)", resolution: r, c))
    }
    self.fromRGB = layers + [fromRGB(layers.count, 4)]
    self.blocks = blocks
    epilogue = StyleGAN1DiscriminatorEpilogue(p / "4x4", c)
  }

  /// The level of detail that the network says of itself: how many doublings are still missing.
  public var lod: Double {
    get { storedLod.item() }
    set { withoutGradients { storedLod.assign(.full(newValue, [])) } }
  }

  /// Judges images at the level of detail that the network says of itself.
  ///
  /// - Parameters:
  ///   - img: [N, C, H, W] in [-1, 1].
  ///   - labels: [N, labelDim]; nil for discriminators without labels.
  ///   - options: Whether blocks keep only what they are given for gradients; others have no meaning for
  ///     this family, which is float32 throughout.
  /// - Returns: Logits [N, 1].
  public func callAsFunction(_ img: Tensor, labels: Tensor?, options: DiscriminatorOptions)
    -> Tensor
  {
    self(img, labels: labels, lod: lod, usesCheckpointing: options.usesCheckpointing)
  }

  /// Judges images at a level of detail.
  ///
  /// The highest resolutions that are still missing see nothing: images are reduced to the highest
  /// that runs. Its features and those that the resolution below reads from the image itself are
  /// mixed.
  ///
  /// - Parameters:
  ///   - img: [N, C, H, W] in [-1, 1], in full size or in that of the highest resolution that runs.
  ///   - labels: [N, labelDim]; nil for discriminators without labels.
  ///   - lod: How many doublings of the resolution are still missing.
  ///   - usesCheckpointing: Whether blocks keep only what they are given for gradients, which run them
  ///     once more and cannot be differentiated themselves.
  /// - Returns: Logits [N, 1].
  public func callAsFunction(
    _ img: Tensor, labels: Tensor? = nil, lod: Double, usesCheckpointing: Bool = false
  ) -> Tensor {
    precondition(
      (labels != nil) == (configuration.labelDim > 0), "labels are given exactly if there are any")
    let stage = GrowthStage(lod: lod, resolutions: fromRGB.count)
    let (side, found) = (configuration.resolution >> stage.missing, img.size(3))
    precondition(
      [configuration.resolution, side].contains(found),
      "images of \(found) columns, expected \(configuration.resolution) or \(side)")
    let img = averagePool2d(img, factor: found / side)
    var x = fromRGB[stage.missing](img)
    for (i, block) in blocks.enumerated().dropFirst(stage.missing) {
      x = usesCheckpointing ? checkpointed([x]) { kept in block(kept[0]) } : block(x)
      if i == stage.missing, stage.fade > 0 {
        x = x.lerp(to: fromRGB[i + 1](averagePool2d(img)), weight: stage.fade)
      }
    }
    let logits = epilogue(x)  // [N, max(labelDim, 1)]
    return labels.map { (logits * $0).sum(over: 1, keepAxes: true) } ?? logits
  }
}

/// One resolution: two convolutions, the second of which halves the image.
///
/// - Shape: x [N, I, r, r] → [N, O, r / 2, r / 2].
final class StyleGAN1DiscriminatorBlock {
  private let conv0: StyleGAN1Kernels
  private let bias0: Tensor  // [I]
  private let conv1: StyleGAN1Kernels
  private let bias1: Tensor  // [O]
  private let blur: Tensor?  // [taps, taps]

  init(_ p: Scope, resolution r: Int, _ c: StyleGAN1DiscriminatorConfiguration) {
    let (inChannels, outChannels) = (c.channels(at: r), c.channels(at: r / 2))
    conv0 = StyleGAN1Kernels(p / "Conv0", inChannels: inChannels, outChannels: inChannels)
    bias0 = (p / "Conv0").parameter("bias", .zeros([inChannels]))
    conv1 = StyleGAN1Kernels(p / "Conv1_down", inChannels: inChannels, outChannels: outChannels)
    bias1 = (p / "Conv1_down").parameter("bias", .zeros([outChannels]))
    blur = blurFilter(c.blurFilter, p)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let y = biasAct(convolution3x3(x, weight: conv0()), bias: bias0, activation: .lrelu, gain: 1)
    let halved = downscaleConv2d(blurred(y, filter: blur), weight: conv1())
    return biasAct(halved, bias: bias1, activation: .lrelu, gain: 1)
  }
}

/// The last resolution, 4×4: statistics over the batch, one convolution, two fully connected
/// layers.
///
/// - Shape: x [N, C, 4, 4], result [N, max(labelDim, 1)].
final class StyleGAN1DiscriminatorEpilogue {
  private let groupSize: Int
  private let deviationChannels: Int
  private let conv: StyleGAN1Kernels
  private let bias: Tensor  // [C]
  private let dense0: StyleGAN1Dense
  private let dense1: StyleGAN1Dense

  init(_ p: Scope, _ c: StyleGAN1DiscriminatorConfiguration) {
    groupSize = c.mbstdGroupSize
    deviationChannels = c.mbstdGroupSize > 1 ? c.mbstdChannels : 0
    let (channels, width) = (c.channels(at: 4), c.channels(at: 2))
    conv = StyleGAN1Kernels(
      p / "Conv", inChannels: channels + deviationChannels, outChannels: channels)
    bias = (p / "Conv").parameter("bias", .zeros([channels]))
    dense0 = StyleGAN1Dense(
      p / "Dense0", inFeatures: 16 * channels, outFeatures: width, activation: .lrelu)
    dense1 = StyleGAN1Dense(
      p / "Dense1", inFeatures: width, outFeatures: max(c.labelDim, 1), gain: 1)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let seen =
      deviationChannels > 0
      ? minibatchStandardDeviation(x, groupSize: groupSize, channels: deviationChannels) : x
    let y = biasAct(convolution3x3(seen, weight: conv()), bias: bias, activation: .lrelu, gain: 1)
    return dense1(dense0(y.flattened(from: 1)))
  }
}

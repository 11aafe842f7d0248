// The discriminator of StyleSwin (Zhang et al., 2022) and StyleNAT (Walton et al., 2022): Gal et
// al., "SWAGAN: A Style-based Wavelet-driven Generative Model" (2021), with the layer names of
// microsoft/StyleSwin.

public import Layers
public import Tensors

/// The sizes and choices of a wavelet discriminator; the defaults are the published ones at 256×256.
public struct WaveletDiscriminatorConfiguration: DiscriminatorConfiguration {
  /// The name of this network in network files.
  public static let kind = "wavelet-discriminator"

  /// The image's width and height, a power of two from 16 to 1024.
  public var resolution = 256
  /// Features from 4×4 to 32×32.
  public var baseChannels = 512
  /// A factor on the features above: half of the base at 64×64, a quarter at 128×128, and so on.
  public var channelMultiplier = 2
  /// Whether weights are divided by their spectral norm, else scaled for an equal learning rate.
  public var usesSpectralNorm = true
  /// The low-pass filter of reduction, before normalisation.
  public var resampleFilter: [Double] = [1, 3, 3, 1]

  /// The published configuration at a resolution.
  public init(resolution: Int = 256) { self.resolution = resolution }

  /// RGB.
  public var imgChannels: Int { 3 }
  /// None: the network takes no labels.
  public var labelDim: Int { 0 }

  /// Samples in a group of the minibatch standard deviation.
  static let groupSize = 4

  /// The features at resolution `r`.
  ///
  /// - Parameter r: A power of two.
  /// - Returns: The number of channels.
  public func channels(at r: Int) -> Int {
    TransformerShape.channels(at: r, base: baseChannels, multiplier: channelMultiplier)
  }

  /// The resolutions of the blocks that halve features: `resolution / 2`, …, 8.
  var blockResolutions: [Int] {
    Array(sequence(first: resolution / 2) { $0 / 2 }.prefix { $0 > 4 })
  }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("resolution", resolution, is: "a power of two from 16 to 1024") {
      (16...1024).contains($0) && $0.nonzeroBitCount == 1
    }
    try ConfigurationError.check("baseChannels", baseChannels, in: 1...65536)
    try ConfigurationError.check("channelMultiplier", channelMultiplier, in: 1...64)
    try ConfigurationError.checkResampleFilter(resampleFilter)
    try ConfigurationError.check("resampleFilter", resampleFilter, is: "at least 2 taps") {
      $0.count >= 2
    }
  }

  /// Checks that a batch is smaller than the groups of the minibatch standard deviation, or
  /// consists of whole ones.
  public func validate(batchSize: Int) throws(ConfigurationError) {
    let size = Self.groupSize
    try ConfigurationError.check(
      "images judged together", batchSize, is: "a multiple of \(size), or fewer"
    ) { $0 < size || $0 % size == 0 }
  }

  /// Builds the discriminator.
  public func makeDiscriminator(_ p: Scope) -> any Discriminator { WaveletDiscriminator(self, p) }
}

/// The wavelet discriminator: images to logits, positive where they look real.
///
/// Features come from the image's wavelet coefficients, which every block reads again at its own
/// resolution.
///
/// - Shape: `img` [N, 3, H, W] in ImageNet's normalised colours, result [N, 1].
public final class WaveletDiscriminator: Discriminator {
  /// The sizes and choices it was built from.
  public let configuration: WaveletDiscriminatorConfiguration
  /// All parameters and buffers under the published names.
  public let parameters: ParameterStore
  private let transform: HaarTransform
  private let fromRGBs: [WaveletFromRGB]
  private let blocks: [WaveletBlock]
  private let conv: WaveletConvolution
  private let head: WaveletHead

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: WaveletDiscriminatorConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    let filter = Layers.resampleFilter(configuration.resampleFilter, separable: false)
    let isSpectral = configuration.usesSpectralNorm
    transform = HaarTransform(p / "dwt")
    // The first block skips a width: from that of the whole image to that of a quarter of it.
    let outChannels = configuration.blockResolutions.map { configuration.channels(at: $0 / 2) }
    let inChannels = [configuration.channels(at: configuration.resolution)] + outChannels
    fromRGBs = inChannels.enumerated().map { i, channels in
      WaveletFromRGB(
        p / "from_rgbs" / "\(i)", outChannels: channels, halves: i > 0, filter: filter,
        isSpectral: isSpectral)
    }
    blocks = outChannels.enumerated().map { i, channels in
      WaveletBlock(
        p / "convs" / "\(i)", inChannels: inChannels[i], outChannels: channels, filter: filter,
        isSpectral: isSpectral)
    }
    let last = configuration.channels(at: 4)
    conv = WaveletConvolution(
      p / "final_conv", inChannels: last + 1, outChannels: last, kernelSize: 3,
      isSpectral: isSpectral)
    head = WaveletHead(p / "final_linear", channels: last, isSpectral: isSpectral)
  }

  /// Judges images.
  ///
  /// - Parameters:
  ///   - img: [N, 3, H, W] in ImageNet's normalised colours.
  ///   - labels: Nil: the network takes none.
  ///   - options: Training improves the spectral norms; the format of numbers is float32 always.
  /// - Returns: Logits [N, 1].
  public func callAsFunction(_ img: Tensor, labels: Tensor?, options: DiscriminatorOptions)
    -> Tensor
  {
    let purpose = options.purpose
    var coefficients = transform(img)
    var x: Tensor?
    for i in fromRGBs.indices {
      // Training improves spectral norms with each use, so that they are measured once for each.
      let weights =
        [fromRGBs[i].weight(purpose)] + (i < blocks.count ? blocks[i].weights(purpose) : [])
      guard options.usesCheckpointing else {
        (coefficients, x) = run(i, coefficients, x, weights)
        continue
      }
      let made = checkpointed([coefficients] + weights, optional: [x]) { [self] kept, features in
        let next = run(i, kept[0], features[0], Array(kept.dropFirst()))
        return [next.coefficients, next.x]
      }.compactMap(\.self)
      (coefficients, x) = (made[0], made[1])
    }
    guard let x else { preconditionFailure("a discriminator without blocks") }
    let grouped = minibatchStandardDeviation(
      x, groupSize: WaveletDiscriminatorConfiguration.groupSize)
    return head(conv(grouped, weight: conv.weight(purpose)).flattened(from: 1), purpose)
  }

  /// One resolution: what the coefficients say is added to the features so far and halved.
  private func run(_ i: Int, _ coefficients: Tensor, _ x: Tensor?, _ weights: [Tensor])
    -> (coefficients: Tensor, x: Tensor)
  {
    var coefficients = coefficients
    let seen = fromRGBs[i](&coefficients, weight: weights[0])
    let sum = x.map { seen + $0 } ?? seen
    return (coefficients, i < blocks.count ? blocks[i](sum, Array(weights.dropFirst())) : sum)
  }
}

// MARK: - Layers

/// Features of wavelet coefficients, which all but the first layer halve beforehand.
///
/// - Shape: coefficients [N, 12, r, r] or [N, 12, 2 r, 2 r] → features [N, O, r, r], and the
///   coefficients at r.
final class WaveletFromRGB {
  private let inverse: InverseHaarTransform?  // not in the first layer
  private let kernel: Tensor?  // [4, 4]
  private let transform: HaarTransform?
  private let conv: WaveletConvolution

  init(_ p: Scope, outChannels: Int, halves: Bool, filter: Tensor, isSpectral: Bool) {
    inverse = halves ? InverseHaarTransform(p / "iwt") : nil
    kernel = halves ? (p / "downsample").buffer("kernel", .values(filter)) : nil
    transform = halves ? HaarTransform(p / "dwt") : nil
    conv = WaveletConvolution(
      p / "conv", inChannels: 12, outChannels: outChannels, kernelSize: 1, isSpectral: isSpectral)
  }

  /// The weight to use.
  func weight(_ purpose: ForwardPurpose) -> Tensor { conv.weight(purpose) }

  func callAsFunction(_ coefficients: inout Tensor, weight: Tensor) -> Tensor {
    if let inverse, let kernel, let transform {
      coefficients = transform(downsample2d(inverse(coefficients), filter: kernel))
    }
    return conv(coefficients, weight: weight)
  }
}

/// Two convolutions, the second of which halves the features.
///
/// - Shape: x [N, I, r, r] → [N, O, r / 2, r / 2].
final class WaveletBlock {
  private let conv1: WaveletConvolution
  private let conv2: WaveletConvolution

  init(_ p: Scope, inChannels: Int, outChannels: Int, filter: Tensor, isSpectral: Bool) {
    conv1 = WaveletConvolution(
      p / "conv1", inChannels: inChannels, outChannels: inChannels, kernelSize: 3,
      isSpectral: isSpectral)
    conv2 = WaveletConvolution(
      p / "conv2", inChannels: inChannels, outChannels: outChannels, kernelSize: 3,
      halvingFilter: filter, isSpectral: isSpectral)
  }

  /// The weights to use, one for each convolution.
  func weights(_ purpose: ForwardPurpose) -> [Tensor] {
    [conv1.weight(purpose), conv2.weight(purpose)]
  }

  func callAsFunction(_ x: Tensor, _ weights: [Tensor]) -> Tensor {
    conv2(conv1(x, weight: weights[0]), weight: weights[1])
  }
}

/// A convolution with bias and leaky ReLU, after a low-pass filter where it halves the features.
///
/// - Shape: x [N, I, r, r] → [N, O, r, r] or [N, O, r / 2, r / 2].
final class WaveletConvolution {
  private let kernel: Tensor?  // [4, 4]
  private let stored: DiscriminatorWeight  // [O, I, k, k]
  private let bias: Tensor  // [O]
  private let size: Int

  init(
    _ p: Scope, inChannels: Int, outChannels: Int, kernelSize k: Int, halvingFilter: Tensor? = nil,
    isSpectral: Bool
  ) {
    // The published module is a list; the filter is number 0 and moves the others up.
    let first = halvingFilter == nil ? 0 : 1
    kernel = halvingFilter.map { (p / "0").buffer("kernel", .values($0)) }
    stored = DiscriminatorWeight(
      p / "\(first)", [outChannels, inChannels, k, k], isSpectral: isSpectral)
    bias = (p / "\(first + 1)").parameter("bias", .zeros([outChannels]))
    size = k
  }

  /// The weight to use.
  func weight(_ purpose: ForwardPurpose) -> Tensor { stored(purpose) }

  func callAsFunction(_ x: Tensor, weight: Tensor) -> Tensor {
    let y: Tensor
    if let kernel {
      // A convolution without padding and with steps of 2 halves what is filtered to r + 1.
      let total = kernel.size(0) - 2 + size - 1
      let (before, after) = ((total + 1) / 2, total / 2)
      let padding = Padding(left: before, right: after, top: before, bottom: after)
      let filtered = upfirdn2d(x, filter: kernel, padding: padding)
      y =
        size == 3
        ? convolution3x3(filtered, weight: weight, stride: 2)
        : filtered.conv2d(weight, stride: 2)
    } else if size == 3 {
      y = convolution3x3(x, weight: weight)
    } else {
      y = x.conv2d(weight, padding: [size / 2, size / 2])
    }
    return biasAct(y, bias: bias, activation: .lrelu)
  }
}

/// Two fully connected layers: features to a logit.
///
/// - Shape: x [N, 16 C] → [N, 1].
final class WaveletHead {
  private let weights: [DiscriminatorWeight]  // [C, 16 C], [1, C]
  private let biases: [Tensor]  // [C], [1]
  private let activationBias: Tensor?  // [C]; with spectral norms the activation has its own

  init(_ p: Scope, channels c: Int, isSpectral: Bool) {
    let last = p / (isSpectral ? "2" : "1")
    let first = p / "0"
    biases = [first.parameter("bias", .zeros([c])), last.parameter("bias", .zeros([1]))]
    weights = [
      DiscriminatorWeight(first, [c, 16 * c], isSpectral: isSpectral),
      DiscriminatorWeight(last, [1, c], isSpectral: isSpectral),
    ]
    activationBias = isSpectral ? (p / "1").parameter("bias", .zeros([c])) : nil
  }

  func callAsFunction(_ x: Tensor, _ purpose: ForwardPurpose) -> Tensor {
    let bias = activationBias.map { $0 + biases[0] } ?? biases[0]
    let hidden = biasAct(
      x.matmul(weights[0](purpose).transposed(0, 1)), bias: bias, activation: .lrelu)
    return hidden.matmul(weights[1](purpose).transposed(0, 1)) + biases[1]
  }
}

/// A weight divided by its spectral norm, or scaled by `1 / sqrt(fan-in)`.
final class DiscriminatorWeight {
  private let spectral: SpectralNorm?
  private let equalized: Tensor?
  private let gain: Double

  init(_ p: Scope, _ shape: [Int], isSpectral: Bool) {
    gain = 1 / Double(shape.dropFirst().reduce(1, *)).squareRoot()
    spectral = isSpectral ? SpectralNorm(p, .randn(shape, std: gain)) : nil
    equalized = isSpectral ? nil : p.parameter("weight", .randn(shape))
  }

  func callAsFunction(_ purpose: ForwardPurpose) -> Tensor {
    if let spectral { return spectral(purpose) }
    guard let equalized else { preconditionFailure("a weight of neither kind") }
    return equalized * gain
  }
}

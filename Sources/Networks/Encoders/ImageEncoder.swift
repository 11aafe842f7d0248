// The protocol that all encoders meet: images → codes in W+, as differences from an average code.

public import Layers
public import Tensors

/// A network that finds the code of an image for one generator.
///
/// What it gives is a difference from an average code, which it keeps: the sum is a W+ that the
/// generator can draw. Everything that codes depend on is the encoder's own, also a mapping network
/// where there is one: it is trained with the encoder and is not the generator's.
///
/// - Shape: N batch, C image channels, H W image size.
public protocol ImageEncoder: AnyObject {
  /// The configuration of this kind of encoder.
  associatedtype Configuration: EncoderConfiguration

  /// The sizes and choices it was built from.
  var configuration: Configuration { get }
  /// All parameters and buffers under the published names.
  var parameters: ParameterStore { get }
  /// The code that is added to what the network gives, [numWs, wDim]; nil for encoders whose codes
  /// are whole.
  var latentAverage: Tensor? { get }

  /// Finds the codes of images, without the average.
  ///
  /// - Parameters:
  ///   - img: [N, C, H, W] in [-1, 1].
  ///   - options: Purpose, and what training drops.
  /// - Returns: [N, numWs, wDim].
  func callAsFunction(_ img: Tensor, options: EncoderOptions) -> Tensor
}

extension ImageEncoder {
  /// Finds the codes of images: what a generator draws them from.
  ///
  /// - Parameters:
  ///   - img: [N, C, H, W] in [-1, 1].
  ///   - options: Purpose, and what training drops.
  /// - Returns: W+, [N, numWs, wDim].
  public func wPlus(of img: Tensor, options: EncoderOptions = .init()) -> Tensor {
    let codes = self(img, options: options)
    return latentAverage.map { codes + $0 } ?? codes
  }

  /// What the encoder takes and gives.
  public var traits: EncoderTraits { configuration.traits }
}

/// How an encoder runs: arguments rather than hidden state.
public struct EncoderOptions {
  /// What codes are for; training takes the statistics of the batch and moves the running ones.
  public var purpose: ForwardPurpose
  /// Decides what training drops; nil for nothing.
  public var dropping: TorchGenerator?

  /// For evaluation, with nothing dropped, unless said otherwise.
  public init(purpose: ForwardPurpose = .evaluation, dropping: TorchGenerator? = nil) {
    (self.purpose, self.dropping) = (purpose, dropping)
  }
}

/// What an encoder takes and gives, as plain values.
public struct EncoderTraits: Hashable, Sendable {
  /// The image's height, in pixels.
  public let height: Int
  /// The image's width, in pixels.
  public let width: Int
  /// The channels of the image.
  public let inChannels: Int
  /// The rows of W+ that it gives.
  public let numWs: Int
  /// The length of each row.
  public let wDim: Int
  /// Whether its codes are differences from an average.
  public let isResidual: Bool

  init(_ shape: EncoderShape) {
    (height, width, inChannels) = (shape.height, shape.width, shape.trunk.inChannels)
    (numWs, wDim, isResidual) = (shape.numWs, shape.wDim, shape.isResidual)
  }

  /// Checks that a generator can draw the codes of its own pictures.
  ///
  /// - Parameter generator: What the generator is.
  /// - Throws: `ConfigurationError` if its W+ has other rows, or its pictures are of other proportions
  ///   or have other channels.
  public func check(fits generator: GeneratorTraits) throws(ConfigurationError) {
    try ConfigurationError.check(
      "encoder", [numWs, wDim],
      is: "codes of the generator's \(generator.numWs) rows of \(generator.wDim)"
    ) { $0 == [generator.numWs, generator.wDim] }
    let rows = generator.visibleRows.count
    try ConfigurationError.check(
      "encoder", [height, width],
      is: "images of the proportions of the generator's \(rows) rows of \(generator.resolution)"
    ) { $0[0] * generator.resolution == $0[1] * rows }
    try ConfigurationError.check(
      "encoder", inChannels, is: "images of the generator's \(generator.imgChannels) channels"
    ) { $0 == generator.imgChannels }
  }
}

/// The sizes and choices from which one kind of encoder is built.
public protocol EncoderConfiguration: NetworkConfiguration {
  /// The configurations of this kind that people name.
  static var namedConfigurations: [NamedEncoder] { get }
  /// Image, trunk and target, which all kinds have.
  var shape: EncoderShape { get set }

  /// The same encoder for another generator.
  ///
  /// - Parameter generator: What the generator is.
  /// - Returns: The configuration, whose codes have the rows of the generator's W+, and whose images
  ///   have the proportions and channels of its pictures at the same width.
  func fitting(_ generator: GeneratorTraits) -> Self

  /// Builds the encoder; `validate()` must accept the values.
  ///
  /// - Parameter p: The root of the names.
  /// - Returns: The encoder.
  func makeEncoder(_ p: Scope) -> any ImageEncoder
}

extension EncoderConfiguration {
  /// What the encoder takes and gives.
  public var traits: EncoderTraits { EncoderTraits(shape) }
}

/// A configuration of an encoder that has a name.
public struct NamedEncoder: Sendable {
  /// What people type, such as `style-transformer`.
  public let name: String
  /// What it is, in a few words.
  public let summary: String
  /// Its sizes and choices, for the generator that it was published for.
  public let configuration: any EncoderConfiguration

  /// A configuration of this name.
  public init(name: String, summary: String, configuration: any EncoderConfiguration) {
    (self.name, self.summary, self.configuration) = (name, summary, configuration)
  }
}

/// What all encoders have: the image, the trunk that looks at it, and the W+ that they give.
public struct EncoderShape: Codable, Hashable, Sendable {
  /// The image's height, in pixels.
  public var height = 256
  /// The image's width, in pixels.
  public var width = 256
  /// The trunk.
  public var trunk = IRSEConfiguration()
  /// The rows of W+.
  public var numWs = 18
  /// The length of w.
  public var wDim = 512
  /// Whether codes are differences from an average, which the encoder keeps.
  public var isResidual = true
  /// The features of the pyramid, where it has another width than the trunk's last stage; nil, as
  /// published, for that one.
  public var pyramidWidth: Int?

  /// Images of 256×256 through IR-SE50, codes of 18 rows of 512.
  public init() {}

  /// Takes over what a generator's codes and pictures are; the width of images stays.
  mutating func fit(_ generator: GeneratorTraits) {
    (numWs, wDim) = (generator.numWs, generator.wDim)
    height = max(1, width * generator.visibleRows.count / generator.resolution)
    trunk.inChannels = generator.imgChannels
  }

  /// The features of the pyramid.
  var featureWidth: Int { pyramidWidth ?? trunk.tapWidths[2] }

  /// The heights and widths of the trunk's three taps, fine to coarse.
  public var tapSizes: [(height: Int, width: Int)] {
    let stages = trunk.stages.count
    return (stages - 2...stages).map { count in
      (
        IRSEConfiguration.length(height, after: count),
        IRSEConfiguration.length(width, after: count)
      )
    }
  }

  /// Checks that an encoder can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("height", height, in: 1...4096)
    try ConfigurationError.check("width", width, in: 1...4096)
    try ConfigurationError.check("numWs", numWs, in: 1...256)
    try ConfigurationError.check("wDim", wDim, in: 1...65536)
    try ConfigurationError.check("pyramidWidth", pyramidWidth ?? 1, in: 1...65536)
    try trunk.validate()
  }

  /// The average code, zeros until it is loaded or set; nil if codes are whole.
  func makeLatentAverage(_ p: Scope) -> Tensor? {
    isResidual ? p.buffer("latent_avg", .zeros([numWs, wDim])) : nil
  }

  /// Checks that images have the right channels and size.
  func check(_ img: Tensor) {
    precondition(
      img.rank == 4 && Array(img.shape.dropFirst()) == [trunk.inChannels, height, width],
      "images \(img.shape), expected [N, \(trunk.inChannels), \(height), \(width)]")
  }
}

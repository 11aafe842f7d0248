// pSp's encoders: Richardson et al., "Encoding in Style: a StyleGAN Encoder for Image-to-Image
// Translation" (2021), and the one of e4e, Tov et al., "Designing an Encoder for StyleGAN Image
// Manipulation" (2021), which reads the same features with the same heads.

public import Layers
public import Tensors

/// The sizes and choices of an encoder of pSp; the defaults are those for faces at 1024×1024.
public struct PSpEncoderConfiguration: EncoderConfiguration {
  /// The name of this kind in network files.
  public static let kind = "psp-encoder"

  /// How codes are made of features.
  public enum Head: String, CaseIterable, Codable, Hashable, Sendable {
    /// A head of convolutions for every row of W+: pSp.
    case gradual
    /// The same heads, whose first gives a code for all rows and whose others add to one row each:
    /// e4e.
    case offsets
    /// The mean of the coarsest features, and one code for all rows.
    case intoW = "into-w"
    /// The coarsest features at 7×7, and all rows from one matrix.
    case intoWPlus = "into-w-plus"

    /// Whether every row has a head of its own, which reads features of one of three sizes.
    var hasRows: Bool { self == .gradual || self == .offsets }
  }

  /// Image, trunk and target.
  public var shape = EncoderShape()
  /// How codes are made of features.
  public var head = Head.gradual
  /// The first row that does not read the coarsest features.
  public var coarseEnd = 3
  /// The first row that reads the finest features.
  public var middleEnd = 7
  /// How many halving convolutions the heads of the coarsest, middle and finest features have.
  public var headConvolutions = [4, 5, 6]
  /// The features of the heads' convolutions; nil, as published, for as many as w has.
  public var headWidth: Int?

  /// The encoder for faces at 1024×1024.
  public init() {}

  /// Checks that an encoder can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try shape.validate()
    try ConfigurationError.check("coarseEnd", coarseEnd, in: 0...65536)
    try ConfigurationError.check("middleEnd", middleEnd, in: coarseEnd...65536)
    try ConfigurationError.check("headWidth", headWidth ?? 1, in: 1...65536)
    try ConfigurationError.check("headConvolutions", headConvolutions, is: "three counts, 1 to 16")
    {
      $0.count == 3 && $0.allSatisfy((1...16).contains)
    }
    guard head.hasRows else { return }
    for (count, size) in zip(headConvolutions, shape.tapSizes.reversed()) {
      let length = max(size.height, size.width)
      try ConfigurationError.check(
        "headConvolutions", count,
        is: "enough to halve features of \(size.height)×\(size.width) down to 1×1"
      ) { IRSEConfiguration.length(length, after: $0) == 1 }
    }
  }

  /// The same encoder for another generator.
  public func fitting(_ generator: GeneratorTraits) -> PSpEncoderConfiguration {
    var fitting = self
    fitting.shape.fit(generator)
    return fitting
  }

  /// Builds the encoder.
  public func makeEncoder(_ p: Scope) -> any ImageEncoder { PSpEncoder(self, p) }

  /// The published encoders.
  public static var namedConfigurations: [NamedEncoder] {
    func named(
      _ name: String, _ summary: String, _ head: Head, isCars: Bool = false
    ) -> NamedEncoder {
      var configuration = PSpEncoderConfiguration()
      configuration.head = head
      if isCars { (configuration.shape.height, configuration.shape.numWs) = (192, 16) }
      return NamedEncoder(name: name, summary: summary, configuration: configuration)
    }
    return [
      named("psp", "pSp for StyleGAN2 of 1024×1024: a head for every row of W+", .gradual),
      named("psp-w", "pSp's baseline into W", .intoW),
      named("psp-w-plus", "pSp's baseline into W+ from one matrix", .intoWPlus),
      named("e4e", "e4e for StyleGAN2 of 1024×1024: one code, and offsets for its rows", .offsets),
      named("e4e-cars", "e4e for cars: 192×256 into 16 rows", .offsets, isCars: true),
    ]
  }
}

/// An encoder of pSp.
public final class PSpEncoder: ImageEncoder {
  /// The sizes and choices it was built from.
  public let configuration: PSpEncoderConfiguration
  /// All parameters and buffers under the published names.
  public let parameters: ParameterStore
  /// The code that is added to what the network gives, [numWs, wDim].
  public let latentAverage: Tensor?
  private let trunk: IRSETrunk
  private let head: any CodeHead

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: PSpEncoderConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    let shape = configuration.shape
    trunk = IRSETrunk(shape.trunk, p)
    head =
      switch configuration.head {
      case .gradual, .offsets: RowHeads(configuration, p)
      case .intoW: MeanHead(shape, p)
      case .intoWPlus: MatrixHead(shape, p)
      }
    latentAverage = shape.makeLatentAverage(p)
  }

  /// Finds the codes of images [N, C, H, W], without the average: [N, numWs, wDim].
  public func callAsFunction(_ img: Tensor, options: EncoderOptions = .init()) -> Tensor {
    configuration.shape.check(img)
    return head(trunk(img, purpose: options.purpose), purpose: options.purpose)
  }
}

/// Makes codes of features.
private protocol CodeHead {
  /// [N, numWs, wDim].
  func callAsFunction(_ taps: IRSETrunk.Taps, purpose: ForwardPurpose) -> Tensor
}

/// A head for every row of W+: `styles.0`, `styles.1` and so on.
private final class RowHeads: CodeHead {
  private let pyramid: FeaturePyramid
  private let heads: [RowHead]
  private let configuration: PSpEncoderConfiguration

  init(_ configuration: PSpEncoderConfiguration, _ p: Scope) {
    self.configuration = configuration
    let shape = configuration.shape
    heads = (0..<shape.numWs).map { row in
      RowHead(
        p / "styles" / "\(row)", inChannels: shape.featureWidth, wDim: shape.wDim,
        width: configuration.headWidth ?? shape.wDim,
        convolutions: configuration.headConvolutions[configuration.level(ofRow: row)])
    }
    pyramid = FeaturePyramid(p, shape)
  }

  func callAsFunction(_ taps: IRSETrunk.Taps, purpose: ForwardPurpose) -> Tensor {
    var levels = pyramid(taps)
    let features = FeatureLevel.allCases.map { levels($0) }
    let codes = Tensor.stack(
      heads.enumerated().map { $1(features[configuration.level(ofRow: $0)]) }, axis: 1)
    guard configuration.head == .offsets, heads.count > 1 else { return codes }
    let first = codes.sliced(0..<1, axis: 1)
    return .concatenate([first, codes.sliced(1..<heads.count, axis: 1) + first], axis: 1)
  }
}

extension PSpEncoderConfiguration {
  /// Which features a row reads: 0 the coarsest, 1 the middle, 2 the finest.
  fileprivate func level(ofRow row: Int) -> Int { row < coarseEnd ? 0 : row < middleEnd ? 1 : 2 }
}

/// Convolutions that halve features until one vector is left, and a matrix.
///
/// - Shape: `x` [N, I, H, W], result [N, wDim].
private final class RowHead {
  private let convolutions: [ConvolutionLayer]
  private let linear: FullyConnectedLayer

  init(_ p: Scope, inChannels: Int, wDim: Int, width: Int, convolutions count: Int) {
    convolutions = (0..<count).map { index in
      // An activation without parameters stands between two convolutions.
      ConvolutionLayer(
        p / "convs" / "\(2 * index)", inChannels: index == 0 ? inChannels : width,
        outChannels: width, kernelSize: 3, stride: 2, padding: 1)
    }
    linear = FullyConnectedLayer(p / "linear", inFeatures: width, outFeatures: wDim)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let y = convolutions.reduce(x) { x, convolution in convolution(x).leakyReLU(slope: 0.01) }
    precondition(y.size(2) * y.size(3) == 1, "features \(x.shape) are not halved down to 1×1")
    return linear(y.flattened(from: 1))
  }
}

/// The mean of the coarsest features, and a matrix: one code for all rows.
private final class MeanHead: CodeHead {
  private let linear: FullyConnectedLayer
  private let numWs: Int

  init(_ shape: EncoderShape, _ p: Scope) {
    linear = FullyConnectedLayer(
      p / "linear", inFeatures: shape.trunk.tapWidths[2], outFeatures: shape.wDim)
    numWs = shape.numWs
  }

  func callAsFunction(_ taps: IRSETrunk.Taps, purpose: ForwardPurpose) -> Tensor {
    linear(taps.coarse.mean(over: 2, 3)).unsqueezed(1).expanded(-1, numWs, -1)
  }
}

/// The coarsest features, normalised and pooled to 7×7, and two matrices: all rows at once.
private final class MatrixHead: CodeHead {
  private static let side = 7
  private let norm: BatchNormLayer
  private let hidden: LinearLayer
  private let linear: FullyConnectedLayer
  private let numWs: Int

  init(_ shape: EncoderShape, _ p: Scope) {
    let (width, side) = (shape.trunk.tapWidths[2], Self.side)
    norm = BatchNormLayer(p / "output_layer_2" / "0", channels: width)
    hidden = LinearLayer(
      p / "output_layer_2" / "3", inFeatures: width * side * side, outFeatures: shape.wDim,
      weightInit: .uniform, biasInit: .uniform)
    linear = FullyConnectedLayer(
      p / "linear", inFeatures: shape.wDim, outFeatures: shape.wDim * shape.numWs)
    numWs = shape.numWs
  }

  func callAsFunction(_ taps: IRSETrunk.Taps, purpose: ForwardPurpose) -> Tensor {
    let x = adaptiveAveragePool2d(
      norm(taps.coarse, purpose: purpose), height: Self.side, width: Self.side)
    let codes = linear(hidden(x.flattened(from: 1)))
    return codes.reshaped(codes.size(0), numWs, -1)
  }
}

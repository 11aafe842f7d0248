// ResNet-50: He et al., "Deep Residual Learning for Image Recognition" (2016), with the strides of
// torchvision, as MoCo v2 trained it: Chen et al., "Improved Baselines with Momentum Contrastive
// Learning" (2020). Losses compare its features for pictures that are no faces.

public import Layers
public import Tensors

/// The sizes of a residual network with bottlenecks; the defaults are those of ResNet-50.
public struct ResNetConfiguration: FeatureConfiguration {
  /// The name of this kind in network files.
  public static let kind = "resnet-features"

  /// The image's height and width, in pixels.
  public var resolution = 224
  /// The narrow features of the first stage; each later stage has twice as many.
  public var width = 64
  /// The blocks of each stage.
  public var blocks = [3, 4, 6, 3]

  /// ResNet-50.
  public init() {}

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("resolution", resolution, in: 1...4096)
    try ConfigurationError.check("width", width, in: 1...4096)
    try ConfigurationError.check("blocks", blocks, is: "1 to 8 stages of 1 to 256 blocks") {
      (1...8).contains($0.count) && $0.allSatisfy((1...256).contains)
    }
  }

  /// Builds the network.
  public func makeFeatures(_ p: Scope) -> any FeatureNetwork { ResNetFeatures(self, p) }
}

/// The pooled features of a residual network, of unit length.
///
/// - Shape: image [N, 3, H, W], features [N, 4 · width · 2^(stages - 1)].
public final class ResNetFeatures: FeatureNetwork {
  /// The sizes it was built from.
  public let configuration: ResNetConfiguration
  /// All parameters and buffers under the names of torchvision.
  public let parameters: ParameterStore
  private let convolution: ConvolutionLayer
  private let norm: BatchNormLayer
  private let blocks: [Bottleneck]

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Sizes; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: ResNetConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    let width = configuration.width
    convolution = ConvolutionLayer(
      p / "conv1", inChannels: 3, outChannels: width, kernelSize: 7, stride: 2, padding: 3,
      hasBias: false)
    norm = BatchNormLayer(p / "bn1", channels: width)
    var inChannels = width
    var blocks: [Bottleneck] = []
    for (stage, count) in configuration.blocks.enumerated() {
      for index in 0..<count {
        blocks.append(
          Bottleneck(
            p / "layer\(stage + 1)" / "\(index)", inChannels: inChannels, width: width << stage,
            stride: stage > 0 && index == 0 ? 2 : 1))
        inChannels = 4 * width << stage
      }
    }
    self.blocks = blocks
  }

  /// The features of pictures of any size, whose pixels are picked at the network's own.
  ///
  /// No mean and deviation of ImageNet are taken off, as in the published loss.
  ///
  /// - Parameter img: [N, 3, H, W] in [-1, 1].
  /// - Returns: [N, features], each of length 1.
  /// - Source: `criteria/moco_loss.py` of pixel2style2pixel.
  public func features(_ img: Tensor) -> Tensor {
    let side = configuration.resolution
    let x = norm(convolution(nearestResized2d(img, height: side, width: side))).relu()
    let pooled = blocks.reduce(maxPool2d(x, kernelSize: 3, stride: 2, padding: 1)) { $1($0) }
      .mean(over: 2, 3)
    return pooled / pooled.length(over: 1).clamped(from: 1e-12)
  }
}

/// Three convolutions, narrow in the middle, and the image itself beside them.
///
/// - Shape: `x` [N, I, H, W], result [N, 4 · width, H / stride, W / stride].
private final class Bottleneck {
  private let convolutions: [ConvolutionLayer]
  private let norms: [BatchNormLayer]
  private let downsample: (convolution: ConvolutionLayer, norm: BatchNormLayer)?

  init(_ p: Scope, inChannels: Int, width: Int, stride: Int) {
    let outChannels = 4 * width
    convolutions = [
      ConvolutionLayer(
        p / "conv1", inChannels: inChannels, outChannels: width, kernelSize: 1, hasBias: false),
      ConvolutionLayer(
        p / "conv2", inChannels: width, outChannels: width, kernelSize: 3, stride: stride,
        padding: 1, hasBias: false),
      ConvolutionLayer(
        p / "conv3", inChannels: width, outChannels: outChannels, kernelSize: 1, hasBias: false),
    ]
    norms = [width, width, outChannels].enumerated().map {
      BatchNormLayer(p / "bn\($0 + 1)", channels: $1)
    }
    let side = p / "downsample"
    downsample =
      stride == 1 && inChannels == outChannels
      ? nil
      : (
        ConvolutionLayer(
          side / "0", inChannels: inChannels, outChannels: outChannels, kernelSize: 1,
          stride: stride, hasBias: false),
        BatchNormLayer(side / "1", channels: outChannels)
      )
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    var y = norms[0](convolutions[0](x)).relu()
    y = norms[1](convolutions[1](y)).relu()
    y = norms[2](convolutions[2](y))
    return (y + (downsample.map { $0.norm($0.convolution(x)) } ?? x)).relu()
  }
}

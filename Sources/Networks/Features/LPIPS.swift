// LPIPS, the distance of pictures as people see it: Zhang et al., "The Unreasonable Effectiveness of
// Deep Features as a Perceptual Metric" (2018), version 0.1 with AlexNet or VGG-16, with the layer
// names of torchvision and of the published heads.

public import Layers
public import Tensors

/// The choices of LPIPS; the defaults are those of encoders' losses.
public struct LPIPSConfiguration: NetworkConfiguration {
  /// The name of this kind in network files.
  public static let kind = "lpips"

  /// The network whose features are compared.
  public enum Backbone: String, CaseIterable, Codable, Hashable, Sendable {
    /// Krizhevsky, "One weird trick for parallelizing convolutional neural networks" (2014).
    case alexNet = "alex"
    /// Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition"
    /// (2015), with 16 layers.
    case vgg16 = "vgg"
  }

  /// The network whose features are compared.
  public var backbone = Backbone.alexNet
  /// How many times narrower the features are than the published ones, for small tests.
  public var widthDivisor = 1

  /// LPIPS with these features.
  public init(backbone: Backbone = .alexNet) { self.backbone = backbone }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("widthDivisor", widthDivisor, is: "a power of two from 1 to 64") {
      (1...64).contains($0) && $0.nonzeroBitCount == 1
    }
  }
}

/// The distance of pictures as people see it.
public final class LPIPS: PictureEmbedding {
  /// The choices it was built from.
  public let configuration: LPIPSConfiguration
  /// All parameters, `features.0.weight` and so on, and the heads `lin0.model.1.weight`.
  public let parameters: ParameterStore
  private let backbone: FeatureBackbone
  private let heads: ChannelHeads

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Choices; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: LPIPSConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    backbone = FeatureBackbone(configuration.backbone, divisor: configuration.widthDivisor, p)
    heads = ChannelHeads(widths: backbone.stageWidths, p)
  }

  /// The distances of pictures.
  ///
  /// - Parameters:
  ///   - a: [N, 3, H, W] in [-1, 1].
  ///   - b: Of the same shape.
  /// - Returns: [N], 0 for equal pictures.
  public func callAsFunction(_ a: Tensor, _ b: Tensor) -> Tensor {
    precondition(a.shape == b.shape, "pictures \(a.shape) and \(b.shape)")
    return heads.distance(features(a), features(b))
  }

  /// What pictures look like to the distance: one vector each, whose squared differences sum up to
  /// it.
  ///
  /// - Parameter img: [N, 3, H, W] in [-1, 1].
  /// - Returns: [N, numbers].
  public func embedding(_ img: Tensor) -> Tensor { heads.embedding(features(img)) }

  /// The features that are compared, of unit length over the channels.
  ///
  /// - Parameter img: [N, 3, H, W] in [-1, 1].
  /// - Returns: Five, each [N, C, h, w].
  public func features(_ img: Tensor) -> [Tensor] {
    backbone.stages(img).map(\.unitFeatures)
  }
}

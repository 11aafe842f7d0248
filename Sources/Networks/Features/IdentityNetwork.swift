// A network that knows people again, for pictures of any size: the body of StyleGAN2's discriminator
// with an embedding of unit length, as Deng et al., "ArcFace: Additive Angular Margin Loss for Deep
// Face Recognition" (2019), train one.

public import Layers
public import Tensors

/// The sizes of a network that knows people again.
public struct IdentityNetworkConfiguration: FeatureConfiguration {
  /// The name of this kind in network files.
  public static let kind = "identity-network"

  /// The width and height of the pictures it sees, a power of two from 8 on.
  public var resolution = 64
  /// Features at resolution r are `min(channelBase / r, channelMax)`.
  public var channelBase = 8192
  /// The most features of a layer.
  public var channelMax = 512
  /// The length of the embedding.
  public var embeddingSize = 128

  /// A network at a resolution.
  ///
  /// - Parameter resolution: The pictures' width and height.
  public init(resolution: Int = 64) { self.resolution = resolution }

  /// The body, which sees pictures in RGB.
  var body: StyleGAN2DiscriminatorConfiguration {
    .body(
      resolution: resolution, imgChannels: 3, channelBase: channelBase, channelMax: channelMax)
  }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try body.validate()
    try ConfigurationError.check("embeddingSize", embeddingSize, in: 2...65536)
  }

  /// Builds the network.
  public func makeFeatures(_ p: Scope) -> any FeatureNetwork { IdentityNetwork(self, p) }
}

/// Gives pictures of one person embeddings that point one way, and those of others other ways.
///
/// - Shape: `img` [N, 3, H, W] in [-1, 1], embeddings [N, E].
public final class IdentityNetwork: FeatureNetwork {
  /// The sizes it was built from.
  public let configuration: IdentityNetworkConfiguration
  /// All parameters and buffers: the blocks `b64` and so on, and the embedding `b4.out`.
  public let parameters: ParameterStore
  private let body: PictureBody

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Sizes; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: IdentityNetworkConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    body = PictureBody(configuration.body, p, outFeatures: configuration.embeddingSize)
  }

  /// The embeddings of pictures, whose cosines say how alike people are.
  ///
  /// - Parameter img: [N, 3, H, W] in [-1, 1]; of another size than the network's, they are averaged
  ///   to it.
  /// - Returns: [N, E], each of length 1.
  public func features(_ img: Tensor) -> Tensor {
    let side = configuration.resolution
    let seen =
      img.size(2) == side && img.size(3) == side
      ? img : adaptiveAveragePool2d(img, height: side, width: side)
    let x = body(seen)
    return x / (x.length(over: 1) + 1e-10)
  }
}

// A classifier of pictures that tells several attributes at once: the body of StyleGAN2's
// discriminator, which judges each picture by itself.

public import Layers
public import Tensors

/// The sizes of a classifier of pictures, and what it tells.
public struct AttributeClassifierConfiguration: PictureClassifierConfiguration {
  /// The name of this kind in network files.
  public static let kind = "attribute-classifier"

  /// The pictures' width and height, a power of two from 8 on.
  public var resolution = 256
  /// 1 grey, 3 RGB.
  public var imgChannels = 3
  /// Features at resolution r are `min(channelBase / r, channelMax)`.
  public var channelBase = 16384
  /// The most features of a layer.
  public var channelMax = 512
  /// The names of the attributes, in the order of the logits.
  public var attributes = CelebAAttributes.names

  /// A classifier of CelebA's attributes at a resolution.
  ///
  /// - Parameters:
  ///   - resolution: The pictures' width and height.
  ///   - attributes: The names of the attributes.
  public init(resolution: Int = 256, attributes: [String] = CelebAAttributes.names) {
    (self.resolution, self.attributes) = (resolution, attributes)
  }

  /// The length of a feature: what the last layer reads.
  public var featureCount: Int { body.channels(at: body.lastResolution) }

  /// The body; every picture is judged by itself.
  var body: StyleGAN2DiscriminatorConfiguration {
    .body(
      resolution: resolution, imgChannels: imgChannels, channelBase: channelBase,
      channelMax: channelMax)
  }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try body.validate()
    try ConfigurationError.check("imgChannels", imgChannels, is: "1 or 3", [1, 3].contains)
    try ConfigurationError.check(
      "attributes", attributes, is: "1 to 4096 names that differ, of 1 to 100 letters"
    ) { names in
      (1...4096).contains(names.count) && Set(names).count == names.count
        && names.allSatisfy { (1...100).contains($0.count) }
    }
  }

  /// Builds the classifier.
  public func makeClassifier(_ p: Scope) -> any PictureClassifier { AttributeClassifier(self, p) }
}

/// Tells which attributes a picture shows.
///
/// - Shape: `img` [N, C, H, W] in [-1, 1]; logits [N, attributes], features [N, F].
public final class AttributeClassifier: PictureClassifier {
  /// The sizes it was built from, and what it tells.
  public let configuration: AttributeClassifierConfiguration
  /// All parameters and buffers: the blocks `b64` and so on, and the last layer `b4.out`.
  public let parameters: ParameterStore
  private let body: PictureBody

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and attributes; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: AttributeClassifierConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    body = PictureBody(configuration.body, p, outFeatures: configuration.attributes.count)
  }

  /// What pictures look like to the last layer.
  ///
  /// - Parameter img: [N, C, H, W] in [-1, 1], of the network's resolution.
  /// - Returns: [N, F].
  public func features(_ img: Tensor) -> Tensor { body.features(img) }

  /// What pictures look like to each block, from the finest map to the coarsest.
  ///
  /// - Parameter img: [N, C, H, W] in [-1, 1], of the network's resolution.
  /// - Returns: The features that blocks hand on, each [N, C, r / 2, r / 2] for a block at r pixels.
  public func stages(_ img: Tensor) -> [Tensor] { body.stages(img) }

  /// Judges pictures.
  ///
  /// - Parameter img: [N, C, H, W] in [-1, 1], of the network's resolution.
  /// - Returns: [N, attributes], positive where an attribute is there.
  public func callAsFunction(_ img: Tensor) -> Tensor { body(img) }
}

extension AttributeClassifier: PictureEmbedding {
  /// What pictures look like to all blocks, each of which counts alike: features of unit length over
  /// the channels, whose squared differences are averaged over places.
  ///
  /// It is LPIPS's way to compare pictures without the weights that people's judgements gave to
  /// channels there.
  ///
  /// - Parameter img: [N, C, H, W] in [-1, 1], of the network's resolution.
  /// - Returns: [N, numbers].
  public func embedding(_ img: Tensor) -> Tensor {
    .concatenate(stages(img).map { $0.unitFeatures.asVectors() }, axis: 1)
  }
}

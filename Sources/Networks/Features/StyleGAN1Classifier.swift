// The classifiers with which the StyleGAN paper measures separability, Karras et al. (2019),
// section 4.2: one attribute each, with the layers of a discriminator in full size.

public import Layers
public import Tensors

/// The sizes of a classifier of one attribute, and which one it tells.
public struct StyleGAN1ClassifierConfiguration: PictureClassifierConfiguration {
  /// The name of this kind in network files.
  public static let kind = "stylegan1-classifier"

  /// The attribute.
  public var attribute: String
  /// The discriminator whose layers it has, but those for smaller pictures; without labels.
  public var body: StyleGAN1DiscriminatorConfiguration

  /// A classifier of an attribute.
  ///
  /// - Parameters:
  ///   - attribute: The attribute.
  ///   - body: The discriminator whose layers it has; nil for that of 256×256 pixels, which judges
  ///     each picture by itself.
  public init(attribute: String, body: StyleGAN1DiscriminatorConfiguration? = nil) {
    var alone = StyleGAN1DiscriminatorConfiguration(resolution: 256)
    alone.mbstdGroupSize = 1
    (self.attribute, self.body) = (attribute, body ?? alone)
  }

  /// The pictures' width and height, in pixels.
  public var resolution: Int { body.resolution }
  /// 1 grey, 3 RGB.
  public var imgChannels: Int { body.imgChannels }
  /// The one attribute.
  public var attributes: [String] { [attribute] }

  /// How many pictures are compared with each other: four at most, as the published metric's
  /// batches are, or 1 for none.
  var together: Int { min(body.mbstdGroupSize, 4) }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try body.validate()
    try ConfigurationError.check("imgChannels", imgChannels, is: "1 or 3", [1, 3].contains)
    try ConfigurationError.check("labelDim", body.labelDim, is: "0, no labels") { $0 == 0 }
    try ConfigurationError.check("attribute", attribute, is: "a name of 1 to 100 letters") {
      (1...100).contains($0.count)
    }
  }

  /// Builds the classifier.
  public func makeClassifier(_ p: Scope) -> any PictureClassifier { StyleGAN1Classifier(self, p) }
}

/// Tells whether a picture has an attribute.
///
/// - Shape: `img` [N, C, H, W] in [-1, 1], logits [N, 1].
public final class StyleGAN1Classifier: PictureClassifier {
  /// The sizes it was built from, and what it tells.
  public let configuration: StyleGAN1ClassifierConfiguration
  /// All parameters under the published names.
  public let parameters: ParameterStore
  private let fromRGB: StyleGAN1PixelLayer
  private let blocks: [StyleGAN1DiscriminatorBlock]
  private let epilogue: StyleGAN1DiscriminatorEpilogue

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and attribute; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: StyleGAN1ClassifierConfiguration, _ p: Scope) {
    let (body, p) = (configuration.body, p.separated(by: "/"))
    self.configuration = configuration
    parameters = p.store
    fromRGB = StyleGAN1PixelLayer(
      p / "FromRGB_lod0", inChannels: body.imgChannels,
      outChannels: body.channels(at: body.resolution), activation: .lrelu)
    blocks = body.blockResolutions.map { r in
      StyleGAN1DiscriminatorBlock(p / "\(r)x\(r)", resolution: r, body)
    }
    epilogue = StyleGAN1DiscriminatorEpilogue(p / "4x4", body)
  }

  /// Judges pictures.
  ///
  /// Where the network compares pictures with each other, four at most in a row are.
  ///
  /// - Parameter img: [N, C, H, W] in [-1, 1], of the network's resolution.
  /// - Returns: [N, 1]. Which sign means that the attribute is there, the published metric does not
  ///   say, nor does it matter to it.
  public func callAsFunction(_ img: Tensor) -> Tensor {
    let together = configuration.together
    guard together > 1, img.size(0) > together else { return judged(img) }
    let starts = stride(from: 0, to: img.size(0), by: together)
    return .concatenate(
      starts.map { judged(img.sliced($0..<min($0 + together, img.size(0)), axis: 0)) }, axis: 0)
  }

  private func judged(_ img: Tensor) -> Tensor {
    epilogue(blocks.reduce(fromRGB(img)) { x, block in block(x) })
  }
}

// The protocol that all discriminators meet: images and labels → logits.

public import Layers
public import Tensors

/// A network that judges whether images are real.
///
/// - Shape: N batch, C image channels, H W image size.
public protocol Discriminator: AnyObject {
  /// The family's configuration.
  associatedtype Configuration: DiscriminatorConfiguration

  /// The sizes and choices it was built from.
  var configuration: Configuration { get }
  /// All parameters and buffers under the published names.
  var parameters: ParameterStore { get }

  /// Judges images.
  ///
  /// - Parameters:
  ///   - img: [N, C, H, W] in the range in which the family's images are.
  ///   - labels: [N, labelDim]; nil for discriminators without labels.
  ///   - options: Purpose and precision.
  /// - Returns: Logits [N, 1], positive where images look real.
  func callAsFunction(_ img: Tensor, labels: Tensor?, options: DiscriminatorOptions) -> Tensor
}

extension Discriminator {
  /// Judges images in float32, for evaluation.
  ///
  /// - Parameters:
  ///   - img: [N, C, H, W] in the range in which the family's images are.
  ///   - labels: [N, labelDim]; nil for discriminators without labels.
  /// - Returns: Logits [N, 1], positive where images look real.
  public func callAsFunction(_ img: Tensor, labels: Tensor? = nil) -> Tensor {
    self(img, labels: labels, options: DiscriminatorOptions())
  }
}

/// How a discriminator runs: arguments rather than hidden state.
public struct DiscriminatorOptions {
  /// What the judgement is for; training measures spectral norms anew, where there are any.
  public var purpose: ForwardPurpose
  /// The number format of the highest resolutions, where the network's configuration allows a
  /// narrower one.
  public var precision: DType
  /// Whether the blocks of the network keep only what they are given for gradients, which run them
  /// once more and cannot be differentiated themselves.
  public var usesCheckpointing: Bool

  /// For evaluation, in float32 unless said otherwise.
  public init(
    purpose: ForwardPurpose = .evaluation, precision: DType = .float32,
    usesCheckpointing: Bool = false
  ) {
    self.purpose = purpose
    self.precision = precision
    self.usesCheckpointing = usesCheckpointing
  }
}

/// The sizes and choices from which one family of discriminators is built.
public protocol DiscriminatorConfiguration: NetworkConfiguration {
  /// The image's width and height, in pixels.
  var resolution: Int { get }
  /// 1 grey, 3 RGB, 4 RGB with opacity.
  var imgChannels: Int { get }
  /// The length of a label; 0 for none.
  var labelDim: Int { get }

  /// The names of the layers that may be kept from learning, from the image on; none where nobody has
  /// said which.
  var layersFromImage: [String] { get }

  /// Checks that images can be judged in batches of a size.
  ///
  /// - Parameter batchSize: How many are judged together, at least 1.
  /// - Throws: `ConfigurationError` if the size does not fit the groups that the network compares.
  func validate(batchSize: Int) throws(ConfigurationError)

  /// Builds the discriminator; `validate()` must accept the values.
  ///
  /// - Parameter p: The root of the names.
  /// - Returns: The discriminator.
  func makeDiscriminator(_ p: Scope) -> any Discriminator
}

extension DiscriminatorConfiguration {
  /// No layers.
  public var layersFromImage: [String] { [] }
}

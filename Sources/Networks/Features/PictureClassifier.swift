// The protocol that all classifiers of pictures meet: pictures → a logit for each attribute.

public import Layers
public import Tensors

/// A network that tells attributes of pictures.
///
/// - Shape: N batch, C image channels, H W image size.
public protocol PictureClassifier: AnyObject {
  /// The kind's configuration.
  associatedtype Configuration: PictureClassifierConfiguration

  /// The sizes it was built from, and what it tells.
  var configuration: Configuration { get }
  /// All parameters and buffers under the published names.
  var parameters: ParameterStore { get }

  /// Judges pictures.
  ///
  /// - Parameter img: [N, C, H, W] in [-1, 1], of the network's resolution.
  /// - Returns: Logits [N, attributes].
  func callAsFunction(_ img: Tensor) -> Tensor
}

/// The sizes from which one kind of classifier of pictures is built, and what it tells.
public protocol PictureClassifierConfiguration: NetworkConfiguration {
  /// The pictures' width and height, in pixels.
  var resolution: Int { get }
  /// 1 grey, 3 RGB.
  var imgChannels: Int { get }
  /// The names of the attributes, in the order of the logits.
  var attributes: [String] { get }

  /// Builds the classifier; `validate()` must accept the values.
  ///
  /// - Parameter p: The root of the names.
  /// - Returns: The classifier.
  func makeClassifier(_ p: Scope) -> any PictureClassifier
}

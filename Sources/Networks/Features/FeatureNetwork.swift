// The protocol that feature networks meet: images → vectors of unit length that can be compared.

public import Layers
public import Tensors

/// A network whose features say how alike two images are.
///
/// It is only ever evaluated; gradients flow through it to the image.
public protocol FeatureNetwork: AnyObject {
  /// The configuration of this kind of network.
  associatedtype Configuration: FeatureConfiguration

  /// The sizes and choices it was built from.
  var configuration: Configuration { get }
  /// All parameters and buffers under the published names.
  var parameters: ParameterStore { get }

  /// The features of pictures, cropped and resized as the published losses do.
  ///
  /// - Parameter img: [N, C, H, W] in [-1, 1], not bounded.
  /// - Returns: [N, features], each of length 1.
  func features(_ img: Tensor) -> Tensor
}

/// The sizes and choices from which one kind of feature networks is built.
public protocol FeatureConfiguration: NetworkConfiguration {
  /// Builds the network; `validate()` must accept the values.
  ///
  /// - Parameter p: The root of the names.
  /// - Returns: The network.
  func makeFeatures(_ p: Scope) -> any FeatureNetwork
}

extension Tensor {
  /// The Euclidean length of the vectors along an axis, which stays with length 1.
  func length(over axis: Int) -> Tensor {
    call("aten::linalg_vector_norm", self, 2.0, [axis], true)
  }
}

// The protocol of networks whose features say how unlike two pictures look.

public import Layers
public import Tensors

/// A network that gives every picture one vector, such that the squared differences of two pictures'
/// vectors sum up to how unlike they look.
///
/// - Shape: N batch, H W image size.
public protocol PictureEmbedding: AnyObject {
  /// All parameters and buffers under the published names.
  var parameters: ParameterStore { get }

  /// What pictures look like to the distance.
  ///
  /// - Parameter img: [N, 3, H, W] in [-1, 1].
  /// - Returns: [N, numbers].
  func embedding(_ img: Tensor) -> Tensor
}

extension Tensor {
  /// Features of unit length over the channels: [N, C, H, W].
  var unitFeatures: Tensor { self / (length(over: 1) + 1e-10) }

  /// Features [N, C, H, W] as one vector for each picture, whose squared differences are summed over
  /// channels and averaged over places.
  ///
  /// - Parameter weights: What differences are multiplied with before they are squared, [1, C, 1, 1];
  ///   nil for 1.
  /// - Returns: [N, C · H · W].
  func asVectors(weights: Tensor? = nil) -> Tensor {
    let scale = 1 / Double(size(2) * size(3)).squareRoot()
    return (weights.map { self * ($0 * scale) } ?? self * scale).flattened(from: 1)
  }
}

// VGG-16: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
// Recognition" (2015), as far as its second fully connected layer, whose features precision and
// recall compare, with the layer names of torchvision.

public import Layers
public import Tensors

/// The sizes of VGG-16; the defaults are the published ones.
public struct VGG16Configuration: NetworkConfiguration {
  /// The name of this kind in network files.
  public static let kind = "vgg16"

  /// How many times narrower all layers are than the published ones, for small tests.
  public var widthDivisor = 1

  /// The published sizes.
  public init() {}

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("widthDivisor", widthDivisor, is: "a power of two from 1 to 64") {
      (1...64).contains($0) && $0.nonzeroBitCount == 1
    }
  }

  /// The numbers in a feature.
  public var featureCount: Int { 4096 / widthDivisor }
}

/// The features of pictures before VGG-16's last layer.
///
/// - Shape: image [N, 3, 224, 224], features [N, 4096].
public final class VGG16 {
  /// The sizes it was built from.
  public let configuration: VGG16Configuration
  /// All parameters, `features.0.weight` and so on, `classifier.0.weight` and `classifier.3.weight`.
  public let parameters: ParameterStore
  private let backbone: FeatureBackbone
  private let layers: [LinearLayer]

  /// The height and width of the pictures that it takes.
  public static let resolution = 224

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Sizes; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: VGG16Configuration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    backbone = FeatureBackbone(.vgg16, divisor: configuration.widthDivisor, p)
    let width = configuration.featureCount
    let pixels = 7 * 7 * 512 / configuration.widthDivisor
    layers = [("0", pixels), ("3", width)].map { name, inFeatures in
      LinearLayer(p / "classifier" / name, inFeatures: inFeatures, outFeatures: width)
    }
  }

  /// The features of pictures.
  ///
  /// - Parameter img: [N, 3, 224, 224] in [-1, 1].
  /// - Returns: [N, 4096], none negative.
  public func features(_ img: Tensor) -> Tensor {
    let side = Self.resolution
    precondition(img.shape.suffix(2) == [side, side], "pictures \(img.shape)")
    let last = backbone.stages(img)[4]
    // Channels first, as the published layers take them.
    let pixels = maxPool2d(last, kernelSize: 2, stride: 2).contiguous().flattened(from: 1)
    return layers.reduce(pixels) { $1($0).relu() }
  }
}

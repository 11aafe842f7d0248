// The feature networks of faces: ArcFace's IR-SE50, Deng et al., "ArcFace: Additive Angular Margin
// Loss for Deep Face Recognition" (2019), and CurricularFace's IR-100, Huang et al., "CurricularFace:
// Adaptive Curriculum Learning Loss for Deep Face Recognition" (2020), with the layer names of their
// published weights.

public import Layers
public import Tensors

/// The sizes and choices of a network that recognises faces; the defaults are those of ArcFace's
/// IR-SE50.
public struct FaceRecognitionConfiguration: FeatureConfiguration {
  /// The name of this kind in network files.
  public static let kind = "face-recognition"

  /// The image's height and width, in pixels.
  public var resolution = 112
  /// The trunk.
  public var trunk = IRSEConfiguration()
  /// The length of the features.
  public var featureCount = 512
  /// Whether the last normalisation scales and moves.
  public var isLastNormAffine = true
  /// Where the face is in pictures of 256×256.
  public var crop = FaceCrop.published

  /// ArcFace's IR-SE50, which encoders learn with.
  public init() {}

  /// CurricularFace's IR-100, without squeeze and excitation, which encoders are measured with.
  ///
  /// - Source: `models/mtcnn` and `models/encoders/model_irse.py` of pixel2style2pixel.
  public static var curricularFace: FaceRecognitionConfiguration {
    var configuration = FaceRecognitionConfiguration()
    configuration.trunk = IRSEConfiguration(units: [3, 13, 30, 3], squeezes: false)
    configuration.isLastNormAffine = false
    return configuration
  }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("resolution", resolution, in: 1...4096)
    try ConfigurationError.check("featureCount", featureCount, in: 1...65536)
    try ConfigurationError.check("crop", crop, is: "some rows and columns of its pictures") {
      crop in
      [crop.rows, crop.columns].allSatisfy {
        !$0.isEmpty && $0.lowerBound >= 0 && $0.upperBound <= crop.side
      }
    }
    try trunk.validate()
    try ConfigurationError.check("trunk.inChannels", trunk.inChannels, is: "3") { $0 == 3 }
  }

  /// Builds the network.
  public func makeFeatures(_ p: Scope) -> any FeatureNetwork { FaceRecognition(self, p) }
}

/// A network that knows a face again: features of unit length, alike for pictures of one person.
///
/// - Shape: image [N, C, H, W], features [N, featureCount].
public final class FaceRecognition: FeatureNetwork {
  /// The sizes and choices it was built from.
  public let configuration: FaceRecognitionConfiguration
  /// All parameters and buffers under the published names.
  public let parameters: ParameterStore
  private let trunk: IRSETrunk
  private let firstNorm: BatchNormLayer
  private let linear: LinearLayer
  private let lastNorm: BatchNormLayer

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and choices; `validate()` must accept them.
  ///   - p: The root of the names.
  public init(_ configuration: FaceRecognitionConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    trunk = IRSETrunk(configuration.trunk, p)
    let output = p / "output_layer"
    let width = configuration.trunk.tapWidths[2]
    let side = IRSEConfiguration.length(
      configuration.resolution, after: configuration.trunk.stages.count)
    // Dropout and flattening, which are numbers 1 and 2, have no parameters.
    firstNorm = BatchNormLayer(output / "0", channels: width)
    linear = LinearLayer(
      output / "3", inFeatures: width * side * side, outFeatures: configuration.featureCount,
      weightInit: .uniform, biasInit: .uniform)
    lastNorm = BatchNormLayer(
      output / "4", channels: configuration.featureCount,
      isAffine: configuration.isLastNormAffine)
  }

  /// The features of cropped faces.
  ///
  /// - Parameter img: [N, C, H, W] in [-1, 1], of the network's own size.
  /// - Returns: [N, featureCount], each of length 1.
  public func callAsFunction(_ img: Tensor) -> Tensor {
    let side = configuration.resolution
    precondition(
      img.shape.suffix(2) == [side, side], "images \(img.shape), expected \(side)×\(side)")
    let x = lastNorm(linear(firstNorm(trunk(img).coarse).flattened(from: 1)))
    return x / x.length(over: 1)
  }

  /// The features of pictures that are aligned as FFHQ's are, of which the face is cut out and
  /// pooled as the published loss does.
  ///
  /// - Parameter img: [N, C, 256, 256] in [-1, 1], not bounded.
  /// - Returns: [N, featureCount], each of length 1.
  public func features(_ img: Tensor) -> Tensor {
    let side = configuration.resolution
    return self(adaptiveAveragePool2d(configuration.crop(img), height: side, width: side))
  }
}

/// The part of a picture that losses of identity and of crops look at.
public struct FaceCrop: Codable, Hashable, Sendable {
  /// Rows of the picture.
  public var rows: Range<Int>
  /// Columns of the picture.
  public var columns: Range<Int>
  /// The width and height of the pictures; of others it would be another part.
  public var side: Int

  /// These rows and columns of pictures of a size.
  public init(rows: Range<Int>, columns: Range<Int>, of side: Int) {
    (self.rows, self.columns, self.side) = (rows, columns, side)
  }

  /// Rows 35 to 223 and columns 32 to 220 of a picture of 256×256.
  ///
  /// - Source: `criteria/id_loss.py` of pixel2style2pixel.
  public static let published = FaceCrop(rows: 35..<223, columns: 32..<220, of: 256)

  /// Cuts the part out.
  ///
  /// - Parameter img: [N, C, side, side].
  /// - Returns: [N, C, rows, columns].
  public func callAsFunction(_ img: Tensor) -> Tensor {
    precondition(
      img.shape.suffix(2) == [side, side], "images \(img.shape), expected \(side)×\(side)")
    return img.sliced(rows, axis: 2).sliced(columns, axis: 3)
  }
}

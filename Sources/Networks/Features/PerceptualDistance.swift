// A distance of pictures as a classifier of them sees it: what LPIPS is with the features of ImageNet's
// networks (Zhang et al., 2018), with those of our own classifiers and heads of our own.

public import Layers
public import Tensors

/// The classifier whose features a distance compares.
public struct PerceptualDistanceConfiguration: NetworkConfiguration {
  /// The name of this kind in network files.
  public static let kind = "perceptual-distance"

  /// The classifier.
  public var classifier: AttributeClassifierConfiguration

  /// A distance of a classifier's features.
  ///
  /// - Parameter classifier: The classifier.
  public init(classifier: AttributeClassifierConfiguration = .init(resolution: 64)) {
    self.classifier = classifier
  }

  /// Checks that a network can be built from these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try classifier.validate()
    try ConfigurationError.check("imgChannels", classifier.imgChannels, is: "3") { $0 == 3 }
  }

  /// The channels of what each block hands on.
  var stageWidths: [Int] {
    let body = classifier.body
    return body.blockResolutions.map { body.channels(at: $0 / 2) }
  }
}

/// How far pictures are apart: the squared differences of a classifier's features.
///
/// As in LPIPS, the features of each block have unit length over the channels; their squared
/// differences, weighted by a number for each channel, are summed over the channels, averaged over
/// the picture and summed over the blocks. It is not LPIPS, and its numbers are not LPIPS's: the
/// features and the heads are others.
public final class PerceptualDistance: PictureEmbedding {
  /// The classifier that it was built from.
  public let configuration: PerceptualDistanceConfiguration
  /// All parameters and buffers: the classifier's, and the heads `lin0.model.1.weight` and so on.
  public let parameters: ParameterStore
  private let classifier: AttributeClassifier
  private let heads: ChannelHeads

  /// Builds the network.
  ///
  /// - Parameters:
  ///   - configuration: The classifier; `validate()` must accept it.
  ///   - p: The root of the names.
  public init(_ configuration: PerceptualDistanceConfiguration, _ p: Scope) {
    self.configuration = configuration
    parameters = p.store
    classifier = AttributeClassifier(configuration.classifier, p)
    heads = ChannelHeads(widths: configuration.stageWidths, p)
  }

  /// A distance of a classifier's features, with heads of zeros.
  ///
  /// - Parameter classifier: The classifier, whose numbers are copied.
  public convenience init(of classifier: AttributeClassifier) {
    self.init(
      PerceptualDistanceConfiguration(classifier: classifier.configuration),
      Scope(ParameterStore()))
    withoutGradients {
      for name in classifier.parameters.names(under: "") {
        parameters[name].assign(classifier.parameters[name])
      }
    }
  }

  /// The distances of pictures.
  ///
  /// - Parameters:
  ///   - a: [N, 3, H, W] in [-1, 1]; of another size than the classifier's, they are averaged to it.
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

  /// How much each channel of each block differs, before the heads.
  ///
  /// - Parameters:
  ///   - a: [N, 3, H, W] in [-1, 1].
  ///   - b: Of the same shape.
  /// - Returns: [N, channels of all blocks], of which the distance is the product with the heads.
  public func differences(_ a: Tensor, _ b: Tensor) -> Tensor {
    let parts = zip(features(a), features(b)).map { ($0 - $1).square().mean(over: 2, 3) }
    return .concatenate(parts, axis: 1)
  }

  /// Sets how much each channel counts.
  ///
  /// - Parameter weights: A number for each channel of `differences(_:_:)`, none below 0.
  public func setHeads(_ weights: [Float]) {
    let widths = configuration.stageWidths
    precondition(
      weights.count == widths.reduce(0, +) && weights.allSatisfy { $0 >= 0 },
      "\(weights.count) weights for \(widths) channels")
    var first = 0
    for (index, width) in widths.enumerated() {
      let own = Array(weights[first..<first + width])
      withoutGradients {
        parameters["lin\(index).model.1.weight"].assign(Tensor(own, shape: [1, width, 1, 1]))
      }
      first += width
    }
  }

  /// The features that are compared: for each block [N, C, h, w].
  private func features(_ img: Tensor) -> [Tensor] {
    let side = configuration.classifier.resolution
    let seen =
      img.size(2) == side && img.size(3) == side
      ? img : adaptiveAveragePool2d(img, height: side, width: side)
    return classifier.stages(seen).map(\.unitFeatures)
  }
}

// The distance of pictures that path lengths are measured with.

import Checkpoints
import Metrics
import Networks
import Tensors

/// A network that says how unlike two pictures look, as path lengths take it.
///
/// Which network a name stands for is said here alone: another distance of portraits, such as one with
/// fitted weights, takes the place of the classifier's in `init(for:_:)`, under a name of its own.
struct PathDistance {
  /// What results call the network.
  let name: String
  /// The content hash of its weights.
  let hash: String
  /// From pictures [N, 3, H, W] with numbers from 0 to 255, not bounded, to [N, numbers] whose squared
  /// differences sum up to the distance.
  let embedding: (Tensor) -> Tensor

  /// The distance of a metric; nil if weights that it needs are not named.
  ///
  /// - Parameters:
  ///   - metric: A path length.
  ///   - files: Where weights of others are.
  /// - Throws: `FileError` if a network cannot be read, or is another one.
  init?(for metric: MetricRecipe, _ files: FeatureNetworkFiles) throws {
    guard metric.isOfPortraits else {
      guard let lpips = try files.distanceNetwork()?.makeLPIPS() else { return nil }
      try self.init("lpips-vgg16", lpips)
      return
    }
    let classifier = try FeatureExtractor.portraitsNetwork().makeAttributeClassifier()
    try self.init(
      FeatureExtractor.portraitsModel, classifier, side: classifier.configuration.resolution)
  }

  /// A distance by any network that embeds pictures.
  ///
  /// - Parameters:
  ///   - name: What results call it.
  ///   - network: The network.
  ///   - side: The width and height of the pictures that it takes; nil for any.
  /// - Throws: `FileError` if its weights cannot be hashed.
  private init(_ name: String, _ network: some PictureEmbedding, side: Int? = nil) throws {
    self.name = name
    hash = try network.parameters.contentHash()
    embedding = { pictures in
      let shown = side.map { Self.shown(pictures, side: $0) } ?? pictures
      return network.embedding(shown / 127.5 - 1)
    }
  }

  /// Pictures in a network's size: averaged down by a whole number where that is possible.
  private static func shown(_ pictures: Tensor, side: Int) -> Tensor {
    guard pictures.size(2) % side != 0 else {
      return LinearSeparability.shown(pictures, side: side, channels: 3)
    }
    return PictureResizing.pytorch(pictures, to: side)
  }
}

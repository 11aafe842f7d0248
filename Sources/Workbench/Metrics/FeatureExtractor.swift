// Networks whose features metrics compare: where their weights come from, and how they see pictures.

import Checkpoints
import Formats
import Metrics
import Networks
import Tensors

/// The files with the weights of feature networks.
public struct FeatureNetworkFiles: Hashable, Sendable {
  /// Inception-v3: NVIDIA's `inception-2015-12-05.pt`, pytorch-fid's `.pth`, or one of our own files.
  public var inception: String?
  /// VGG-16: NVIDIA's `vgg16.pt`, torchvision's `.pth`, or one of our own files.
  public var vgg: String?

  /// These files.
  ///
  /// - Parameters:
  ///   - inception: Inception-v3, if it is at hand.
  ///   - vgg: VGG-16, if it is at hand.
  public init(inception: String? = nil, vgg: String? = nil) {
    (self.inception, self.vgg) = (inception, vgg)
  }

  static let publishedInception =
    "inception-2015-12-05.pt of NVIDIA's metrics or pt_inception-2015-12-05-6726825d.pth of pytorch-fid"
  static let publishedVGG = "vgg16.pt of NVIDIA's metrics or vgg16-397923af.pth of torchvision"
}

/// A network that has features of pictures, and how it sees them.
struct FeatureExtractor {
  /// What results call it.
  let name: String
  /// The content hash of its weights.
  let hash: String
  /// The numbers of a feature.
  let width: Int
  /// From pictures [N, 3, H, W] with numbers from 0 to 255 to features [N, width].
  let features: (Tensor) -> Tensor
  /// From features to what a classifier says of them; nil for networks without one.
  let logits: ((Tensor) -> Tensor)?

  /// Inception-v3, as a protocol sees pictures with it.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - rule: The protocol.
  /// - Returns: The extractor.
  /// - Throws: `FileError` if it cannot be read, or holds something else.
  static func inception(_ path: String, _ rule: MetricProtocol) throws -> FeatureExtractor {
    let stored = try network(
      path, InceptionConfiguration.self, FeatureNetworkFiles.publishedInception)
    let inception = try stored.makeInception()
    return FeatureExtractor(
      name: "inception", hash: try inception.parameters.contentHash(),
      width: inception.configuration.featureCount,
      features: { rule.features($0, of: inception) }, logits: { inception.logits($0) })
  }

  /// VGG-16, as a protocol sees pictures with it.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - rule: The protocol.
  /// - Returns: The extractor.
  /// - Throws: `FileError` if it cannot be read, or holds something else.
  static func vgg(_ path: String, _ rule: MetricProtocol) throws -> FeatureExtractor {
    let stored = try network(path, VGG16Configuration.self, FeatureNetworkFiles.publishedVGG)
    let vgg = try stored.makeVGG16()
    return FeatureExtractor(
      name: "vgg16", hash: try vgg.parameters.contentHash(),
      width: vgg.configuration.featureCount,
      features: { rule.features($0, of: vgg) }, logits: nil)
  }

  private static func network<Kind>(
    _ path: String, _ kind: Kind.Type, _ published: String
  ) throws -> Checkpoint.Network {
    try expectFile(path, published)
    return try featureNetwork(in: path, as: kind, expected: published)
  }
}

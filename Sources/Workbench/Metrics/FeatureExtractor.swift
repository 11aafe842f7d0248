// Networks whose features metrics compare: where their weights come from, and how they see pictures.

import Checkpoints
import Formats
import Metrics
import Networks
import OrderedCollections
import Tensors

/// The files with the weights of feature networks.
public struct FeatureNetworkFiles: Hashable, Sendable {
  /// Inception-v3: NVIDIA's `inception-2015-12-05.pt`, pytorch-fid's `.pth`, or one of our own files.
  public var inception: String?
  /// VGG-16: NVIDIA's `vgg16.pt`, torchvision's `.pth`, or one of our own files.
  public var vgg: String?
  /// The published heads of LPIPS, where VGG-16 comes without them.
  public var lpipsHeads: String?
  /// Classifiers of pictures: one of our own files, or a folder with the files of StyleGAN's
  /// metrics.
  public var attributes: String?

  /// These files.
  ///
  /// - Parameters:
  ///   - inception: Inception-v3, if it is at hand.
  ///   - vgg: VGG-16, if it is at hand.
  ///   - lpipsHeads: The heads of LPIPS, if VGG-16 comes without them.
  ///   - attributes: Classifiers of pictures, if they are at hand.
  public init(
    inception: String? = nil, vgg: String? = nil, lpipsHeads: String? = nil,
    attributes: String? = nil
  ) {
    (self.inception, self.vgg, self.lpipsHeads) = (inception, vgg, lpipsHeads)
    self.attributes = attributes
  }

  static let publishedInception =
    "inception-2015-12-05.pt of NVIDIA's metrics or pt_inception-2015-12-05-6726825d.pth of pytorch-fid"
  /// Where Inception-v3 comes from, and what can be measured without.
  static let offeredInception =
    "\(publishedInception) (--metrics=fid-portraits needs no file, but compares little portraits alone)"
  static let publishedVGG = "vgg16.pt of NVIDIA's metrics or vgg16-397923af.pth of torchvision"
  static let publishedDistance =
    "vgg16.pt of NVIDIA's metrics; or vgg16-397923af.pth of torchvision and --lpips-heads: vgg.pth"

  /// Inception-v3, not yet built.
  ///
  /// - Returns: The network; nil if no file is named.
  /// - Throws: `FileError` if the file cannot be read, or holds something else.
  func inceptionNetwork() throws -> Checkpoint.Network? {
    try inception.map {
      try Self.network($0, InceptionConfiguration.self, Self.publishedInception)
    }
  }

  /// VGG-16, not yet built.
  ///
  /// - Returns: The network; nil if no file is named.
  /// - Throws: `FileError` if the file cannot be read, or holds something else.
  func vggNetwork() throws -> Checkpoint.Network? {
    try vgg.map { try Self.network($0, VGG16Configuration.self, Self.publishedVGG) }
  }

  /// LPIPS with VGG-16, not yet built.
  ///
  /// - Returns: The network; nil if no VGG-16 is named.
  /// - Throws: `FileError` if files cannot be read, or hold something else.
  func distanceNetwork() throws -> Checkpoint.Network? {
    guard let vgg else { return nil }
    guard let lpipsHeads else {
      let found = try Self.network(vgg, LPIPSConfiguration.self, Self.publishedDistance)
      guard (found.configuration as? LPIPSConfiguration)?.backbone == .vgg16 else {
        throw FileError(
          .doesNotFit, file: vgg, expected: Self.publishedDistance, found: "LPIPS with AlexNet")
      }
      return found
    }
    try expectFile(vgg, Self.publishedVGG)
    try expectFile(lpipsHeads, LPIPSFiles.publishedHeads)
    return try .lpips(backbone: vgg, heads: lpipsHeads)
  }

  private static func network<Kind>(
    _ path: String, _ kind: Kind.Type, _ published: String
  ) throws -> Checkpoint.Network {
    try expectFile(path, published)
    return try featureNetwork(in: path, as: kind, expected: published)
  }
}

extension NetworkConfiguration {
  /// What decides everything that a network computes.
  ///
  /// - Parameter hash: The content hash of its weights.
  /// - Returns: The hash, and the configuration as JSON.
  /// - Throws: `EncodingError` if a value is not a number that JSON can hold.
  func identity(_ hash: String) throws -> String { "\(hash) \(try canonicalJSON())" }
}

/// A network that has features of pictures, and how it sees them.
struct FeatureExtractor {
  /// What results call it.
  let name: String
  /// The content hash of its weights.
  let hash: String
  /// What decides its features: the weights and the configuration.
  let identity: String
  /// The numbers of a feature.
  let width: Int
  /// From pictures [N, 3, H, W] with numbers from 0 to 255 to features [N, width].
  let features: (Tensor) -> Tensor
  /// From features to what a classifier says of them; nil for networks without one.
  let logits: ((Tensor) -> Tensor)?

  /// Inception-v3, as a protocol sees pictures with it.
  ///
  /// - Parameters:
  ///   - files: The files.
  ///   - rule: The protocol.
  /// - Returns: The extractor; nil if no file is named.
  /// - Throws: `FileError` if it cannot be read, or holds something else.
  static func inception(
    _ files: FeatureNetworkFiles, _ rule: MetricProtocol
  ) throws -> FeatureExtractor? {
    guard let inception = try files.inceptionNetwork()?.makeInception() else { return nil }
    let hash = try inception.parameters.contentHash()
    return FeatureExtractor(
      name: "inception", hash: hash, identity: try inception.configuration.identity(hash),
      width: inception.configuration.featureCount,
      features: { rule.features($0, of: inception) }, logits: { inception.logits($0) })
  }

  /// VGG-16, as a protocol sees pictures with it.
  ///
  /// - Parameters:
  ///   - files: The files.
  ///   - rule: The protocol.
  /// - Returns: The extractor; nil if no file is named.
  /// - Throws: `FileError` if it cannot be read, or holds something else.
  static func vgg(
    _ files: FeatureNetworkFiles, _ rule: MetricProtocol
  ) throws -> FeatureExtractor? {
    guard let vgg = try files.vggNetwork()?.makeVGG16() else { return nil }
    let hash = try vgg.parameters.contentHash()
    return FeatureExtractor(
      name: "vgg16", hash: hash, identity: try vgg.configuration.identity(hash),
      width: vgg.configuration.featureCount,
      features: { rule.features($0, of: vgg) }, logits: nil)
  }

  /// The classifier of portraits that comes with the program, as a protocol sees pictures with it.
  ///
  /// - Parameter rule: The protocol.
  /// - Returns: The extractor.
  /// - Throws: `FileError` if it is not there, or cannot be read.
  static func portraits(_ rule: MetricProtocol) throws -> FeatureExtractor {
    let classifier = try portraitsNetwork().makeAttributeClassifier()
    let hash = try classifier.parameters.contentHash()
    return FeatureExtractor(
      name: ShippedModels.portraitsClassifier, hash: hash,
      identity: try classifier.configuration.identity(hash),
      width: classifier.configuration.featureCount,
      features: { rule.features($0, of: classifier) }, logits: nil)
  }

  /// The classifier of portraits, not yet built.
  ///
  /// - Returns: The network.
  /// - Throws: `FileError` if it is not there, cannot be read, or is another.
  static func portraitsNetwork() throws -> Checkpoint.Network {
    try ShippedModels.network(
      ShippedModels.portraitsClassifier, role: "attributes",
      content: "e9cf277d466df5037ebed050e4ef8b66d5a3e73aed0af38616632d92eef5f96c")
  }

}

// The networks for little portraits that come with the program: who is shown, and how far pictures are
// apart.

import Checkpoints
import Formats
import Networks
import OrderedCollections
import Tensors

/// Networks that judge little portraits, as this program draws them.
struct PortraitJudges {
  /// What the cosine of two portraits' embeddings is called.
  static let identityName = "identity-portraits"
  /// What the distance of two portraits is called.
  static let distanceName = "perceptual-portraits"
  /// The model that measures it.
  static let distanceModel = "perceptual-portraits64"

  /// The model that gives the embeddings.
  static let identityModel = "identity-portraits64"

  /// Knows people again.
  let identity: any FeatureNetwork
  /// The networks by the names of what they measure, for the record.
  let extractors: [String: InversionProtocol.Extractor]
  private let perception: PerceptualDistance

  /// Loads the networks.
  ///
  /// - Throws: `FileError` if they are not there, or cannot be read.
  init() throws {
    let (knowing, seeing) = (try Self.identityNetwork(), try Self.distanceNetwork())
    identity = try knowing.makeFeatures()
    perception = try seeing.makePerceptualDistance()
    func extractor(_ network: Checkpoint.Network) throws -> InversionProtocol.Extractor {
      .init(kind: type(of: network.configuration).kind, hash: try network.contentHash())
    }
    extractors = [
      Self.identityName: try extractor(knowing), Self.distanceName: try extractor(seeing),
    ]
  }

  /// How far two portraits are apart.
  ///
  /// - Parameters:
  ///   - x: [N, 3, H, W] in [-1, 1].
  ///   - y: Of the same shape.
  /// - Returns: [N].
  func distance(_ x: Tensor, _ y: Tensor) -> Tensor { perception(x, y) }

  /// The network that knows people again, not yet built.
  ///
  /// - Throws: `FileError` if it is not there, cannot be read, or is another.
  static func identityNetwork() throws -> Checkpoint.Network {
    try ShippedModels.network(
      identityModel, role: "features",
      content: "8e255f255ed52889c9a9a25bb5147205f442c68e3c3a611afc117a0e8aa30a4c")
  }

  /// The distance, not yet built.
  ///
  /// - Throws: `FileError` if it is not there, cannot be read, or is another.
  static func distanceNetwork() throws -> Checkpoint.Network {
    try ShippedModels.network(
      distanceModel, role: "features",
      content: "3e584d9189eabb4f7c0a014182483ba8c38aaa95d1570905557e56d90ee5424e")
  }
}

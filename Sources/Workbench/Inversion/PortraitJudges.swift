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
  /// - Throws: `FileError` if it is not there, or cannot be read.
  static func identityNetwork() throws -> Checkpoint.Network { try network("identity-portraits64") }

  /// The distance, not yet built.
  ///
  /// - Throws: `FileError` if it is not there, or cannot be read.
  static func distanceNetwork() throws -> Checkpoint.Network {
    try network("perceptual-portraits64")
  }

  private static func network(_ model: String) throws -> Checkpoint.Network {
    let file = try ShippedModels.file(model)
    let checkpoint = try Checkpoint.open(file)
    guard let network = checkpoint.networks["features"] else {
      throw checkpoint.misfit(file, "\(model), which comes with the program")
    }
    return network
  }
}

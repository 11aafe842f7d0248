// How near inverted pictures are to their photographs, in the figures of the publications.

import Checkpoints
import Formats
import Foundation
import Layers
import Networks
import Tensors

/// Networks with which inverted pictures are judged, as plain values.
public struct JudgingFiles: Hashable, Sendable {
  /// The weights of LPIPS; nil to leave it out.
  public var lpips: LPIPSFiles?
  /// A network that knows faces, or MoCo's for other pictures; nil to leave identity out.
  public var identity: String?
  /// Whether little portraits are judged, too, by the networks for them that come with the program.
  public var portraits = false

  /// Files to judge by.
  ///
  /// - Parameters:
  ///   - lpips: The weights of LPIPS; nil to leave it out.
  ///   - identity: A network that knows faces, or MoCo's; nil to leave it out.
  public init(lpips: LPIPSFiles? = nil, identity: String? = nil) {
    (self.lpips, self.identity) = (lpips, identity)
  }

  static let publishedIdentities =
    "ArcFace's model_ir_se50.pth, CurricularFace_Backbone.pth, moco_v2_800ep_pretrain.pth.tar, or a "
    + "network of `stylist train identity`"

  /// Checks that the files can be read and compare pictures of a generator.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `FileError` if a file cannot be read or holds something else; `RequestError` if
  ///   pictures do not fit.
  func check(_ traits: GeneratorTraits) throws {
    try lpips?.network().check()
    let features = try identityNetwork()
    try features?.check()
    guard (lpips == nil && features == nil) || traits.imgChannels == 3 else {
      throw RequestError(
        lpips == nil ? "--identity" : "--lpips-backbone",
        expected: "a generator of pictures in RGB", found: "one of \(traits.imgChannels) channels")
    }
    try check(width: traits.resolution, height: traits.visibleRows.count)
  }

  /// Checks that pictures of a size can be compared.
  ///
  /// - Parameters:
  ///   - width: Their width, in pixels.
  ///   - height: Their height.
  /// - Throws: `RequestError` if faces are to be known in pictures that are not square, or pictures are
  ///   too small for LPIPS.
  func check(width: Int, height: Int) throws {
    let features = try identityNetwork()
    let knowsFaces =
      features?.configuration is FaceRecognitionConfiguration
      || features?.configuration is IdentityNetworkConfiguration
    if let backbone = (try lpips?.network().configuration as? LPIPSConfiguration)?.backbone {
      // All are compared 256 pixels wide; AlexNet takes steps of 4 and halves twice without borders,
      // VGG-16 halves four times.
      let least = backbone == .alexNet ? 31 : 16
      guard height * Tensor.comparedSide / width >= least else {
        throw RequestError(
          "--lpips-backbone",
          expected: "pictures that are at least \(least) pixels high once they are "
            + "\(Tensor.comparedSide) wide", found: "pictures of \(width)×\(height)")
      }
    }
    guard !portraits || width == height else {
      throw RequestError(
        "--portraits", expected: "square pictures", found: "pictures of \(width)×\(height)")
    }
    guard knowsFaces, width != height else { return }
    throw RequestError(
      "--identity",
      expected: "square pictures for a network that knows faces (MoCo takes others)",
      found: "pictures of \(width)×\(height)")
  }

  func identityNetwork() throws -> Checkpoint.Network? {
    guard let identity = try identity.map(ShippedModels.file) else { return nil }
    try expectFile(identity, Self.publishedIdentities)
    return try featureNetwork(
      in: identity, as: (any FeatureConfiguration).self, expected: Self.publishedIdentities)
  }

  /// What would give the figures that are left out, on one line; nil if none is.
  var remark: String? {
    let missing = [
      lpips == nil
        ? "LPIPS (--lpips-backbone=alexnet-owt-7be5be79.pth --lpips-heads=alex.pth)" : nil,
      identity == nil ? "identity (--identity=model_ir_se50.pth)" : nil,
    ].compactMap(\.self)
    guard !missing.isEmpty else { return nil }
    return "the table is without what takes weights of other networks: "
      + missing.joined(separator: ", ")
  }
}

/// How near a picture is to its photograph.
public struct InversionFigures: Encodable, Hashable, Sendable {
  /// The mean squared difference of samples in [-1, 1].
  public var l2: Double
  /// The peak signal-to-noise ratio in decibels; infinite for equal pictures.
  public var psnr: Double
  /// The structural similarity; nil for pictures of less than 11 pixels.
  public var ssim: Double?
  /// The distance as people see it; nil without weights.
  public var lpips: Double?
  /// The cosine of the features of faces, or of MoCo's; nil without weights.
  public var identity: Double?
  /// The distance of little portraits that comes with the program, which is not LPIPS; nil where it
  /// was not asked for.
  public var perceptualPortraits: Double?
  /// The cosine of the embeddings of the identity network of little portraits that comes with the
  /// program, which is not ArcFace's; nil where it was not asked for.
  public var identityPortraits: Double?

  /// All figures by the names that metrics have.
  var named: [(name: String, value: Double?)] {
    [
      ("mse", l2), ("psnr", psnr), ("ssim", ssim), ("lpips", lpips), ("identity", identity),
      (PortraitJudges.distanceName, perceptualPortraits),
      (PortraitJudges.identityName, identityPortraits),
    ]
  }

  /// The mean of each figure that all of them have.
  ///
  /// - Parameter all: At least one.
  init(meanOf all: [InversionFigures]) {
    func mean(_ figure: (InversionFigures) -> Double?) -> Double? {
      let values = all.compactMap(figure)
      return values.count == all.count && !all.isEmpty
        ? values.reduce(0, +) / Double(values.count) : nil
    }
    (l2, psnr) = (mean(\.l2) ?? .nan, mean(\.psnr) ?? .nan)
    (ssim, lpips, identity) = (mean(\.ssim), mean(\.lpips), mean(\.identity))
    perceptualPortraits = mean(\.perceptualPortraits)
    identityPortraits = mean(\.identityPortraits)
  }

  /// The deviation of each figure, with the number of all as divisor.
  ///
  /// - Parameters:
  ///   - all: At least one.
  ///   - mean: Their mean.
  init(deviationOf all: [InversionFigures], from mean: InversionFigures) {
    func deviation(_ figure: (InversionFigures) -> Double?) -> Double? {
      guard let middle = figure(mean) else { return nil }
      let squares = all.compactMap(figure).map { ($0 - middle) * ($0 - middle) }
      return (squares.reduce(0, +) / Double(max(squares.count, 1))).squareRoot()
    }
    (l2, psnr) = (deviation(\.l2) ?? .nan, deviation(\.psnr) ?? .nan)
    (ssim, lpips, identity) = (deviation(\.ssim), deviation(\.lpips), deviation(\.identity))
    perceptualPortraits = deviation(\.perceptualPortraits)
    identityPortraits = deviation(\.identityPortraits)
  }

  init(l2: Double, ssim: Double?) {
    (self.l2, self.ssim) = (l2, ssim)
    psnr = l2 > 0 ? 10 * log10(4 / l2) : .infinity
  }
}

/// How figures came about, so that they can be compared with others.
public struct InversionProtocol: Encodable, Sendable {
  /// A network whose features are compared.
  public struct Extractor: Encodable, Sendable {
    /// Its kind, and which of the kind.
    public let kind: String
    /// The hash of its numbers.
    public let hash: String
  }

  /// The command that finds the codes again.
  public let command: String
  /// The width and height at which pictures are compared, in pixels.
  public let size: [Int]
  /// The noise of the pictures: `const`, the network's own.
  public var noise = NoiseKind.const
  /// How photographs were brought to that size: `whole` by torchvision's resizing, or `middle` by
  /// Lanczos' filter.
  public let photographs: String
  /// The hash of the generator's numbers.
  public let generator: String
  /// LPIPS, if it was measured.
  public let lpips: Extractor?
  /// What identity was measured with, if it was.
  public let identity: Extractor?
}

/// Owns the networks with which pictures are judged.
actor PictureJudge {
  private let lpips: LPIPS?
  private let features: (any FeatureNetwork)?
  private let portraits: PortraitJudges?
  /// The networks, for the record.
  nonisolated let extractors:
    (lpips: InversionProtocol.Extractor?, identity: InversionProtocol.Extractor?)
  /// The networks for little portraits, for the record; nil if they do not judge.
  nonisolated let portraitExtractors: [String: InversionProtocol.Extractor]?

  /// Loads the networks.
  init(_ files: JudgingFiles) throws {
    let (lpips, identity) = (try files.lpips?.network(), try files.identityNetwork())
    (self.lpips, features) = (try lpips?.makeLPIPS(), try identity?.makeFeatures())
    portraits = files.portraits ? try PortraitJudges() : nil
    portraitExtractors = portraits?.extractors
    extractors = (
      try lpips.map { network in
        let backbone = (network.configuration as? LPIPSConfiguration)?.backbone.rawValue ?? ""
        return .init(kind: "lpips \(backbone)", hash: try network.contentHash())
      },
      try identity.map { network in
        .init(kind: type(of: network.configuration).kind, hash: try network.contentHash())
      }
    )
  }

  /// The size at which pictures of a generator are compared: 256 pixels wide, or as they are if they
  /// are smaller.
  static func size(_ traits: GeneratorTraits) -> (width: Int, height: Int) {
    let width = min(Tensor.comparedSide, traits.resolution)
    return (width, max(1, traits.visibleRows.count * width / traits.resolution))
  }

  /// Compares a picture with its photograph, 256 pixels wide if that is wider.
  ///
  /// - Parameters:
  ///   - picture: The 8-bit picture, of any size.
  ///   - target: The photograph, of the size at which pictures are compared or larger.
  /// - Returns: The figures.
  func figures(_ picture: ByteImage, _ target: ByteImage) -> InversionFigures {
    withoutGradients {
      let y = target.width > Tensor.comparedSide ? target.tensor.forFeatures : target.tensor
      let whole = picture.tensor
      let x =
        whole.shape == y.shape
        ? whole : adaptiveAveragePool2d(whole, height: y.size(2), width: y.size(3))
      var figures = InversionFigures(
        l2: meanSquaredError(x, y).item(),
        ssim: min(y.size(2), y.size(3)) >= 11 ? structuralSimilarity(x, y).item() : nil)
      figures.lpips = lpips?(x.forFeatures, y.forFeatures).item()
      figures.identity = features.map { cosine($0, x, y) }
      figures.perceptualPortraits = portraits?.distance(x, y).item()
      figures.identityPortraits = portraits.map { cosine($0.identity, x, y) }
      return figures
    }
  }

  private func cosine(_ network: some FeatureNetwork, _ x: Tensor, _ y: Tensor) -> Double {
    Likeness(network, yHat: x.forFeatures, y: y.forFeatures).toTarget.item()
  }
}

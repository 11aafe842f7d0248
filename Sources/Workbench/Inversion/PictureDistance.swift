// How far pictures are apart: without trained weights, as LPIPS sees it, or as a classifier of portraits
// does.

import Checkpoints
import Formats
import Inversion
import Layers
import Networks
import OrderedCollections
import Tensors

/// The files with the weights of LPIPS.
public struct LPIPSFiles: Hashable, Sendable {
  /// torchvision's AlexNet or VGG-16; or one of our own files, which has the heads in it.
  public let backbone: String
  /// The heads that were published with LPIPS; nil for one of our own files.
  public let heads: String?

  /// The files that somebody names.
  ///
  /// - Parameters:
  ///   - backbone: What `--lpips-backbone` says, if anything.
  ///   - heads: What `--lpips-heads` says, if anything.
  /// - Returns: The files; nil if none is named.
  /// - Throws: `RequestError` for heads alone.
  public static func named(backbone: String?, heads: String?) throws(RequestError) -> LPIPSFiles? {
    guard let backbone else {
      guard let heads else { return nil }
      throw RequestError(
        "--lpips-heads", expected: "--lpips-backbone beside it: \(publishedBackbones)",
        found: "\(heads) alone")
    }
    return LPIPSFiles(backbone: backbone, heads: heads)
  }

  private init(backbone: String, heads: String?) { (self.backbone, self.heads) = (backbone, heads) }

  static let publishedBackbones =
    "torchvision's alexnet-owt-7be5be79.pth or vgg16-397923af.pth"
  static let publishedHeads = "alex.pth or vgg.pth of LPIPS version 0.1"

  /// Opens the files.
  ///
  /// - Returns: The network, not yet built.
  /// - Throws: `FileError` if they cannot be read, or hold something else.
  func network() throws -> Checkpoint.Network {
    try expectFile(backbone, Self.publishedBackbones)
    guard let heads else {
      return try featureNetwork(
        in: backbone, as: LPIPSConfiguration.self,
        expected: "LPIPS in one of our own files, or --lpips-heads beside it: "
          + Self.publishedHeads)
    }
    try expectFile(heads, Self.publishedHeads)
    return try .lpips(backbone: backbone, heads: heads)
  }
}

/// Checks that there is a file, and says what it is called where it was published if there is none.
func expectFile(_ path: String, _ published: String) throws(FileError) {
  do {
    _ = try ByteRegion(mapping: path)
  } catch {
    guard error.kind == .missing else { throw error }
    throw FileError(.missing, file: path, expected: published, found: "no such file")
  }
}

/// The network of a file whose features are compared.
///
/// - Parameters:
///   - path: The file.
///   - kind: What its configuration has to be.
///   - expected: What is said to be expected if it is another.
/// - Returns: The network, not yet built.
/// - Throws: `FileError` if it cannot be read, or holds something else.
func featureNetwork<Kind>(in path: String, as kind: Kind.Type, expected: String) throws
  -> Checkpoint.Network
{
  let checkpoint = try Checkpoint.named(path, expecting: expected)
  for role in NetworkUse.features.roles {
    if let network = checkpoint.networks[role], network.configuration is Kind { return network }
    if let refusal = checkpoint.refusals[role] { throw refusal }
  }
  throw checkpoint.misfit(path, expected)
}

/// How far pictures are apart, as a plain choice.
public enum PictureDistance: Hashable, Sendable {
  /// Colours and their changes from pixel to pixel, at every scale; needs no trained weights.
  case pyramid
  /// The mean squared difference of colours.
  case meanSquare
  /// LPIPS, at 256×256 pixels.
  case lpips(LPIPSFiles)
  /// A distance of `stylist train perceptual`, which is not LPIPS: that of a file, or nil for the one of
  /// little portraits that comes with the program.
  case perceptual(file: String?)

  /// What people type, besides files of `stylist train perceptual`.
  public static let names = ["pyramid", "l2", "lpips", PortraitJudges.distanceName]

  /// The distance of a name.
  ///
  /// - Parameters:
  ///   - name: One of `names`, or a file of `stylist train perceptual`.
  ///   - lpips: The weights of LPIPS, if there are any.
  /// - Throws: `RequestError` for other names, and for LPIPS without weights.
  public init(named name: String, lpips: LPIPSFiles? = nil) throws(RequestError) {
    switch (name, lpips) {
    case ("pyramid", _): self = .pyramid
    case ("l2", _): self = .meanSquare
    case (PortraitJudges.distanceName, _): self = .perceptual(file: nil)
    case ("lpips", let lpips?): self = .lpips(lpips)
    case ("lpips", nil):
      throw RequestError(
        "--distance=lpips",
        expected: "--lpips-backbone (\(LPIPSFiles.publishedBackbones)) and --lpips-heads "
          + "(\(LPIPSFiles.publishedHeads))", found: "neither")
    case _ where name.contains("/") || name.contains("."): self = .perceptual(file: name)
    default:
      throw RequestError(
        "--distance",
        expected: Self.names.joined(separator: ", ") + ", or a file of `stylist train perceptual`",
        found: name)
    }
  }

  /// Checks that pictures of a generator can be compared this way.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `FileError` if weights cannot be read; `RequestError` if pictures do not fit.
  func check(_ traits: GeneratorTraits) throws {
    let name: String
    switch self {
    case .pyramid, .meanSquare: return
    case .lpips(let files):
      try files.network().check()
      name = "lpips"
    case .perceptual(let file):
      try Self.perceptualNetwork(file).check()
      name = file ?? PortraitJudges.distanceName
    }
    guard traits.imgChannels == 3 else {
      throw RequestError(
        "--distance=\(name)", expected: "a generator of pictures in RGB",
        found: "one of \(traits.imgChannels) channels")
    }
  }
}

extension PictureDistance {
  /// The network of a perceptual distance, not yet built.
  ///
  /// - Parameter file: A file of `stylist train perceptual`; nil for the one that comes with the program.
  /// - Returns: The network.
  /// - Throws: `FileError` if it is not there, cannot be read, or holds something else.
  fileprivate static func perceptualNetwork(_ file: String?) throws -> Checkpoint.Network {
    guard let file else { return try PortraitJudges.distanceNetwork() }
    let expected = "a distance of `stylist train perceptual`"
    try expectFile(file, expected)
    return try featureNetwork(
      in: file, as: PerceptualDistanceConfiguration.self, expected: expected)
  }
}

extension Tensor {
  /// The side of the pictures that networks of features compare, in pixels.
  static let comparedSide = 256

  /// Pictures [N, C, H, W] as published losses give them to networks: 256 pixels wide, averaged
  /// down, or with pixels repeated, as `AdaptiveAvgPool2d` does.
  var forFeatures: Tensor {
    let height = Swift.max(1, size(2) * Self.comparedSide / size(3))
    guard shape.suffix(2) != [height, Self.comparedSide] else { return self }
    return adaptiveAveragePool2d(self, height: height, width: Self.comparedSide)
  }
}

extension ImageDistance {
  /// LPIPS at 256 pixels.
  static func lpips(_ lpips: LPIPS) -> ImageDistance {
    squaredEmbeddings { lpips.embedding($0.forFeatures) }
  }
}

extension GeneratorHost {
  /// What measures a distance; the weights that it needs are read once.
  ///
  /// - Parameter distance: The choice.
  /// - Returns: The distance.
  /// - Throws: `FileError` if weights cannot be read.
  func measure(_ distance: PictureDistance) throws -> ImageDistance {
    switch distance {
    case .pyramid: return .pyramid
    case .meanSquare: return .meanSquare
    case .lpips(let files):
      return try perceived(distance) { .lpips(try files.network().makeLPIPS()) }
    case .perceptual(let file):
      return try perceived(distance) {
        .perceptual(try PictureDistance.perceptualNetwork(file).makePerceptualDistance())
      }
    }
  }

  /// A distance that needs weights, made the first time.
  private func perceived(
    _ distance: PictureDistance, _ make: () throws -> ImageDistance
  ) throws -> ImageDistance {
    if let known = perception, known.distance == distance { return known.measure }
    let measure = try make()
    perception = (distance, measure)
    return measure
  }
}

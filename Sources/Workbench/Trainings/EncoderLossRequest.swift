// Which losses an encoder learns with: how much each counts, and the networks that they need.

import Checkpoints
import Formats
import Foundation
import Networks
import Tensors
import Training

/// Which losses an encoder should learn with; nil for what was not said.
public struct EncoderLossRequest: Sendable {
  /// What the encoder learns, whose published weights are taken: `encode`, `toonify` and so on.
  public var recipe: String?
  /// How much the squared differences of pixels count.
  public var l2: Double?
  /// How much LPIPS counts, or what stands for it.
  public var lpips: Double?
  /// How much identity counts.
  public var identity: Double?
  /// How much the squared differences of pixels of the face count.
  public var l2Crop: Double?
  /// How much LPIPS of the face counts.
  public var lpipsCrop: Double?
  /// How much the distance of codes from the average counts.
  public var wNorm: Double?
  /// How much the squared differences of codes count, of data whose codes are known.
  public var code: Double?
  /// The weights of LPIPS; nil to leave it to the networks for portraits.
  public var lpipsFiles: LPIPSFiles?
  /// A network that knows faces, or MoCo's; nil to leave it to the networks for portraits.
  public var identityFile: String?
  /// Whether the networks for little portraits that come with the program take the places of those
  /// that are not named; they do where portraits are the data.
  public var usesPortraits = false

  /// Nothing was said.
  public init() {}

  /// The networks that losses need, and the width at which they compare pictures; nil for the
  /// encoder's.
  struct Networks {
    var distance: NamedNetwork?
    var identity: NamedNetwork?
    var comparedWidth: Int?
  }

  /// Weights by the options that change them.
  static func named(_ weights: InversionLossWeights) -> [(name: String, weight: Double)] {
    [
      ("l2", weights.l2), ("lpips", weights.lpips), ("id", weights.identity),
      ("l2-crop", weights.l2Crop), ("lpips-crop", weights.lpipsCrop), ("w-norm", weights.wNorm),
    ]
  }

  /// Checks every value by itself.
  func check() throws(RequestError) {
    let names = InversionLossWeights.recipes.map(\.name)
    if let recipe, !names.contains(recipe) {
      throw RequestError(
        "--recipe", expected: "one of \(names.joined(separator: ", "))", found: recipe)
    }
    try checkRanges(
      numbers: [
        ("--l2", l2), ("--lpips", lpips), ("--id", identity), ("--l2-crop", l2Crop),
        ("--lpips-crop", lpipsCrop), ("--w-norm", wNorm), ("--code-loss", code),
      ].map { ($0.0, $0.1, 0...1e6, "0 to 1,000,000") })
  }

  /// The weights of the recipe, with those that were said.
  func weights() throws(RequestError) -> InversionLossWeights {
    var weights =
      InversionLossWeights.recipes.first { $0.name == recipe }?.weights ?? InversionLossWeights()
    if let l2 { weights.l2 = l2 }
    if let lpips { weights.lpips = lpips }
    if let identity { weights.identity = identity }
    if let l2Crop { weights.l2Crop = l2Crop }
    if let lpipsCrop { weights.lpipsCrop = lpipsCrop }
    if let wNorm { weights.wNorm = wNorm }
    do {
      try weights.validate()
    } catch {
      throw RequestError("--l2 and so on", expected: "a loss that counts", found: "none")
    }
    return weights
  }

  // MARK: Networks

  /// The networks that the losses need, looked at.
  ///
  /// - Parameter isOfPortraits: Whether the pictures are little portraits.
  /// - Returns: The networks.
  /// - Throws: `RequestError` naming the first that is missing; `FileError` if one cannot be read.
  func networks(isOfPortraits: Bool) throws -> Networks {
    let weights = try weights()
    let judges = JudgingFiles(lpips: lpipsFiles, identity: identityFile)
    let portraits = isOfPortraits || usesPortraits
    var networks = Networks()
    if weights.lpips > 0 || weights.lpipsCrop > 0 {
      if let lpipsFiles {
        networks.distance = try Self.lossNetwork(
          lpipsFiles.network(), [lpipsFiles.backbone, lpipsFiles.heads].compactMap(\.self))
        networks.comparedWidth = Tensor.comparedSide
      } else {
        try require(
          portraits, "--lpips-backbone",
          "\(LPIPSFiles.publishedBackbones), with --lpips-heads (\(LPIPSFiles.publishedHeads))",
          without: "--lpips=0")
        networks.distance = try Self.lossNetwork(PortraitJudges.distanceNetwork(), [])
      }
    }
    if weights.identity > 0 {
      if let identityFile, let network = try judges.identityNetwork() {
        networks.identity = try Self.lossNetwork(network, [identityFile])
        networks.comparedWidth = Tensor.comparedSide
      } else {
        try require(
          portraits, "--identity", JudgingFiles.publishedIdentities, without: "--id=0")
        networks.identity = try Self.lossNetwork(PortraitJudges.identityNetwork(), [])
      }
    }
    return networks
  }

  private func require(
    _ isThere: Bool, _ option: String, _ published: String, without: String
  ) throws(RequestError) {
    guard !isThere else { return }
    throw RequestError(
      option,
      expected: "\(published); or, for little portraits, --portraits; or \(without)",
      found: "nothing")
  }

  private static func lossNetwork(
    _ network: Checkpoint.Network, _ files: [String]
  ) throws -> NamedNetwork {
    try network.check()
    let backbone = (network.configuration as? LPIPSConfiguration)?.backbone.rawValue
    let kind = type(of: network.configuration).kind + (backbone.map { " \($0)" } ?? "")
    let name =
      files.isEmpty
      ? network.configuration is PerceptualDistanceConfiguration
        ? PortraitJudges.distanceModel : PortraitJudges.identityModel
      : kind
    return .init(
      kind: name,
      files: files.map {
        URL(filePath: $0).standardizedFileURL.path(percentEncoded: false)
      }, hash: try network.contentHash())
  }

  /// Checks that networks can compare pictures of the encoder's proportions.
  func check(_ networks: Networks, _ encoder: EncoderArchitecture) throws {
    let weights = try weights()
    try JudgingFiles(
      lpips: networks.distance == nil ? nil : lpipsFiles,
      identity: networks.identity == nil ? nil : identityFile
    ).check(width: encoder.width, height: encoder.height)
    guard weights.l2Crop > 0 || weights.lpipsCrop > 0 else { return }
    let option = weights.l2Crop > 0 ? "--l2-crop" : "--lpips-crop"
    guard networks.comparedWidth != nil, encoder.width == encoder.height else {
      throw RequestError(
        option,
        expected: "square pictures and published loss networks, with which pictures are compared "
          + "at 256×256, where the face is known",
        found: "pictures of \(encoder.width)×\(encoder.height)"
          + (networks.comparedWidth == nil ? ", and none of them" : ""))
    }
  }

  /// Checks that the networks of a training are there, and are the same.
  func check(_ options: EncoderTrainingOptions) throws {
    _ = try (distanceNetwork(options), identityNetwork(options))
  }

  private func distanceNetwork(_ options: EncoderTrainingOptions) throws -> Checkpoint.Network? {
    guard let had = options.distance else { return nil }
    guard let backbone = had.files.first else { return try PortraitJudges.distanceNetwork() }
    let heads = had.files.dropFirst().first
    let files = try lpipsFiles ?? LPIPSFiles.named(backbone: backbone, heads: heads)
    return try files.map { try Self.same(had, $0.network(), $0.backbone) }
  }

  private func identityNetwork(_ options: EncoderTrainingOptions) throws -> Checkpoint.Network? {
    guard let had = options.identity else { return nil }
    guard let file = had.files.first else { return try PortraitJudges.identityNetwork() }
    let path = identityFile ?? file
    return try JudgingFiles(identity: path).identityNetwork().map { try Self.same(had, $0, path) }
  }

  /// Checks that a network is that of a training.
  private static func same(
    _ had: NamedNetwork, _ network: Checkpoint.Network, _ file: String
  ) throws -> Checkpoint.Network {
    try had.check(network.contentHash(), in: file)
    return network
  }

  /// The losses of a training, with their networks.
  ///
  /// - Parameter options: What is trained, and how.
  /// - Returns: The losses.
  /// - Throws: `FileError` if a network cannot be read, or is another.
  func make(_ options: EncoderTrainingOptions) throws -> EncoderLosses {
    var distance: ((Tensor, Tensor) -> Tensor)?
    if let network = try distanceNetwork(options) {
      if network.configuration is LPIPSConfiguration {
        let lpips = try network.makeLPIPS()
        distance = { lpips($0, $1) }
      } else {
        let perceptual = try network.makePerceptualDistance()
        distance = { perceptual($0, $1) }
      }
    }
    let features = try identityNetwork(options)?.makeFeatures()
    let losses = InversionLoss(
      options.settings.losses, distance: distance, features: features)
    return EncoderLosses(
      losses, codeWeight: options.settings.codeLoss, comparedWidth: options.comparedWidth)
  }

  // MARK: Words

  /// What a loss is called in the logs of metrics: those of the networks for portraits do not compare
  /// with the published ones, and have names of their own.
  func loggedName(_ name: String, _ options: EncoderTrainingOptions) -> String {
    func own(_ network: NamedNetwork?) -> Bool {
      network?.files.isEmpty ?? false
    }
    if name.hasSuffix("lpips"), own(options.distance) {
      return name.dropLast("lpips".count) + "perceptual_portraits"
    }
    if name.hasSuffix("identity"), own(options.identity) { return "\(name)_portraits" }
    return name
  }

  /// The losses and their networks in a line.
  func line(_ options: EncoderTrainingOptions) -> String {
    let weights = options.settings.losses
    func of(_ network: NamedNetwork?, _ published: String) -> String {
      guard let network else { return published }
      return network.files.isEmpty
        ? "\(network.kind) in the place of \(published)" : "\(published) (\(network.kind))"
    }
    let distance = of(options.distance, "LPIPS")
    let terms: [(Double, String)] = [
      (weights.l2, "L2"), (weights.lpips, distance),
      (weights.identity, of(options.identity, "identity")),
      (weights.l2Crop, "L2 of the face"), (weights.lpipsCrop, "\(distance) of the face"),
      (weights.wNorm, "distance from the average code"),
      (options.settings.codeLoss, "L2 of codes"),
    ]
    let sum = terms.filter { $0.0 > 0 }.map { "\(plainNumber($0.0)) × \($0.1)" }
    return "losses: \(sum.joined(separator: " + ")), compared \(options.comparedWidth) pixels wide"
  }

  /// What was asked for and is not so in a training, a line each.
  func differences(from options: EncoderTrainingOptions) -> [String?] {
    let had = options.settings.losses
    let recipes = InversionLossWeights.recipes
    let asked: [Double?] = [l2, lpips, identity, l2Crop, lpipsCrop, wNorm]
    let single = zip(asked, Self.named(had)).map {
      difference($1.name, $0, $1.weight, plainNumber)
    }
    let known = recipes.first { $0.weights == had }?.name ?? "weights of its own"
    let wanted = recipes.first { $0.name == recipe }?.weights
    let own = wanted.map { Self.named($0) } ?? []
    // Single weights may have changed those of the recipe.
    let isSame = own.indices.allSatisfy { index in
      asked[index] != nil || own[index].weight == Self.named(had)[index].weight
    }
    return single + [
      isSame ? nil : difference("recipe", recipe, known),
      difference("code-loss", code, options.settings.codeLoss, plainNumber),
    ]
  }
}

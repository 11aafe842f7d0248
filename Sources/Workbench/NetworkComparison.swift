// Whether two files hold the same networks: the same seeds give the same pictures.

import Checkpoints
import Networks
import Tensors

/// How far what one network computes is from what another does.
public struct NetworkComparison: Codable, Hashable, Sendable {
  /// What the networks are in training, such as `G_ema`, or what they are for.
  public let role: String
  /// What was compared: `pictures` in [-1, 1], `logits`, `codes`, `features`, `distances`
  /// or `faces`.
  public let quantity: String
  /// The largest difference.
  public let worst: Double
  /// The mean difference.
  public let mean: Double

  private enum CodingKeys: String, CodingKey {
    case role, quantity
    case worst = "worst_error"
    case mean = "mean_error"
  }

  /// Whether no difference is larger than `tolerance`; numbers that are none differ from all.
  func holds(within tolerance: Double) -> Bool { worst <= tolerance }

  /// The comparison as a line.
  var line: String { "\(role): \(quantity) differ by \(worst) at worst, \(mean) on average" }
}

extension NetworkComparison {
  /// Compares what two networks of one role compute from the same seeds.
  ///
  /// - Parameters:
  ///   - role: What the networks are in training.
  ///   - first: The network that the other was made from.
  ///   - second: The other.
  ///   - seeds: Each gives a picture; networks that look at pictures see noise of that seed.
  ///   - psi: The truncation of the pictures; 1 leaves the mean of w out of them.
  ///   - eachSeed: Runs after every seed; what it throws ends the comparison.
  /// - Throws: `FileError` if a network cannot be built; `CancellationError` between networks.
  init(
    role: String, _ first: Checkpoint.Network, _ second: Checkpoint.Network, seeds: [UInt32],
    psi: Double, eachSeed: () throws -> Void
  ) throws {
    let a = try Self.output(of: first, psi: psi)
    let b = try Self.output(of: second, psi: psi)
    var (worst, sum) = (0.0, 0.0)
    for seed in seeds {
      let difference = withoutGradients { Self.difference(a(seed), b(seed)) }
      (worst, sum) = (max(worst, difference.worst), sum + difference.mean)
      try eachSeed()
    }
    self.role = role
    quantity =
      switch first.use {
      case .generator: "pictures"
      case .discriminator, .classifier, .attributes: "logits"
      case .encoder, .editor: "codes"
      case .features: Self.measuresDistances(first) ? "distances" : "features"
      case .detector: "faces"
      }
    (self.worst, mean) = (worst, sum / Double(seeds.count))
  }

  private static func difference(_ a: Tensor, _ b: Tensor) -> (worst: Double, mean: Double) {
    guard a.shape == b.shape else { return (.infinity, .infinity) }
    let difference = (a - b).abs()
    guard difference.isFinite().all else { return (.infinity, .infinity) }
    return (difference.max().item(), difference.mean().item())
  }

  /// What the network makes of a seed.
  private static func output(
    of network: Checkpoint.Network, psi: Double
  ) throws -> (UInt32) -> Tensor {
    try Task.checkCancellation()
    switch network.use {
    case .generator:
      let generator = try network.makeGenerator()
      return { picture(of: generator, seed: $0, psi: psi) }
    case .discriminator:
      let discriminator = try network.makeDiscriminator()
      return { logit(of: discriminator, seed: $0) }
    case .encoder:
      let encoder = try network.makeEncoder()
      let traits = encoder.traits
      let shape = [1, traits.inChannels, traits.height, traits.width]
      return { encoder.wPlus(of: noise(shape, seed: $0)) }
    case .editor:
      let editor = try network.makeEditTransformer()
      let shape = [1, rowsOfCodes, editor.configuration.decoder.width]
      return { editor(noise(shape, seed: $0), reference: noise(shape, seed: ~$0)) }
    case .classifier:
      let classifier = try network.makeLatentClassifier()
      return { classifier(noise([1, 1, classifier.configuration.codeLength], seed: $0)).logits }
    case .attributes:
      let classifier = try network.makePictureClassifier()
      let configuration: any PictureClassifierConfiguration = classifier.configuration
      let (side, channels) = (configuration.resolution, configuration.imgChannels)
      return { classifier(noise([1, channels, side, side], seed: $0)) }
    case .features where network.configuration is LPIPSConfiguration:
      let lpips = try network.makeLPIPS()
      return { distance($0, lpips.callAsFunction) }
    case .features where network.configuration is PerceptualDistanceConfiguration:
      let measure = try network.makePerceptualDistance()
      return { distance($0, measure.callAsFunction) }
    case .features where network.configuration is InceptionConfiguration:
      let inception = try network.makeInception()
      return { inception.features(noise([1, 3, sideOfPictures, sideOfPictures], seed: $0)) }
    case .features where network.configuration is VGG16Configuration:
      let vgg = try network.makeVGG16()
      return { vgg.features(noise([1, 3, VGG16.resolution, VGG16.resolution], seed: $0)) }
    case .features:
      let features = try network.makeFeatures()
      return { features.features(noise([1, 3, sideOfPictures, sideOfPictures], seed: $0)) }
    case .detector:
      let mtcnn = try network.makeMTCNN()
      return { seed in
        let sides = [MTCNN.proposalSide, MTCNN.refinementSide, MTCNN.outputSide]
        let found = zip(sides, [mtcnn.propose, mtcnn.refine, mtcnn.locate]).map { side, network in
          network(noise([1, 3, side, side], seed: seed))
        }
        let all = found.flatMap { [$0.probability, $0.offsets, $0.points].compactMap(\.self) }
        return .concatenate(all.map { $0.flattened() }, axis: 0)
      }
    }
  }

  /// The rows of the codes that edit transformers see, which take any number.
  private static var rowsOfCodes: Int { 18 }

  /// The width and height of the pictures that feature networks see, in pixels.
  private static var sideOfPictures: Int { 256 }

  private static func measuresDistances(_ network: Checkpoint.Network) -> Bool {
    network.configuration is LPIPSConfiguration
      || network.configuration is PerceptualDistanceConfiguration
  }

  /// How far two pictures of noise are apart.
  private static func distance(_ seed: UInt32, _ measure: (Tensor, Tensor) -> Tensor) -> Tensor {
    let both = noise([2, 3, sideOfPictures, sideOfPictures], seed: seed)
    return measure(both.sliced(0..<1, axis: 0), both.sliced(1..<2, axis: 0))
  }

  private static func noise(_ shape: [Int], seed: UInt32) -> Tensor {
    .randn(shape, generator: TorchGenerator(seed: UInt64(seed)))
  }

  private static func picture(of generator: any Generator, seed: UInt32, psi: Double) -> Tensor {
    let label = generator.label(classIndex: 0)
    let w = generator.map(z: generator.z(seed: seed), labels: label)
    let wPlus = generator.broadcast(w, truncation: Truncation(psi: psi))
    return generator.synthesize(wPlus, options: SynthesisOptions())
  }

  private static func logit(of discriminator: any Discriminator, seed: UInt32) -> Tensor {
    let c = discriminator.configuration
    let shape = [1, c.imgChannels, c.resolution, c.resolution]
    return discriminator(
      noise(shape, seed: seed), labels: c.labelDim > 0 ? .oneHot([0], count: c.labelDim) : nil)
  }
}

// Pivotal tuning: the generator itself moved until a code's picture is the target. Roich et al.
// (2021), "Pivotal Tuning for Latent-based Editing of Real Images", as in danielroich/PTI.

import Layers
public import Networks
public import Tensors

/// How a generator is tuned to one picture; the defaults are the published ones.
public struct PivotalTuningSettings: Codable, Hashable, Sendable {
  /// How often the weights are moved at most.
  public var steps = 350
  /// The learning rate of Adam.
  public var learningRate = 3e-4
  /// The weight of the mean squared difference of the pictures, in [-1, 1].
  public var pixelWeight = 1.0
  /// The weight of the distance between the pictures.
  public var distanceWeight = 1.0
  /// The distance at which tuning ends before its steps are used up, made for LPIPS with AlexNet.
  public var stopDistance = 0.06

  /// The published settings.
  public init() {}

  /// Checks that a generator can be tuned with these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  public func validate() throws(ConfigurationError) {
    try ConfigurationError.check("steps", steps, in: 1...1_000_000)
    try ProjectionSettings.check(learningRate: learningRate)
    let weights = [
      ("pixelWeight", pixelWeight), ("distanceWeight", distanceWeight),
      ("stopDistance", stopDistance),
    ]
    for (name, weight) in weights { try ProjectionSettings.check(name, weight: weight) }
  }
}

/// Keeps the pictures of codes near the pivot as the original generator makes them.
///
/// In every step one code is drawn, w of a random z, truncated, and moved to a fixed distance from
/// the pivot; the pictures of both generators, without noise, should be alike.
public struct LocalityTerm {
  /// The generator before tuning; another one than that which is tuned.
  public var original: any Generator
  /// How far from the pivot the codes lie.
  public var radius = 30.0
  /// The class of the codes, for generators with labels; nil for a label of zeros.
  public var classIndex: Int?
  /// How strongly drawn codes are truncated.
  public var truncationPsi = 0.5
  /// The weight of the mean squared difference of the pictures, in [-1, 1].
  public var pixelWeight = 0.1
  /// The weight of the distance between the pictures.
  public var distanceWeight = 0.1

  /// The published term.
  ///
  /// - Parameter original: The generator before tuning.
  public init(original: any Generator) { self.original = original }
}

/// The numbers of one step of tuning, taken before the weights are moved.
public struct PivotalTuningStep: Hashable, Sendable, Codable {
  /// The step, counted from 0.
  public var step: Int
  /// What is minimised, the locality term included.
  public var loss: Double
  /// The distance between the pictures, without its weight.
  public var distance: Double
  /// The mean squared difference of the pictures, in [-1, 1].
  public var pixelDifference: Double
}

/// Tunes a generator until the picture of a code is a target.
///
/// All parameters of the generator that are trainable move, and stay moved: give it a network of its
/// own. It may be stopped and taken up again between steps.
public final class PivotalTuning {
  /// How the generator is tuned.
  public let settings: PivotalTuningSettings
  /// The numbers of the steps taken.
  public private(set) var history: [PivotalTuningStep] = []
  /// Whether the picture has come within the distance at which tuning ends.
  public private(set) var isNearEnough = false
  private let generator: any Generator
  private let pivot: Tensor  // [1, numWs, wDim]
  private let target: Tensor  // [1, C, H, W] in [-1, 1]
  private let distance: ImageDistance
  private let distanceToTarget: (Tensor) -> Tensor
  private let locality: LocalityTerm?
  private let stream: TorchGenerator
  private let optimizer: Adam

  /// A tuning that has taken no step.
  ///
  /// - Parameters:
  ///   - generator: The generator that is moved.
  ///   - pivot: The code of the target: [1, numWs, wDim].
  ///   - target: [1, C, H, W] in [-1, 1], of the rows of the generator's pictures that are meant to
  ///     be seen.
  ///   - distance: How far pictures are from the target.
  ///   - settings: How the generator is tuned.
  ///   - locality: Keeps other pictures as they were; nil for nothing.
  ///   - seed: Where the random numbers of `locality` start.
  /// - Throws: `ConfigurationError` or `InversionError` if something does not fit.
  public init(
    _ generator: any Generator, pivot: Tensor, target: Tensor, distance: ImageDistance,
    settings: PivotalTuningSettings = .init(), locality: LocalityTerm? = nil, seed: UInt64 = 0
  ) throws {
    try settings.validate()
    let traits = generator.traits
    try target.check(isPictureOf: traits)
    let wanted = [1, traits.numWs, traits.wDim]
    guard pivot.shape == wanted else {
      throw InversionError("the pivot", expected: "\(wanted)", found: "\(pivot.shape)")
    }
    if let locality, locality.original === generator {
      throw InversionError(
        "the locality term", expected: "the generator before tuning in a network of its own",
        found: "the one that is tuned")
    }
    self.settings = settings
    (self.generator, self.locality, self.distance) = (generator, locality, distance)
    (self.pivot, self.target) = (pivot.detached(), target.detached())
    distanceToTarget = distance.prepare(self.target)
    stream = TorchGenerator(seed: seed, device: generator.wAvg.device)
    optimizer = Adam(
      generator.parameters,
      settings: Adam.Settings(learningRate: settings.learningRate, beta1: 0.9, beta2: 0.999))
  }

  /// Whether the steps are used up or the picture is near enough.
  public var isFinished: Bool { history.count >= settings.steps || isNearEnough }

  /// Takes all steps that are left.
  ///
  /// - Parameter progress: Is told after every step; what it throws ends tuning, which may be taken
  ///   up again.
  /// - Throws: What `progress` throws; `InversionError` if the loss is not finite.
  public func run(_ progress: (PivotalTuningStep) throws -> Void = { _ in }) throws {
    while !isFinished { try progress(step()) }
  }

  /// Takes one step; the last one, if the picture is near enough, moves nothing.
  ///
  /// - Returns: The numbers of the step.
  /// - Throws: `InversionError` if the loss is not finite; nothing has moved then.
  @discardableResult
  public func step() throws(InversionError) -> PivotalTuningStep {
    precondition(!isFinished, "a step after the last of \(settings.steps)")
    generator.parameters.setRequiresGrad(true)
    defer { generator.parameters.setRequiresGrad(false) }
    var (loss, numbers) = withGradients { pivotLoss() }
    isNearEnough = numbers.distance <= settings.stopDistance
    if let locality, !isNearEnough {
      loss = withGradients { loss + self.loss(of: locality) }
      numbers.loss = loss.item()
    }
    guard numbers.loss.isFinite else {
      isNearEnough = false
      throw InversionError(
        "step \(history.count) of pivotal tuning", expected: "a finite loss", found: numbers.loss)
    }
    history.append(numbers)
    if !isNearEnough {
      optimizer(gradients(of: [loss], withRespectTo: optimizer.parameters))
    }
    return numbers
  }

  private func pivotLoss() -> (Tensor, PivotalTuningStep) {
    let seen = picture(of: pivot, by: generator, noise: .const)
    let (pixels, near) = ((seen - target).square().mean(), distanceToTarget(seen))
    let loss = pixels * settings.pixelWeight + near * settings.distanceWeight
    let numbers = PivotalTuningStep(
      step: history.count, loss: loss.item(), distance: near.item(), pixelDifference: pixels.item())
    return (loss, numbers)
  }

  /// How much the picture of a code near the pivot has changed.
  private func loss(of term: LocalityTerm) -> Tensor {
    let (code, before) = withoutGradients {
      let code = nearbyCode(term)
      return (code, picture(of: code, by: term.original, noise: .none))
    }
    let now = picture(of: code, by: generator, noise: .none)
    return (now - before).square().mean() * term.pixelWeight
      + distance.prepare(before)(now) * term.distanceWeight
  }

  /// A random code at the term's distance from the pivot: [1, numWs, wDim].
  private func nearbyCode(_ term: LocalityTerm) -> Tensor {
    let original = term.original
    let z = Tensor.randn([1, original.traits.zDim], generator: stream)
    let w = original.map(z: z, labels: original.label(classIndex: term.classIndex))
    let code = original.broadcast(w, truncation: Truncation(psi: term.truncationPsi))
    let away = code - pivot
    return pivot + away * (term.radius / max(away.norm().item(), 1e-12))
  }

  /// The picture of a code in [-1, 1], of the rows that are meant to be seen.
  private func picture(of code: Tensor, by generator: any Generator, noise: NoiseSource) -> Tensor {
    let picture = generator.synthesize(code, options: SynthesisOptions(noise: noise))
    return generator.traits.pixelEncoding.colours(picture)
      .sliced(generator.traits.visibleRows, axis: 2)
  }
}

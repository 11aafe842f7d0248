// The projector: the code of a picture found by gradients, as Karras et al. (2020) do it in
// `projector.py` of stylegan2-ada-pytorch, for every family of generators.

package import Layers
public import Networks
public import Tensors

/// Finds the code whose picture is nearest to a target.
///
/// Every step makes the picture of the code and moves the code, and the noise images, against the
/// gradient of the loss. The generator is as it was between steps, so that it may make other
/// pictures meanwhile; a projector that is stopped goes on with the next call. One seed gives the
/// same code again, on the same machine with the same number of threads.
public final class Projector {
  /// How the code is sought.
  public let settings: ProjectionSettings
  /// The numbers of the steps taken.
  public private(set) var history: [ProjectionStep] = []
  /// Whether the picture has come within the distance at which the search ends.
  public private(set) var isNearEnough = false
  private let generator: any Generator
  private let terms: ProjectionTerms
  private let deviation: Double
  private let normals: ([Int]) -> Tensor
  private let code: Tensor  // [1, 1 or numWs, wDim]
  private let noise: [Tensor]  // as the layers keep it; empty where it is not sought
  private let optimizer: Adam

  /// A projector that has taken no step.
  ///
  /// - Parameters:
  ///   - target: [1, C, H, W] in [-1, 1], of the rows of the generator's pictures that are meant to
  ///     be seen.
  ///   - generator: The generator.
  ///   - distance: How far pictures are from the target.
  ///   - statistics: Where the generator's codes lie.
  ///   - settings: How the code is sought.
  ///   - start: Where the search starts, [1, 1 or numWs, wDim]; nil for the mean of w.
  ///   - encoder: From pictures [1, C, H, W] in [-1, 1] to codes [1, numWs, wDim], for settings with
  ///     `domainWeight`.
  ///   - seed: Where the random numbers start; NVIDIA's default is 303.
  /// - Throws: `ConfigurationError` or `InversionError` if something does not fit.
  public convenience init(
    of target: Tensor, by generator: any Generator, distance: ImageDistance,
    statistics: LatentStatistics, settings: ProjectionSettings = .init(), start: Tensor? = nil,
    encoder: ((Tensor) -> Tensor)? = nil, seed: UInt64 = 303
  ) throws {
    let stream = TorchGenerator(seed: seed, device: generator.wAvg.device)
    try self.init(
      of: target, by: generator, distance: distance, statistics: statistics, settings: settings,
      start: start, encoder: encoder, optimizer: Self.publishedOptimizer,
      normals: { .randn($0, generator: stream) })
  }

  /// Adam as the published projectors have it; every step sets the learning rate.
  private static var publishedOptimizer: Adam.Settings {
    Adam.Settings(learningRate: 0, beta1: 0.9, beta2: 0.999)
  }

  /// A projector with another optimiser, and random numbers from elsewhere: first those of each
  /// noise image, then in every step those that are added to the code.
  package init(
    of target: Tensor, by generator: any Generator, distance: ImageDistance,
    statistics: LatentStatistics, settings: ProjectionSettings, start: Tensor?,
    encoder: ((Tensor) -> Tensor)?, optimizer: Adam.Settings,
    normals: @escaping ([Int]) -> Tensor
  ) throws {
    try settings.validate()
    self.settings = settings
    (self.generator, self.normals, deviation) = (generator, normals, statistics.deviation)
    terms = try ProjectionTerms(
      target: target, generator.traits, distance: distance, statistics: statistics,
      settings: settings, encoder: encoder)
    let first = try Self.start(
      start, generator.traits, mean: statistics.mean, space: settings.space)
    // One optimiser moves the code and the noise images.
    let p = Scope(ParameterStore(), device: first.device, dtype: first.dtype)
    code = p.parameter("w", .values(first))
    noise =
      settings.noise == .optimized
      ? generator.noiseInputs.map { input in
        (p / "noise").parameter(input.name, .values(normals(input.tensor.shape)))
      } : []
    self.optimizer = Adam(p.store, settings: optimizer)
  }

  /// The first code, of as many rows as the space has.
  private static func start(
    _ start: Tensor?, _ traits: GeneratorTraits, mean: Tensor, space: ProjectionSettings.Space
  ) throws(InversionError) -> Tensor {
    let (numWs, wDim) = (traits.numWs, traits.wDim)
    guard mean.shape == [wDim] else {
      throw InversionError("the statistics of w", expected: "[\(wDim)]", found: "\(mean.shape)")
    }
    let start = start ?? mean.reshaped(1, 1, wDim)
    let accepted = space == .w ? [[1, 1, wDim]] : [[1, 1, wDim], [1, numWs, wDim]]
    guard accepted.contains(start.shape) else {
      throw InversionError(
        "the code to start from",
        expected: accepted.map { "\($0)" }.joined(separator: " or "), found: "\(start.shape)")
    }
    let rows = space == .wPlus && start.size(1) == 1 ? start.repeated(1, numWs, 1) : start
    return rows.detached().contiguous()
  }

  // MARK: Steps

  /// Whether the steps are used up or the picture is near enough.
  public var isFinished: Bool { history.count >= settings.steps || isNearEnough }

  /// The code as it is now: [1, numWs, wDim].
  public var wPlus: Tensor { withoutGradients { rows(code.detached()).cloned() } }

  /// What has been found so far.
  public var projection: Projection {
    Projection(
      wPlus: wPlus, noise: noise.isEmpty ? nil : noise.map { $0.detached().cloned() },
      history: history)
  }

  /// Takes all steps that are left.
  ///
  /// - Parameter progress: Is told after every step; what it throws ends the search, which may be
  ///   taken up again.
  /// - Returns: What has been found.
  /// - Throws: What `progress` throws; `InversionError` if the loss is not finite.
  public func run(_ progress: (ProjectionStep) throws -> Void = { _ in }) throws -> Projection {
    while !isFinished { try progress(step()) }
    return projection
  }

  /// Takes one step; the last one, if the picture is near enough, moves nothing.
  ///
  /// - Returns: The numbers of the step.
  /// - Throws: `InversionError` if the loss is not finite; nothing has moved then.
  @discardableResult
  public func step() throws(InversionError) -> ProjectionStep {
    precondition(!isFinished, "a step after the last of \(settings.steps)")
    let rate = settings.learningRate(at: history.count)
    let scale = settings.wNoiseScale(at: history.count, deviation: deviation)
    let added = scale > 0 ? normals(code.shape) * scale : nil
    var (sums, gradients) = descent(noise: added)
    (sums.step, sums.learningRate, sums.wNoiseScale) = (history.count, rate, scale)
    guard sums.loss.isFinite else {
      throw InversionError(
        "step \(history.count) of a projection", expected: "a finite loss", found: sums.loss)
    }
    history.append(sums)
    // The picture of the code itself counts, not that of the code with noise.
    if let bound = settings.stopDistance, scale == 0, sums.distance <= bound {
      isNearEnough = true
      return sums
    }
    optimizer.settings.learningRate = rate
    optimizer(gradients)
    withoutGradients { for image in noise { image.assign(normalizedNoise(image)) } }
    return sums
  }

  /// The numbers of the loss, and its gradients with respect to the code and the noise images.
  private func descent(noise added: Tensor?) -> (ProjectionStep, [Tensor]) {
    guard !noise.isEmpty else { return descent(noise: added, images: []) }
    return generator.withNoise(noise.map { $0.detached() }) {
      let inputs = generator.noiseInputs
      inputs.forEach { $0.tensor.requiringGrad() }
      defer { inputs.forEach { $0.tensor.requiringGrad(false) } }
      return descent(noise: added, images: inputs)
    }
  }

  private func descent(noise added: Tensor?, images: [NoiseInput]) -> (ProjectionStep, [Tensor]) {
    let w = code.detached().requiringGrad()
    let options = SynthesisOptions(noise: settings.noise == .none ? .none : .const)
    return withGradients {
      let wPlus = rows(added.map { w + $0 } ?? w)
      let picture = generator.synthesize(wPlus, options: options)
      let (loss, sums) = terms.sums(
        generator.traits.pixelEncoding.colours(picture), of: wPlus, noise: images.map(\.image))
      return (sums, gradients(of: [loss], withRespectTo: [w] + images.map(\.tensor)))
    }
  }

  /// The code with a row for every layer.
  private func rows(_ code: Tensor) -> Tensor {
    code.size(1) == 1 ? code.repeated(1, generator.traits.numWs, 1) : code
  }
}

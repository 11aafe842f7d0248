// The random streams of training, which can be saved and continued.

public import Layers
public import Networks
public import Tensors

/// The random streams of training: one for each matter, so that a change of one setting leaves the
/// numbers of all others as they were.
public final class TrainingRandomness {
  /// Each stream's state as it was recorded last, by name.
  public let state = ParameterStore()
  private let z: TorchGenerator
  private let mixing: TorchGenerator
  private let pathLength: TorchGenerator
  private let noise: TorchGenerator
  private let transformation: TorchGenerator?
  private let augmentation: TorchGenerator?

  /// Streams that start at a seed.
  ///
  /// - Parameters:
  ///   - seed: Any number.
  ///   - device: Where the numbers are drawn.
  ///   - transforms: Whether there is a stream for transformations that the discriminator should not
  ///     mind.
  ///   - augments: Whether there is a stream for adaptive augmentation.
  public init(
    seed: UInt64, device: Device = .cpu, transforms: Bool = false, augments: Bool = false
  ) {
    // The streams of one seed, and of neighbouring ones, all start at different numbers.
    func stream(_ i: UInt64, on device: Device) -> TorchGenerator {
      TorchGenerator(seed: seed &* 8 &+ i, device: device)
    }
    (z, noise) = (stream(1, on: device), stream(2, on: device))
    (pathLength, mixing) = (stream(3, on: device), stream(4, on: .cpu))
    transformation = transforms ? stream(5, on: device) : nil
    // What is drawn decides how much memory is taken, so the processor needs to know it.
    augmentation = augments ? stream(6, on: .cpu) : nil
    let p = Scope(state)
    for (name, generator) in streams { _ = p.buffer(name, .values(Tensor(generator.state))) }
  }

  private var streams: [(name: String, generator: TorchGenerator)] {
    [("z", z), ("noise", noise), ("path_length", pathLength), ("mixing", mixing)]
      + (transformation.map { [("augmentation", $0)] } ?? [])
      + (augmentation.map { [("adaptive_augmentation", $0)] } ?? [])
  }

  /// Standard normal z [count, zDim].
  public func drawZ(count: Int, zDim: Int) -> Tensor { .randn([count, zDim], generator: z) }

  /// Standard normal image noise for the path length regulariser.
  public func drawPathLengthNoise(_ shape: [Int]) -> Tensor { .randn(shape, generator: pathLength) }

  /// The second z of a batch and where it begins, or nil.
  ///
  /// - Parameters:
  ///   - probability: The probability that there is one.
  ///   - count: N.
  ///   - traits: The generator's sizes.
  /// - Returns: The mixing of this batch.
  public func drawMixing(probability: Double, count: Int, traits: GeneratorTraits) -> StyleMixing? {
    let draws = Tensor.rand([2], generator: mixing).values(as: Double.self)
    let cutoff = StyleMixing.cutoff(
      probability: probability, numWs: traits.numWs, chance: draws[0], place: draws[1])
    return cutoff.map { StyleMixing(z: drawZ(count: count, zDim: traits.zDim), cutoff: $0) }
  }

  /// Transformations of made and of real images.
  ///
  /// - Parameters:
  ///   - settings: How images are transformed.
  ///   - count: N.
  ///   - resolution: The images' width and height, in pixels.
  /// - Returns: One for each kind of images.
  public func drawTransforms(
    _ settings: DifferentiableAugmentation, count: Int, resolution: Int
  ) -> ConsistencyTransforms {
    guard let transformation else { preconditionFailure("no stream for transformations") }
    func draw() -> DrawnAugmentation {
      settings.draw(count: count, resolution: resolution, generator: transformation)
    }
    return ConsistencyTransforms(fake: draw(), real: draw())
  }

  /// What happens to a batch of images before the discriminator sees them.
  ///
  /// - Parameters:
  ///   - pipe: What may happen.
  ///   - p: How often.
  ///   - shape: The batch's, [N, C, H, W].
  /// - Returns: What happens to each image.
  public func drawAugmentation(_ pipe: AugmentationPipe, p: Double, shape: [Int])
    -> BatchAugmentation
  {
    guard let augmentation else { preconditionFailure("no stream for augmentation") }
    var source = RandomAugmentationSource(augmentation)
    return pipe.draw(shape, p: p, from: &source)
  }

  /// Fresh noise for the layers of generators.
  public var layerNoise: NoiseSource { .random(noise) }

  // MARK: State

  /// Writes where each stream stands into `state`.
  public func record() {
    for (name, generator) in streams { state[name].assign(Tensor(generator.state)) }
  }

  /// Checks that each stream can be continued from a state, changing nothing.
  ///
  /// - Parameter tensors: A state for each name in `state`.
  /// - Throws: `TrainingError` naming the first stream that cannot.
  public func check(_ tensors: (String) -> Tensor) throws(TrainingError) {
    for (name, generator) in streams {
      do throws(TorchError) {
        let trial = TorchGenerator(seed: 0, device: generator.device)
        try trial.restore(tensors(name).values(as: UInt8.self))
      } catch {
        throw .misfit(
          "random stream \(name)", expected: "a state of libtorch's generator",
          found: error.description)
      }
    }
  }

  /// Continues each stream from where `state` says.
  ///
  /// - Throws: `TorchError` if that is not the state of a stream; `check` has found that before.
  public func restore() throws(TorchError) {
    for (name, generator) in streams { try generator.restore(state[name].values(as: UInt8.self)) }
  }
}

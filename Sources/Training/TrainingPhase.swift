// The four parts of a training iteration, and what each of them sees.

public import Networks
public import OrderedCollections
public import Tensors

/// A part of a training iteration with gradients and an optimiser step of its own, by its published
/// name.
public enum TrainingPhase: String, CaseIterable, Codable, Sendable {
  /// The generator's loss.
  case generatorMain = "Gmain"
  /// The generator's path length regulariser.
  case generatorRegularization = "Greg"
  /// The discriminator's loss.
  case discriminatorMain = "Dmain"
  /// The discriminator's R1 penalty.
  case discriminatorRegularization = "Dreg"

  /// Whether the generator is trained, rather than the discriminator.
  public var trainsGenerator: Bool { self == .generatorMain || self == .generatorRegularization }
  /// Whether the phase is lazy: run once in an interval of iterations.
  public var isRegularization: Bool {
    self == .generatorRegularization || self == .discriminatorRegularization
  }
  /// Whether images are made for the phase.
  public var makesImages: Bool { self != .discriminatorRegularization }
}

/// Images from the data set and their labels.
public struct RealBatch {
  /// [N, C, H, W] in [-1, 1].
  public var images: Tensor
  /// [N, labelDim]; nil for networks without labels.
  public var labels: Tensor?

  /// A batch of images, with labels if the networks have any.
  public init(images: Tensor, labels: Tensor? = nil) {
    self.images = images
    self.labels = labels
  }

  func rows(_ range: Range<Int>) -> RealBatch {
    RealBatch(
      images: images.sliced(range, axis: 0), labels: labels?.sliced(range, axis: 0))
  }
}

/// What is drawn at random for one phase that makes images.
public struct PhaseInputs {
  /// [N, zDim], standard normal.
  public var z: Tensor
  /// The labels of the images to be made, [N, labelDim]; nil for networks without labels.
  public var labels: Tensor?
  /// The second z of style mixing; nil if this batch is not mixed.
  public var mixing: StyleMixing?
  /// The image noise of the path length regulariser, [P, C, H, W] for the first P rows of z,
  /// standard normal; nil in other phases.
  public var pathLengthNoise: Tensor?
  /// The transformations that the discriminator should not mind, in its main phase; nil where it is
  /// not held to consistency.
  public var transforms: ConsistencyTransforms?
  /// Where the noise that layers add comes from.
  public var noise: NoiseSource

  /// What one phase gets.
  public init(
    z: Tensor, labels: Tensor? = nil, mixing: StyleMixing? = nil, pathLengthNoise: Tensor? = nil,
    noise: NoiseSource
  ) {
    self.z = z
    self.labels = labels
    self.mixing = mixing
    self.pathLengthNoise = pathLengthNoise
    self.noise = noise
  }

  func rows(_ range: Range<Int>) -> PhaseInputs {
    // Slices beyond the end would be short without a word.
    for x in [z, labels, mixing?.z, pathLengthNoise].compactMap(\.self) {
      precondition(x.size(0) >= range.upperBound, "\(x) where rows \(range) are read")
    }
    var part = PhaseInputs(
      z: z.sliced(range, axis: 0), labels: labels?.sliced(range, axis: 0),
      mixing: mixing.map { StyleMixing(z: $0.z.sliced(range, axis: 0), cutoff: $0.cutoff) },
      pathLengthNoise: pathLengthNoise?.sliced(range, axis: 0), noise: noise)
    part.transforms = transforms?.rows(range)
    return part
  }
}

/// What happens to the images of a phase before the discriminator sees them; nil for nothing.
public struct PhaseAugmentation {
  /// What happens to made images.
  public var fake: BatchAugmentation?
  /// What happens to real images.
  public var real: BatchAugmentation?

  /// What happens to images of each kind.
  public init(fake: BatchAugmentation? = nil, real: BatchAugmentation? = nil) {
    (self.fake, self.real) = (fake, real)
  }

  func rows(_ range: Range<Int>) -> PhaseAugmentation {
    PhaseAugmentation(fake: fake?.rows(range), real: real?.rows(range))
  }
}

/// Numbers for each sample under their published names, such as `Loss/G/loss`.
public typealias LossReports = OrderedDictionary<String, Tensor>

// Where the codes of a generator lie: their mean, their deviation, and the Gaussian that they nearly
// are.

public import Networks
public import Tensors

/// Where the w of a generator lie, measured on samples.
public struct LatentStatistics {
  /// The mean of w: [wDim].
  public let mean: Tensor
  /// The root of the mean squared distance from the mean, summed over the components of w.
  public let deviation: Double
  /// The samples [N, wDim].
  let samples: Tensor

  /// The statistics of given samples.
  ///
  /// - Parameter samples: w [N, wDim].
  public init(samples: Tensor) {
    precondition(
      samples.rank == 2 && samples.size(0) > 0, "samples of w [N, wDim], found \(samples.shape)")
    self.samples = samples
    mean = samples.mean(over: 0)
    deviation = ((samples - mean).square().sum() / Double(samples.size(0))).item().squareRoot()
  }

  /// The statistics of what a generator maps random z to.
  ///
  /// - Source: `projector.py` of stylegan2-ada-pytorch, whose count and seed are the defaults.
  /// - Parameters:
  ///   - generator: The generator.
  ///   - count: How many samples.
  ///   - seed: Where NumPy's random stream starts, from which all families' z are drawn here.
  ///   - labels: [1, labelDim]; nil for all zeros, or none for generators without labels.
  public init(
    of generator: any Generator, count: Int = 10_000, seed: UInt32 = 123, labels: Tensor? = nil
  ) {
    precondition(count > 0, "\(count) samples of w")
    var state = RandomState(seed: seed)
    self.init(samples: generator.sampleW(count: count, from: &state, labels: labels))
  }

  /// The Gaussian that codes are before the mapping network's last activation.
  ///
  /// - Returns: The space, estimated from the samples.
  /// - Throws: `InversionError` if the samples are all the same, or not finite.
  public func whitenedSpace() throws(InversionError) -> WhitenedSpace {
    try WhitenedSpace(samples: samples)
  }
}

/// The space in which the codes of a mapping network are nearly a standard normal distribution.
///
/// Codes before the mapping network's last leaky ReLU of slope 0.2, p = LeakyReLU₅(w), are nearly
/// normal; with their mean m, and their principal components C of deviations s,
///
///     v = (C (p - m)) / s
///
/// is nearly standard normal. Directions in which the samples do not vary are left out, so there
/// should be more samples than components.
///
/// - Source: Zhu et al. (2020), "Improved StyleGAN Embedding: Where are the Good Latents?".
public struct WhitenedSpace {
  /// The mean of p: [wDim].
  private let mean: Tensor
  /// The principal components, each over its deviation: [K, wDim].
  private let whitening: Tensor

  init(samples: Tensor) throws(InversionError) {
    guard samples.isFinite().all else {
      throw InversionError("the Gaussian of w", expected: "finite samples", found: "others")
    }
    let p = withoutGradients { Self.undoingActivation(samples.cast(to: .float64)) }
    let centre = p.mean(over: 0)
    let centred = p - centre
    let covariance = centred.transposed(0, 1).matmul(centred) / Double(max(p.size(0) - 1, 1))
    let (variances, components) = covariance.symmetricEigen()
    // Rounding leaves about 1e-16 of the largest variance in directions that have none.
    let values = variances.values(as: Double.self)
    let count = values.count { $0 > 1e-12 * values[0] && $0 > 0 }
    guard count > 0 else {
      throw InversionError(
        "the Gaussian of w", expected: "samples that vary", found: "\(p.size(0)) equal ones")
    }
    let kept = 0..<count
    let deviations = variances.sliced(kept, axis: 0).sqrt().unsqueezed(1)
    whitening = (components.sliced(kept, axis: 0) / deviations).cast(to: samples.dtype)
    mean = centre.cast(to: samples.dtype)
  }

  /// The whitened codes.
  ///
  /// - Parameter w: Codes […, wDim].
  /// - Returns: v […, K].
  public func callAsFunction(_ w: Tensor) -> Tensor {
    (Self.undoingActivation(w) - mean).matmul(whitening.transposed(0, 1))
  }

  /// The mean squared length of whitened codes, in components; near 1 for codes that the mapping
  /// network makes.
  ///
  /// - Parameter w: Codes […, wDim].
  /// - Returns: A tensor without axes.
  public func meanSquare(_ w: Tensor) -> Tensor { self(w).square().mean() }

  /// Undoes a leaky ReLU of slope 0.2.
  private static func undoingActivation(_ w: Tensor) -> Tensor { w.leakyReLU(slope: 5) }
}

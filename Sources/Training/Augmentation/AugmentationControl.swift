// How often pictures are augmented: the controller of adaptive discriminator augmentation.

public import Layers
import Networks
import Tensors

/// The augmentation of a training: what happens to pictures, and how often.
public struct TrainingAugmentation: Codable, Hashable, Sendable {
  /// What may happen.
  public var pipe: AugmentationPipe
  /// How often it does.
  public var control: AugmentationControl.Settings

  /// The augmentation of a training.
  public init(pipe: AugmentationPipe, control: AugmentationControl.Settings) {
    (self.pipe, self.control) = (pipe, control)
  }

  func validate() throws(ConfigurationError) {
    try pipe.validate()
    try control.validate()
  }
}

/// Holds p, the probability of augmentation, and moves it as far as the discriminator overfits.
///
/// The discriminator knows the pictures of a small data set by heart sooner or later: it is then sure
/// of real ones. How sure is told by r, the mean sign of its logits of real pictures: 0 for one that
/// cannot tell, 1 for one that is always right. Every few iterations p becomes larger by a fixed step
/// if r is above its target, and smaller if it is below.
public final class AugmentationControl {
  /// Where p starts, and how it moves.
  public struct Settings: Codable, Hashable, Sendable {
    /// p at the start.
    public var initialP: Double
    /// What r should be; nil where p stays.
    public var target: Double?
    /// Iterations from one step to the next.
    public var interval = 4
    /// Thousands of images in which p moves by 1 if it always moves the same way.
    public var kimg = 500.0
    /// The least p.
    public var leastP = 0.0
    /// The largest p that pictures are augmented with, however large p becomes; nil for no bound.
    ///
    /// Styleformer-L was trained with 0.7.
    public var mostEffectiveP: Double?

    /// p from 0 on, moved towards the paper's target.
    public static let adaptive = Settings(initialP: 0, target: 0.6)

    /// Settings of p.
    ///
    /// - Parameters:
    ///   - initialP: p at the start.
    ///   - target: What r should be; nil where p stays.
    public init(initialP: Double, target: Double?) {
      (self.initialP, self.target) = (initialP, target)
    }

    /// p after a step.
    ///
    /// - Parameters:
    ///   - p: p before.
    ///   - signMean: r.
    ///   - batchSize: The images of an iteration.
    /// - Returns: p, at least `leastP`; there is no upper bound.
    public func moved(_ p: Double, signMean: Double, batchSize: Int) -> Double {
      guard let target, signMean != target else { return p }
      let step = Double(batchSize * interval) / (kimg * 1000)
      return max(signMean > target ? p + step : p - step, leastP)
    }

    func validate() throws(ConfigurationError) {
      try ConfigurationError.check("augmentation.p", initialP, is: "from 0 to 1", (0...1).contains)
      try ConfigurationError.check(
        "augmentation.target", target ?? 0, is: "from 0 to 1", (0...1).contains)
      try ConfigurationError.check("augmentation.interval", interval, in: 1...10_000_000)
      try ConfigurationError.check("augmentation.kimg", kimg, is: "above 0 and at most 10⁹") {
        $0 > 0 && $0 <= 1e9
      }
      try ConfigurationError.check("augmentation.leastP", leastP, is: "from 0 to 1") {
        (0...1).contains($0)
      }
      try ConfigurationError.check(
        "augmentation.mostEffectiveP", mostEffectiveP ?? 0, is: "from 0 to 1", (0...1).contains)
    }
  }

  /// How p moves.
  public let settings: Settings
  /// Everything that the next p depends on: `p`, and the signs seen since the last step.
  public let state = ParameterStore()
  private let held: (p: Tensor, signSum: Tensor, signCount: Tensor)  // [], float64

  /// A control at its start.
  public init(_ settings: Settings) {
    self.settings = settings
    let scope = Scope(state, dtype: .float64)
    held = (
      scope.buffer("p", .values(Tensor([settings.initialP], shape: []))),
      scope.buffer("sign_sum", .zeros([])), scope.buffer("sign_count", .zeros([]))
    )
  }

  /// p, which may exceed 1.
  public private(set) var p: Double {
    get { held.p.item() }
    set { held.p.assign(.full(newValue, [], dtype: .float64)) }
  }

  /// The probability that pictures are augmented with.
  public var effectiveP: Double { min(p, settings.mostEffectiveP ?? .infinity) }

  /// Sees the signs of logits of real pictures.
  func see(signs: [Double]) {
    guard settings.target != nil else { return }
    held.signSum.addInPlace(.full(signs.reduce(0, +), [], dtype: .float64))
    held.signCount.addInPlace(.full(Double(signs.count), [], dtype: .float64))
  }

  /// Ends an iteration; p moves if it is time.
  ///
  /// - Parameters:
  ///   - iteration: Iterations so far, this one among them.
  ///   - batchSize: The images of an iteration.
  func endIteration(_ iteration: Int, batchSize: Int) {
    guard settings.target != nil, iteration % settings.interval == 0 else { return }
    let count = held.signCount.item()
    guard count > 0 else { return }
    p = settings.moved(p, signMean: held.signSum.item() / count, batchSize: batchSize)
    held.signSum.assign(.zeros([], dtype: .float64))
    held.signCount.assign(.zeros([], dtype: .float64))
  }
}

// The losses with which encoders learn: pSp, Richardson et al. (2021), and Style Transformer, Hu et
// al. (2022).

public import Tensors

/// How much each loss of an encoder counts; the defaults are Style Transformer's.
public struct InversionLossWeights: Codable, Hashable, Sendable {
  /// The squared differences of pixels.
  public var l2 = 1.0
  /// LPIPS with AlexNet.
  public var lpips = 0.8
  /// One minus the cosine of the features: of faces, or of MoCo for other pictures.
  public var identity = 0.1
  /// The squared differences of pixels of the face.
  public var l2Crop = 0.0
  /// LPIPS of the face.
  public var lpipsCrop = 0.0
  /// The distance of codes from the average.
  public var wNorm = 0.0

  /// Style Transformer's weights, which are also pSp's for encoding.
  public init() {}

  private init(
    l2: Double = 1, lpips: Double = 0.8, identity: Double = 0.1, l2Crop: Double = 0,
    lpipsCrop: Double = 0, wNorm: Double = 0
  ) {
    (self.l2, self.lpips, self.identity) = (l2, lpips, identity)
    (self.l2Crop, self.lpipsCrop, self.wNorm) = (l2Crop, lpipsCrop, wNorm)
  }

  /// The weights by the name of what an encoder learns.
  ///
  /// - Source: README of pixel2style2pixel; that of encoder4editing for cars.
  public static let recipes: [(name: String, weights: InversionLossWeights)] = [
    ("encode", InversionLossWeights()),
    (
      "frontalize",
      InversionLossWeights(
        l2: 0.001, lpips: 0.08, identity: 1, l2Crop: 0.01, lpipsCrop: 0.8, wNorm: 0.005)
    ),
    ("sketch", InversionLossWeights(identity: 0, wNorm: 0.005)),
    ("segmentation", InversionLossWeights(identity: 0, wNorm: 0.005)),
    ("super-resolution", InversionLossWeights(wNorm: 0.005)),
    ("toonify", InversionLossWeights(identity: 1, wNorm: 0.025)),
    ("cars", InversionLossWeights(identity: 0.5)),
  ]

  /// Checks that an encoder can learn with these weights.
  ///
  /// - Throws: `ConfigurationError` naming the first weight that cannot be.
  public func validate() throws(ConfigurationError) {
    let all = [
      ("l2", l2), ("lpips", lpips), ("identity", identity), ("l2Crop", l2Crop),
      ("lpipsCrop", lpipsCrop), ("wNorm", wNorm),
    ]
    for (name, weight) in all {
      try ConfigurationError.check(name, weight, is: "0 or a positive number") {
        $0 >= 0 && $0.isFinite
      }
    }
    try ConfigurationError.check("losses", all.map(\.1), is: "one that counts") {
      $0.contains { $0 > 0 }
    }
  }
}

/// What encoders learn with: how far what they give is from what was wanted.
///
/// Losses that do not count are not computed. Targets are looked at without gradients.
public final class InversionLoss {
  /// The losses of a batch, each a tensor without axes; nil for those that do not count.
  public struct Terms {
    /// One minus the cosine of the features, the mean over the batch.
    public var identity: Tensor?
    /// How much more the result is like the target than the target is like the image that was seen.
    public var identityImprovement: Tensor?
    /// The mean of the squared differences of pixels.
    public var l2: Tensor?
    /// LPIPS, the mean over the batch.
    public var lpips: Tensor?
    /// The mean of the squared differences of pixels of the face.
    public var l2Crop: Tensor?
    /// LPIPS of the face.
    public var lpipsCrop: Tensor?
    /// The mean distance of codes from the average.
    public var wNorm: Tensor?
    /// The sum, each times its weight.
    public var total: Tensor
  }

  /// How much each loss counts.
  public let weights: InversionLossWeights
  private let distance: ((Tensor, Tensor) -> Tensor)?
  private let features: (any FeatureNetwork)?
  private let crop: FaceCrop

  /// Losses with these weights.
  ///
  /// - Parameters:
  ///   - weights: How much each loss counts; `validate()` must accept them.
  ///   - lpips: LPIPS; nil where it does not count.
  ///   - features: The features of the identity: of faces, or MoCo's; nil where it does not count.
  ///   - crop: Where the face is.
  public convenience init(
    _ weights: InversionLossWeights, lpips: LPIPS?, features: (any FeatureNetwork)?,
    crop: FaceCrop = .published
  ) {
    self.init(
      weights, distance: lpips.map { lpips in { lpips($0, $1) } }, features: features, crop: crop)
  }

  /// Losses with these weights, and with any distance in the place of LPIPS.
  ///
  /// - Parameters:
  ///   - weights: How much each loss counts; `validate()` must accept them.
  ///   - distance: How far pictures [N, C, H, W] are apart, [N]; nil where it does not count.
  ///   - features: The features of the identity: of faces, or MoCo's; nil where it does not count.
  ///   - crop: Where the face is.
  public init(
    _ weights: InversionLossWeights, distance: ((Tensor, Tensor) -> Tensor)?,
    features: (any FeatureNetwork)?, crop: FaceCrop = .published
  ) {
    precondition(
      distance != nil || (weights.lpips == 0 && weights.lpipsCrop == 0),
      "weights of LPIPS without it")
    precondition(features != nil || weights.identity == 0, "a weight of identity without features")
    (self.weights, self.features, self.crop) = (weights, features, crop)
    self.distance = distance
  }

  /// The losses of a batch.
  ///
  /// - Parameters:
  ///   - yHat: What was drawn from the codes, pooled to the targets' size: [N, C, H, W].
  ///   - y: The targets, [N, C, H, W] in [-1, 1].
  ///   - x: What the encoder saw, [N, C, H, W]; nil for the targets themselves.
  ///   - wPlus: The codes with the average, [N, numWs, wDim].
  ///   - latentAverage: The average, [numWs, wDim] or [wDim].
  /// - Returns: The losses.
  public func callAsFunction(
    _ yHat: Tensor, y: Tensor, x: Tensor? = nil, wPlus: Tensor, latentAverage: Tensor
  ) -> Terms {
    precondition(yHat.shape == y.shape, "pictures \(yHat.shape), targets \(y.shape)")
    var terms = Terms(total: Tensor.zeros([], dtype: yHat.dtype, device: yHat.device))
    func counted(_ weight: Double, _ loss: () -> Tensor) -> Tensor? {
      guard weight > 0 else { return nil }
      let loss = loss()
      terms.total = terms.total + loss * weight
      return loss
    }
    if let features, weights.identity > 0 {
      let likeness = Likeness(features, yHat: yHat, y: y, x: x)
      terms.identity = counted(weights.identity) { likeness.loss }
      terms.identityImprovement = likeness.improvement
    }
    terms.l2 = counted(weights.l2) { meanSquaredError(yHat, y) }
    if let distance {
      terms.lpips = counted(weights.lpips) { distance(yHat, y).mean() }
      terms.lpipsCrop = counted(weights.lpipsCrop) { distance(crop(yHat), crop(y)).mean() }
    }
    terms.l2Crop = counted(weights.l2Crop) { meanSquaredError(crop(yHat), crop(y)) }
    terms.wNorm = counted(weights.wNorm) {
      distanceFromAverage(wPlus, latentAverage: latentAverage)
    }
    return terms
  }
}

/// How alike pictures are to features.
public struct Likeness {
  /// The cosines of what was drawn and the targets, [N].
  public let toTarget: Tensor
  /// The cosines of the targets and what the encoder saw, [N].
  public let ofSource: Tensor

  /// Compares pictures; targets and sources are looked at without gradients.
  ///
  /// - Parameters:
  ///   - features: What is compared.
  ///   - yHat: What was drawn, [N, C, H, W].
  ///   - y: The targets, [N, C, H, W].
  ///   - x: What the encoder saw, [N, C, H, W]; nil for the targets themselves.
  public init(_ features: some FeatureNetwork, yHat: Tensor, y: Tensor, x: Tensor? = nil) {
    let target = withoutGradients { features.features(y) }
    let source = x.map { x in withoutGradients { features.features(x) } } ?? target
    toTarget = (features.features(yHat) * target).sum(over: 1)
    ofSource = (target * source).sum(over: 1)
  }

  /// One minus the cosine, the mean over the batch, as a tensor without axes.
  public var loss: Tensor { (1 - toTarget).mean() }

  /// How much more what was drawn is like the target than the target is like what the encoder saw,
  /// the mean over the batch.
  public var improvement: Tensor { (toTarget - ofSource).detached().mean() }
}

/// The mean of the squared differences of all numbers.
///
/// - Parameters:
///   - a: Any tensor.
///   - b: Of the same shape.
/// - Returns: A tensor without axes.
public func meanSquaredError(_ a: Tensor, _ b: Tensor) -> Tensor { (a - b).square().mean() }

/// The mean distance of codes from an average, over all rows at once and not squared.
///
/// - Source: `criteria/w_norm.py` of pixel2style2pixel.
/// - Parameters:
///   - wPlus: [N, numWs, wDim].
///   - latentAverage: [numWs, wDim] or [wDim].
/// - Returns: A tensor without axes.
public func distanceFromAverage(_ wPlus: Tensor, latentAverage: Tensor) -> Tensor {
  (wPlus - latentAverage).flattened(from: 1).length(over: 1).mean()
}

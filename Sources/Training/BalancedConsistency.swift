// Balanced consistency regularisation: Zhao et al., "Improved Consistency Regularization for GANs"
// (2021).

/// The discriminator should judge an image and its transformation alike, real ones and made ones.
public struct BalancedConsistency: Codable, Hashable, Sendable {
  /// The factor on the squared difference of the logits, of real and of made images each.
  public var weight = 10.0
  /// How images are transformed.
  public var augmentation = DifferentiableAugmentation()

  /// The settings of StyleSwin and StyleNAT.
  public init() {}
}

/// The transformations of one batch of made and one of real images.
public struct ConsistencyTransforms {
  /// That of the made images.
  public var fake: any ImageTransform
  /// That of the real images.
  public var real: any ImageTransform

  /// A transformation of each kind.
  public init(fake: any ImageTransform, real: any ImageTransform) {
    (self.fake, self.real) = (fake, real)
  }

  func rows(_ range: Range<Int>) -> ConsistencyTransforms {
    ConsistencyTransforms(fake: fake.rows(range), real: real.rows(range))
  }
}

// The loss of Wasserstein's distance with a gradient penalty: Gulrajani et al., "Improved Training of
// Wasserstein GANs" (2017), with the drift of "Progressive Growing of GANs" (2018).

import Networks
public import Tensors

/// The loss of Wasserstein's distance: logits are heights, whose slope between real and made images is
/// held near a target.
///
/// With mixed = real + (made - real) · u for u uniform in [0, 1), and the norm of a sample's gradient
/// over C, H and W:
///
///     L_G = -D(made)
///     L_D = D(made) - D(real) + λ · (‖∂D(mixed) / ∂mixed‖ - target)² + ε · D(real)²
///
/// - Source: `D_wgan_gp` in `training/loss.py` of stylegan.
public struct WassersteinLoss: Codable, Hashable, Sendable {
  /// λ, the weight of the gradient penalty.
  public var penaltyWeight = 10.0
  /// The slope that the penalty asks for.
  public var targetNorm = 1.0
  /// ε, the weight of the squares that keep the heights of real images near 0.
  public var driftWeight = 0.001

  /// The published weights.
  public init() {}

  /// The generator's loss.
  ///
  /// - Parameter fakeLogits: [N, 1], of images that the generator made.
  /// - Returns: [N, 1].
  public func generatorLoss(fakeLogits: Tensor) -> Tensor { -fakeLogits }

  /// The discriminator's loss without its penalties.
  ///
  /// - Parameters:
  ///   - fakeLogits: [N, 1], of images that the generator made.
  ///   - realLogits: [N, 1], of images from the data set.
  /// - Returns: [N, 1].
  public func discriminatorLoss(fakeLogits: Tensor, realLogits: Tensor) -> Tensor {
    fakeLogits - realLogits
  }

  /// What keeps the heights of real images near 0, times its weight.
  ///
  /// - Parameter realLogits: [N, 1], of images from the data set.
  /// - Returns: [N, 1].
  public func drift(realLogits: Tensor) -> Tensor { realLogits.square() * driftWeight }

  /// The penalty on slopes, times its weight.
  ///
  /// - Parameter norms: [N], as `gradientNorms(logits:images:)` gives them.
  /// - Returns: [N].
  public func gradientPenalty(norms: Tensor) -> Tensor {
    (norms - targetNorm).square() * penaltyWeight
  }

  /// Images between real and made ones, at which slopes are taken.
  ///
  /// - Parameters:
  ///   - real: [N, C, H, W].
  ///   - fake: [N, C, H, W].
  ///   - factors: u, [N, 1, 1, 1].
  /// - Returns: [N, C, H, W].
  public static func mixed(real: Tensor, fake: Tensor, factors: Tensor) -> Tensor {
    real + (fake - real) * factors
  }

  /// Checks that training can run with these values.
  ///
  /// - Throws: `ConfigurationError` naming the first value that cannot be.
  func validate() throws(ConfigurationError) {
    let all = [
      ("penaltyWeight", penaltyWeight), ("targetNorm", targetNorm), ("driftWeight", driftWeight),
    ]
    for (name, value) in all {
      try ConfigurationError.check("wasserstein.\(name)", value, is: "from 0 to 1e6") {
        (0...1e6).contains($0)
      }
    }
  }
}

/// How steeply logits change with their images: the root of `r1Penalty(logits:images:)`.
///
/// - Parameters:
///   - logits: [N, 1], computed from `images`.
///   - images: [N, C, H, W], recorded for gradients.
/// - Returns: [N].
public func gradientNorms(logits: Tensor, images: Tensor) -> Tensor {
  r1Penalty(logits: logits, images: images).sqrt()
}

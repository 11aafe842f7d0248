// Growing while training: Karras et al., "Progressive Growing of GANs for Improved Quality,
// Stability, and Variation" (2018), with the level of detail of StyleGAN's program.

import Layers
public import Tensors

/// A network that grows while it is trained: it starts at a low resolution, and every further one
/// is faded in.
///
/// The level of detail counts the doublings that are still missing: 0 for a whole network, 2.3 for
/// one without its two highest resolutions, of which the third highest is faded in to seven tenths.
/// Images keep their full size throughout, with repeated pixels.
public protocol GrowingNetwork: AnyObject {
  /// The level of detail that the network says of itself and that files keep; whoever trains sets
  /// it before every step, in the generator and the discriminator.
  var lod: Double { get set }
}

/// Which level of detail a network has at which time of its training.
///
/// - Source: `training_schedule` in `training/training_loop.py` of stylegan.
public struct GrowingSchedule: Codable, Hashable, Sendable {
  /// The width and height at the start, a power of two.
  public var initialResolution = 8
  /// Thousands of images for which a resolution is trained before the next is faded in.
  public var stableKimg = 600.0
  /// Thousands of images over which a resolution is faded in.
  public var fadeKimg = 600.0

  /// The schedule of the paper.
  public init() {}

  /// The level of detail at a time.
  ///
  /// - Parameters:
  ///   - kimg: Thousands of images seen.
  ///   - resolution: The width and height of the whole network's images, a power of two.
  /// - Returns: The doublings still missing, from 0.
  public func lod(kimg: Double, resolution: Int) -> Double {
    let phase = stableKimg + fadeKimg
    let phases = phase > 0 ? (kimg / phase).rounded(.down) : 0
    let missing =
      resolution.trailingZeroBitCount - initialResolution.trailingZeroBitCount - Int(phases)
    let fading = max(kimg - phases * phase - stableKimg, 0)
    return max(Double(missing) - (fadeKimg > 0 ? fading / fadeKimg : 0), 0)
  }

  /// The width and height of the images that a network of a level of detail needs.
  ///
  /// - Parameters:
  ///   - lod: The level of detail.
  ///   - resolution: The width and height of the whole network's images.
  /// - Returns: `resolution` halved for every whole level.
  public static func resolution(atLod lod: Double, of resolution: Int) -> Int {
    resolution >> Int(lod)
  }
}

/// Real images as a discriminator sees them while it grows: with as much of their detail as the
/// generator can have by then.
///
/// - Shape: `x` [N, C, H, W], result [N, C, H · 2^⌊lod⌋, W · 2^⌊lod⌋], or that of `x`.
/// - Source: `process_reals` in `training/training_loop.py` of stylegan.
/// - Parameters:
///   - x: Images at the resolution that `GrowingSchedule.resolution(atLod:of:)` gives.
///   - lod: The level of detail.
///   - isFullSize: Whether images are enlarged to the full size of the network by repeating pixels.
/// - Returns: The images between themselves and their halves, by the fraction of `lod`.
public func fadedReals(_ x: Tensor, lod: Double, isFullSize: Bool = true) -> Tensor {
  let whole = lod.rounded(.down)
  let faded =
    lod > whole
    ? x.lerp(to: nearestUpsample2d(averagePool2d(x)), weight: lod - whole) : x
  return isFullSize ? nearestUpsample2d(faded, factor: 1 << Int(whole)) : faded
}

/// What of a growing network runs at a level of detail.
struct GrowthStage {
  /// The highest resolutions that do not run at all.
  let missing: Int
  /// The share that the resolution below has in the image, from 0 up to but not including 1.
  let fade: Double

  /// The stage of a network with some resolutions, of which at least the lowest runs; a level of
  /// detail that is no number counts as 0.
  init(lod: Double, resolutions: Int) {
    let bounded = lod > 0 ? min(lod, Double(resolutions - 1)) : 0
    missing = Int(bounded)
    fade = bounded - Double(missing)
  }
}

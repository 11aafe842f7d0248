// Path length regularisation: Karras et al. (2020), "Analyzing and Improving the Image Quality of
// StyleGAN", section 3.2.

import Foundation
public import Layers
public import Tensors

/// Keeps equal steps in W equally visible, by holding path lengths near their running mean.
public final class PathLengthRegularizer {
  /// Weight, running mean and share of the batch.
  public struct Settings: Codable, Hashable, Sendable {
    /// The weight of the penalty in the loss; 0 for no regulariser.
    public var weight: Double
    /// The share by which a batch moves the running mean.
    public var decay: Double
    /// The batch is this many times smaller than that of other phases, to save memory.
    public var batchShrink: Int

    /// Settings; left out, those of the paper.
    public init(weight: Double = 2, decay: Double = 0.01, batchShrink: Int = 2) {
      self.weight = weight
      self.decay = decay
      self.batchShrink = batchShrink
    }

    /// The samples that are regularised of a batch of `count`.
    public func batchSize(of count: Int) -> Int { max(1, count / batchShrink) }
  }

  /// Weight, running mean and share of the batch.
  public let settings: Settings
  /// The running mean of the lengths, [], float32.
  public let mean: Tensor
  /// Holds `mean` under that name.
  public let state = ParameterStore()

  /// A regulariser whose mean starts at 0.
  public init(_ settings: Settings, device: Device = .cpu) {
    self.settings = settings
    mean = Scope(state, device: device).buffer("mean", .zeros([]))
  }

  /// The penalty of each sample; the running mean moves.
  ///
  /// - Parameters:
  ///   - images: [N, C, H, W], computed from `wPlus`.
  ///   - wPlus: [N, numWs, wDim], recorded for gradients.
  ///   - noise: [N, C, H, W], standard normal.
  /// - Returns: [N].
  public func callAsFunction(images: Tensor, wPlus: Tensor, noise: Tensor) -> Tensor {
    let lengths = pathLengths(images: images, wPlus: wPlus, noise: noise)
    let (penalty, moved) = pathLengthPenalty(lengths, mean: mean, decay: settings.decay)
    withoutGradients { mean.assign(moved.detached()) }
    return penalty
  }
}

/// How far images move with W+ along random directions of the image.
///
/// With y = noise / sqrt(H · W) and g = d Σ(images · y) / d wPlus, the length is the root of the
/// mean over layers of Σ g². It can itself be differentiated.
///
/// - Parameters:
///   - images: [N, C, H, W], computed from `wPlus`.
///   - wPlus: [N, numWs, wDim], recorded for gradients.
///   - noise: [N, C, H, W], standard normal.
/// - Returns: [N].
public func pathLengths(images: Tensor, wPlus: Tensor, noise: Tensor) -> Tensor {
  let y = noise / Double(images.size(2) * images.size(3)).squareRoot()
  let g = gradients(of: [(images * y).sum()], withRespectTo: [wPlus], createGraph: true)[0]
  return g.square().sum(over: 2).mean(over: 1).sqrt()
}

/// The squared distance of lengths from their running mean, which they move first.
///
/// With m' = m + decay · (mean(lengths) - m) the penalty is (length - m')². Gradients flow through
/// m' too.
///
/// - Parameters:
///   - lengths: [N].
///   - mean: m, [].
///   - decay: The share by which the batch moves the mean.
/// - Returns: The penalties [N], and m'.
public func pathLengthPenalty(_ lengths: Tensor, mean: Tensor, decay: Double)
  -> (penalty: Tensor, mean: Tensor)
{
  let moved = mean + (lengths.mean() - mean) * decay
  return ((lengths - moved).square(), moved)
}

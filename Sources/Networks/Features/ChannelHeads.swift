// The last step of distances of deep features: weights for the channels of several layers, as in Zhang
// et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric" (2018).

import Layers
import Tensors

/// Weights that say how much each channel of each layer counts in a distance.
struct ChannelHeads {
  private let heads: [Tensor]  // each [1, C, 1, 1]

  /// Makes a head for each layer, `lin0.model.1.weight` and so on, of zeros.
  ///
  /// - Parameters:
  ///   - widths: The channels of each layer.
  ///   - p: The root of the names.
  init(widths: [Int], _ p: Scope) {
    heads = widths.enumerated().map { index, width in
      (p / "lin\(index)" / "model" / "1").parameter("weight", .zeros([1, width, 1, 1]))
    }
  }

  /// The sum over the layers of the weighted squared differences, the mean over all places.
  ///
  /// - Parameters:
  ///   - a: Features, each [N, C, h, w].
  ///   - b: Of the same shapes.
  /// - Returns: [N].
  func distance(_ a: [Tensor], _ b: [Tensor]) -> Tensor {
    let parts = zip(zip(a, b), heads).map { pair, head in
      ((pair.0 - pair.1).square() * head).sum(over: 1).mean(over: 1, 2)
    }
    return Tensor.stack(parts).sum(over: 0)
  }

  /// One vector for each picture, whose squared differences sum up to the distance.
  ///
  /// - Parameter features: Each [N, C, h, w].
  /// - Returns: [N, numbers].
  func embedding(_ features: [Tensor]) -> Tensor {
    let parts = zip(features, heads).map { x, head in
      x.asVectors(weights: head.clamped(from: 0).sqrt())
    }
    return .concatenate(parts, axis: 1)
  }
}

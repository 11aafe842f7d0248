// The moving average of a generator's weights, which is the generator that people use.

import Foundation
import OrderedCollections
import Tensors

/// An exponential moving average of a network's parameters, with a half-life counted in images.
///
/// - Source: `training/training_loop.py` of stylegan2-ada-pytorch (`G_ema`).
public struct MovingAverage: Codable, Hashable, Sendable {
  /// After how many images half of the old average is left.
  public var halfLife: Double
  /// The half-life is at most this share of the images seen so far; nil for no such bound.
  public var rampUp: Double?

  /// An average with a half-life in images, which may grow with the images seen.
  public init(halfLife: Double, rampUp: Double? = nil) {
    self.halfLife = halfLife
    self.rampUp = rampUp
  }

  /// An average of which a share stays in every iteration.
  ///
  /// - Parameters:
  ///   - share: The share of the old average that stays, above 0 and below 1.
  ///   - batchSize: The images of an iteration.
  public init(share: Double, batchSize: Int) {
    self.init(halfLife: Double(batchSize) * Foundation.log(0.5) / Foundation.log(share))
  }

  /// The share of the old average that stays: `0.5 ^ (batchSize / halfLife)`.
  ///
  /// - Parameters:
  ///   - batchSize: The images of this iteration.
  ///   - imageCount: The images seen before this iteration.
  /// - Returns: From 0, nothing, up to 1.
  public func beta(batchSize: Int, imageCount: Int) -> Double {
    let bound = rampUp.map { Double(imageCount) * $0 } ?? .infinity
    return pow(0.5, Double(batchSize) / max(min(halfLife, bound), 1e-8))
  }

  /// Moves an average towards a network: parameters by a share, buffers as they are.
  ///
  /// - Parameters:
  ///   - average: The store of the average, a network of the same configuration.
  ///   - store: The store of the network that is trained.
  ///   - beta: The share of the old average that stays.
  public static func update(_ average: ParameterStore, towards store: ParameterStore, beta: Double)
  {
    precondition(
      average.entries.keys == store.entries.keys,
      "an average with \(average.entries.count) tensors of a network with \(store.entries.count)")
    withoutGradients {
      for (name, entry) in store.entries {
        switch entry.role {
        case .parameter: average[name].lerpInPlace(to: entry.tensor, weight: 1 - beta)
        case .buffer: average[name].assign(entry.tensor)
        case .alias: break  // moved under its first name
        }
      }
    }
  }
}

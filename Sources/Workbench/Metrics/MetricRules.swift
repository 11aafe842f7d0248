// The numbers of metrics from features, and the rules behind them.

import Foundation
public import Metrics
import Tensors

/// The rules behind the numbers of metrics.
public struct MetricRules: Encodable, Sendable {
  /// Whose rules they are.
  let name: MetricProtocol
  let resizing: PictureResizing
  let covarianceDivisor: FeatureMoments.Divisor
  /// The seed of what is chosen at random.
  let seed: UInt32
  /// The subsets of the kernel distance.
  let kidSubsets: Int
  /// The pictures of each subset of the kernel distance, at most.
  public internal(set) var kidSubsetSize: Int
  /// The neighbour that the balls of precision and recall reach, where names do not say it.
  let nearestNeighbours: Int?
  /// The neighbour of all published figures.
  static let publishedNeighbour = 3
  /// The parts of the Inception Score: 10 in all published figures, fewer where pictures are fewer.
  let scoreParts: Int

  /// The names of all protocols, the usual one first.
  public static let protocols = MetricProtocol.allCases.map(\.rawValue)

  /// The protocol of a name.
  ///
  /// - Parameter name: One of `protocols`.
  /// - Returns: The protocol.
  /// - Throws: `RequestError` for other names.
  public static func named(_ name: String) throws(RequestError) -> MetricProtocol {
    guard let rule = MetricProtocol(rawValue: name) else {
      throw RequestError("--protocol", expected: protocols.joined(separator: ", "), found: name)
    }
    return rule
  }

  /// The rules of a protocol.
  ///
  /// - Parameters:
  ///   - rule: The protocol.
  ///   - seed: The seed of what is chosen at random; nil for the protocol's own.
  ///   - subsets: Of the kernel distance, and the pictures of each.
  ///   - scoreParts: Of the Inception Score.
  ///   - nearestNeighbours: Of precision and recall; nil where metrics' names say it.
  init(
    _ rule: MetricProtocol, seed: UInt32?, subsets: (count: Int, size: Int) = (100, 1000),
    scoreParts: Int = 10, nearestNeighbours: Int? = nil
  ) {
    name = rule
    (resizing, covarianceDivisor) = (rule.resizing, rule.divisor)
    self.seed = seed ?? rule.seed
    (kidSubsets, kidSubsetSize) = subsets
    (self.scoreParts, self.nearestNeighbours) = (scoreParts, nearestNeighbours)
  }

  /// Mean and covariance of features [N, D].
  func distribution(of features: Tensor) -> FeatureDistribution {
    var moments = FeatureMoments(dimension: features.size(1))
    for start in stride(from: 0, to: features.size(0), by: 4096) {
      moments.add(features.sliced(start..<min(start + 4096, features.size(0)), axis: 0))
    }
    return FeatureDistribution(moments, divisor: covarianceDivisor)
  }

  /// What is questionable about a Fréchet distance of so few pictures; nil for nothing.
  func remark(on metric: String, pictures: Int, extractor: FeatureExtractor) -> String? {
    guard pictures <= extractor.width else { return nil }
    return "\(metric): \(pictures) pictures are too few for a covariance of \(extractor.width) "
      + "features; compare only with figures of as many"
  }

  /// What is questionable about a kernel distance whose subsets are all there is; nil for nothing.
  func remark(onSubsetsOf metric: String, fake: Int, real: Int) -> String? {
    guard fake <= kidSubsetSize, real <= kidSubsetSize else { return nil }
    return
      "\(metric): every subset has all \(grouped(min(fake, real))) pictures, so that the deviation "
      + "over subsets says nothing"
  }

  /// What is questionable about an Inception Score of so few pictures; nil for nothing.
  func remark(onScore metric: String, pictures: Int) -> String? {
    guard pictures < 1000 * scoreParts else { return nil }
    return
      "\(metric): \(counted(scoreParts, "part")) of \(grouped(pictures)) pictures; scores of few are too "
      + "low, compare only with figures of as many"
  }

  /// The kernel distance of features [N, D] and [M, D]: its mean over subsets, and their deviation.
  ///
  /// - Throws: `CancellationError` between subsets.
  func kernelDistance(_ fake: Tensor, _ real: Tensor) throws -> (mean: Double, deviation: Double) {
    let chosen = KernelSubset.random(
      count: kidSubsets, size: kidSubsetSize, rows: (fake.size(0), real.size(0)), seed: seed)
    return try Metrics.kernelDistance(fake, real, subsets: chosen) { _ in
      try Task.checkCancellation()
    }
  }

  /// The Inception Score of features [N, D]: its mean over parts, and their deviation; nil where
  /// the extractor is no classifier.
  func inceptionScore(
    _ features: Tensor, of extractor: FeatureExtractor
  ) -> (mean: Double, deviation: Double)? {
    guard let logits = extractor.logits?(shuffled(features)) else { return nil }
    return Metrics.inceptionScore(logits: logits, splits: min(scoreParts, logits.size(0)))
  }

  /// The features in the order in which the Inception Score's parts are taken.
  private func shuffled(_ features: Tensor) -> Tensor {
    guard name.shufflesScore else { return features }
    var state = RandomState(seed: seed)
    var order = Array(0..<features.size(0))
    state.shuffle(&order)
    return features.picked(Tensor(order), axis: 0)
  }

  /// Precision and recall of features [N, D] against [M, D].
  ///
  /// - Parameters:
  ///   - fake: [N, D].
  ///   - real: [M, D].
  ///   - neighbour: The neighbour that the balls reach; nil for that of all published figures.
  /// - Returns: Both shares.
  /// - Throws: `CancellationError` between blocks of distances.
  func precisionAndRecall(
    _ fake: Tensor, _ real: Tensor, neighbour: Int? = nil
  ) throws -> PrecisionAndRecall {
    try PrecisionAndRecall(
      generated: fake, real: real, k: neighbour ?? Self.publishedNeighbour, rounding: name.rounding
    ) { _ in try Task.checkCancellation() }
  }
}

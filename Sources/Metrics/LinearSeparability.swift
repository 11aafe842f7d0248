// Linear separability: Karras et al., "A Style-Based Generator Architecture for Generative
// Adversarial Networks" (2019), section 4.2.

import Foundation
public import Tensors

/// How well a hyperplane in a space of latents parts pictures with an attribute from those without.
///
/// For every attribute, the latents of the pictures of which a classifier is surest are parted by a
/// linear classifier. What its answer leaves unknown of the attribute is a conditional entropy;
/// separability is 2 to the sum of these over all attributes, 1 where all are parted without a
/// mistake.
public struct LinearSeparability {
  /// One attribute's part.
  public struct Attribute {
    /// H(Y|X), in bits: what the side of the hyperplane X leaves unknown of the class Y.
    public let conditionalEntropy: Double
    /// The shares of the samples: rows the side of the hyperplane, columns the class, 0 before 1.
    public let confusion: [[Double]]
    /// w of the hyperplane: [D], float64.
    public let weight: Tensor
    /// Where the hyperplane lies: ⟨w, x⟩ + bias is positive on the side of class 1.
    public let bias: Double
  }

  /// The parts, in the order of the logits.
  public let attributes: [Attribute]

  /// 2 to the sum of the conditional entropies.
  public var score: Double { exp2(attributes.reduce(0) { $0 + $1.conditionalEntropy }) }

  /// What classifiers see of pictures: averaged down to their size, in their channels.
  ///
  /// - Shape: `images` [N, C, H, W] in [-1, 1], not bounded; result [N, channels, side, side].
  /// - Parameters:
  ///   - images: Pictures whose width is a multiple of `side`; opacity is dropped.
  ///   - side: The width and height that a classifier sees.
  ///   - channels: 1 or 3; pictures in colour are not made grey.
  /// - Returns: The pictures, neither bounded nor rounded, as in the published metric.
  public static func shown(_ images: Tensor, side: Int, channels: Int) -> Tensor {
    precondition(
      images.size(2) % side == 0 && (channels == 3 || images.size(1) == 1),
      "\(images.shape) for \(channels) channels of \(side)")
    let x = averagedDown(images, by: images.size(2) / side)
    guard x.size(1) != channels else { return x }
    return x.size(1) == 1 ? x.repeated(1, channels, 1, 1) : x.sliced(0..<channels, axis: 1)
  }

  /// Measures how well attributes are separated.
  ///
  /// Class 0 is where the logit is positive, as the published classifiers' softmax over
  /// [logit, -logit] orders them. Equally sure samples count in their order.
  ///
  /// - Shape: N samples of D numbers, K attributes.
  /// - Parameters:
  ///   - latents: [N, D].
  ///   - logits: [N, K].
  ///   - keep: How many samples are kept for every attribute.
  ///   - progress: Called with the number of attributes that are done; may throw to stop.
  /// - Throws: What `progress` throws.
  public init(
    latents: Tensor, logits: Tensor, keep: Int, progress: (Int) throws -> Void
  ) rethrows {
    precondition(
      latents.size(0) == logits.size(0) && (1...latents.size(0)).contains(keep),
      "\(keep) of \(latents.shape) with logits \(logits.shape)")
    var attributes: [Attribute] = []
    for k in 0..<logits.size(1) {
      let logit = logits.selected(k, axis: 1)
      let probabilities = Tensor.stack([logit, -logit], axis: 1).softmax(axis: 1)
      let sureness: Tensor = probabilities.max(over: 1)
      let order: Tensor = call("aten::argsort.stable", sureness, true, 0, true)
      let chosen = order.sliced(0..<keep, axis: 0)
      let isOne = logit.picked(chosen, axis: 0).values().map { $0 < 0 }
      attributes.append(Attribute(latents.picked(chosen, axis: 0), isOne: isOne))
      try progress(k + 1)
    }
    self.attributes = attributes
  }
}

extension LinearSeparability.Attribute {
  fileprivate init(_ samples: Tensor, isOne: [Bool]) {
    let classifier = LinearSVC(samples, isPositive: isOne)
    (weight, bias) = (classifier.weight, classifier.bias)
    var counts = [[0.0, 0.0], [0.0, 0.0]]
    for (side, own) in zip(classifier.isPositive(samples), isOne) {
      counts[side ? 1 : 0][own ? 1 : 0] += 1
    }
    confusion = counts.map { $0.map { $0 / Double(isOne.count) } }
    conditionalEntropy = Metrics.conditionalEntropy(confusion)
  }
}

/// H(Y|X) of a table of two variables, in bits.
///
/// - Parameter table: Rows the values of X, columns those of Y; not negative, normalised first.
/// - Returns: What X leaves unknown of Y; 0 for an empty table.
public func conditionalEntropy(_ table: [[Double]]) -> Double {
  let total = table.reduce(0) { $0 + $1.reduce(0, +) }
  return table.reduce(0) { sum, row in
    let rowSum = row.reduce(0, +)
    return sum
      - row.filter { $0 > 0 }.reduce(0) { $0 + $1 / total * log2($1 / rowSum) }
  }
}

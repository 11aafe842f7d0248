// The additive angular margin loss: Deng et al., "ArcFace: Additive Angular Margin Loss for Deep Face
// Recognition" (2019).

import Foundation
package import Layers
package import Tensors

/// Tells people apart by the angles between embeddings and a vector for each person.
///
/// With the angle θₚ between an embedding and person p's vector, and y who it is, the logits are
/// s · cos θₚ, but s · cos(θ_y + m) for the person itself, and the loss is their cross-entropy: a
/// picture has to be nearer to its person by the angle m than to all others. Where θ_y + m would
/// exceed π, where the cosine rises again, s · (cos θ_y - m sin m) takes its place, as in the
/// published program.
///
/// - Shape: N pictures, P people, E numbers of an embedding.
/// - Source: `recognition/arcface_torch/losses.py` of InsightFace and `metrics.py` of
///   arcface-pytorch, whose rule for large angles this is.
package final class AngularMarginLoss {
  /// `weight` [P, E].
  package let parameters: ParameterStore
  private let weight: Tensor  // [P, E]
  private let margin: Double
  private let scale: Double

  /// Makes a vector for each person.
  ///
  /// - Parameters:
  ///   - p: The root of the names.
  ///   - people: P.
  ///   - embeddingSize: E.
  ///   - margin: The angle m, in radians.
  ///   - scale: s.
  package init(_ p: Scope, people: Int, embeddingSize: Int, margin: Double, scale: Double) {
    parameters = p.store
    weight = p.parameter("weight", .randn([people, embeddingSize]))
    (self.margin, self.scale) = (margin, scale)
  }

  /// The cosines of the angles between embeddings and people.
  ///
  /// - Parameter embeddings: [N, E], each of length 1.
  /// - Returns: [N, P].
  package func cosines(_ embeddings: Tensor) -> Tensor {
    let length = weight.square().sum(over: 1, keepAxes: true).sqrt()
    return embeddings.matmul((weight / length).transposed(0, 1))
  }

  /// The loss of each picture.
  ///
  /// - Parameters:
  ///   - cosines: [N, P].
  ///   - people: Who is shown, N places from 0 to P - 1.
  /// - Returns: [N].
  package func callAsFunction(_ cosines: Tensor, people: [Int]) -> Tensor {
    let own = Tensor.oneHot(people, count: weight.size(0))  // [N, P]
    let cosine = (cosines * own).sum(over: 1, keepAxes: true)  // [N, 1]
    let logits = (cosines + own * (widened(cosine) - cosine)) * scale
    let normalizer = call("aten::logsumexp", logits, [1], false)
    return normalizer - (logits * own).sum(over: 1)
  }

  /// The cosine of an angle that is larger by the margin.
  private func widened(_ cosine: Tensor) -> Tensor {
    // The root's slope is infinite where an embedding is its person's vector.
    let sine = (1 - cosine.square()).clamped(from: 1e-6).sqrt()
    let sum = cosine * cos(margin) - sine * sin(margin)
    let isBelowPi = call("aten::gt.Scalar", cosine, -cos(margin))
    return call("aten::where.self", isBelowPi, sum, cosine - margin * sin(margin))
  }
}

// The optimiser Ranger: rectified Adam (Liu et al., 2020) with lookahead (Zhang et al., 2019) and
// centralised gradients (Yong et al., 2020), as version 20.4.11 of Wright's program has it.

import Foundation
public import Tensors

/// Ranger over the trainable parameters of a store.
///
/// With t counted from 1 and the gradient g, of which every tensor with more than one axis first loses
/// its mean over all axes but the first:
///
///     m ← β₁ m + (1 - β₁) g,   v ← β₂ v + (1 - β₂) g²
///     ρ∞ = 2 / (1 - β₂) - 1,   ρ = ρ∞ - 2 t β₂ᵗ / (1 - β₂ᵗ)
///     p ← p - lr · r / (1 - β₁ᵗ) · m / (sqrt(v) + ε)   where ρ > 5
///     p ← p - lr / (1 - β₁ᵗ) · m                        before
///     r = sqrt((1 - β₂ᵗ) · (ρ - 4) / (ρ∞ - 4) · (ρ - 2) / ρ · ρ∞ / (ρ∞ - 2))
///
/// After every k steps the slow weights s, which start as p, follow: s ← s + α (p - s), p ← s.
public final class Ranger: Optimizer {
  /// Rates and lengths; the defaults are those of the published program.
  public struct Settings: Codable, Hashable, Sendable {
    /// The step for a gradient that keeps its size.
    public var learningRate: Double
    /// β₁, the share of the first moment that stays.
    public var beta1 = 0.95
    /// β₂, the share of the second moment that stays.
    public var beta2 = 0.999
    /// ε, which bounds the step where the second moment is small.
    public var epsilon = 1e-5
    /// α, the share of the way that slow weights follow.
    public var lookaheadShare = 0.5
    /// k, the steps from one move of the slow weights to the next.
    public var lookaheadInterval = 6
    /// The ρ up to which second moments are not trusted.
    public var rectificationThreshold = 5.0

    /// The published settings, with a learning rate.
    public init(learningRate: Double) { self.learningRate = learningRate }
  }

  /// Rates and lengths; may change between steps.
  public var settings: Settings
  /// What the next step depends on: `first_moment.NAME`, `second_moment.NAME` and `slow_weight.NAME`
  /// for every parameter, and `step`, the number of steps taken.
  public var state: ParameterStore { moments.state }
  /// The names of the parameters that are moved, in the order of the store.
  public var names: [String] { moments.names }
  /// The parameters that are moved, in the order of the store.
  public var parameters: [Tensor] { moments.parameters }
  private let moments: OptimizerMoments
  private let slowWeights: [Tensor]

  /// An optimiser that has taken no step.
  ///
  /// - Parameters:
  ///   - store: Whose parameters are moved: those that are trainable now, with their first values.
  ///   - settings: Rates and lengths.
  public init(_ store: ParameterStore, settings: Settings) {
    self.settings = settings
    moments = OptimizerMoments(store)
    let state = moments.state
    slowWeights = zip(moments.names, moments.parameters).map { name, parameter in
      OptimizerMoments.zeros(like: parameter, in: state, as: "slow_weight", name)
    }
    withoutGradients {
      for (weight, parameter) in zip(slowWeights, parameters) { weight.assign(parameter) }
    }
  }

  /// The number of steps taken.
  public var stepCount: Int { moments.stepCount }

  /// Moves every parameter by one step.
  ///
  /// - Parameter gradients: The gradient of each of `parameters`.
  public func callAsFunction(_ gradients: [Tensor]) {
    moments.check(gradients)
    withoutGradients {
      moments.step.addInPlace(.ones([], dtype: .int64))
      let t = stepCount
      let (factor, isRectified) = stepSize(at: t)
      for (i, gradient) in gradients.enumerated() {
        let (p, m, v) = (parameters[i], moments.first[i], moments.second[i])
        let g = Self.centralized(gradient)
        m.assign(m * settings.beta1 + g * (1 - settings.beta1))
        v.assign(v * settings.beta2 + g.square() * (1 - settings.beta2))
        let direction = isRectified ? m / (v.sqrt() + settings.epsilon) : m
        p.addInPlace(direction * -factor)
        guard t % settings.lookaheadInterval == 0 else { continue }
        let slow = slowWeights[i]
        slow.addInPlace((p - slow) * settings.lookaheadShare)
        p.assign(slow)
      }
    }
  }

  /// What the direction of step t is multiplied by, and whether second moments are part of it.
  private func stepSize(at t: Int) -> (factor: Double, isRectified: Bool) {
    let (beta1, beta2) = (settings.beta1, settings.beta2)
    let power = pow(beta2, Double(t))
    let limit = 2 / (1 - beta2) - 1
    let length = limit - 2 * Double(t) * power / (1 - power)
    let factor = settings.learningRate / (1 - pow(beta1, Double(t)))
    guard length > settings.rectificationThreshold else { return (factor, false) }
    let variance =
      (1 - power) * (length - 4) / (limit - 4) * (length - 2) / length * limit / (limit - 2)
    return (factor * variance.squareRoot(), true)
  }

  /// A gradient without its mean over all axes but the first.
  private static func centralized(_ gradient: Tensor) -> Tensor {
    guard gradient.rank > 1 else { return gradient }
    let rows = gradient.flattened(from: 1)
    return (rows - rows.mean(over: 1, keepAxes: true)).reshaped(gradient.shape)
  }
}

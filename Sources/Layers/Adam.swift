// The optimiser Adam: Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015).

import Foundation
import OrderedCollections
public import Tensors

/// Adam over the trainable parameters of a store.
///
/// With the gradient g, the moments m and v, and t counted from 1:
///
///     m ← β₁ m + (1 - β₁) g,   v ← β₂ v + (1 - β₂) g²
///     p ← p - lr · (m / (1 - β₁ᵗ)) / (sqrt(v / (1 - β₂ᵗ)) + ε)
///
/// Frozen parameters are left alone, and a tensor with two names is moved once. There is no second
/// set of weights: stores hold float32, the layers of networks that compute in a 16-bit format
/// convert inside their forward pass, and gradients come back in float32, so the parameters are
/// themselves the master weights.
public final class Adam: Optimizer {
  /// Learning rate and decay of the moments.
  public struct Settings: Codable, Hashable, Sendable {
    /// The step for a gradient that keeps its size.
    public var learningRate: Double
    /// β₁, the share of the first moment that stays.
    public var beta1: Double
    /// β₂, the share of the second moment that stays.
    public var beta2: Double
    /// ε, which bounds the step where the second moment is small.
    public var epsilon: Double
    /// How much of a parameter is added to its gradient; nil for nothing.
    public var weightDecay: Double?

    /// Settings; left out, the moments' are those of the StyleGAN papers.
    public init(
      learningRate: Double, beta1: Double = 0, beta2: Double = 0.99, epsilon: Double = 1e-8,
      weightDecay: Double? = nil
    ) {
      self.learningRate = learningRate
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.weightDecay = weightDecay
    }

    /// The settings for an optimiser that takes a step more in every `interval` iterations.
    ///
    /// With lazy regularisation the main loss steps in every iteration and the regulariser once in
    /// `interval` = k. With c = k / (k + 1) the learning rate becomes lr · c and each β becomes βᶜ,
    /// which keeps the change over k iterations what k steps would have made.
    ///
    /// - Source: Karras et al. (2020), "Analyzing and Improving the Image Quality of StyleGAN",
    ///   appendix B.
    /// - Parameter interval: k, at least 1; nil where there is no such regulariser.
    /// - Returns: The corrected settings.
    public func corrected(forLazyRegularizationEvery interval: Int?) -> Settings {
      guard let interval else { return self }
      precondition(interval > 0, "regularisation every \(interval) iterations")
      let c = Double(interval) / Double(interval + 1)
      return Settings(
        learningRate: learningRate * c, beta1: pow(beta1, c), beta2: pow(beta2, c),
        epsilon: epsilon, weightDecay: weightDecay)
    }
  }

  /// Learning rate and decay of the moments; may change between steps.
  public var settings: Settings
  /// What the next step depends on: `first_moment.NAME` and `second_moment.NAME` for every
  /// parameter, and `step`, the number of steps taken.
  public var state: ParameterStore { moments.state }
  /// The names of the parameters that are moved, in the order of the store.
  public var names: [String] { moments.names }
  /// The parameters that are moved, in the order of the store.
  public var parameters: [Tensor] { moments.parameters }
  private let moments: OptimizerMoments

  /// An optimiser that has taken no step.
  ///
  /// - Parameters:
  ///   - store: Whose parameters are moved: those that are trainable now.
  ///   - settings: Learning rate and decay of the moments.
  public init(_ store: ParameterStore, settings: Settings) {
    self.settings = settings
    moments = OptimizerMoments(store)
  }

  /// The number of steps taken.
  public var stepCount: Int { moments.stepCount }

  /// Forgets both moments and all steps, as if none had been taken; parameters stay.
  public func reset() {
    withoutGradients {
      for entry in state.entries.values {
        entry.tensor.assign(entry.tensor.zerosLike())
      }
    }
  }

  /// Moves every parameter by one step, in one operator for all of them.
  ///
  /// - Parameter gradients: The gradient of each of `parameters`.
  public func callAsFunction(_ gradients: [Tensor]) {
    moments.check(gradients)
    withoutGradients {
      moments.step.addInPlace(.ones([], dtype: .int64))
      guard let device = parameters.first?.device else { return }
      let count = moments.step.cast(to: .float32).moved(to: device)
      _ = callMany(
        "aten::_fused_adam_", parameters, gradients.map { $0.contiguous() }, moments.first,
        moments.second, [Tensor](), parameters.map { _ in count }, settings.learningRate,
        settings.beta1, settings.beta2, settings.weightDecay ?? 0, settings.epsilon, false, false)
    }
  }

  /// Moves every parameter by one step as the formula says; the reference for the fused operator.
  ///
  /// - Parameter gradients: The gradient of each of `parameters`.
  public func reference(_ gradients: [Tensor]) {
    moments.check(gradients)
    withoutGradients {
      moments.step.addInPlace(.ones([], dtype: .int64))
      let t = Double(stepCount)
      let (beta1, beta2) = (settings.beta1, settings.beta2)
      for (i, gradient) in gradients.enumerated() {
        let g = gradient + parameters[i] * (settings.weightDecay ?? 0)
        let (m, v) = (moments.first[i], moments.second[i])
        m.assign(m * beta1 + g * (1 - beta1))
        v.assign(v * beta2 + g.square() * (1 - beta2))
        let mean = m / (1 - pow(beta1, t))
        let size = (v / (1 - pow(beta2, t))).sqrt() + settings.epsilon
        parameters[i].addInPlace(mean / size * -settings.learningRate)
      }
    }
  }
}

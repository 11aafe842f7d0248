// A linear support vector machine, solved to the last digits.

package import Tensors

/// The hyperplane that parts two classes with the widest margin.
///
/// Minimises `½ |w|² + c · Σ max(0, 1 - yᵢ (⟨w, xᵢ⟩ + b))`, where yᵢ is 1 or -1, as libsvm's linear
/// kernel does; its published uses stop it earlier. The solution is unique in w.
///
/// Solved by a primal-dual interior point method with Mehrotra's predictor and corrector. With the
/// rows zᵢ = yᵢ (xᵢ, 1), v = (w, b), the dual variables 0 < α < c and multipliers λ, μ of these two
/// bounds, every step solves
///
///     (P + Zᵀ d Z) Δv = Zᵀ α - P v + Zᵀ d ρ,   d = 1 / (λ / α + μ / (c - α)),   P = diag(1, …, 1, 0)
///
/// which is a matrix of the width of the samples, however many they are. Computed in float64 until
/// the duality gap no longer falls. 1e-8 of the objective is the most that is accepted: where samples
/// are fewer than their numbers, rounding stops the method between 1e-8 and 1e-12.
///
/// - Source: Ferris and Munson (2002), "Interior-Point Methods for Massive Support Vector Machines".
package struct LinearSVM {
  /// w: [D], float64.
  package let weight: Tensor
  /// b.
  package let bias: Double
  /// What is left between the objective and its lower bound, relative to the objective.
  package let gap: Double

  /// Parts two classes.
  ///
  /// - Parameters:
  ///   - samples: [N, D].
  ///   - isPositive: The class of each sample; both classes must occur.
  ///   - c: The price of a sample on the wrong side.
  /// - Throws: `EditingError` if a class is empty, or the numbers are not finite or too large.
  package init(_ samples: Tensor, isPositive: [Bool], c: Double = 1) throws(EditingError) {
    guard Set(isPositive).count == 2, samples.rank == 2, samples.size(0) == isPositive.count else {
      throw EditingError(
        "a boundary between classes", expected: "samples of two classes",
        found: "\(isPositive.count { $0 }) and \(isPositive.count { !$0 }) of \(samples.shape)")
    }
    guard c > 0, c.isFinite, samples.isFinite().all else {
      throw EditingError(
        "a boundary between classes", expected: "finite samples and a positive price",
        found: c > 0 ? "samples that are not finite" : "\(c)")
    }
    var state = InteriorPoint(samples, isPositive, c)
    var best = (gap: Double.infinity, v: state.v)
    // Every step divides the gap by about ten, until rounding stops it.
    for _ in 0..<Self.mostSteps {
      state.advance()
      let gap = state.relativeGap
      guard gap.isFinite else { break }
      if gap < best.gap { best = (gap, state.v) }
      if gap < 1e-15 || gap > 1e3 * best.gap { break }
    }
    guard best.gap < 1e-8 else {
      throw EditingError(
        "a boundary between classes of \(samples.shape)", expected: "a duality gap below 1e-8",
        found: best.gap)
    }
    let width = samples.size(1)
    weight = best.v.sliced(0..<width, axis: 0)
    bias = best.v.selected(width, axis: 0).item()
    gap = best.gap
  }

  private static let mostSteps = 100
}

/// The variables of the method, all float64.
private struct InteriorPoint {
  private let z: Tensor  // [N, D + 1]
  private let p: Tensor  // [D + 1]: the diagonal of P
  private let c: Double
  private(set) var v: Tensor  // [D + 1]
  private var alpha: Tensor  // [N]
  private var lambda: Tensor  // [N]
  private var mu: Tensor  // [N]

  /// A change of all variables.
  private struct Step {
    let v, alpha, lambda, mu: Tensor
  }

  init(_ samples: Tensor, _ isPositive: [Bool], _ c: Double) {
    let (n, width) = (samples.size(0), samples.size(1))
    let signs = Tensor(isPositive.map { $0 ? 1.0 : -1.0 }, shape: [n, 1])
    let x = samples.cast(to: .float64).moved(to: .cpu)
    z = Tensor.concatenate([x, .ones([n, 1], dtype: .float64)], axis: 1) * signs
    p = Tensor([Double](repeating: 1, count: width) + [0])
    self.c = c
    v = .zeros([width + 1], dtype: .float64)
    alpha = .full(c / 2, [n], dtype: .float64)
    (lambda, mu) = (.ones([n], dtype: .float64), .ones([n], dtype: .float64))
  }

  /// How far each sample is beyond the margin: `Z v - 1`.
  private var excess: Tensor { z.matmul(v) - 1 }
  private var slack: Tensor { c - alpha }
  /// The mean of all products of variables and multipliers.
  private func complementarity(_ step: Step? = nil, length: Double = 0) -> Double {
    let a = step.map { alpha + $0.alpha * length } ?? alpha
    let l = step.map { lambda + $0.lambda * length } ?? lambda
    let m = step.map { mu + $0.mu * length } ?? mu
    return ((a * l + (c - a) * m).mean() / 2).item()
  }

  /// The objective at v minus that of the dual at α, relative to the former.
  ///
  /// For α that is not quite feasible, what it lacks counts too.
  var relativeGap: Double {
    let combined = z.transposed(0, 1).matmul(alpha)  // [D + 1]
    let w = v * p
    let objective = (w.square().sum() / 2 + (-excess).relu().sum() * c).item()
    let dual = (alpha.sum() - (combined * p).square().sum() / 2).item()
    let imbalance = abs((combined * (1 - p)).sum().item())
    let bias = abs((v * (1 - p)).sum().item())
    return (abs(objective - dual) + imbalance * (1 + bias)) / max(objective, .leastNormalMagnitude)
  }

  /// Takes one step.
  mutating func advance() {
    let weights = 1 / (lambda / alpha + mu / slack)  // d: [N]
    let scaled = z * weights.unsqueezed(1)
    let matrix = z.transposed(0, 1).matmul(scaled) + call("aten::diag", p)
    func step(_ lambdaRest: Tensor, _ muRest: Tensor) -> Step {
      // What each sample's equation lacks, multipliers eliminated.
      let rho = lambda - mu - excess + lambdaRest / alpha - muRest / slack
      let right = z.transposed(0, 1).matmul(alpha + weights * rho) - p * v
      let dv = matrix.solving(right)
      let da = weights * (rho - z.matmul(dv))
      return Step(
        v: dv, alpha: da, lambda: (lambdaRest - lambda * da) / alpha,
        mu: (muRest + mu * da) / slack)
    }
    let predictor = step(-(alpha * lambda), -(slack * mu))
    let now = complementarity()
    let then = complementarity(predictor, length: longest(predictor))
    let ratio = then / now
    let centre = ratio * ratio * ratio * now
    let corrector = step(
      centre - alpha * lambda - predictor.alpha * predictor.lambda,
      centre - slack * mu + predictor.alpha * predictor.mu)
    let length = min(1, 0.995 * longest(corrector, atMost: 2))
    v = v + corrector.v * length
    alpha = alpha + corrector.alpha * length
    lambda = lambda + corrector.lambda * length
    mu = mu + corrector.mu * length
  }

  /// How far a step can be taken before a variable reaches its bound.
  private func longest(_ step: Step, atMost bound: Double = 1) -> Double {
    let pairs = [
      (alpha, step.alpha), (slack, -step.alpha), (lambda, step.lambda), (mu, step.mu),
    ]
    return pairs.map { value, change in
      // The most negative change relative to the value.
      let worst = (change / value).min().item()
      return worst < 0 ? -1 / worst : bound
    }.reduce(bound, min)
  }
}

extension Double {
  /// A number over each element.
  fileprivate static func / (a: Double, b: Tensor) -> Tensor { b.reciprocal() * a }
}

extension Tensor {
  fileprivate func reciprocal() -> Tensor { call("aten::reciprocal", self) }
}

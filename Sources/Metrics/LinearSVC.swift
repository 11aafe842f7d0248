// The linear classifier by which separability is measured, with liblinear's objective.

package import Tensors

/// The hyperplane that minimises ½ (|w|² + b²) + c · Σ max(0, 1 - yᵢ (⟨w, xᵢ⟩ + b))², where yᵢ is 1
/// or -1.
///
/// This is scikit-learn's `LinearSVC()` with its own defaults: the squared hinge, and an intercept
/// that is regularised like any other weight. The objective is strictly convex and piecewise
/// quadratic, so that Newton's method with a line search finds its only minimum in some ten steps,
/// each a system of D + 1 equations, however many samples there are; liblinear stops earlier.
///
/// - Source: Keerthi and DeCoste (2005), "A Modified Finite Newton Method for Fast Solution of Large
///   Scale Linear SVMs".
package struct LinearSVC {
  /// w: [D], float64.
  package let weight: Tensor
  /// b.
  package let bias: Double
  /// The largest derivative of the objective at the solution, relative to c and the number of
  /// samples.
  package let slope: Double

  /// Parts two classes.
  ///
  /// - Parameters:
  ///   - samples: [N, D], N at least 1.
  ///   - isPositive: The class of each sample.
  ///   - c: The price of a sample on the wrong side.
  package init(_ samples: Tensor, isPositive: [Bool], c: Double = 1) {
    let (n, width) = (samples.size(0), samples.size(1))
    precondition(n == isPositive.count && n > 0 && c > 0, "\(samples.shape), \(isPositive.count)")
    let signs = Tensor(isPositive.map { $0 ? 1.0 : -1.0 }, shape: [n, 1])
    let x = samples.moved(to: .cpu).cast(to: .float64)
    // The rows yᵢ (xᵢ, 1): [N, D + 1].
    let z = Tensor.concatenate([x, .ones([n, 1], dtype: .float64)], axis: 1) * signs
    func lack(_ v: Tensor) -> Tensor { (1 - z.matmul(v)).relu() }
    func objective(_ v: Tensor) -> Double {
      (v.square().sum() / 2 + lack(v).square().sum() * c).item()
    }
    var v = Tensor.zeros([width + 1], dtype: .float64)
    var slope = Double.infinity
    for _ in 0..<Self.mostSteps {
      let lack = lack(v)
      let gradient = v - z.transposed(0, 1).matmul(lack) * (2 * c)
      slope = gradient.abs().max().item() / (c * Double(n))
      guard slope > 1e-12 else { break }
      let isActive: Tensor = call("aten::gt.Scalar", lack, 0)
      let active = z * isActive.cast(to: .float64).unsqueezed(1)
      let curvature =
        z.transposed(0, 1).matmul(active) * (2 * c)
        + (call("aten::diag", v.onesLike()) as Tensor)
      let step = curvature.solving(gradient)
      let descent = (gradient * step).sum().item()
      let start = objective(v)
      var length = 1.0
      while length > 1e-12, objective(v - step * length) > start - 1e-4 * length * descent {
        length /= 2
      }
      // Rounding leaves nothing to gain.
      guard length > 1e-12 else { break }
      v = v - step * length
    }
    weight = v.sliced(0..<width, axis: 0)
    bias = v.selected(width, axis: 0).item()
    self.slope = slope
  }

  /// Whether samples lie on the positive side.
  ///
  /// - Parameter samples: [N, D].
  /// - Returns: N answers.
  package func isPositive(_ samples: Tensor) -> [Bool] {
    let scores = samples.moved(to: .cpu).cast(to: .float64).matmul(weight) + bias
    return scores.values(as: Double.self).map { $0 > 0 }
  }

  private static let mostSteps = 200
}

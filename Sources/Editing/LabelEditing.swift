// Editing by label: the code moved along the gradient of a classifier of codes. Hu et al., "Style
// Transformer for Image Inversion and Editing" (2022), section on label-based editing.

public import Networks
public import Tensors

/// Moves codes towards or away from an attribute, each along a direction of its own.
///
/// With L the binary cross-entropy of the attribute's logit for the target, and g its gradient with
/// respect to the code, an edited code is `w - strength · g / |g|`. Of L, g is the logit's gradient
/// times a number, which `|g|` takes away again; so the logit's own is taken, which is still there
/// where the logit is so sure that L is flat.
public struct LabelEditor {
  /// What takes the place of the gradient.
  public enum Order: Hashable, Sendable {
    /// The gradient itself, as the paper has it.
    case first
    /// The change of the gradient along a random direction of length 1, `(g(w + h d) - g(w)) / h`:
    /// one iteration towards the direction in which L bends most. Its sign is chosen to lower L.
    case second(h: Double = 0.1)
  }

  /// What has length 1.
  public enum Norm: String, CaseIterable, Codable, Hashable, Sendable {
    /// The change of the whole code, as the paper has it.
    case code
    /// The change of every row, as the published code has it, whose strength is 3.
    case row
  }

  /// Tells attributes of codes.
  public let classifier: LatentClassifier
  /// The attribute, counted from 0.
  public let attribute: Int
  /// Whether the edited code shall have the attribute.
  public let target: Bool
  /// What takes the place of the gradient.
  public var order = Order.first
  /// What has length 1.
  public var norm = Norm.code

  /// An editor as the paper has it.
  ///
  /// - Parameters:
  ///   - classifier: Tells attributes of codes.
  ///   - attribute: The attribute, counted from 0.
  ///   - target: Whether the edited code shall have the attribute.
  /// - Throws: `EditingError` if the classifier does not tell the attribute.
  public init(_ classifier: LatentClassifier, attribute: Int, target: Bool) throws(EditingError) {
    let count = classifier.configuration.attributeCount
    guard (0..<count).contains(attribute) else {
      throw EditingError(
        "the attribute to edit", expected: "0 to \(count - 1)", found: attribute)
    }
    (self.classifier, self.attribute, self.target) = (classifier, attribute, target)
  }

  /// L, the mean over the batch.
  ///
  /// - Parameter wPlus: [N, numWs, wDim].
  /// - Returns: A tensor without axes.
  public func loss(_ wPlus: Tensor) -> Tensor {
    let logits = classifier(wPlus).logits.selected(attribute, axis: 1)
    return (logits.softplus() - logits * (target ? 1 : 0)).mean()
  }

  /// L and its gradient.
  ///
  /// - Parameter wPlus: [N, numWs, wDim].
  /// - Returns: A tensor without axes, and one of the shape of `wPlus`.
  public func lossAndGradient(_ wPlus: Tensor) -> (loss: Tensor, gradient: Tensor) {
    let w = wPlus.detached().requiringGrad()
    return withGradients {
      let loss = loss(w)
      return (loss.detached(), gradients(of: [loss], withRespectTo: [w])[0])
    }
  }

  /// The gradient of the attribute's logit of every code.
  private func logitGradient(_ wPlus: Tensor) -> Tensor {
    let w = wPlus.detached().requiringGrad()
    return withGradients {
      let logits = classifier(w).logits.selected(attribute, axis: 1)
      return gradients(of: [logits.sum()], withRespectTo: [w])[0]
    }
  }

  /// The direction of each code, along which L falls.
  ///
  /// - Parameters:
  ///   - wPlus: [N, numWs, wDim].
  ///   - generator: Draws the random direction of the second order.
  /// - Returns: [N, numWs, wDim], of length 1 as `norm` says.
  public func direction(at wPlus: Tensor, generator: TorchGenerator? = nil) -> Tensor {
    guard case .second(let h) = order else {
      let climb = logitGradient(wPlus)
      return unit(target ? climb : -climb, norm)
    }
    let gradient = lossAndGradient(wPlus).gradient
    let stream = generator ?? TorchGenerator(seed: 0, device: wPlus.device)
    let d = unit(.randn(wPlus.shape, generator: stream, dtype: wPlus.dtype), .code)
    let bend = (lossAndGradient(wPlus + d * h).gradient - gradient) / h
    let climb = (bend * gradient).sum(over: 1, 2, keepAxes: true)
    let climbs = call("aten::gt.Scalar", climb, 0.0).cast(to: climb.dtype)
    return unit(bend * (1 - climbs * 2), norm)
  }

  /// Codes moved along their directions.
  ///
  /// - Parameters:
  ///   - wPlus: [N, numWs, wDim].
  ///   - strength: How far; the published code takes 3 for each row.
  ///   - steps: In how many equal steps, each along the direction at the place that it starts from.
  ///   - rows: The rows of W+ that move; nil for all.
  ///   - generator: Draws the random direction of the second order.
  /// - Returns: [N, numWs, wDim].
  public func edited(
    _ wPlus: Tensor, strength: Double, steps: Int = 1, rows: Range<Int>? = nil,
    generator: TorchGenerator? = nil
  ) -> Tensor {
    precondition(steps > 0, "an edit in \(steps) steps")
    let stream = generator ?? TorchGenerator(seed: 0, device: wPlus.device)
    return (0..<steps).reduce(wPlus) { w, _ in
      let change = direction(at: w, generator: stream) * (strength / Double(steps))
      return w.taking(rows, from: w + change)
    }
  }

  /// The change of the published code's second variant, which it subtracts times 3.
  ///
  /// It is meant to be of second order, but its first gradient, with respect to the random r, keeps
  /// the factor ξ, and r itself is not normalised; so it is mostly r.
  public struct PublishedCurvature {
    /// L at w + ξ r, and its gradient with respect to r.
    public let loss: Tensor, gradient: Tensor
    /// L at w, and its gradient.
    public let lossAtCode: Tensor, gradientAtCode: Tensor
    /// The difference of the gradients, every row of length 1.
    public let unit: Tensor
    /// r minus that.
    public let change: Tensor
  }

  /// The published code's second variant, for comparison.
  ///
  /// - Parameters:
  ///   - wPlus: [N, numWs, wDim].
  ///   - r: Standard normal numbers of the same shape.
  ///   - xi: ξ.
  /// - Returns: All steps.
  public func publishedCurvature(at wPlus: Tensor, r: Tensor, xi: Double = 1e-4)
    -> PublishedCurvature
  {
    let there = lossAndGradient(wPlus + r * xi)
    let here = lossAndGradient(wPlus)
    let gradient = there.gradient * xi
    let unit = unit(gradient - here.gradient, .row)
    return PublishedCurvature(
      loss: there.loss, gradient: gradient, lossAtCode: here.loss, gradientAtCode: here.gradient,
      unit: unit, change: r - unit)
  }

  /// Changes of length 1; of those of length 0, zeros.
  private func unit(_ change: Tensor, _ norm: Norm) -> Tensor {
    let squares = change.square()
    let length =
      switch norm {
      case .code: squares.sum(over: 1, 2, keepAxes: true).sqrt()
      case .row: squares.sum(over: 2, keepAxes: true).sqrt()
      }
    return change / length.clamped(from: 1e-30)
  }
}

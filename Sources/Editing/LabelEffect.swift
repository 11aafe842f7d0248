// What an edit by label did: to the attribute that was asked for, and to all others.

import Foundation
public import Networks
public import Tensors

/// What an edit did to a code, as a classifier of codes sees it.
public struct LabelEffect: Hashable, Sendable {
  /// The attribute's logit before the edit.
  public let logitBefore: Double
  /// The attribute's logit after the edit.
  public let logitAfter: Double
  /// The mean over all other attributes of how much their logits changed, either way: the
  /// attribute's dependency, the lower the better; nil for a classifier of one attribute.
  public let dependency: Double?
  /// The length of the code's change.
  public let change: Double

  /// Compares edited codes with what they were.
  ///
  /// - Source: Hu et al. (2022) measure edits by the change of the other attributes' logits.
  /// - Parameters:
  ///   - edited: [N, numWs, wDim].
  ///   - wPlus: The codes before the edit, [N, numWs, wDim].
  ///   - attribute: The attribute that was edited, counted from 0.
  ///   - classifier: Tells attributes of codes.
  /// - Returns: The effect on every code.
  /// - Throws: `EditingError` if a code or a logit is not finite.
  public static func of(
    _ edited: Tensor, on wPlus: Tensor, attribute: Int, classifier: LatentClassifier
  ) throws(EditingError) -> [LabelEffect] {
    let count = classifier.configuration.attributeCount
    precondition((0..<count).contains(attribute), "attribute \(attribute) of \(count)")
    func logits(_ codes: Tensor, _ name: String) throws(EditingError) -> [Double] {
      let logits = withoutGradients { classifier(codes).logits.cast(to: .float64) }
      guard codes.isFinite().all, logits.isFinite().all else {
        throw EditingError(
          "the attributes of \(name)", expected: "finite numbers in codes and logits",
          found: "others")
      }
      return logits.values(as: Double.self)
    }
    let before = try logits(wPlus, "codes to be edited")
    let after = try logits(edited, "edited codes")
    let changes = (edited - wPlus).cast(to: .float64).square().sum(over: 1, 2).sqrt()
      .values(as: Double.self)
    return changes.enumerated().map { code, change in
      let own = code * count + attribute
      let others = (code * count..<(code + 1) * count).filter { $0 != own }
      let sum = others.reduce(0) { $0 + (after[$1] - before[$1]).magnitude }
      return LabelEffect(
        logitBefore: before[own], logitAfter: after[own],
        dependency: others.isEmpty ? nil : sum / Double(others.count), change: change)
    }
  }

  /// How sure a classifier is whose logit this is, from 0 to 1.
  ///
  /// - Parameter logit: Any finite number.
  /// - Returns: `1 / (1 + exp(-logit))`.
  public static func probability(_ logit: Double) -> Double { 1 / (1 + exp(-logit)) }
}

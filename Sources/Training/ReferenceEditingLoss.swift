// What an edit transformer learns from: Hu et al., "Style Transformer for Image Inversion and Editing"
// (2022), section on reference-based editing.

public import Networks
public import Tensors

/// The loss of editing by reference: near the source's code, with one attribute of the reference
/// and all others of the source.
public struct ReferenceEditingLoss {
  /// What of a classifier's judgement is compared.
  public enum Comparison: String, CaseIterable, Codable, Hashable, Sendable {
    /// The numbers that each logit is made of, as the published code and the paper's formula have it.
    case features
    /// The logits themselves.
    case logits
  }

  /// What of a classifier's judgement is compared.
  public var comparison = Comparison.features
  /// The weight of the difference between the edited code and the source's.
  public var codeWeight = 1.0
  /// The weight of the difference between the edited code's attribute and the reference's.
  public var attributeWeight = 1.0
  /// The weight of the difference between the edited code's other attributes and the source's.
  public var othersWeight = 1.0
  /// The attribute that is taken over, counted from 0; the published network's is 5, bangs.
  public var attribute: Int

  /// The terms of the loss, each a tensor without axes.
  public struct Terms {
    /// The mean squared difference between the edited code and the source's.
    public let code: Tensor
    /// The mean squared difference between what is compared of the attribute.
    public let attribute: Tensor
    /// The mean squared difference between what is compared of all other attributes.
    public let others: Tensor
    /// The weighted sum.
    public let sum: Tensor
  }

  /// The published loss.
  ///
  /// - Parameter attribute: The attribute that is taken over, counted from 0.
  public init(attribute: Int) { self.attribute = attribute }

  /// Measures edited codes.
  ///
  /// - Parameters:
  ///   - edited: [N, numWs, wDim].
  ///   - source: The codes that were edited, [N, numWs, wDim].
  ///   - reference: The codes that have the attribute, [N, numWs, wDim].
  ///   - classifier: Tells attributes of codes.
  /// - Returns: All terms; the gradient flows into all codes and the classifier.
  public func callAsFunction(
    _ edited: Tensor, source: Tensor, reference: Tensor, classifier: LatentClassifier
  ) -> Terms {
    self(
      edited, judged: classifier(edited), source: source, judged: classifier(source),
      reference: classifier(reference))
  }

  /// Measures edited codes that a classifier has judged.
  ///
  /// - Parameters:
  ///   - edited: [N, numWs, wDim].
  ///   - found: What the classifier says of them.
  ///   - source: The codes that were edited, [N, numWs, wDim].
  ///   - ofSource: What the classifier says of them.
  ///   - ofReference: What the classifier says of the codes that have the attribute.
  /// - Returns: All terms.
  public func callAsFunction(
    _ edited: Tensor, judged found: LatentClassifier.Judgement, source: Tensor,
    judged ofSource: LatentClassifier.Judgement, reference ofReference: LatentClassifier.Judgement
  ) -> Terms {
    let (found, ofSource, ofReference) = (
      compared(found), compared(ofSource), compared(ofReference)
    )
    let count = found.size(1)
    precondition(
      count > 1 && (0..<count).contains(attribute), "attribute \(attribute) of \(count)")
    let others = Tensor((0..<count).filter { $0 != attribute }).moved(to: edited.device)
    let code = (source - edited).square().mean()
    let own = (ofReference.selected(attribute, axis: 1) - found.selected(attribute, axis: 1))
      .square().mean()
    let rest = (ofSource.picked(others, axis: 1) - found.picked(others, axis: 1)).square().mean()
    return Terms(
      code: code, attribute: own, others: rest,
      sum: code * codeWeight + own * attributeWeight + rest * othersWeight)
  }

  /// What is compared of a judgement: [N, A, F], or [N, A].
  private func compared(_ judgement: LatentClassifier.Judgement) -> Tensor {
    switch comparison {
    case .features: judgement.features
    case .logits: judgement.logits
    }
  }
}

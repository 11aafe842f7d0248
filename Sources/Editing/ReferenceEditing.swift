// What an edit transformer learns from: Hu et al., "Style Transformer for Image Inversion and
// Editing" (2022), section on reference-based editing.

public import Networks
public import Tensors

/// The loss of editing by reference: near the source's code, with one attribute of the reference
/// and all others of the source.
public struct ReferenceEditingLoss {
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
    /// The mean squared difference between the features of the attribute.
    public let attribute: Tensor
    /// The mean squared difference between the features of all other attributes.
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
  ///   - classifier: Tells attributes of codes; its features are compared, not its logits.
  /// - Returns: All terms; the gradient flows into all codes and the classifier.
  public func callAsFunction(
    _ edited: Tensor, source: Tensor, reference: Tensor, classifier: LatentClassifier
  ) -> Terms {
    func features(_ codes: Tensor) -> Tensor { classifier(codes).features }
    let (found, ofSource, ofReference) = (features(edited), features(source), features(reference))
    let count = classifier.configuration.attributeCount
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
}

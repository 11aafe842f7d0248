// Editing by reference, and what an edit transformer learns it from: Hu et al., "Style Transformer
// for Image Inversion and Editing" (2022), section on reference-based editing.

public import Networks
public import Tensors

/// Gives codes what a reference has, as an edit transformer has learnt it.
public struct ReferenceEditor {
  /// The network, which knows one attribute.
  public let network: EditTransformer

  /// An editor with a network.
  ///
  /// - Parameter network: The network, which knows one attribute.
  public init(_ network: EditTransformer) { self.network = network }

  /// Edits codes.
  ///
  /// - Parameters:
  ///   - source: The codes to be edited, [N, numWs, wDim].
  ///   - reference: The codes that have the attribute, [N, numWs, wDim].
  ///   - rows: The rows of W+ that change; nil for all.
  /// - Returns: [N, numWs, wDim].
  /// - Throws: `EditingError` if the codes' rows are not of the network's width, or numbers become
  ///   not finite.
  public func edited(
    _ source: Tensor, reference: Tensor, rows: Range<Int>? = nil
  ) throws(EditingError) -> Tensor {
    let width = network.configuration.decoder.width
    for codes in [source, reference] where codes.rank != 3 || codes.size(2) != width {
      throw EditingError(
        "an edit by reference", expected: "codes [N, numWs, \(width)]", found: "\(codes.shape)")
    }
    let edited = withoutGradients {
      source.taking(rows, from: network(source, reference: reference))
    }
    guard edited.isFinite().all else {
      throw EditingError(
        "an edit by reference", expected: "finite numbers in the edited code", found: "others")
    }
    return edited
  }
}

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

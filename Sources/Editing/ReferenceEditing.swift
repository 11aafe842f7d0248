// Editing by reference: Hu et al., "Style Transformer for Image Inversion and Editing" (2022), section
// on reference-based editing.

public import Networks
public import Tensors

/// Gives codes what a reference has, as an edit transformer has learnt it.
public struct ReferenceEditor {
  /// The network, which knows one attribute or several.
  public let network: EditTransformer

  /// An editor with a network.
  ///
  /// - Parameter network: The network, which knows one attribute or several.
  public init(_ network: EditTransformer) { self.network = network }

  /// Edits codes.
  ///
  /// - Parameters:
  ///   - source: The codes to be edited, [N, numWs, wDim].
  ///   - reference: The codes that have the attribute, [N, numWs, wDim].
  ///   - attribute: Which of the network's attributes is taken over, counted from 0.
  ///   - strength: How much of the change is made: 0 nothing, 1 what the network says, more beyond.
  ///   - rows: The rows of W+ that change; nil for all.
  /// - Returns: [N, numWs, wDim].
  /// - Throws: `EditingError` if the codes' rows are not of the network's width, the network does not
  ///   know the attribute, or numbers become not finite.
  public func edited(
    _ source: Tensor, reference: Tensor, attribute: Int = 0, strength: Double = 1,
    rows: Range<Int>? = nil
  ) throws(EditingError) -> Tensor {
    let count = network.configuration.attributes?.count ?? 1
    guard (0..<count).contains(attribute) else {
      throw EditingError(
        "the attribute to take over", expected: "0 to \(count - 1)", found: attribute)
    }
    let width = network.configuration.decoder.width
    for codes in [source, reference] where codes.rank != 3 || codes.size(2) != width {
      throw EditingError(
        "an edit by reference", expected: "codes [N, numWs, \(width)]", found: "\(codes.shape)")
    }
    let edited = withoutGradients { () -> Tensor in
      let whole = network(source, reference: reference, attribute: attribute)
      return source.taking(
        rows, from: strength == 1 ? whole : source + (whole - source) * strength)
    }
    guard edited.isFinite().all else {
      throw EditingError(
        "an edit by reference", expected: "finite numbers in the edited code", found: "others")
    }
    return edited
  }
}

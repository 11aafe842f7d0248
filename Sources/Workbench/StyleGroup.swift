// Which rows of W+ style mixing takes from another picture.

public import Networks

/// Rows of W+ that style mixing takes from another picture.
public enum StyleGroup: Hashable, Sendable {
  /// These rows, counted from 0.
  case rows(Set<Int>)
  /// The rows of 4×4 and 8×8: pose, shape of the face, glasses.
  case coarse
  /// The rows of 16×16 and 32×32: features, hair style, eyes open or closed.
  case middle
  /// All rows above: colours and fine structure.
  case fine

  /// What people call the group; nil for chosen rows.
  public var name: String? {
    switch self {
    case .rows: nil
    case .coarse: "coarse"
    case .middle: "middle"
    case .fine: "fine"
    }
  }

  /// The rows in a generator.
  ///
  /// - Parameter traits: What the generator is.
  /// - Returns: The rows; none if the generator has none of the kind.
  public func rows(in traits: GeneratorTraits) -> Set<Int> {
    switch self {
    case .rows(let rows): rows
    case .coarse: Set(traits.layerRanges.coarse)
    case .middle: Set(traits.layerRanges.middle)
    case .fine: Set(traits.layerRanges.fine)
    }
  }
}

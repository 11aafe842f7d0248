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

  /// The group's name, or its rows as they would be typed.
  func text(in traits: GeneratorTraits) -> String {
    if let name { return name }
    var ranges: [ClosedRange<Int>] = []
    for row in rows(in: traits).sorted() {
      if let last = ranges.last, last.upperBound == row - 1 {
        ranges[ranges.count - 1] = last.lowerBound...row
      } else {
        ranges.append(row...row)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }
}

// The parts of published data sets: which of them are taken.

/// Which parts of a published data set are taken, such as `train` or `train+unlabeled`.
public struct PictureSplits: Hashable, Sendable {
  /// A part, as those who publish data sets divide them.
  public enum Part: String, CaseIterable, Sendable {
    /// What networks learn from.
    case train
    /// What they are tested on.
    case test
    /// Pictures without classes, which STL-10 has.
    case unlabeled
  }

  /// The parts; nil for all that there are.
  public let parts: [Part]?

  /// All parts that there are.
  public static let all = PictureSplits(parts: nil)

  private init(parts: [Part]?) { self.parts = parts }

  /// Parts by their names: `all`, or one or more with `+` between them.
  ///
  /// It is nil if there are no such names, or one is there twice.
  ///
  /// - Parameter text: The names.
  public init?(_ text: String) {
    guard text != "all" else {
      parts = nil
      return
    }
    let names = text.split(separator: "+", omittingEmptySubsequences: false)
    let parts = names.compactMap { Part(rawValue: String($0)) }
    guard parts.count == names.count, Set(parts).count == parts.count else { return nil }
    // As the data sets have them, whatever order they are asked for in.
    self.parts = Part.allCases.filter(parts.contains)
  }
}

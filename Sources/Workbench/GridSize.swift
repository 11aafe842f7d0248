// The sizes of sheets, as people type them.

/// Columns and rows of a sheet of pictures.
public struct GridSize: Hashable, Codable, Sendable {
  /// Pictures side by side.
  public let columns: Int
  /// Pictures one below the other.
  public let rows: Int

  /// A grid of columns and rows, at least one of each.
  public init(columns: Int, rows: Int) {
    precondition(columns > 0 && rows > 0, "a grid of \(columns)×\(rows)")
    (self.columns, self.rows) = (columns, rows)
  }

  /// Reads `WIDTHxHEIGHT`; nil if the text is not that, or counts more than 65535 of either.
  public init?(_ text: String) {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { UInt16($0) }
    guard parts.count == 2, numbers.count == 2, numbers.allSatisfy({ $0 > 0 }) else { return nil }
    self.init(columns: Int(numbers[0]), rows: Int(numbers[1]))
  }

  /// Pictures that fit.
  public var count: Int { columns * rows }
}

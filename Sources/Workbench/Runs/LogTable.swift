// The log of a training as a table that grows and fits the terminal.

/// The log of a training as a table that grows, a row at a time.
///
/// Where a row would be wider than the terminal, the columns that matter least are left out; the log
/// in the folder has them all.
package struct LogTable {
  private var names: [String] = []
  private var widths: [Int] = []
  private var shown: [Int] = []
  private var rows = 0

  /// Rows from one heading to the next, so that a screen always shows one.
  private static let rowsBelowHeading = 20
  /// Columns that go first, and those that stay longest; of others the last go first.
  private static let dispensable = ["GiB", "tick", "s/kimg"]
  private static let essential = ["time", "left", "kimg"]

  /// A table without rows.
  package init() {}

  /// What a row adds to the table: the heading, too, where it is due.
  ///
  /// - Parameters:
  ///   - cells: The columns' names, and what stands in them.
  ///   - columns: How many characters a line may have; nil for any number.
  /// - Returns: The lines.
  package mutating func lines(
    _ cells: [(name: String, text: String)], columns: Int?
  ) -> [String] {
    let names = cells.map { $0.name }
    if self.names != names {
      self.names = names
      widths = names.map { max($0.count, 6) }
      rows = 0
    }
    widths = zip(widths, cells).map { max($0, $1.text.count) }
    let fitting = fitting(columns)
    if fitting != shown { (shown, rows) = (fitting, 0) }
    defer { rows += 1 }
    let row = line(cells.map { $0.text })
    return rows % Self.rowsBelowHeading == 0 ? [line(names), row] : [row]
  }

  /// The places of the columns that are shown.
  private func fitting(_ columns: Int?) -> [Int] {
    guard let columns else { return Array(names.indices) }
    var left = Array(names.indices)
    var width: Int { left.reduce(left.count - 1) { $0 + widths[$1] } }
    for place in order where width > columns && left.count > 1 { left.removeAll { $0 == place } }
    return left
  }

  /// The places of all columns, those that matter least first.
  private var order: [Int] {
    func places(_ some: [String]) -> [Int] { some.compactMap { names.firstIndex(of: $0) } }
    let (first, last) = (places(Self.dispensable), places(Self.essential))
    return first + names.indices.reversed().filter { !(first + last).contains($0) } + last
  }

  private func line(_ texts: [String]) -> String {
    shown.map { place in
      String(repeating: " ", count: widths[place] - texts[place].count) + texts[place]
    }.joined(separator: " ")
  }
}

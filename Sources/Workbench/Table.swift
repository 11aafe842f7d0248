// Texts in columns that stand below one another.

/// Rows of texts as lines.
public enum Table {
  /// A line for each row, without space at its end; columns without any text are left out.
  ///
  /// - Parameters:
  ///   - heading: The names of the columns, as the first line; nil for none.
  ///   - rows: The rows, each with as many texts.
  ///   - width: Columns of the terminal that a line may take; nil for as many as it needs.
  ///   - elastic: The column whose texts are cut where lines would be longer.
  /// - Returns: The lines.
  public static func lines(
    heading: [String]? = nil, _ rows: [[String]], width: Int? = nil, elastic: Int = 0
  ) -> [String] {
    guard let first = rows.first else { return [] }
    let used = first.indices.filter { column in rows.contains { !$0[column].isEmpty } }
    let all = (heading.map { [$0] } ?? []) + rows
    var widths = first.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    let length = used.reduce(-2) { $0 + widths[$1] + 2 }
    if let width, length > width {
      widths[elastic] = min(widths[elastic], max(8, widths[elastic] - (length - width)))
    }
    return all.map { row in
      let texts = used.map { column in
        let (text, width) = (row[column], widths[column])
        let cut = text.count <= width ? text : text.prefix(width - 1) + "…"
        return cut + String(repeating: " ", count: width - cut.count)
      }
      let line = texts.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }

  /// A table of a page in Markdown, a line for each row.
  static func page(heading: [String], _ rows: [[String]]) -> [String] {
    ([heading, heading.map { _ in "---" }] + rows).map { "| \($0.joined(separator: " | ")) |" }
  }
}

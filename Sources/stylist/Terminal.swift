// How wide the terminal is, and texts that fit it.

import Foundation

/// The terminal that shows what a command prints.
enum Terminal {
  /// Columns that a line on stdout may take; nil where nobody reads in columns.
  static var columns: Int? { columns(of: STDOUT_FILENO) }

  /// Columns that a line may take; nil where nobody reads in columns.
  ///
  /// - Parameter descriptor: Where the line is written.
  /// - Returns: Their number.
  static func columns(of descriptor: Int32) -> Int? {
    if let text = ProcessInfo.processInfo.environment["COLUMNS"], let columns = Int(text) {
      return columns > 0 ? columns : nil
    }
    var size = winsize()
    guard isatty(descriptor) == 1, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0,
      size.ws_col > 0
    else { return nil }
    return Int(size.ws_col)
  }

  /// Lines that begin with a heading and go on below the text behind it.
  ///
  /// - Parameters:
  ///   - text: Words between single spaces.
  ///   - heading: What stands before the first line.
  ///   - columns: Columns that a line may take; nil for one long line.
  /// - Returns: The lines.
  static func lines(_ text: String, after heading: String, columns: Int?) -> [String] {
    guard let columns else { return [heading + text] }
    let indent = String(repeating: " ", count: heading.count)
    var lines: [String] = []
    var line = heading
    var isEmpty = true
    for word in text.split(separator: " ") {
      if !isEmpty, line.count + 1 + word.count > columns {
        lines.append(line)
        (line, isEmpty) = (indent, true)
      }
      line += isEmpty ? String(word) : " \(word)"
      isEmpty = false
    }
    return lines + [line]
  }
}

extension String {
  /// The text with spaces behind it up to a number of columns.
  func filled(to columns: Int) -> String {
    self + String(repeating: " ", count: max(0, columns - count))
  }
}

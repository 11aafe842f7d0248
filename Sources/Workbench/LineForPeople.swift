// What people see of texts from anywhere: one line, without characters that change how it looks.

import Formats

/// The text as a line: control and direction characters, which names of files and names inside
/// files may hold, are written as escapes.
///
/// - Parameter text: What the line should say.
/// - Returns: The line, without its end.
public func lineForPeople(_ text: String) -> String { oneLine(text, limit: .max) }

extension String {
  /// The text in at most so many letters: what is too long loses its middle, since names often
  /// differ at their ends.
  ///
  /// - Parameters:
  ///   - limit: The most letters.
  ///   - mark: What stands in place of the middle.
  /// - Returns: The text.
  func shortenedInside(to limit: Int, by mark: String) -> String {
    guard count > limit else { return self }
    let kept = max(0, limit - mark.count)
    return "\(prefix(kept / 2))\(mark.prefix(limit))\(suffix(kept - kept / 2))"
  }
}

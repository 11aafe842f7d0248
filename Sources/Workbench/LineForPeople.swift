// What people see of texts from anywhere: one line, without characters that change how it looks.

import Formats

/// The text as a line: control and direction characters, which names of files and names inside
/// files may hold, are written as escapes.
///
/// - Parameter text: What the line should say.
/// - Returns: The line, without its end.
public func lineForPeople(_ text: String) -> String { oneLine(text, limit: .max) }

// Command lines as people would type them.

/// A command line that makes something again, quoted for the shell.
///
/// - Parameter parts: The words behind the program's name.
/// - Returns: The line.
public func commandLine(_ parts: [String]) -> String {
  let safe = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./,:+@%")
  let quoted = parts.map { part in
    part.allSatisfy(safe.contains) ? part : "'\(part.replacing("'", with: "'\\''"))'"
  }
  return (["stylist"] + quoted).joined(separator: " ")
}

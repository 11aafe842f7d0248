// Why an edit cannot be made.

/// Why an edit cannot be made, on one line.
public struct EditingError: Error, CustomStringConvertible, Equatable {
  /// What was being done, what was expected and what was found.
  public let description: String

  init(_ what: String, expected: String, found: some CustomStringConvertible) {
    description = "\(what): expected \(expected), found \(found)"
  }
}

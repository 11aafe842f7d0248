// Why an inversion cannot begin or go on.

/// Why an inversion cannot begin or go on, on one line.
public struct InversionError: Error, CustomStringConvertible, Equatable {
  /// What was being done, what was expected and what was found.
  public let description: String

  init(_ what: String, expected: String, found: some CustomStringConvertible) {
    description = "\(what): expected \(expected), found \(found)"
  }
}

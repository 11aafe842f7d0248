// What went wrong with a server.

import Formats

/// A file that no server gave as it was expected.
public struct FetchError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The address, what was expected, and what was found, on one line.
  public let description: String
  /// Whether the same may go well a little later.
  let mayPass: Bool

  /// The exit code of a command that ends with this failure: a service is unavailable.
  public var exitCode: Int32 { 69 }

  init(_ url: String, expected: String, found: String, mayPass: Bool = false) {
    description = "\(oneLine(url)): expected \(expected), found \(oneLine(found))"
    self.mayPass = mayPass
  }
}

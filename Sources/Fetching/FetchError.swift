// What went wrong with a server.

import Formats

/// A file that no server gave as it was expected.
public struct FetchError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The address, what was expected, and what was found, on one line; no password is in it.
  public let description: String
  /// The exit code of a command that ends with this failure: 69 where a server gives nothing, 65
  /// where it gives another file than the published one.
  public let exitCode: Int32
  /// Whether the same may go well a little later.
  let mayPass: Bool

  init(_ url: String, expected: String, found: String, mayPass: Bool = false) {
    self.init(url, expected, found, exitCode: 69, mayPass: mayPass)
  }

  private init(
    _ url: String, _ expected: String, _ found: String, exitCode: Int32, mayPass: Bool
  ) {
    description =
      "\(oneLine(RemoteFile.shown(url))): expected \(expected), found \(oneLine(found))"
    (self.exitCode, self.mayPass) = (exitCode, mayPass)
  }

  /// A server that has another file under the name.
  static func another(_ url: String, expected: String, found: String) -> FetchError {
    FetchError(url, expected, found, exitCode: 65, mayPass: false)
  }
}

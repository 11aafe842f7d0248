// Commands over many pictures go on past those that cannot be used, and say them at the end.

import Workbench

/// Some pictures of many could not be used.
struct SomeFailed: Error, CustomStringConvertible {
  /// The exit code that the first of them asks for.
  let exitCode: Int32
  /// How many they are, on one line.
  let description: String

  /// Throws if there is any failure, and says each on a line of its own if there are more pictures.
  ///
  /// - Parameters:
  ///   - failures: The pictures that could not be used.
  ///   - count: Pictures in all.
  /// - Throws: `SomeFailed` if any failed.
  static func check(_ failures: [PictureFailure], of count: Int) throws(SomeFailed) {
    guard let first = failures.first else { return }
    guard count > 1 else {
      throw SomeFailed(exitCode: first.exitCode, description: first.reason)
    }
    for failure in failures { say(failure.reason) }
    throw SomeFailed(
      exitCode: first.exitCode,
      description: "\(failures.count) of \(count) pictures could not be used")
  }
}

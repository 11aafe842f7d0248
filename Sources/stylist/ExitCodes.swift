// How the program ends: one line on stderr and the documented exit code.

import ArgumentParser
import Fetching
import Foundation
import Workbench

extension Stylist {
  /// Says what went wrong and ends the program.
  static func end(with error: any Error) -> Never {
    if let code = documentedExitCode(for: error) {
      say("\(error)")
      Foundation.exit(code)
    }
    if exitCode(for: error) == .validationFailure {
      say(UsageError.withHint(message(for: error)))
      Foundation.exit(64)
    }
    // Help and version are the argument parser's own.
    exit(withError: error)
  }

  private static func documentedExitCode(for error: any Error) -> Int32? {
    switch error {
    case let error as Interruption: error.exitCode
    case let error as ScanFailure: error.exitCode
    case let error as SomeFailed: error.exitCode
    case let error as FetchError: error.exitCode
    case is CheckFailure: 2
    case is UsageError: 64
    case is OutputError: 74
    default: Workbench.exitCode(for: error)
    }
  }
}

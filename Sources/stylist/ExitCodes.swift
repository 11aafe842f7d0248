// How the program ends: one line on stderr and the documented exit code.

import ArgumentParser
import Foundation
import Workbench

extension Stylist {
  /// Says what went wrong and ends the program.
  static func end(with error: any Error) -> Never {
    let interruption = (error as? Interruption)?.exitCode
    if let code = interruption ?? Workbench.exitCode(for: error) {
      FileHandle.standardError.write(Data("stylist: \(error)\n".utf8))
      Foundation.exit(code)
    }
    // Help, version and usage are the argument parser's own; wrong usage ends with 64, anything else with 1.
    exit(withError: error)
  }
}

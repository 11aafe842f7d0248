// The program `parity`: runs cases of published numbers and says which computed tensors are off.

import ArgumentParser
import Formats
import Foundation
import ParityCases

/// The command line of the program.
@main
struct Parity: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs parity cases and prints every computed tensor that is off.",
    discussion: """
      A case is a folder with case.json and expected.safetensors, found at any depth. The exit \
      code is 0 if at least one case ran and none failed, 1 if any failed or none was found, and \
      66 if a folder is missing.
      """)

  @Argument(help: "Folders that hold cases.")
  var folders: [String] = []

  @Flag(help: "Print the systems and kinds that can be run.")
  var list = false

  func validate() throws {
    guard list || !folders.isEmpty else { throw ValidationError("name a folder that holds cases") }
  }

  func run() throws {
    if list { for kind in parityKinds { write(kind, to: .standardOutput) } }
    guard !folders.isEmpty else { return }
    do {
      let tally = try runParity(folders: folders) { write($0, to: .standardOutput) }
      if tally.passed + tally.failed == 0 { write("parity: no case found", to: .standardError) }
      throw ExitCode(tally.exitCode)
    } catch let error as FileError {
      write("parity: \(error)", to: .standardError)
      throw ExitCode(error.kind.exitCode)
    }
  }

  /// Writes a line at once, so that it is seen even if a later case ends the program.
  ///
  /// If nobody can read the results, there is no use in computing more: the program ends.
  private func write(_ line: String, to stream: FileHandle) {
    do {
      try stream.write(contentsOf: Data("\(oneLine(line, limit: .max))\n".utf8))
    } catch {
      Self.exit(withError: ExitCode(74))
    }
  }
}

// `stylist model list`: the networks that have names.

import ArgumentParser
import Workbench

/// Lists the published networks and the named configurations.
struct ModelList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the published networks and the named configurations.",
    discussion: """
      EXAMPLES
        stylist model list
        stylist model list --json
      """)

  @OptionGroup var output: OutputOptions

  func run() throws {
    let catalogue = ModelCatalogue()
    try output.print(catalogue, lines: catalogue.lines(width: Terminal.columns))
  }
}

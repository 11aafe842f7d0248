// `stylist model inspect`: what a checkpoint holds.

import ArgumentParser
import Workbench

/// Shows families, configurations, parameters and hashes of the networks in files.
struct ModelInspect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a checkpoint holds.",
    discussion: """
      EXAMPLES
        stylist model inspect ffhq.pkl
        stylist model inspect 550000.pt --json

      The content hash is a SHA-256 over all tensors by name: a checkpoint and
      a conversion that keeps all tensors have the same.
      """)

  @Argument(help: "The checkpoints.")
  var files: [String]

  @OptionGroup var output: OutputOptions

  func run() async throws {
    let files = files
    let reports = try await interruptible {
      try files.map { try CheckpointReport(of: $0, progress: ProgressReporter().show) }
    }
    try output.print(reports, lines: reports.flatMap(\.lines))
  }
}

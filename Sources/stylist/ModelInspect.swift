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
      A file that cannot be read does not keep the others from being shown; the
      first such decides the exit code.
      """)

  @Argument(help: "The checkpoints.", completion: .checkpoint)
  var files: [String]

  @OptionGroup var output: OutputOptions

  func run() async throws {
    let job = InspectJob(files)
    let findings = try await interruptible { try job.run(progress: ProgressReporter().show) }
    if output.json { try output.print(findings, lines: []) }
    for finding in findings {
      switch finding {
      case .report(let report) where !output.json: try output.print(report, lines: report.lines)
      case .report: break
      case .failure(let failure): say(failure.reason)
      }
    }
    let code = InspectJob.exitCode(for: findings)
    if code != 0 { throw ExitCode(code) }
  }
}

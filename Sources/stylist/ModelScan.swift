// `stylist model scan`: whether files are safe to open.

import ArgumentParser
import Workbench

/// Looks through files for what careless programs would run.
struct ModelScan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan",
    abstract: "Say whether files hold code or names that checkpoints do not need.",
    discussion: """
      EXAMPLES
        stylist model scan ffhq.pkl
        stylist model scan downloads --json

      Looks through pickles, torch files, NumPy's files, safetensors and ZIP archives without doing
      anything that they say. Ends with 77 if any file mentions a name that is not on the allow-list,
      calls by other means, or holds a program; with 65 if one is damaged.
      """)

  @Argument(help: "The files, and folders to look through with all that is in them.")
  var paths: [String]

  @OptionGroup var output: OutputOptions

  func run() async throws {
    let job = ScanJob(paths)
    let findings = try await interruptible { try job.run(progress: ProgressReporter().show) }
    try output.print(findings, lines: findings.map(\.line))
    let code = ScanJob.exitCode(for: findings)
    guard code == 0 else {
      let count = findings.count { $0.verdict != .safe }
      throw ScanFailure(
        exitCode: code, description: "\(count) of \(findings.count) files are not safe to open")
    }
  }
}

/// Files that are not safe to open.
struct ScanFailure: Error, CustomStringConvertible {
  /// The exit code that the worst file asks for.
  let exitCode: Int32
  /// How many they are.
  let description: String
}

// `stylist dataset verify`: whether every picture of a data set can be used.

import ArgumentParser
import Workbench

/// Decodes every picture, and lists those that are bad or the same.
struct DatasetVerify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Decode every picture of a data set, and list those that are bad.",
    discussion: """
      EXAMPLES
        stylist dataset verify faces.zip
        stylist dataset verify photos --json

      Lists every file that cannot be decoded or does not fit the others, with the
      reason, labels that are missing or have no picture, and pictures with the
      same pixels, which are no fault. Ends with 0 if all can be used, with 2 if
      anything is bad, and with 65 if it is no data set at all.
      """)

  @Argument(help: "The folder, zip archive or published data set.", completion: .pictures)
  var path: String

  @OptionGroup var output: OutputOptions

  func run() async throws {
    let job = DatasetVerifyJob(path)
    let outcome = try await interruptible { try job.run(progress: ProgressReporter().show) }
    try output.print(outcome, lines: outcome.lines)
    if let failure = outcome.failure { throw CheckFailure(failure) }
  }
}

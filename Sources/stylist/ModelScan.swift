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

      Looks through pickles, torch files, NumPy's files, safetensors, and what is
      in ZIP and tar archives, without doing anything that they say. What a file
      is, its content tells, not its name. Prints a line for each file:

        safe             Python's pickle.load and torch.load look up no names in
                         it but those on the allow-list; Stylist may not be able
                         to use it, and then the line says why
        holds source     the same, but classes of NVIDIA's programs are among
                         them, which run Python source that the file holds
        no checkpoint    a picture, a video, a document or text; no pickle that
                         mentions anything
        REFUSED          it mentions other names, calls by other means, holds a
                         program, or is too long a pickle to follow
        damaged          it cannot be read as what it seems to be
        not recognised   it is nothing that is known, and no pickle; of files in
                         archives, only the number is told
        not looked at    it is missing, closed, a pipe or device, or a link to a
                         folder

      Ends with 77 if any file is refused, else with what the first file in
      trouble asks for: 65 if it is damaged or not recognised, 66 if missing, 74
      if it could not be looked at.
      """)

  @Argument(
    help: "The files, and folders to look through with all that is in them.", completion: .file())
  var paths: [String]

  @OptionGroup var output: OutputOptions

  func run() async throws {
    let job = ScanJob(paths)
    let findings = try await interruptible { try job.run(progress: ProgressReporter().show) }
    try output.print(findings, lines: findings.map(\.line))
    let code = ScanJob.exitCode(for: findings)
    guard code == 0 else {
      throw ScanFailure(exitCode: code, description: ScanJob.summary(of: findings))
    }
  }
}

/// Files that are refused, or about which nothing can be said.
struct ScanFailure: Error, CustomStringConvertible {
  /// The exit code that the worst file asks for.
  let exitCode: Int32
  /// How many they are, on one line.
  let description: String
}

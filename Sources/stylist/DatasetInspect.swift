// `stylist dataset inspect`: what a folder or archive of pictures holds.

import ArgumentParser
import Workbench

/// Shows counts, sizes, labels, and a sheet of the pictures.
struct DatasetInspect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a data set, or any folder or zip of pictures, holds.",
    discussion: """
      EXAMPLES
        stylist dataset inspect faces.zip --outdir=out
        stylist dataset inspect photos --json

      Shows the number of pictures, their sizes, formats and bytes, how labels are
      distributed and what their numbers are called, and every picture that does
      not fit the others. Sizes are told by the files' first bytes; `stylist
      dataset verify` decodes every picture.
      """)

  @Argument(help: "The folder, zip archive or published data set.", completion: .pictures)
  var path: String

  @Option(
    help: ArgumentHelp(
      "Where NAME-sheet.png goes, up to 64 of the pictures side by side (default: no sheet).",
      valueName: "folder"), completion: .directory)
  var outdir: String?

  @OptionGroup var report: ReportOptions

  func run() async throws {
    let (job, outdir) = (DatasetInspectJob(path), report.isDryRun ? nil : outdir)
    let outcome = try await interruptible { try job.run(outdir: outdir) }
    try report.print(outcome, lines: outcome.lines)
  }
}

// `stylist model verify`: whether a checkpoint is whole, and the one that was published.

import ArgumentParser
import Workbench

/// Checks a checkpoint's keys, shapes and numbers, and draws a picture of a fixed seed.
struct ModelVerify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check that a checkpoint is whole, or that it is a published one.",
    usage: "stylist model verify <file> [<options>]",
    discussion: """
      EXAMPLES
        stylist model verify ffhq.pkl --outdir=out
        stylist model verify ffhq.pkl --published=stylegan2-ada-ffhq

      Every check is listed with what was expected and found; facts that nobody
      published are not checked. Ends with 0 if no check fails, with 2 if one
      does. `stylist model list` names the published networks.
      """)

  @Argument(help: "The checkpoint.", completion: .checkpoint)
  var file: String

  @Option(
    help: ArgumentHelp("The published network that it should be.", valueName: "name"),
    completion: .list(KnownNames.published))
  var published: String?

  @Option(
    help: ArgumentHelp(
      "Where the picture of seed 0 goes; without it, it is drawn and not kept.",
      valueName: "folder"), completion: .directory)
  var outdir: String?

  @OptionGroup var report: ReportOptions

  func run() async throws {
    if let outdir { try OutputFolder.check(outdir) }
    let job = try VerifyJob(file, published: published, provenance: provenance)
    if report.isDryRun {
      let plan = try job.plan(into: outdir)
      try report.print(plan, lines: plan.lines)
      return
    }
    let outdir = outdir
    let outcome = try await interruptible(leaving: outdir == nil ? nil : "no file was written") {
      let folder = try outdir.map { try OutputFolder(making: $0) }
      return try await job.run(into: folder, progress: ProgressReporter().show)
    }
    try report.print(outcome, lines: outcome.lines)
    if let failure = outcome.failure { throw CheckFailure(failure) }
  }

  private var provenance: Provenance {
    Provenance(
      command: commandLine(
        ["generate", "--network=\(file)", "--seeds=\(VerifyJob.seed)", "--outdir=\(outdir ?? ".")"]
      ), network: file, seed: "\(VerifyJob.seed)")
  }
}

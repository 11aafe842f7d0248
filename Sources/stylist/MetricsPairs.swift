// `stylist metrics pairs`: pictures beside those of the same name.

import ArgumentParser
import Workbench

/// Compares pictures with those of the same name.
struct MetricsPairs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pairs",
    abstract: "Compare each picture with the one of the same name.",
    usage: "stylist metrics pairs <pictures> <reference> [<options>]",
    discussion: """
      EXAMPLES
        stylist metrics pairs inverted photographs
        stylist metrics pairs inverted photographs.zip --identity=model_ir_se50.pth \\
          --lpips-backbone=alexnet-owt-7be5be79.pth --lpips-heads=alex.pth --json
        stylist metrics pairs inverted portraits --portraits

      Prints the mean and the deviation of the mean squared error of samples from
      -1 to 1, of PSNR and SSIM, and where weights are given of LPIPS and of the
      cosine of two faces' features. Pictures are compared 256 pixels wide, or as
      they are if they are smaller; --json has the figures of every pair. Of a folder
      that stylist invert wrote, NAME-inverted.png stands for NAME.

      --portraits measures little portraits as this program draws them with networks
      that come along: perceptual-portraits, a distance of the form of LPIPS, and
      identity-portraits, a cosine. Both compare with themselves alone.
      """)

  @Argument(help: "The pictures that are judged: a folder or zip archive.", completion: .file())
  var pictures: String

  @Argument(
    help: "The pictures that they should be like, of the same names.", completion: .file())
  var reference: String

  @OptionGroup var judging: JudgingOptions

  @Flag(help: "Measure perceptual-portraits and identity-portraits, too.")
  var portraits = false

  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    try threadOptions.check()
    var job = MetricsPairsJob(
      pictures, reference: reference,
      judges: try judging.files())
    (job.judges.portraits, job.threads) = (portraits, threadOptions.threads)
    if report.isDryRun {
      let count = try job.plan()
      try report.print(DryRun(pairs: count), lines: ["would compare \(counted(count, "pair"))"])
      return
    }
    let ready = job
    let outcome = try await interruptible { try await ready.run(progress: ProgressReporter().show) }
    outcome.remarks.forEach(say)
    try report.print(outcome, lines: outcome.lines)
  }

  /// What `-n` prints as JSON.
  private struct DryRun: Encodable {
    let pairs: Int
    var dryRun = true
  }
}

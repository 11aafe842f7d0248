// `stylist train perceptual`: a distance of pictures, fitted to pictures that were spoiled.

import ArgumentParser
import Workbench

/// Fits a perceptual distance.
struct TrainPerceptual: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perceptual",
    abstract: "Fit a distance of pictures to a classifier's features.",
    usage: "stylist train perceptual <options>",
    discussion: """
      EXAMPLES
        stylist train perceptual --classifier=attributes-portraits64 \\
          --data=portraits --out=distance.safetensors
        stylist train perceptual --classifier=c.safetensors --data=faces.zip \\
          --count=500 --held-out=100 --out=distance.safetensors --sheet=spoiled.png

      Spoils pictures in nine ways, by noise, blur, shifts, light, contrast, tints,
      blocks as of JPEG, mosaics and squares before them, each by a known strength,
      and finds how much each channel of the classifier's features has to count for
      the distance to be the square of the strength: least squares with weights not
      below 0, so that the same pictures give the same distance. That is a minute's
      work, not a training in a folder of runs.

      The last pictures are held out. The table says how the order of distances
      agrees with that of strengths there: of the distance, of one that was fitted
      without that way, and of the mean squared difference. The distance has
      LPIPS's form, but is not LPIPS, and its numbers are not LPIPS's.
      """)

  @Option(
    help: ArgumentHelp(
      "The classifier: a file, or a model that comes along.", valueName: "file"),
    completion: .checkpoint)
  var classifier: String

  @Option(
    help: ArgumentHelp(
      "The pictures: a folder, a .zip, or portraits.", valueName: "source"),
    completion: .pictures)
  var data: String

  @Option(help: ArgumentHelp("The file of the distance.", valueName: "file"), completion: .file())
  var out: String

  @Option(
    help: ArgumentHelp("A sheet of spoiled pictures (.png).", valueName: "file"),
    completion: .file())
  var sheet: String?

  @Option(help: ArgumentHelp("Fit to so many of the first pictures.", valueName: "count"))
  var count = 1000

  @Option(help: ArgumentHelp("Hold out so many of the last pictures.", valueName: "count"))
  var heldOut = 300

  @Option(help: ArgumentHelp("Where random numbers start.", valueName: "seed"))
  var seed: UInt32 = 0

  @OptionGroup var threadOptions: ThreadOptions

  @OptionGroup var report: ReportOptions

  func run() async throws {
    try threadOptions.check()
    var job = TrainPerceptualJob(classifier, to: out)
    (job.data.source, job.count, job.heldOut) = (data, count, heldOut)
    (job.seed, job.threads, job.sheet) = (seed, threadOptions.threads, sheet)
    if report.isDryRun {
      let plan = try job.plan()
      return try report.print(DryRun(plan), lines: plan.lines)
    }
    let ready = job
    let outcome = try await interruptible { try await ready.run(progress: ProgressReporter().show) }
    try report.print(outcome, lines: outcome.lines)
    let next = ["project", "--network=GENERATOR", "--target=PICTURE", "--distance=\(out)"]
    say("to search for codes by it: \(commandLine(next + ["--outdir=projected"]))")
  }
}

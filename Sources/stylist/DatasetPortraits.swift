// `stylist dataset portraits`: a data set drawn by code, with everything known of it.

import ArgumentParser
import Workbench

/// Draws portraits and writes them as a data set.
struct DatasetPortraits: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "portraits",
    abstract: "Draw little portraits as a data set, with attributes known exactly.",
    usage: "stylist dataset portraits --count=<count> --dest=<path> [<options>]",
    discussion: """
      EXAMPLES
        stylist dataset portraits --count=1000 --dest=faces.zip --sheet=faces.png
        stylist dataset portraits --count=20000 --resolution=64 --seed=0 \\
          --attribute=Smiling --dest=smiling.zip
        stylist dataset portraits --count=5000 --per-identity=5 --dest=people \\
          --attribute=Smiling --attribute=Eyeglasses

      Writes the published form of data sets, and beside the pictures:
      attributes.csv, all attributes under their CelebA names, 1 or -1, and
      factors.csv, the seeds, pose, light and proportions of every picture.
      One --attribute makes two classes in dataset.json, several make a vector.

      Seeds give the same pictures on every machine; without --per-identity,
      picture 10 of seed 0 is picture 0 of seed 10. The data set appears when it
      is whole, and nothing is ever replaced.
      """)

  @Option(help: ArgumentHelp("How many pictures.", valueName: "count"))
  var count: Int

  @Option(
    name: [.customLong("resolution"), .customLong("res")],
    help: ArgumentHelp("Width and height in pixels, a power of two.", valueName: "pixels"))
  var resolution = 64

  @Option(help: ArgumentHelp("The seed of the first picture.", valueName: "seed"))
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp("How many pictures in a row show the same person.", valueName: "count"))
  var perIdentity = 1

  @Option(
    help: ArgumentHelp(
      "Label pictures with this attribute, such as Smiling; may be given again.",
      valueName: "name"), completion: .list(KnownNames.portraitAttributes))
  var attribute: [String] = []

  @Option(
    help: ArgumentHelp("The .zip archive or the folder to create.", valueName: "path"),
    completion: .pictures)
  var dest: String

  @Option(
    help: ArgumentHelp("Also write a PNG of some of the portraits.", valueName: "file"),
    completion: .file(extensions: ["png"]))
  var sheet: String?

  @OptionGroup var report: ReportOptions

  func run() async throws {
    var job = try PortraitsJob(
      count: count, resolution: resolution, seed: seed, picturesPerIdentity: perIdentity,
      attributes: attribute, to: dest)
    job.sheet = sheet
    let (ready, isDryRun) = (job, report.isDryRun)
    let summary = try await interruptible {
      isDryRun ? try ready.plan() : try ready.run(progress: ProgressReporter().show)
    }
    try report.print(summary)
  }
}

// `stylist dataset augment`: what augmentation does to pictures.

import ArgumentParser
import Workbench

/// Shows pictures as a discriminator would see them.
struct DatasetAugment: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "augment",
    abstract: "Show what augmentation does to pictures in a training.",
    usage: "stylist dataset augment --data=<source> --outdir=<folder> [<options>]",
    discussion: """
      EXAMPLES
        stylist dataset augment --data=portraits --outdir=out
        stylist dataset augment --data=faces.zip --augpipe=bgcfnc --p=0.1,0.3,1 \\
          --outdir=out

      Writes augmented.png with a row for each picture and a column for each
      probability p, such as `stylist train gan` prints as augment. The data set
      stays as it is.
      """)

  @Option(
    help: ArgumentHelp(
      "The pictures: a folder, a .zip, or portraits, which are drawn.", valueName: "source"),
    completion: .pictures)
  var data: String

  @Option(
    help: ArgumentHelp(
      "With portraits: width and height, a power of two from 8 to 1024 (default: 64).",
      valueName: "pixels"))
  var res: Int?

  @Option(
    help: ArgumentHelp(
      "What happens: blit, geom, color, filter, noise, cutout, bg, bgc, bgcf, bgcfn or bgcfnc.",
      valueName: "name"), completion: .list(KnownNames.augmentationSets))
  var augpipe = "bgc"

  @Option(
    help: ArgumentHelp(
      "Probabilities, with commas between (default: 0,0.2,0.4,0.6,0.8,1).", valueName: "list"))
  var p: String?

  @Option(help: ArgumentHelp("How many pictures, 1 to 64.", valueName: "count"))
  var count = 6

  @Option(help: ArgumentHelp("Where random numbers start.", valueName: "seed"))
  var seed: UInt32 = 0

  @OptionGroup var folderOptions: FolderOptions

  @OptionGroup var report: ReportOptions

  func run() async throws {
    var job = AugmentationJob(provenance: Provenance(command: ownCommandLine(), network: "none"))
    (job.data.source, job.data.resolution) = (data, res)
    (job.set, job.count, job.seed) = (augpipe, count, seed)
    if let p {
      job.probabilities = try p.split(separator: ",", omittingEmptySubsequences: false).map {
        guard let number = Double($0) else {
          throw UsageError("--p: expected numbers with commas between, found \(p)")
        }
        return number
      }
    }
    let (ready, outdir, isDryRun) = (job, folderOptions.outdir, report.isDryRun)
    let outcome = try await interruptible {
      isDryRun ? try ready.plan(outdir: outdir) : try ready.run(outdir: outdir)
    }
    try report.print(outcome, lines: outcome.lines)
  }
}

// `stylist attention`: where pixels look, and whether that moves along with them.

import ArgumentParser
import Foundation
import Workbench

/// Draws the attention maps of a pixel, or measures what a shift changes.
struct Attention: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show where the pixels of a picture look.",
    usage: """
      stylist attention --network=<file> --outdir=<folder> [<options>]
      stylist attention --shift --outdir=<folder>
      """,
    discussion: """
      EXAMPLES
        stylist attention --network=ffhq.pt --seed=85 --outdir=out
        stylist attention --network=ffhq.pt --seed=85 --pixel=100,120 \\
          --layers=4-7 --outdir=out
        stylist attention --cfg=styleformer-cifar10 --outdir=out
        stylist attention --shift --outdir=out

      For Styleformer, StyleSwin and StyleNAT: attention.png shows for every layer
      what each head takes from where for one pixel, the heads in groups that look
      at the same kind of pixels.

      --shift needs no network: layers with random weights look at a map of random
      numbers, and at the same map moved by 1 to 8 pixels. Away from the borders,
      neighbourhood attention gives the same results, moved; attention in windows
      does not. shift.png draws the table.
      """)

  @OptionGroup var networkOptions: NetworkOptions

  @Option(
    help: ArgumentHelp(
      "The seed of the picture; with --shift, of weights and map.", valueName: "number"))
  var seed: UInt32 = 0

  @Option(
    help: ArgumentHelp(
      "The pixel, from the upper left corner (default: the middle).", valueName: "row,column"),
    transform: parsePixel)
  var pixel: (row: Int, column: Int)?

  @Option(
    help: ArgumentHelp(
      "The layers, counted from 0, such as 4,6,8 or 4-7 (default: all).", valueName: "list"),
    transform: LayerList.parse)
  var layers: LayerList?

  @Flag(help: "Measure what changes where a feature map is moved.")
  var shift = false

  @OptionGroup var folderOptions: FolderOptions

  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var showing: ShowOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    if shift { try await measureShifts() } else { try await drawMaps() }
  }

  // MARK: Maps

  private func drawMaps() async throws {
    try networkOptions.check()
    try pictureOptions.check()
    try await networkOptions.draw(
      job, pictureOptions.settings, count: 2, words: "a picture and a sheet",
      into: folderOptions.outdir, report, showing)
  }

  private var job: AttentionJob {
    let parts =
      ["attention"] + networkOptions.spelling
      + [
        "--seed=\(seed)", pixel.map { "--pixel=\($0.row),\($0.column)" },
        layers.map { "--layers=\($0.text)" },
      ].compactMap(\.self) + pictureOptions.spelling + folderOptions.spelling
    var job = AttentionJob(
      seed: seed,
      provenance: Provenance(
        command: commandLine(parts), network: networkOptions.name, seed: "\(seed)"))
    (job.pixel, job.layers, job.settings) = (pixel, layers?.layers, pictureOptions.settings)
    return job
  }

  // MARK: Shifts

  /// What `--shift` prints.
  private struct ShiftOutcome: Encodable {
    let result: EquivarianceJob.Result
    let file: String
  }

  private func measureShifts() async throws {
    guard networkOptions.spelling.isEmpty, pixel == nil, layers == nil,
      pictureOptions.spelling.isEmpty
    else {
      throw UsageError("--shift goes with --seed, --outdir and --threads alone")
    }
    try networkOptions.threadOptions.check()
    let outdir = folderOptions.outdir
    try OutputFolder.check(outdir)
    if report.isDryRun {
      try report.print(["dry_run": true], lines: ["would measure, and draw \(outdir)/shift.png"])
      return
    }
    let job = EquivarianceJob(seed: UInt64(seed))
    let result = try await interruptible { try job.run(progress: ProgressReporter().show) }
    let file = try OutputFolder(making: outdir).file("shift.png")
    let command = commandLine(
      ["attention", "--shift", "--seed=\(seed)"] + folderOptions.spelling)
    try EquivarianceJob.write(
      result, to: file, Provenance(command: command, network: "none", seed: "\(seed)"))
    let rows = result.kinds.map { kind in
      [kind.name] + kind.differences.map { String(format: "%.1e", $0) }
    }
    let heading = ["moved by"] + result.shifts.map { "\($0) px" }
    try report.print(
      ShiftOutcome(result: result, file: file),
      lines: Table.lines(heading: heading, rows, width: Terminal.columns) + [file])
    if showing.show { showPicture(file) }
  }
}

/// Reads a pixel, such as `100,120`.
private func parsePixel(_ text: String) throws -> (row: Int, column: Int) {
  let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
  guard numbers.count == 2, let row = numbers[0], let column = numbers[1], row >= 0, column >= 0
  else { throw ValidationError("expected ROW,COLUMN such as 100,120, counted from 0") }
  return (row, column)
}

// `stylist mix`: style mixing sheets.

import ArgumentParser
import Workbench

/// Makes a style mixing sheet.
struct Mix: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a style mixing sheet.",
    discussion: """
      The pictures of --rows stand at the left, those of --cols at the top. Each picture inside has the rows of W+ in
      --styles from its column, and all others from its row.

      EXAMPLES
        stylist mix --network=ffhq.pkl --rows=85,100,75 --cols=55,821,1789 --styles=0-6 --outdir=out
        stylist mix --network=ffhq.pkl --rows=0-3 --cols=10-15 --styles=8-17 --trunc=0.7 --outdir=out
      """)

  @OptionGroup var networkOptions: NetworkOptions
  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var report: ReportOptions

  @Option(help: "The seeds at the left.")
  var rows: SeedList

  @Option(help: "The seeds at the top.")
  var cols: SeedList

  @Option(help: "The rows of W+ taken from the top (default: 0-6, as far as there are so many).")
  var styles: RowList?

  @Option(help: "The folder for the pictures.")
  var outdir: String

  func validate() throws {
    guard rows.seeds.count <= 256, cols.seeds.count <= 256 else {
      throw ValidationError(
        "A sheet has at most 256 rows and columns, not \(rows.seeds.count) and \(cols.seeds.count).")
    }
  }

  func run() async throws {
    let summary = try networkOptions.source.summary()
    let count = (rows.seeds.count + 1) * (cols.seeds.count + 1) - 1
    if report.isDryRun {
      try report.print(
        Outcome(network: summary, count: count),
        lines: ["would make \(count) pictures and a sheet in \(outdir) from \(summary.origin)"])
      return
    }
    let (source, threads, outdir) = (networkOptions.source, networkOptions.threads, outdir)
    let (styles, settings) = (styles, pictureOptions.settings)
    let (rows, cols, provenance) = (rows.seeds, cols.seeds, provenance)
    let written = try await interruptible {
      let host = try GeneratorHost(source, threads: threads)
      let chosen = styles?.rows ?? host.defaultMixingRows
      try host.check(settings, rows: chosen)
      var job = MixJob(rows: rows, columns: cols, styles: chosen, provenance: provenance)
      job.settings = settings
      let folder = try OutputFolder(making: outdir)
      return try await job.run(on: host, into: folder, progress: ProgressReporter().show)
    }
    try report.print(
      Outcome(network: summary, count: count, files: written), lines: written.map(\.file))
  }

  private var provenance: Provenance {
    let parts =
      ["mix"] + networkOptions.spelling
      + [
        "--rows=\(rows.text)", "--cols=\(cols.text)", styles.map { "--styles=\($0.text)" },
      ].compactMap(\.self) + pictureOptions.spelling + ["--outdir=\(outdir)"]
    return Provenance(command: commandLine(parts), network: networkOptions.name)
  }
}

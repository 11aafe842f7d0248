// `stylist mix`: style mixing sheets.

import ArgumentParser
import Workbench

/// Makes a style mixing sheet.
struct Mix: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a style mixing sheet.",
    discussion: """
      EXAMPLES
        stylist mix --network=ffhq.pkl --rows=85,100 --cols=55,821 --outdir=out
        stylist mix --network=ffhq.pkl --rows=0-3 --cols=10-15 --styles=8-17 \\
          --trunc=0.7 --outdir=out
        stylist mix --network=ffhq.pkl --rows=0,1 --cols=10-15 \\
          --styles=coarse,middle,fine --outdir=out

      The pictures of --rows stand at the left, those of --cols at the top. Each
      picture inside has the rows of W+ in --styles from its column, and all others
      from its row. Writes grid.png, and 85-55.png for row 85 and column 55. With
      several of coarse, middle and fine, the sheet has a part for each.
      """)

  @OptionGroup var networkOptions: NetworkOptions

  @Option(
    help: ArgumentHelp("The seeds at the left, such as 85,100,75.", valueName: "list"),
    transform: SeedList.parseEachOnce)
  var rows: SeedList

  @Option(
    help: ArgumentHelp("The seeds at the top, such as 55,821,1789.", valueName: "list"),
    transform: SeedList.parseEachOnce)
  var cols: SeedList

  @Option(
    help: ArgumentHelp(
      "The rows of W+ taken from the top: coarse (of layers up to 8×8: pose and shape), middle "
        + "(up to 32×32: features), fine (above: colours), or numbers "
        + "(default: 0-6, as far as there are so many).",
      valueName: "list"),
    transform: StyleList.parse)
  var styles: StyleList?

  @OptionGroup var folderOptions: FolderOptions

  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var sheetOptions: SheetOptions
  @OptionGroup var showing: ShowOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    try networkOptions.check()
    try pictureOptions.check()
    let count = (rows.seeds.count * (styles?.groups.count ?? 1) + 1) * (cols.seeds.count + 1) - 1
    try await networkOptions.draw(
      job, pictureOptions.settings, count: count, words: "\(counted(count, "picture")) and a sheet",
      into: folderOptions.outdir, report, showing)
  }

  private var job: MixJob {
    var job = MixJob(
      rows: rows.seeds, columns: cols.seeds, styles: styles?.groups ?? [], provenance: provenance)
    (job.settings, job.isBare) = (pictureOptions.settings, sheetOptions.isBare)
    return job
  }

  private var provenance: Provenance {
    let parts =
      ["mix"] + networkOptions.spelling
      + [
        "--rows=\(rows.text)", "--cols=\(cols.text)", styles.map { "--styles=\($0.text)" },
      ].compactMap(\.self) + pictureOptions.spelling + sheetOptions.spelling
      + folderOptions.spelling
    return Provenance(command: commandLine(parts), network: networkOptions.name)
  }
}

// `stylist runs`: the trainings that there are, how they stand, and how they differ.

import ArgumentParser
import Foundation
import Workbench

/// Shows trainings.
struct Runs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List, show and compare trainings, and prune their snapshots.",
    discussion: """
      EXAMPLES
        stylist runs list
        stylist runs show latest --plot=losses.png
        stylist runs compare 3 5 --sheet=fakes.png
        stylist runs prune latest -n

      A training is named by its folder, its number, a part of its name that no
      other has, or latest. Trainings that are running can be looked at, too.
      """,
    subcommands: [RunsList.self, RunsShow.self, RunsCompare.self, RunsPrune.self])
}

/// Lists the trainings of folders.
struct RunsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the trainings in folders of runs.",
    discussion: """
      EXAMPLES
        stylist runs list
        stylist runs list runs /data/other-runs
        stylist runs list --json

      Each line has the number, the recipe, the data, thousands of images seen and
      planned, what the training is doing, the time it trained, seconds for the
      last thousand images, when a file last changed, and the best value of the
      first metric, if something was measured. The newest stand last.

      A training is running, finished, stopped (it can go on), or damaged; what is
      damaged is said below the table.
      """)

  @Argument(help: "The folders of runs (default: runs).", completion: .directory)
  var folders: [String] = []

  @OptionGroup var output: OutputOptions

  func run() async throws {
    let job = RunListJob(folders.isEmpty ? ["runs"] : folders)
    let listings = try await interruptible { try job.run() }
    try output.print(listings, lines: output.json ? [] : Self.lines(listings, Terminal.columns))
  }

  private static func lines(_ listings: [RunListJob.Listing], _ columns: Int?) -> [String] {
    let now = Date().timeIntervalSince1970
    var lines: [String] = []
    for listing in listings {
      if listings.count > 1 { lines += (lines.isEmpty ? [] : [""]) + [listing.folder] }
      let rows = listing.runs.map { RunText.row($0, now: now) }
      lines += Table.lines(heading: RunText.heading, rows, width: columns, elastic: 2)
      lines += listing.runs.compactMap { run in run.reason.map { "\(run.shortName): \($0)" } }
    }
    return lines
  }
}

/// Where runs are looked for.
struct RunFolderOption: ParsableArguments {
  @Option(
    help: ArgumentHelp("The folder of all runs.", valueName: "folder"), completion: .directory)
  var outdir = "runs"
}

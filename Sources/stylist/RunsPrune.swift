// `stylist runs prune`: room on the disk, from networks that nobody needs.

import ArgumentParser
import Workbench

/// Removes networks of old snapshots.
struct RunsPrune: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Remove the networks of old snapshots.",
    usage: "stylist runs prune <run> ... [<options>]",
    discussion: """
      EXAMPLES
        stylist runs prune latest -n
        stylist runs prune 3 5 --keep=4
        stylist runs prune 3 --every=200

      Keeps the newest networks, those of the states from which the training could
      go on, and of each number in the logs of metrics the best that was measured.
      Nothing but network-snapshot-*.safetensors is removed: logs, sheets and
      states stay. A training may go on meanwhile. -n shows what would be removed.

      Prints the files that were removed.
      """)

  @Argument(
    help: ArgumentHelp("A folder, a number, a part of a name, or latest.", valueName: "run"),
    completion: .directory)
  var names: [String]

  @OptionGroup var place: RunFolderOption

  @Option(help: ArgumentHelp("Keep so many of the newest networks.", valueName: "count"))
  var keep = 1

  @Option(
    help: ArgumentHelp(
      "Also keep the first network in every so many kimg (default: none).", valueName: "kimg"))
  var every: Int?

  @OptionGroup var report: ReportOptions

  func run() async throws {
    var rule = PruningRule()
    (rule.newest, rule.everyKimg) = (keep, every)
    let job = try RunPruneJob(rule)
    let folders = try names.map { try RunFinder.folder($0, in: place.outdir) }
    // What cannot be pruned is found before anything is removed.
    var outcomes = try folders.map(job.plan)
    if !report.isDryRun { outcomes = try await interruptible { try folders.map(job.run) } }
    try report.print(outcomes, lines: outcomes.flatMap { $0.removed.map(\.file) })
    let done = report.isDryRun ? "would free" : "freed"
    for outcome in outcomes {
      say("\(outcome.folder): \(done) \(byteCount(Double(outcome.bytes)))")
      for kept in outcome.kept {
        say("  stays: \(kept.file): \(kept.reasons.joined(separator: ", "))")
      }
    }
  }
}

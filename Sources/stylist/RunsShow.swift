// `stylist runs show`: everything that is known of one training.

import ArgumentParser
import Foundation
import Workbench

/// Shows one training.
struct RunsShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show how a training stands.",
    usage: "stylist runs show <run> [<options>]",
    discussion: """
      EXAMPLES
        stylist runs show latest
        stylist runs show 3 --plot=losses.png
        stylist runs show runs/00003-auto-cats-batch32-gamma0.4 --json

      Shows the command that began the training, the options that differ from the
      recipe, networks, progress, losses now and over time, the last lines of the
      log, snapshots, sheets, and the command that goes on with it. --plot draws
      the losses. If a log is damaged, what comes before is shown, and the command
      ends with 65.
      """)

  @Argument(
    help: ArgumentHelp("A folder, a number, a part of a name, or latest.", valueName: "run"),
    completion: .directory)
  var name: String

  @OptionGroup var place: RunFolderOption

  @Option(
    help: ArgumentHelp("Also draw the losses in this picture.", valueName: "file"),
    completion: .file(extensions: ["png"]))
  var plot: String?

  @OptionGroup var report: ReportOptions

  func run() async throws {
    try RunCompareJob.check(plot: plot, sheet: nil)
    let folder = try RunFinder.folder(name, in: place.outdir)
    let plot = report.isDryRun ? nil : plot
    let found = try await interruptible { try RunShowJob(folder).run(plot: plot) }
    try report.print(found, lines: Self.lines(found) + (plot.map { ["", $0] } ?? []))
    if let damage = found.damage { throw damage }
  }

  private static func lines(_ run: RunReport) -> [String] {
    let columns = Terminal.columns
    let groups: [(String, [String])] = [
      ("training", training(run, columns)), ("losses", losses(run)),
      ("metrics", metrics(run.summary.metrics)), ("log", run.log),
      ("snapshots", snapshots(run)), ("sheets", run.sheets),
      ("to go on", run.resumeCommand.map { [$0] } ?? []),
    ]
    return [run.summary.folder]
      + groups.filter { !$0.1.isEmpty }.flatMap { title, lines in
        ["", title] + lines.map { "  \($0)" }
      }
  }

  private static func training(_ run: RunReport, _ columns: Int?) -> [String] {
    let summary = run.summary
    let changed = run.options.filter(\.isChanged).map { "\($0.name) \($0.value)" }
    let parameters = run.trained.enumerated().map { place, network in
      "\(network.name) \(grouped(network.parameters))" + (place == 0 ? " parameters" : "")
    }.joined(separator: ", ")
    let rows: [(String, String)] = [
      ("state", RunText.state(summary)), ("command", run.command),
      ("recipe", summary.cfg ?? ""),
      ("changed", changed.isEmpty ? "nothing of the recipe" : changed.joined(separator: ", ")),
      (
        "data",
        "\(run.source), \(grouped(run.pictures)) pictures of "
          + "\(run.resolution)×\(run.resolution)"
      ),
      ("networks", parameters), ("begun with", "Stylist \(run.version)"),
    ]
    return rows.flatMap { name, text in
      Terminal.lines(text, after: name.filled(to: 12), columns: columns.map { $0 - 2 })
    }
  }

  private static func metrics(_ all: [MetricHistory]) -> [String] {
    let shown = all.count > 12 ? 8 : all.count
    let rest = all.count - shown
    return all.prefix(shown).map(RunText.line) + (rest > 0 ? ["and \(rest) more, in --json"] : [])
  }

  private static func losses(_ run: RunReport) -> [String] {
    LossName.allCases.compactMap { name in
      guard let now = run.losses[name.rawValue],
        name != .augmentation || run.curves.tells(name)
      else { return nil }
      let row = run.curves.sparkline(of: name, columns: 48)
      return "\(name.label.filled(to: 12))\(RunText.number(now).filled(to: 10))\(row)"
    }
  }

  private static func snapshots(_ run: RunReport) -> [String] {
    let networks = run.networks.map { "\($0.file)  \(byteCount(Double($0.bytes)))" }
    let states = run.states.map { state in
      let mark = state.file == run.resumesFrom ? "  goes on from here" : ""
      return "\(state.file)  \(byteCount(Double(state.bytes)))\(mark)"
    }
    let shown = networks.prefix(5) + (networks.count > 5 ? ["and \(networks.count - 5) older"] : [])
    return Array(shown) + states
  }
}

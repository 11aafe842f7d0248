// `stylist runs compare`: trainings side by side.

import ArgumentParser
import Foundation
import Workbench

/// Compares trainings.
struct RunsCompare: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare trainings: options, progress, losses, metrics, pictures.",
    usage: "stylist runs compare <run> <run> ... [<options>]",
    discussion: """
      EXAMPLES
        stylist runs compare 3 5
        stylist runs compare 3 5 latest --plot=losses.png --sheet=fakes.png
        stylist runs compare runs/00003-auto-cats other/00000-auto-cats --json

      Shows the options that differ, and progress, speed, losses and metrics in a
      column for each training; a dash stands where it has none of the kind. Losses
      are those at the most images that all have seen. --plot draws the losses over
      each other. --sheet puts the newest sheets of fakes beside one another, of the
      same kimg where there are such.
      """)

  @Argument(
    help: ArgumentHelp(
      "Two to eight: a folder, a number, a part of a name, or latest.", valueName: "run"),
    completion: .directory)
  var names: [String]

  @OptionGroup var place: RunFolderOption

  @Option(
    help: ArgumentHelp("Also draw the losses in this picture.", valueName: "file"),
    completion: .file(extensions: ["png"]))
  var plot: String?

  @Option(
    help: ArgumentHelp("Also put sheets of fakes together in this picture.", valueName: "file"),
    completion: .file(extensions: ["png"]))
  var sheet: String?

  @OptionGroup var report: ReportOptions

  func run() async throws {
    try RunCompareJob.check(plot: plot, sheet: sheet)
    let folders = try names.map { try RunFinder.folder($0, in: place.outdir) }
    let job = try RunCompareJob(folders)
    let (plot, sheet) = report.isDryRun ? (nil, nil) : (plot, sheet)
    let outcome = try await interruptible { try job.run(plot: plot, sheet: sheet) }
    try report.print(outcome, lines: report.output.json ? [] : Self.lines(outcome))
  }

  private static func lines(_ outcome: RunCompareJob.Outcome) -> [String] {
    let runs = outcome.runs
    let short = runs.map(\.shortName)
    let isClear = Set(short).count == short.count
    let names = isClear ? short : runs.indices.map { "(\($0 + 1))" }
    let legend = zip(names, runs).map { "\($0)  \($1.folder)" }
    let heading = [""] + names
    let areAlike = Set(runs.map(\.kind)).count == 1
    var rows = (areAlike ? [] : [["training"] + runs.map { $0.kind ?? "-" }])
    rows += [
      ["state"] + runs.map(\.state.rawValue),
      ["kimg"] + runs.map(RunText.progress),
      ["time"] + runs.map { $0.seconds.map(clock) ?? "-" },
      ["seconds per kimg"] + runs.map { RunText.number($0.secondsPerKimg) },
    ]
    if let common = outcome.commonKimg {
      rows.append(["at \(RunText.number(common)) kimg"] + runs.map { _ in "" })
      let told = outcome.losses.filter { $0.values.contains { $0 != nil } }
      let labels = told.map { LossName(rawValue: $0.name)?.label ?? $0.name }
      for (loss, name) in zip(told, labels) {
        // Of kinds that call theirs alike, the full names tell which it is.
        let label = labels.count { $0 == name } > 1 ? loss.name : name
        rows.append(["  \(label)"] + loss.values.map(RunText.number))
      }
    }
    let metrics = Set(runs.flatMap { $0.metrics.map(\.name) }).sorted()
    let shown = metrics.filter { !$0.hasPrefix("attribute_") }
    for metric in shown {
      let best = runs.map { run in run.metrics.first { $0.name == metric }?.best }
      rows.append(["best \(metric)"] + best.map(RunText.number))
    }
    if shown.count < metrics.count {
      let count = metrics.count - shown.count
      rows.append(["(\(counted(count, "attribute")) in --json)"] + runs.map { _ in "" })
    }
    // Options of one kind alone differ from nothing.
    let differing = outcome.differences.filter { Set($0.values.compactMap(\.self)).count > 1 }
    rows += differing.map { ["--\($0.name)"] + $0.values.map { $0 ?? "-" } }
    if differing.count < outcome.differences.count {
      let count = outcome.differences.count - differing.count
      rows.append(["(\(counted(count, "option")) of one kind in --json)"] + runs.map { _ in "" })
    }
    return legend + [""] + Table.lines(heading: heading, rows)
      + [outcome.plot, outcome.sheet].compactMap(\.self)
  }
}

// `stylist bench tables`: what benchmarks measured, as a page for people.

import ArgumentParser
import Workbench

/// Puts timings together.
struct BenchTables: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tables",
    abstract: "Make tables and plots of what benchmarks printed.",
    usage: "stylist bench tables --lines=<file> --outdir=<folder> [<options>]",
    discussion: """
      EXAMPLES
        stylist bench generate --cfg=stylegan2-256 --json >>lines.jsonl
        stylist bench tables --lines=lines.jsonl --outdir=out
        stylist bench tables --lines=lines.jsonl --growth=windows.jsonl --outdir=out

      Writes RESULTS.md, and for each file of growth, which has timings at several
      resolutions and batches, a plot of seconds and memory. Lines whose system is
      pytorch, as Benchmarks/peers prints them, stand beside those of the same work.
      """)

  @Option(
    help: ArgumentHelp(
      "A file with lines of `stylist bench --json`; may be given again.", valueName: "file"),
    completion: .file(extensions: ["jsonl"]))
  var lines: [String] = []

  @Option(
    help: ArgumentHelp(
      "A file with such lines of several resolutions and batches; may be given again.",
      valueName: "file"), completion: .file(extensions: ["jsonl"]))
  var growth: [String] = []

  @OptionGroup var folderOptions: FolderOptions
  @OptionGroup var report: ReportOptions

  /// What was written.
  private struct Outcome: Encodable { let files: [String] }

  func run() async throws {
    guard !(lines + growth).isEmpty else {
      throw UsageError("give --lines=FILE, --growth=FILE, or both")
    }
    let outdir = folderOptions.outdir
    let words =
      ["bench", "tables"] + lines.map { "--lines=\($0)" } + growth.map { "--growth=\($0)" }
      + folderOptions.spelling
    let job = BenchTablesJob(lines: lines, growth: growth, command: commandLine(words))
    guard Set(job.fileNames).count == job.fileNames.count else {
      throw UsageError("--growth: expected files whose names differ, found two of one name")
    }
    try OutputFolder.check(outdir)
    try OutputFolder.check(outdir, writing: job.fileNames, over: lines + growth)
    if report.isDryRun {
      let names = job.fileNames.joined(separator: ", ")
      try report.print(
        Outcome(files: job.fileNames), lines: ["would write \(names) into \(outdir)"])
      return
    }
    let files = try job.run(into: outdir)
    try report.print(Outcome(files: files), lines: files)
  }
}

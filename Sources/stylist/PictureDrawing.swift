// What all commands do that draw pictures into a folder: check, say or draw, report, show.

import Workbench

extension NetworkOptions {
  /// Runs a job that draws pictures, or says in a dry run what it would draw.
  ///
  /// - Parameters:
  ///   - job: The job.
  ///   - settings: What the network's summary has to say something about.
  ///   - count: How many pictures are drawn.
  ///   - words: The pictures, as a dry run calls them.
  ///   - outdir: The folder that they go into.
  ///   - report: How the outcome is printed.
  ///   - showing: Whether a terminal shows it.
  /// - Throws: What the job throws; `Interruption`.
  func draw(
    _ job: some PictureJob, _ settings: PictureSettings, count: Int, words: String,
    into outdir: String, _ report: ReportOptions, _ showing: ShowOptions
  ) async throws {
    let summary = try summary(for: settings)
    try job.check(summary.traits)
    try OutputFolder.check(outdir)
    if report.isDryRun {
      try report.print(
        Outcome(network: summary, count: count),
        lines: ["would make \(words) in \(outdir) from \(summary.origin)"])
      return
    }
    let (source, threads) = (source, threads)
    let written = try await interruptible(leaving: "every file written so far is whole") {
      let host = try NetworkOptions.open(source, threads: threads)
      let folder = try OutputFolder(making: outdir)
      return try await job.run(on: host, into: folder, progress: ProgressReporter().show)
    }
    try report.print(
      Outcome(network: summary, count: count, files: written), lines: written.map(\.file))
    showing.show(written)
  }
}

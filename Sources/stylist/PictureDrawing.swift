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
    let made = try await make(job, settings, count: count, words: words, into: outdir, report)
    guard let (summary, written) = made else { return }
    try report.print(
      Outcome(network: summary, count: count, files: written), lines: written.map(\.file))
    showing.show(written)
  }

  /// Runs a job with a generator, or says in a dry run what it would make.
  ///
  /// - Parameters:
  ///   - job: The job.
  ///   - settings: What the network's summary has to say something about.
  ///   - count: How many pictures are made.
  ///   - words: The pictures, as a dry run calls them.
  ///   - outdir: The folder that they go into.
  ///   - report: How a dry run is printed.
  /// - Returns: The network, and what was made; nil in a dry run.
  /// - Throws: What the job throws; `Interruption`.
  func make<Job: GeneratorJob>(
    _ job: Job, _ settings: PictureSettings, count: Int, words: String, into outdir: String,
    _ report: ReportOptions
  ) async throws -> (NetworkSummary, Job.Made)? {
    let summary = try checked(job, settings, into: outdir)
    if report.isDryRun {
      try report.print(
        Outcome(network: summary, count: count),
        lines: ["would make \(words) in \(outdir) from \(summary.origin)"])
      return nil
    }
    return (summary, try await run(job, into: outdir))
  }

  /// Checks all that a job with a generator needs, and says what is questionable.
  ///
  /// - Parameters:
  ///   - job: The job.
  ///   - settings: What the network's summary has to say something about.
  ///   - outdir: The folder that files go into.
  /// - Returns: The network.
  /// - Throws: What `check` of the job throws; as opening the network's file throws.
  func checked(
    _ job: some GeneratorJob, _ settings: PictureSettings, into outdir: String
  ) throws -> NetworkSummary {
    let summary = try summary(for: settings)
    try job.check(summary.traits)
    try job.remarks.forEach(say)
    try OutputFolder.check(outdir)
    return summary
  }

  /// Runs a job with a generator.
  ///
  /// - Parameters:
  ///   - job: The job.
  ///   - outdir: The folder that files go into.
  /// - Returns: What was made.
  /// - Throws: What the job throws; `Interruption`.
  func run<Job: GeneratorJob>(_ job: Job, into outdir: String) async throws -> Job.Made {
    let (source, threads) = (source, threads)
    return try await interruptible(leaving: "every file written so far is whole") {
      let host = try NetworkOptions.open(source, threads: threads)
      let folder = try OutputFolder(making: outdir)
      return try await job.run(on: host, into: folder, progress: ProgressReporter().show)
    }
  }
}

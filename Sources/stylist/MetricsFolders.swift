// `stylist metrics folders`: one set of pictures against another.

import ArgumentParser
import Workbench

/// Compares two sets of pictures.
struct MetricsFolders: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "folders",
    abstract: "Compare pictures with reference pictures.",
    discussion: """
      EXAMPLES
        stylist metrics folders fakes reals --inception=inception-2015-12-05.pt
        stylist metrics folders fakes reals.zip --metrics=fid,kid,is,pr \\
          --inception=inception-2015-12-05.pt --vgg=vgg16.pt --json

      fid, kid and is compare features of Inception, pr those of VGG-16. Where a
      protocol is that of a published program, numbers agree with it: legacy with
      stylegan2-ada-pytorch and stylegan3, clean with clean-fid, pytorch-fid and
      torch-fidelity with those. The reference may be a .npz file of mu and sigma
      that one of these wrote; then only fid can be measured. fid-portraits and
      kid-portraits compare features of a classifier of little portraits that
      comes with the program; they compare with one another alone.

      Features are kept in --cache, by the content of pictures and weights: an
      interrupted run goes on where it was, and references are computed once.
      With --max-fid the exit code is 2 if the distance is larger.
      """)

  @Argument(help: "The pictures that are judged: a folder or zip archive.", completion: .file())
  var pictures: String

  @Argument(
    help: "What they are compared with: a folder, a zip archive, or a .npz file of moments.",
    completion: .file())
  var reference: String

  @Option(
    help: ArgumentHelp(
      "What is measured, with commas between: fid, kid, is, pr, fid-portraits, kid-portraits.",
      valueName: "list"))
  var metrics = "fid"

  @Option(
    help: ArgumentHelp("The pictures in each of KID's 100 subsets.", valueName: "count"))
  var kidSubsetSize = 1000

  @OptionGroup var rules: MetricRuleOptions
  @OptionGroup var limit: DistanceLimitOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    let job = try job()
    if report.isDryRun {
      let plan = try job.plan()
      try report.print(
        DryRun(pictures: plan.pictures, reference: plan.reference),
        lines: [
          "would compare \(counted(plan.pictures, "picture")) with "
            + (plan.reference.map { counted($0, "picture") } ?? reference)
        ])
      return
    }
    let outcome = try await interruptible(leaving: rules.leaving) {
      try await job.run(progress: ProgressReporter().show)
    }
    outcome.remarks.forEach(say)
    try report.print(outcome, lines: outcome.lines)
    try limit.checkDistance(outcome.results["fid"])
  }

  /// What `-n` prints as JSON.
  private struct DryRun: Encodable {
    let pictures: Int
    let reference: Int?
    var dryRun = true
  }

  private func job() throws -> MetricsFoldersJob {
    try threadOptions.check()
    var job = MetricsFoldersJob(
      pictures, reference: reference, networks: rules.networks(),
      rule: try MetricRules.named(rules.rule))
    job.threads = threadOptions.threads
    job.metrics = try metrics.split(separator: ",").map { name throws(UsageError) in
      guard let metric = MetricsFoldersJob.Metric(rawValue: String(name)) else {
        throw UsageError(
          "--metrics: expected fid, kid, is, pr, fid-portraits or kid-portraits, found \(name)")
      }
      return metric
    }
    guard (2...1_000_000).contains(kidSubsetSize) else {
      throw UsageError("--kid-subset-size: expected 2 to 1000000, found \(kidSubsetSize)")
    }
    try rules.check()
    try limit.check(hasDistance: job.metrics.contains(.fid))
    job.subsets.size = kidSubsetSize
    (job.seed, job.cache) = (rules.seed, rules.cachePath)
    try job.check()
    return job
  }
}

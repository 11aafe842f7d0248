// `stylist metrics disentanglement`: the StyleGAN paper's study of latents, of any network.

import ArgumentParser
import Workbench

/// Measures how far latents are disentangled.
struct MetricsDisentanglement: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disentanglement",
    abstract: "Study how far latents are disentangled: tables, plots.",
    usage: "stylist metrics disentanglement --network=<file> --outdir=<folder> ...",
    discussion: """
      EXAMPLES
        stylist metrics disentanglement --network=stylegan2-portraits64 \\
          --paths=10000 --judged=10000 --pictures=10000 --outdir=out
        stylist metrics disentanglement --network=runs/00003-auto-cats \\
          --network=runs/00004-auto-cats --inception=inception-2015-12-05.pt \\
          --vgg=vgg16.pt --outdir=out
        stylist metrics disentanglement --network=ffhq.pkl --data=ffhq.zip \\
          --inception=inception-2015-12-05.pt --vgg=vgg16.pt \\
          --attributes=classifiers --outdir=out -n

      Measures what the StyleGAN paper compares networks by: path lengths in Z and
      W, anywhere on paths and at their ends; how well planes in Z and W part
      pictures by attributes; the distance from --data while each picture is mixed
      of 1, 2, 3, 4 latents. Several networks become columns of one table, such as
      those trained with and without style mixing; of a training's folder the
      newest network is meant.

      What the weights at hand do not allow is left out, and said. Networks that
      learned --data=portraits need none: a classifier of portraits that comes with
      the program stands in, and numbers are called ppl_wend-portraits and
      fid-portraits, which compare with one another alone.

      A picture of several latents has that of its own seed in the coarsest rows of
      W+, and those of other seeds from random rows on; seeds and rows follow from
      its own seed. Each latent more adds one, and keeps the others.

      Writes disentanglement.json, disentanglement.md, path-lengths.png,
      separability.png, mixing.png, and sheets of mixed pictures. Features are kept
      in --cache: an interrupted study goes on where it was.
      """)

  @Option(
    help: ArgumentHelp(
      "A file, the name of a model that comes with the program, or a training's folder; may be given again.",
      valueName: "file"), completion: .checkpoint)
  var network: [String] = []

  @OptionGroup var folderOptions: FolderOptions

  @Option(
    help: ArgumentHelp(
      "What pictures are compared with: a folder or .zip of pictures of one size, or portraits (default: as in training).",
      valueName: "source"), completion: .pictures)
  var data: String?

  @Option(
    help: ArgumentHelp(
      "The paths of each path length.", valueName: "count"))
  var paths = DisentanglementJob.Counts().paths

  @Option(
    help: ArgumentHelp(
      "The pictures that classifiers judge.", valueName: "count"))
  var judged = DisentanglementJob.Counts().judged

  @Option(
    help: ArgumentHelp(
      "The pictures of each distance.", valueName: "count"))
  var pictures = DisentanglementJob.Counts().pictures

  @Option(
    help: ArgumentHelp(
      "The most latents of a picture, 1 to 9.", valueName: "count"))
  var latents = DisentanglementJob.Counts().latents

  @OptionGroup var rules: MetricRuleOptions
  @OptionGroup var judges: LatentJudgeOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    let (job, outdir) = (try job(), folderOptions.outdir)
    let plan = try job.plan()
    try OutputFolder.check(outdir)
    try OutputFolder.check(outdir, writing: plan.files, over: plan.inputs)
    if report.isDryRun {
      try report.print(DryRun(plan: plan), lines: plan.lines)
      return
    }
    let folder = try OutputFolder(making: outdir)
    let outcome = try await interruptible(leaving: rules.leaving) {
      try await job.run(into: folder, progress: ProgressReporter().show)
    }
    outcome.remarks.forEach(say)
    try report.print(outcome, lines: outcome.lines)
  }

  /// What `-n` prints as JSON.
  private struct DryRun: Encodable {
    let plan: DisentanglementJob.Plan
    var dryRun = true
  }

  private func job() throws -> DisentanglementJob {
    guard !network.isEmpty else { throw UsageError("give --network=FILE") }
    try threadOptions.check()
    try rules.check()
    var job = DisentanglementJob(
      network, weights: rules.networks(judges), command: commandLine(spelling))
    (job.counts.paths, job.counts.judged) = (paths, judged)
    (job.counts.pictures, job.counts.latents) = (pictures, latents)
    (job.data, job.rule) = (data, try MetricRules.named(rules.rule))
    (job.seed, job.cache, job.threads) = (rules.seed, rules.cachePath, threadOptions.threads)
    return job
  }

  /// The command, as it would be typed.
  private var spelling: [String] {
    let usual = DisentanglementJob.Counts()
    let numbers: [String?] = [
      data.map { "--data=\($0)" },
      paths == usual.paths ? nil : "--paths=\(paths)",
      judged == usual.judged ? nil : "--judged=\(judged)",
      pictures == usual.pictures ? nil : "--pictures=\(pictures)",
      latents == usual.latents ? nil : "--latents=\(latents)",
      judges.lpipsHeads.map { "--lpips-heads=\($0)" },
      judges.attributes.map { "--attributes=\($0)" },
    ]
    return ["metrics", "disentanglement"] + network.map { "--network=\($0)" }
      + numbers.compactMap(\.self) + rules.spelling + folderOptions.spelling
  }
}

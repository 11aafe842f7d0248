// `stylist train ladder`: trainings that differ in one thing each, and the table of what came of it.

import ArgumentParser
import Workbench

/// Trains the rungs of a ladder at the same budget, and compares them.
struct TrainLadder: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ladder",
    abstract: "Train what differs in one thing each, and compare.",
    usage: "stylist train ladder <ladder> --outdir=<folder> ...",
    discussion: """
      EXAMPLES
        stylist train ladder stylegan --data=portraits --res=32 --cbase=512 \\
          --stable-kimg=5 --fade-kimg=5 --kimg=30 --seeds=0-2 --outdir=ladder
        stylist train ladder styleformer --data=cats.zip --kimg=1000 \\
          --metrics=fid10k_full --inception=inception-2015-12-05.pt --outdir=ladder
        stylist train ladder mine.txt --data=portraits --outdir=ladder -n

      stylegan     configurations A to F of the paper's Table 1
      styleformer  demodulation, second branch, normalisation, feed-forward
                   networks, and the width of heads, each changed alone
      stylenat     dilations and partitions of the heads, and mirrored pictures
      or a file    a line for each rung, such as `narrow: --cfg=auto --cbase=8192`

      All options but --seeds and --outdir are those of train gan, and hold for all
      rungs; those of a rung come after them. Each rung is trained from each seed,
      in a folder such as OUTDIR/config-a-seed0. Given again, the command goes on
      with what is left, and with a larger --kimg or more --seeds it adds to it.

      Writes ladder.md and ladder.json: the metric of each rung at its end, mean and
      deviation over the seeds, and how it compares with the first rung; curves.png;
      and pictures.png, pictures of the same seeds in a row for each rung.
      """)

  @Argument(
    help: ArgumentHelp("stylegan, styleformer, stylenat, or a file with rungs."),
    completion: .file())
  var ladder: String

  @OptionGroup var folderOptions: FolderOptions

  @Option(
    help: ArgumentHelp(
      "Where random numbers start, such as 0-2: each rung is trained once from each.",
      valueName: "list"),
    transform: SeedList.parseEachOnce)
  var seeds = SeedList(seeds: [0], text: "0")

  @OptionGroup(title: "DATA") var data: TrainingDataOptions
  @OptionGroup(title: "RECIPE") var recipe: RecipeOptions
  @OptionGroup(title: "AUGMENTATION") var augmentation: AugmentationOptions
  @OptionGroup(title: "SCHEDULE") var schedule: ScheduleOptions
  @OptionGroup(title: "METRICS") var metrics: TrainingMetricOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    try await train(try job(), report)
  }

  /// What portraits are compared by, unless people say otherwise.
  private static let usualMetric = "fid-portraits5k"

  private func job() throws -> LadderJob {
    try threadOptions.check()
    var common = TrainGANRequest()
    common.threads = threadOptions.threads
    common.data = data.request(isNew: true)
    recipe.fill(&common)
    augmentation.fill(&common)
    common.schedule = schedule.request
    var metrics = metrics
    if metrics.metrics == nil, data.data == "portraits" { metrics.metrics = Self.usualMetric }
    common.metrics = try metrics.job()
    let ladder = try Ladder(ladder, among: Ladder.ofGenerators)
    let rungs = try ladder.rungs.map { rung in
      var request = common
      try GANRungOptions.parsed(rung).fill(&request)
      return LadderJob.Rung(rung.name, options: rung.options, request: request)
    }
    return LadderJob(
      name: ladder.name, rungs: rungs, seeds: seeds.seeds, outdir: folderOptions.outdir,
      command: ownCommandLine())
  }
}

extension AsyncParsableCommand {
  /// Trains the rungs of a ladder, or says what that would be.
  ///
  /// - Parameters:
  ///   - job: The ladder.
  ///   - report: How results are printed, and whether anything is done.
  /// - Throws: What the trainings throw.
  func train(_ job: LadderJob, _ report: ReportOptions) async throws {
    if report.isDryRun {
      let plan = try await job.plan()
      try report.print(plan, lines: plan.lines)
      return
    }
    let reporter = TrainingReporter()
    let outcome = try await interruptible { try await job.run(reporter.show) }
    try report.print(outcome, lines: outcome.lines)
  }
}

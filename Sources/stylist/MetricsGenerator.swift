// `stylist metrics generator`: a generator's numbers under their published names.

import ArgumentParser
import Workbench

/// Measures a generator.
struct MetricsGenerator: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generator",
    abstract: "Measure a generator by the published metrics.",
    discussion: """
      EXAMPLES
        stylist metrics --network=cats.pkl --data=cats.zip --metrics=fid50k_full \\
          --inception=inception-2015-12-05.pt
        stylist metrics --network=cats.pkl --data=cats.zip \\
          --metrics=fid10k_full,kid10k_full,pr10k3_full \\
          --inception=inception-2015-12-05.pt --vgg=vgg16.pt --json
        stylist metrics --network=cats.pkl --metrics=ppl2_wend --vgg=vgg16.pt
        stylist metrics --network=faces.pkl --metrics=ls --samples=20000 \\
          --attributes=classifiers
        stylist metrics --network=stylegan2-portraits64 --data=portraits \\
          --metrics=fid-portraits10k

      fid50k_full compares 50,000 pictures with all of --data, fid10k_full
      10,000; without _full as many of --data are taken as are drawn, mirrored
      ones among them if training saw them. is50k needs no data. ppl_* are path
      lengths: in z or w, at the end or on the full path; all but ppl2_wend look
      at the middle of the picture only, where FFHQ has the face.

      fid-portraits and kid-portraits compare 50,000 little portraits, and
      fid-portraits10k fewer, with features of a classifier that comes with the
      program. They need no file, and compare with one another alone: they are no
      FID. So do ppl_wend-portraits and the like, of whole pictures, with
      perceptual-portraits64.

      A name with -mix2, such as fid10k_full-mix2, is of pictures that are mixed of
      two latents, and so up to nine; see stylist metrics disentanglement.

      ls says how well a plane in z (ls_z) or w (ls_w) parts pictures with an
      attribute from those without: 1 is without a mistake. Every attribute takes
      the half of the pictures of which a classifier is surest; --json has each
      attribute's share. It judges every picture once for each attribute, and
      compares only with figures of the same classifiers and --samples.

      Pictures are those of the seeds from --seed on, without truncation, with
      noise drawn anew for each; a generator with labels gets those of --data at
      random. By default the data is that of the training that made the network,
      in whose folder a line is added to metric-NAME.jsonl.

      Features are kept in --cache: an interrupted run goes on where it was. With
      --max-fid the exit code is 2 if the distance is larger.
      """)

  @OptionGroup var networkOptions: NetworkOptions

  @Option(
    help: ArgumentHelp(
      "What is measured, with commas between: fid50k_full, kid50k_full, pr50k3_full, is50k, ppl2_wend, ls, ppl_zfull, …, fid-portraits, kid-portraits, ppl_zfull-portraits, ….",
      valueName: "list"),
    completion: .list(MetricsGeneratorJob.published + MetricsGeneratorJob.portraits))
  var metrics = "fid50k_full"

  @Option(
    help: ArgumentHelp(
      "What pictures are compared with: a folder or .zip of pictures of one size, or portraits.",
      valueName: "source"), completion: .pictures)
  var data: String?

  @Flag(
    inversion: .prefixedNo,
    help: "Metrics without _full see the data mirrored, too (default: as in training, else no).")
  var mirror: Bool?

  @OptionGroup var rules: MetricRuleOptions
  @OptionGroup var limit: DistanceLimitOptions

  @OptionGroup var judges: LatentJudgeOptions

  @Option(
    help: ArgumentHelp(
      "The paths of a path length (default: 50000), or the pictures of ls (default: 200000).",
      valueName: "count"))
  var samples: Int?

  @Option(
    name: [.customLong("trunc"), .customLong("truncation-psi")],
    help: ArgumentHelp(
      "Truncation ψ of pictures; published figures have none.", valueName: "psi"))
  var trunc = 1.0

  @Option(
    help: ArgumentHelp(
      "Noise: random, drawn anew for each picture; const, stored with the network; none.",
      valueName: "mode"))
  var noiseMode = NoiseKind.random

  @OptionGroup var report: ReportOptions

  func run() async throws {
    let job = try job()
    let network = networkOptions.network
    if report.isDryRun {
      let summary = try networkOptions.source.summary()
      try job.check(summary.traits)
      try report.print(
        DryRun(network: summary, metrics: job.metricNames, data: job.data?.source),
        lines: ["would measure \(summary.origin):"]
          + job.planLines.map { "  \($0)" })
      return
    }
    try job.check(networkOptions.source.summary().traits)
    let host = try NetworkOptions.open(networkOptions.source, threads: networkOptions.threads)
    let outcome = try await interruptible(leaving: rules.leaving) {
      try await host.measure(job, progress: ProgressReporter().show)
    }
    outcome.remarks.forEach(say)
    try report.print(outcome, lines: outcome.lines)
    if let network {
      let added = try outcome.addToLogs(of: network)
      added.logs.forEach { say("added to \($0)") }
      added.remarks.forEach(say)
    }
    try limit.checkDistance(outcome.frechetDistance)
  }

  /// What `-n` prints as JSON.
  private struct DryRun: Encodable {
    let network: NetworkSummary
    let metrics: [String]
    let data: String?
    var dryRun = true
  }

  private func job() throws -> MetricsGeneratorJob {
    try networkOptions.check()
    var job = MetricsGeneratorJob(
      try MetricsGeneratorJob.recipes(metrics, samples: samples), data: try comparedWith(),
      networks: rules.networks(judges))
    (job.rule, job.seed, job.cache) = (
      try MetricRules.named(rules.rule), rules.seed, rules.cachePath
    )
    job.settings.truncationPsi = trunc
    job.settings.noise = noiseMode
    try rules.check()
    try limit.check(hasDistance: job.hasFrechetDistance)
    return job
  }

  private func comparedWith() throws -> MetricData? {
    var found =
      try data.map { MetricData($0) }
      ?? networkOptions.network.flatMap { try MetricData(ofTrainingOf: $0) }
    if let mirror { found?.mirror = mirror }
    return found
  }
}

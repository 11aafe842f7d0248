// `stylist metrics folders`: one set of pictures against another.

import ArgumentParser
import Foundation
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
      that one of these wrote; then only fid can be measured.

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
      "What is measured, with commas between: fid, kid, is, pr.", valueName: "list"))
  var metrics = "fid"

  @Option(
    name: .customLong("protocol"),
    help: ArgumentHelp(
      "Whose rules: \(MetricsFolders.protocols.joined(separator: ", ")).", valueName: "name"),
    completion: .list(MetricsFolders.protocols))
  var rule = MetricsFoldersJob.protocols[0]

  @Option(
    help: ArgumentHelp(
      "Inception-v3: NVIDIA's inception-2015-12-05.pt, or pytorch-fid's .pth.", valueName: "file"),
    completion: .checkpoint)
  var inception: String?

  @Option(
    help: ArgumentHelp(
      "VGG-16 for pr: NVIDIA's vgg16.pt, or torchvision's vgg16-397923af.pth.", valueName: "file"),
    completion: .checkpoint)
  var vgg: String?

  @Option(
    help: ArgumentHelp("The pictures in each of KID's 100 subsets.", valueName: "count"))
  var kidSubsetSize = 1000

  @Option(
    help: ArgumentHelp(
      "The seed of what is chosen at random (default: 0; torch-fidelity: 2020).",
      valueName: "seed"))
  var seed: UInt32?

  @Option(
    help: ArgumentHelp(
      "The folder that keeps features (default: ~/.cache/stylist).", valueName: "folder"),
    completion: .directory)
  var cache: String?

  @Flag(help: "Keep no features.")
  var noCache = false

  @Option(help: ArgumentHelp("The largest FID that is good enough.", valueName: "number"))
  var maxFid: Double?

  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var report: ReportOptions

  private static let protocols = MetricsFoldersJob.protocols

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
    let outcome = try await interruptible(leaving: "features computed so far are kept") {
      try await job.run(progress: ProgressReporter().show)
    }
    outcome.remarks.forEach(say)
    try report.print(outcome, lines: outcome.lines)
    if let maxFid, let fid = outcome.results["fid"], !(fid <= maxFid) {
      throw CheckFailure("fid: expected at most \(maxFid), found \(fid)")
    }
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
      pictures, reference: reference,
      networks: FeatureNetworkFiles(inception: inception, vgg: vgg))
    try job.setProtocol(rule)
    job.threads = threadOptions.threads
    job.metrics = try metrics.split(separator: ",").map { name throws(UsageError) in
      guard let metric = MetricsFoldersJob.Metric(rawValue: String(name)) else {
        throw UsageError("--metrics: expected fid, kid, is or pr, found \(name)")
      }
      return metric
    }
    guard (2...1_000_000).contains(kidSubsetSize) else {
      throw UsageError("--kid-subset-size: expected 2 to 1000000, found \(kidSubsetSize)")
    }
    guard maxFid == nil || job.metrics.contains(.fid) else {
      throw UsageError("--max-fid goes with --metrics=fid")
    }
    guard cache == nil || !noCache else { throw UsageError("--cache and --no-cache contradict") }
    job.seed = seed
    job.subsets.size = kidSubsetSize
    job.cache = noCache ? nil : cache ?? Self.usualCache
    try job.check()
    return job
  }

  /// Where features are kept unless another folder is named.
  private static var usualCache: String {
    let environment = ProcessInfo.processInfo.environment
    let base = environment["XDG_CACHE_HOME"] ?? "\(NSHomeDirectory())/.cache"
    return "\(base)/stylist"
  }
}

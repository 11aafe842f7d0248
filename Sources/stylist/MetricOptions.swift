// Options that the commands about metrics share.

import ArgumentParser
import Foundation
import Workbench

/// By which rules metrics are computed, and with which networks.
struct MetricRuleOptions: ParsableArguments {
  @Option(
    name: .customLong("protocol"),
    help: ArgumentHelp(
      "Whose rules: \(MetricRules.protocols.joined(separator: ", ")).", valueName: "name"),
    completion: .list(MetricRules.protocols))
  var rule = MetricRules.protocols[0]

  @Option(
    help: ArgumentHelp(
      "Inception-v3: NVIDIA's inception-2015-12-05.pt, or pytorch-fid's .pth.", valueName: "file"),
    completion: .checkpoint)
  var inception: String?

  @Option(
    help: ArgumentHelp(
      "VGG-16 for pr and ppl: NVIDIA's vgg16.pt; for pr also torchvision's vgg16-397923af.pth.",
      valueName: "file"),
    completion: .checkpoint)
  var vgg: String?

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

  /// Checks what can be known without looking at any file.
  ///
  /// - Throws: `UsageError` about options that contradict.
  func check() throws(UsageError) {
    guard cache == nil || !noCache else { throw UsageError("--cache and --no-cache contradict") }
  }

  /// The files of the networks.
  ///
  /// - Parameter judges: Those that judge pictures of latents.
  /// - Returns: The files.
  func networks(_ judges: LatentJudgeOptions? = nil) -> FeatureNetworkFiles {
    FeatureNetworkFiles(
      inception: inception, vgg: vgg, lpipsHeads: judges?.lpipsHeads,
      attributes: judges?.attributes)
  }

  /// The folder that keeps features; nil for none.
  var cachePath: String? { noCache ? nil : cache ?? usualMetricCache }

  /// The options that decide numbers, as they would be typed.
  var spelling: [String] {
    [
      rule == MetricRules.protocols[0] ? nil : "--protocol=\(rule)",
      inception.map { "--inception=\($0)" }, vgg.map { "--vgg=\($0)" },
      seed.map { "--seed=\($0)" },
    ].compactMap(\.self)
  }

  /// What an interruption leaves.
  var leaving: String {
    noCache ? "nothing was kept" : "features computed so far are kept"
  }
}

/// How small a distance has to be.
struct DistanceLimitOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The largest FID that is good enough.", valueName: "number"))
  var maxFid: Double?

  /// Checks what can be known without looking at any file.
  ///
  /// - Parameter hasDistance: Whether a Fréchet distance is measured.
  /// - Throws: `UsageError` about options that contradict.
  func check(hasDistance: Bool) throws(UsageError) {
    guard let maxFid else { return }
    guard hasDistance else { throw UsageError("--max-fid goes with fid in --metrics") }
    guard maxFid.isFinite, maxFid >= 0 else {
      throw UsageError("--max-fid: expected a number of at least 0, found \(plain(maxFid))")
    }
  }

  /// Ends with the exit code of a failed check if the distance is larger than is good enough.
  ///
  /// - Parameter distance: The distance, if one was measured.
  /// - Throws: `CheckFailure`.
  func checkDistance(_ distance: Double?) throws {
    guard let maxFid, let distance, !(distance <= maxFid) else { return }
    throw CheckFailure("fid: expected at most \(maxFid), found \(distance)")
  }
}

/// The networks that judge pictures of latents, beside those of the rules.
struct LatentJudgeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The published heads of LPIPS, if --vgg is torchvision's: vgg.pth.", valueName: "file"),
    completion: .checkpoint)
  var lpipsHeads: String?

  @Option(
    help: ArgumentHelp(
      "Classifiers for ls: a folder with NVIDIA's celebahq-classifier-00-male.pkl and so on, or one file that tells several attributes: attributes-portraits64.",
      valueName: "path"), completion: .checkpoint)
  var attributes: String?
}

/// Where features are kept unless another folder is named.
var usualMetricCache: String {
  let environment = ProcessInfo.processInfo.environment
  let base = environment["XDG_CACHE_HOME"] ?? "\(NSHomeDirectory())/.cache"
  return "\(base)/stylist"
}

/// What a training measures of its snapshots.
struct TrainingMetricOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Measure every snapshot, with commas between: fid10k_full, kid10k_full, …, fid-portraits1k (default: none).",
      valueName: "list"),
    completion: .list(
      MetricsGeneratorJob.published.filter { $0 != "ls" } + MetricsGeneratorJob.portraits))
  var metrics: String?

  @Option(
    help: ArgumentHelp(
      "For --metrics: NVIDIA's inception-2015-12-05.pt, or pytorch-fid's .pth.",
      valueName: "file"), completion: .checkpoint)
  var inception: String?

  @Option(
    help: ArgumentHelp(
      "For --metrics=pr… and ppl…: NVIDIA's vgg16.pt.", valueName: "file"),
    completion: .checkpoint)
  var vgg: String?

  @Option(
    help: ArgumentHelp(
      "For --metrics: the folder that keeps features of the data (default: ~/.cache/stylist).",
      valueName: "folder"),
    completion: .directory)
  var cache: String?

  /// What is measured; nil for nothing.
  func job() throws -> MetricsGeneratorJob? {
    guard let metrics else {
      guard inception == nil && vgg == nil && cache == nil else {
        throw UsageError("--inception, --vgg and --cache go with --metrics")
      }
      return nil
    }
    var job = MetricsGeneratorJob(
      try MetricsGeneratorJob.recipes(metrics), data: nil,
      networks: FeatureNetworkFiles(inception: inception, vgg: vgg))
    guard !job.hasSeparability else {
      throw UsageError("--metrics: ls is measured after a training, with stylist metrics")
    }
    (job.cache, job.keepsDrawn) = (cache ?? usualMetricCache, false)
    return job
  }
}

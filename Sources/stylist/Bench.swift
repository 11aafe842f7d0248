// `stylist bench`: how fast networks are on this machine.

import ArgumentParser
import Workbench

/// Times networks.
struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how fast networks are on this machine.",
    discussion: """
      EXAMPLES
        stylist bench generate --cfg=stylenat-ffhq256
        stylist bench generate --cfg=stylegan2-256 --batch=8 --json
        stylist bench encode --cfg=style-transformer
        stylist bench train --cfg=auto --res=64 --batch=16
        stylist bench tables --lines=lines.jsonl --outdir=out

      Networks have random weights: what they compute takes as long as with
      others. Beside the time stand the memory, and the share of what this machine
      computes at best, measured after it in the same program, for some seconds.
      """,
    subcommands: [
      BenchGenerate.self, BenchEncode.self, BenchTrain.self, BenchTables.self,
    ])
}

/// Times a generator.
struct BenchGenerate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Time a generator, from z to images.",
    usage: """
      stylist bench generate --cfg=<name> [<options>]
      stylist bench generate --network=<file> [<options>]
      """,
    discussion: """
      EXAMPLES
        stylist bench generate --cfg=stylenat-ffhq256
        stylist bench generate --cfg=styleformer-cifar10 --batch=8 --threads=1
        stylist bench generate --cfg=stylegan2-256 --dtype=bfloat16 --json
        stylist bench generate --cfg=styleswin-ffhq256 --dtype=bfloat16 --psnr
        stylist bench generate --network=stylegan2-portraits64 --batch=8
      """)

  @Option(
    help: ArgumentHelp(
      "A configuration that `stylist model list` shows: stylegan2-256, stylenat-ffhq256, …",
      valueName: "name"), completion: .list(KnownNames.configurations))
  var cfg: String?

  @Option(
    help: ArgumentHelp(
      "Instead, the generator of a file, or of a model that comes with the program.",
      valueName: "file"), completion: .checkpoint)
  var network: String?

  @OptionGroup var size: BenchSizeOptions

  @Flag(
    help: ArgumentHelp(
      "Attention among all pixels, for StyleSwin (up to 64 pixels) and Styleformer-L."))
  var fullAttention = false

  @Flag(
    help: "Also compare 16 pictures with those in float32, by their peak signal-to-noise ratio.")
  var psnr = false

  @OptionGroup var options: BenchOptions

  func run() async throws {
    guard (network == nil) != (cfg == nil) else {
      throw UsageError("give either --cfg=NAME or --network=FILE")
    }
    if let cfg {
      guard !KnownNames.encoders.contains(cfg) else {
        throw UsageError("--cfg=\(cfg) is an encoder: `stylist bench encode --cfg=\(cfg)` times it")
      }
      try checkConfiguration(cfg, among: KnownNames.configurations)
    }
    guard network == nil || (size.resolution == nil && !fullAttention) else {
      throw UsageError("--res and --full-attention go with --cfg, not with --network")
    }
    var job = BenchJob(
      .generate, configuration: cfg ?? network ?? "", resolution: size.resolution)
    job.network = network
    (job.hasFullAttention, job.comparesPictures) = (fullAttention, psnr)
    try await options.run(job)
  }
}

/// Times an encoder.
struct BenchEncode: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode",
    abstract: "Time an encoder, from images to W+.",
    usage: "stylist bench encode --cfg=<name> [<options>]",
    discussion: """
      EXAMPLES
        stylist bench encode --cfg=style-transformer
        stylist bench encode --cfg=style-transformer --batch=8 --json
      """)

  @Option(
    help: ArgumentHelp(
      "An encoder: \(KnownNames.encoders.joined(separator: ", ")).",
      valueName: "name"), completion: .list(KnownNames.encoders))
  var cfg: String

  @OptionGroup var options: BenchOptions

  func run() async throws {
    try checkConfiguration(cfg, among: KnownNames.encoders)
    try await options.run(BenchJob(.encode, configuration: cfg))
  }
}

/// Times a training.
struct BenchTrain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Time the phases of an iteration of training.",
    usage: "stylist bench train --cfg=<name> [<options>]",
    discussion: """
      EXAMPLES
        stylist bench train --cfg=auto --res=64 --batch=16
        stylist bench train --cfg=paper256 --res=256 --batch=4 --rounds=3 --json

      Each phase is timed by itself, on pictures of random numbers; the time of an
      image counts each as often as it runs.
      """)

  @Option(
    help: ArgumentHelp(
      "A recipe of stylist train gan, such as auto, paper256 or styleswin (default: auto).",
      valueName: "name"), completion: .list(KnownNames.recipes))
  var cfg = "auto"

  @OptionGroup var size: BenchSizeOptions

  @Option(
    name: .customLong("cbase"),
    help: ArgumentHelp(
      "Features at 1×1, of which each resolution has its share (default: the recipe's).",
      valueName: "count"))
  var channelBase: Int?

  @Option(
    name: .customLong("cmax"),
    help: ArgumentHelp("The most features of a layer (default: the recipe's).", valueName: "count"))
  var channelMax: Int?

  @OptionGroup var options: BenchOptions

  func run() async throws {
    try checkConfiguration(cfg, among: KnownNames.recipes)
    try await options.run(
      BenchJob(
        .train(channelBase: channelBase, channelMax: channelMax), configuration: cfg,
        resolution: size.resolution))
  }
}

/// How large the images are.
struct BenchSizeOptions: ParsableArguments {
  @Option(
    name: .customLong("res"),
    help: ArgumentHelp(
      "Width and height in pixels (default: the configuration's own; in training 64).",
      valueName: "pixels"))
  var resolution: Int?
}

/// How something is timed.
struct BenchOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Images that are computed together, 1 to 1024.", valueName: "count"))
  var batch = 1

  @Option(
    help: ArgumentHelp("The number format: float32 or bfloat16.", valueName: "format"))
  var dtype = Precision.float32

  @OptionGroup var threadOptions: ThreadOptions

  @Option(
    help: ArgumentHelp(
      "How many times, 1 to 10000, after a first time that does not count.", valueName: "count"))
  var rounds = 5

  @OptionGroup var output: OutputOptions

  /// Times the work, and prints what was measured.
  func run(_ job: BenchJob) async throws {
    try threadOptions.check()
    var timed = job
    (timed.batch, timed.precision, timed.threads, timed.rounds) = (
      batch, dtype, threadOptions.threads, rounds
    )
    let job = timed
    let report = try await interruptible { try job.run(progress: ProgressReporter().show) }
    if report.equalsFloat32 == true {
      say(
        "\(job.configuration) is computed in float32 on this machine, whatever the format: "
          + "it has no layers in \(dtype.rawValue), or float32 is quicker")
    }
    try output.print(report, lines: report.lines)
  }
}

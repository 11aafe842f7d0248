// `stylist invert`: the codes of photographs, found by an encoder, by a search, or by both.

import ArgumentParser
import Workbench

/// Finds the codes of photographs.
struct Invert: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find the codes of photographs, and show what becomes of them.",
    usage: """
      stylist invert --data=<path> --encoder=<file> [--network=<file>]
        --outdir=<folder> [<options>]
      """,
    discussion: """
      EXAMPLES
        stylist invert --encoder=psp_ffhq_encode.pt --data=faces --outdir=out
        stylist invert --encoder=e4e_ffhq_encode.pt --data=face.jpg \\
          --refine-steps=100 --tune-generator --outdir=out
        stylist invert --network=ffhq.pkl --data=faces --refine-steps=1000 \\
          --space=w+ --outdir=out

      An encoder finds a code in one pass; a search (--refine-steps) brings it
      nearer, and starts at the mean of w without an encoder; tuning moves the
      generator itself, a copy for each photograph. Without --network codes are
      drawn by the generator in the encoder's file. Noise is the network's own, so
      that pictures are the same every time. Encoders of faces want aligned ones
      (stylist align), and take all of a picture whatever its proportions.

      Writes NAME-inverted.png, NAME-compared.png, NAME-tuned.safetensors, and of
      all: grid.png, metrics.json, and codes.safetensors for generate
      --projected-w and edit direction --latents. Photographs that cannot be used
      are said at the end, with the exit code of the first.

      In the table, L2 is the mean squared difference in [-1, 1] at 256 pixels, or
      at the picture's own size if it is smaller. LPIPS and identity are measured if
      weights are given: alexnet-owt-7be5be79.pth of torchvision with alex.pth of
      LPIPS, and model_ir_se50.pth or CurricularFace_Backbone.pth.

      Searches and tuning lessen --distance. pyramid: the mean squared difference of
      colours and of their changes from pixel to pixel, at every scale; it needs no
      weights. l2: that of colours alone. lpips: LPIPS at 256 pixels by the network
      of --lpips-backbone. A search ends with the code after its last step. Its
      first step is one of learning rate 0, so --refine-steps=1 moves nothing, and
      without an encoder fewer than 20 may end worse than they began.
      """)

  @OptionGroup var photographs: PhotographOptions
  @OptionGroup var networkOptions: NetworkOptions

  @Option(
    help: ArgumentHelp(
      "Without an encoder: search in w or w+ (default: w). From an encoder's code it is w+.",
      valueName: "space"),
    completion: .list(["w", "w+"]))
  var space: String?

  @Option(
    help: ArgumentHelp(
      "The largest learning rate of the search (default: 0.01 from an encoder's code, else 0.1).",
      valueName: "rate"))
  var learningRate: Double?

  @Option(
    help: ArgumentHelp(
      "How searches and tuning compare pictures: pyramid, l2, lpips, perceptual-portraits, or a file of train perceptual.",
      valueName: "name"),
    completion: .list(PictureDistance.names))
  var distance = PictureDistance.names[0]

  @OptionGroup var seedOptions: SearchSeedOptions
  @OptionGroup var classOptions: ClassOptions

  @Flag(help: "Tune the generator to each photograph, and write the tuned ones.")
  var tuneGenerator = false

  @Option(
    help: ArgumentHelp(
      "With --tune-generator: how often its weights are moved at most (default: 350).",
      valueName: "count"))
  var tuneSteps: Int?

  @Flag(
    help: """
      With --tune-generator: keep the pictures of codes nearby as they were, which takes two \
      to three times as long (default, as published: off).
      """)
  var tuneLocality = false

  @OptionGroup var judging: JudgingOptions

  @OptionGroup var folderOptions: FolderOptions

  @OptionGroup var showing: ShowOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    try checkOptions()
    let (source, outdir) = (try generator(), folderOptions.outdir)
    let job = try job(source)
    let summary = try source.summary()
    summary.notes(on: settings).forEach(say)
    try job.check(summary.traits, of: name, into: outdir)
    try OutputFolder.check(outdir)
    let count = job.photographs.count
    if let remark = job.photographs.remark { say(remark) }
    if report.isDryRun {
      let unusable = try job.unusable()
      let left = count - unusable.count
      try report.print(
        Outcome(network: summary, count: left),
        lines: [
          "would invert \(counted(left, "picture")) into \(outdir) \(words) with \(summary.origin)"
        ])
      try SomeFailed.check(unusable, of: count)
      return
    }
    let threads = networkOptions.threads
    let outcome = try await interruptible(leaving: "nothing was found yet") {
      let host = try NetworkOptions.open(source, threads: threads)
      let folder = try OutputFolder(making: outdir)
      return try await job.run(
        source, on: host, into: folder, progress: ProgressReporter().show)
    }
    try report.print(outcome, lines: outcome.lines)
    if let remark = outcome.remark, !outcome.pictures.isEmpty { say("note: \(remark)") }
    if showing.show, let sheet = outcome.sheet { showPicture(sheet) }
    try SomeFailed.check(outcome.failures, of: count)
  }

  private func checkOptions() throws {
    _ = try photographs.check()
    if space != nil, photographs.encoder != nil || (photographs.refineSteps ?? 0) == 0 {
      throw UsageError("--space goes with --refine-steps without --encoder")
    }
    if learningRate != nil, (photographs.refineSteps ?? 0) == 0 {
      throw UsageError("--learning-rate goes with --refine-steps")
    }
    guard tuneGenerator || !tuneLocality else {
      throw UsageError("--tune-locality goes with --tune-generator")
    }
    if let tuneSteps {
      guard tuneGenerator else { throw UsageError("--tune-steps goes with --tune-generator") }
      guard (1...1_000_000).contains(tuneSteps) else {
        throw UsageError("--tune-steps: expected 1 to 1000000, found \(tuneSteps)")
      }
    }
  }

  /// The generator: the one that is named, or else that in the encoder's file.
  private func generator() throws -> NetworkSource {
    guard networkOptions.network == nil, networkOptions.cfg == nil,
      let encoder = photographs.source
    else {
      try networkOptions.check()
      return networkOptions.source
    }
    try networkOptions.threadOptions.check()
    guard try encoder.holdsGenerator() else {
      throw UsageError("\(encoder.path) holds no generator for the codes; give --network=FILE")
    }
    return .file(encoder.path)
  }

  /// The generator as the command names it.
  private var name: String {
    networkOptions.network == nil && networkOptions.cfg == nil
      ? photographs.encoder ?? "" : networkOptions.name
  }

  /// How codes are found, in words.
  private var words: String {
    let steps = photographs.refineSteps ?? 0
    return [
      photographs.encoder.map { "by \($0)" }, steps > 0 ? "in \(counted(steps, "step"))" : nil,
      tuneGenerator ? "tuning in \(counted(tuneSteps ?? 350, "step"))" : nil,
    ].compactMap(\.self).joined(separator: ", ")
  }

  private var settings: PictureSettings {
    var settings = PictureSettings()
    settings.classIndex = classOptions.classIndex
    return settings
  }

  private func job(_ source: NetworkSource) throws -> InvertJob {
    let judges = try judging.files()
    let measure = try PictureDistance(named: distance, lpips: judges.lpips)
    var codes = try photographs.photographs(space: space, learningRate: learningRate)
    codes.search?.seed = seedOptions.seed
    (codes.distance, codes.classIndex) = (measure, classOptions.classIndex)
    var job = InvertJob(
      codes,
      provenance: Provenance(
        command: commandLine(spelling), network: name, seed: codes.search.map { "\($0.seed)" }))
    job.judges = judges
    if tuneGenerator { job.tuning = InvertJob.tuning(steps: tuneSteps ?? 350, measure) }
    if tuneLocality { job.localitySeed = seedOptions.seed }
    return job
  }

  /// The command as it would be typed.
  private var spelling: [String] {
    let more: [String?] = [
      space.map { "--space=\($0)" }, learningRate.map { "--learning-rate=\(plain($0))" },
      distance == PictureDistance.names[0] ? nil : "--distance=\(distance)",
      tuneGenerator ? "--tune-generator" : nil, tuneSteps.map { "--tune-steps=\($0)" },
      tuneLocality ? "--tune-locality" : nil,
    ]
    return ["invert"] + photographs.spelling + networkOptions.spelling + judging.spelling
      + more.compactMap(\.self) + seedOptions.spelling + classOptions.spelling
      + folderOptions.spelling
  }
}

// `stylist project`: the code of a photograph, sought by gradients.

import ArgumentParser
import Workbench

/// Seeks the code whose picture is nearest to a photograph.
struct Project: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Seek the code whose picture is nearest to a photograph.",
    usage: """
      stylist project --network=<file> --target=<picture> --outdir=<folder>
        [<options>]
      """,
    discussion: """
      EXAMPLES
        stylist project --network=stylegan2-portraits64 --target=face.png \\
          --num-steps=300 --outdir=out
        stylist project --network=ffhq.pkl --target=photo.jpg --space=w+ \\
          --save-video --outdir=out

      As NVIDIA's projector does it, for every family: from the mean of w on, the
      code and the noise images are moved against the gradient of the distance.
      The photograph's middle is brought to the size of the generator's pictures;
      networks of faces want aligned ones (stylist align).

      In w all layers share one w, which is the better to edit; in w+ each has its
      own, which comes nearer. Writes target.png, proj.png, distance.png,
      projected_w.npz for generate --projected-w, codes.safetensors with the noise
      and the generator's hash, and with --save-video proj.webp.

      The distance in the last line and in distance.png is what --distance names.
      pyramid: the mean squared difference of colours and of their changes from
      pixel to pixel, at every scale; it needs no weights. l2: that of colours
      alone, samples in [-1, 1]. lpips: LPIPS at 256 pixels, by the network of
      --lpips-backbone. Numbers of one kind say nothing about those of another.

      The learning rate rises from 0 over the first twentieth of the steps and falls
      to 0 over the last quarter, so a single step moves nothing, and fewer than 20
      may end farther away than they began. What is written is the code after the
      last step, as published, even where an earlier one was nearer. An interruption
      after the first step writes what was found so far, without the video.
      """)

  @OptionGroup var networkOptions: NetworkOptions

  @Option(
    help: ArgumentHelp("The photograph: PNG, JPEG or WebP.", valueName: "picture"),
    completion: .pictures)
  var target: String

  @Option(
    help: ArgumentHelp(
      "How often the code is moved; some hundred times, or 1000.", valueName: "count"))
  var numSteps = 1000

  @Option(
    help: ArgumentHelp("w or w+.", valueName: "space"),
    completion: .list(["w", "w+"]))
  var space = "w"

  @Option(
    help: ArgumentHelp(
      "How pictures are compared: pyramid, l2, lpips, perceptual-portraits, or a file of train perceptual.",
      valueName: "name"), completion: .list(PictureDistance.names))
  var distance = PictureDistance.names[0]

  @OptionGroup var lpips: LPIPSOptions

  @Option(
    help: ArgumentHelp(
      "Noise images: optimized (sought too), stored (the network's own) or none.",
      valueName: "which"), completion: .list(["optimized", "stored", "none"]))
  var noise = "optimized"

  @Option(
    help: ArgumentHelp("The largest learning rate of Adam.", valueName: "rate"))
  var learningRate = 0.1

  @Option(
    help: ArgumentHelp(
      "The weight of the prior that keeps codes likely (the space P); 0 for none.",
      valueName: "weight"))
  var prior = 0.0

  @Option(
    help: ArgumentHelp(
      "A file with the code to start from (default: the mean of w).", valueName: "file"),
    completion: .file())
  var start: String?

  @OptionGroup var ownership: OwnershipOptions
  @OptionGroup var seedOptions: SearchSeedOptions
  @OptionGroup var classOptions: ClassOptions

  @Flag(help: "Write proj.webp: the target, and the picture as it changes.")
  var saveVideo = false

  @OptionGroup var folderOptions: FolderOptions

  @OptionGroup var showing: ShowOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    try networkOptions.check()
    let (job, outdir) = (try job(), folderOptions.outdir)
    let summary = try networkOptions.summary(for: job.pictureSettings)
    let prepared = try job.prepared(summary.traits, networkOptions.source)
    try OutputFolder.check(outdir)
    try OutputFolder.check(
      outdir, writing: ProjectJob.fileNames,
      over: networkOptions.inputs + [target, start].compactMap(\.self))
    if let remark = job.settings.remark(onStepsBy: "--num-steps") { say("note: \(remark)") }
    prepared.remarks.forEach(say)
    if report.isDryRun {
      try report.print(
        Outcome(network: summary, count: 1),
        lines: [
          "would seek the code of \(target) in \(counted(numSteps, "step")) with \(summary.origin)"
        ])
      return
    }
    let (source, threads) = (networkOptions.source, networkOptions.threads)
    let outcome = try await interruptible(leaving: "nothing was found yet") {
      let host = try NetworkOptions.open(source, threads: threads)
      let folder = try OutputFolder(making: outdir)
      return try await job.run(
        prepared, source, on: host, into: folder, progress: ProgressReporter().show)
    }
    try report.print(outcome, lines: outcome.lines)
    if showing.show { showPicture("\(outdir)/proj.png") }
  }

  private func job() throws -> ProjectJob {
    let (seed, weights) = (seedOptions.seed, try lpips.files())
    guard weights == nil || distance == "lpips" else {
      throw UsageError("--lpips-backbone goes with --distance=lpips")
    }
    let measure = try PictureDistance(named: distance, lpips: weights)
    let parts =
      ["project"] + networkOptions.spelling
      + [
        "--target=\(target)", "--num-steps=\(numSteps)", "--space=\(space)",
        "--distance=\(distance)", "--noise=\(noise)", "--learning-rate=\(plain(learningRate))",
        "--prior=\(plain(prior))", start.map { "--start=\($0)" },
        "--seed=\(seed)",
      ].compactMap(\.self) + ownership.spelling + classOptions.spelling + lpips.spelling
      + folderOptions.spelling
    var job = ProjectJob(
      target,
      provenance: Provenance(
        command: commandLine(parts), network: networkOptions.name, seed: "\(seed)"))
    job.settings = try ProjectJob.settings(
      space: space, noise: noise, steps: numSteps, learningRate: learningRate, prior: prior)
    (job.distance, job.seed, job.classIndex) = (measure, seed, classOptions.classIndex)
    (job.start, job.takesOthers, job.savesVideo) = (start, ownership.anyGenerator, saveVideo)
    return job
  }
}

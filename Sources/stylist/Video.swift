// `stylist video`: smooth walks through W+.

import ArgumentParser
import Workbench

/// Makes a looping video.
struct Video: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a looping video that walks from seed to seed.",
    discussion: """
      EXAMPLES
        stylist video --network=ffhq.pkl --seeds=0-3 --output=walk.webp
        stylist video --network=ffhq.pkl --seeds=0-31 --grid=4x2 --output=walk.mp4
        stylist video --network=ffhq.pkl --seeds=0-7 --w-frames=60 --fps=30 \\
          --trunc=0.7 --output=walk.gif

      The form follows the name of --output. For .mp4 and .gif the program ffmpeg
      must be installed; .webp needs nothing.
      """)

  @OptionGroup var networkOptions: NetworkOptions

  @Option(
    help: ArgumentHelp(
      "The seeds of the keyframes: all of the first cell, then all of the second, …, such as 0-31.",
      valueName: "list"),
    transform: SeedList.parse)
  var seeds: SeedList

  @Option(
    help: ArgumentHelp(
      "Cells, each with a walk of its own (default: 1x1).", valueName: "COLUMNSxROWS"),
    transform: GridSize.parse)
  var grid = GridSize(columns: 1, rows: 1)

  @Option(
    help: ArgumentHelp(
      "Keyframes of each cell (default: as many as there are seeds for it).", valueName: "count"))
  var numKeyframes: Int?

  @Option(help: ArgumentHelp("Frames from one keyframe to the next.", valueName: "count"))
  var wFrames = 120

  @Option(help: ArgumentHelp("Frames a second, 1 to 1000.", valueName: "rate"))
  var fps = 60

  @Option(
    help: ArgumentHelp(
      "Put the seeds in the random order of this seed first (default: as given).", valueName: "seed"
    ))
  var shuffleSeed: UInt32?

  @Option(
    help: ArgumentHelp(
      "The file to write: .webp, .mp4 or .gif; its folder is made if it is not there.",
      valueName: "file"), completion: .file(extensions: ["webp", "mp4", "gif"]))
  var output: String

  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    try networkOptions.check()
    try pictureOptions.check()
    let job = job
    let count = try job.plan().frames
    try await VideoJob.check(output: output)
    let summary = try networkOptions.summary(for: pictureOptions.settings)
    try job.check(summary.traits, output: output)
    if report.isDryRun {
      try report.print(
        Outcome(network: summary, count: count),
        lines: ["would make \(counted(count, "frame")) in \(output) from \(summary.origin)"])
      return
    }
    let (source, threads, output) = (networkOptions.source, networkOptions.threads, output)
    try await interruptible(leaving: "no file was written") {
      let host = try NetworkOptions.open(source, threads: threads)
      try await job.run(on: host, into: output, progress: ProgressReporter().show)
    }
    let written = [WrittenPicture(file: output)]
    try report.print(Outcome(network: summary, count: count, files: written), lines: [output])
  }

  private var job: VideoJob {
    var job = VideoJob(seeds: seeds.seeds)
    job.grid = grid
    job.keyframes = numKeyframes
    job.framesPerKeyframe = wFrames
    job.framesPerSecond = fps
    job.shuffleSeed = shuffleSeed
    job.settings = pictureOptions.settings
    return job
  }
}

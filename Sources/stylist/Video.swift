// `stylist video`: smooth walks through W+.

import ArgumentParser
import Workbench

/// Makes a looping video.
struct Video: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a looping video that walks from seed to seed.",
    discussion: """
      The form follows the name of --output: .webp, or .mp4 and .gif where the program ffmpeg is installed.

      EXAMPLES
        stylist video --network=ffhq.pkl --seeds=0-3 --w-frames=60 --trunc=0.7 --output=walk.webp
        stylist video --network=ffhq.pkl --seeds=0-31 --grid=4x2 --output=walk.mp4
      """)

  @OptionGroup var networkOptions: NetworkOptions
  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var report: ReportOptions

  @Option(help: "The seeds of the keyframes: all of the first cell, then all of the second, ….")
  var seeds: SeedList

  @Option(help: "Cells, COLUMNSxROWS, each with a walk of its own.")
  var grid = GridSize(columns: 1, rows: 1)

  @Option(help: "Keyframes of each cell (default: as many as there are seeds for it).")
  var numKeyframes: Int?

  @Option(help: "Frames from one keyframe to the next.")
  var wFrames = 120

  @Option(help: "Frames a second.")
  var fps = 60

  @Option(help: "Put the seeds in the random order of this seed first.")
  var shuffleSeed: UInt32?

  @Option(help: "The file to write.")
  var output: String

  func validate() throws {
    guard (1...1000).contains(fps) else {
      throw ValidationError("--fps: expected 1 to 1000, found \(fps).")
    }
  }

  func run() async throws {
    let summary = try networkOptions.source.summary()
    let job = job
    let count = try job.plan().frames
    if report.isDryRun {
      try report.print(
        Outcome(network: summary, count: count),
        lines: ["would make \(count) frames in \(output) from \(summary.origin)"])
      return
    }
    let (source, threads, output) = (networkOptions.source, networkOptions.threads, output)
    try await interruptible {
      let host = try GeneratorHost(source, threads: threads)
      try host.check(job.settings)
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

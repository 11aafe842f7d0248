// `stylist train encoder-ladder`: encoders that differ in one thing each, and the table of what came of it.

import ArgumentParser
import Workbench

/// Trains the rungs of a ladder of encoders at the same budget, and compares them.
struct TrainEncoderLadder: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encoder-ladder",
    abstract: "Train encoders that differ in one thing each, and compare.",
    usage: "stylist train encoder-ladder <ladder> --network=<file> ...",
    discussion: """
      EXAMPLES
        stylist train encoder-ladder encoders --network=stylegan2-portraits64 \\
          --data=portraits --kimg=40 --seeds=0-2 --outdir=ladder
        stylist train encoder-ladder parts --network=stylegan2-portraits64 \\
          --data=portraits --kimg=40 --seeds=0-2 --outdir=parts
        stylist train encoder-ladder mine.txt --network=ffhq.pkl --data=faces.zip \\
          --portraits --outdir=ladder -n

      encoders     Style Transformer, pSp and pSp's baselines
      parts        Style Transformer's encoder without self-attention, with the
                   coarsest features alone, with one layer, without the average
                   code, and into W
      or a file    a line for each rung, such as `wide: --widths=64,96,128,192`

      All options but --seeds and --outdir are those of train encoder, and hold for
      all rungs; those of a rung come after them. Each rung is trained from each
      seed, in a folder such as OUTDIR/psp-seed0. Given again, the command goes on
      with what is left, and with a larger --kimg or more --seeds it adds to it.

      Writes ladder.md and ladder.json: the losses of held-out pictures at the end
      of each rung, mean and deviation over the seeds, beside those of the average
      code; curves.png; and pictures.png, what is drawn of the same held-out
      pictures' codes in a row for each rung. stylist metrics inversion compares
      what was trained with searches, too.
      """)

  @Argument(help: ArgumentHelp("encoders, parts, or a file with rungs."), completion: .file())
  var ladder: String

  @OptionGroup var folderOptions: FolderOptions

  @Option(
    help: ArgumentHelp(
      "Where random numbers start, such as 0-2: each rung is trained once from each.",
      valueName: "list"),
    transform: SeedList.parseEachOnce)
  var seeds = SeedList(seeds: [0], text: "0")

  @Option(
    help: ArgumentHelp(
      "The generator that draws the codes: a published .pkl or .pt, our .safetensors, or the name of a model that comes with the program.",
      valueName: "file"), completion: .checkpoint)
  var network: String?

  @OptionGroup(title: "DATA") var data: EncoderDataOptions
  @OptionGroup(title: "ENCODER") var encoder: EncoderArchitectureOptions
  @OptionGroup(title: "LOSSES") var losses: EncoderLossOptions
  @OptionGroup(title: "LEARNING") var learning: EncoderLearningOptions
  @OptionGroup(title: "SCHEDULE") var schedule: ScheduleOptions
  @OptionGroup var threadOptions: ThreadOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    try await train(try job(), report)
  }

  private func job() throws -> LadderJob {
    try threadOptions.check()
    var common = TrainEncoderRequest()
    (common.network, common.threads) = (network, threadOptions.threads)
    data.fill(&common, isNew: true)
    encoder.fill(&common.architecture)
    try losses.fill(&common.losses)
    learning.fill(&common)
    common.schedule = schedule.request
    let ladder = try Ladder(ladder, among: Ladder.ofEncoders)
    let rungs = try ladder.rungs.map { rung in
      var request = common
      try EncoderRungOptions.parsed(rung).fill(&request)
      return LadderJob.Rung(rung.name, options: rung.options, request: request)
    }
    return LadderJob(
      name: ladder.name, rungs: rungs, seeds: seeds.seeds, outdir: folderOptions.outdir,
      command: ownCommandLine())
  }
}

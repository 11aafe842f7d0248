// `stylist train attributes`: a classifier that learns which attributes pictures show.

import ArgumentParser
import Workbench

/// Trains a classifier of attributes.
struct TrainAttributes: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attributes",
    abstract: "Train a classifier of what pictures show.",
    discussion: """
      EXAMPLES
        stylist train attributes --data=portraits --res=32 --cbase=1024 --kimg=100 \\
          --outdir=runs
        stylist train attributes --data=celeba128.zip --mirror --outdir=runs
        stylist train attributes --resume=latest --outdir=runs

      Learns from pictures with labels of several numbers, a 0 or 1 for each
      attribute: portraits, which know theirs, or a data set whose dataset.json
      has them. The network is the body of StyleGAN2's discriminator with a result
      for each attribute, as in the separability study of the StyleGAN paper.

      The last pictures are held out. At every snapshot they are judged: the mean
      accuracy, and the balanced accuracy, which guessing does not raise above a
      half, go into metric-accuracy.jsonl, the balanced accuracy of each attribute
      into metric-attributes.jsonl. The sheets show for each attribute which of
      the pictures surely have it, and which have it not. Ctrl-C saves and ends;
      --resume goes on bit for bit.
      """)

  @OptionGroup var place: TrainingPlaceOptions

  @OptionGroup(title: "DATA") var data: TrainingDataOptions

  @OptionGroup(title: "RECIPE") var recipe: AttributeRecipeOptions

  @OptionGroup(title: "SCHEDULE") var schedule: ScheduleOptions

  @OptionGroup var start: TrainingSeedOptions

  @OptionGroup var threadOptions: ThreadOptions

  @OptionGroup var report: ReportOptions

  func run() async throws {
    try threadOptions.check()
    var request = TrainAttributesRequest()
    (request.seed, request.threads) = (start.seed, threadOptions.threads)
    request.data = data.request(isNew: place.resume == nil)
    recipe.fill(&request)
    request.schedule = schedule.request
    let job = TrainingJob(request, try place.start(of: "attributes"), command: ownCommandLine())
    guard let network = try await train(job, report) else { return }
    let next = ["model", "inspect", network]
    say("to see what it tells: \(commandLine(next))")
  }
}

/// How a classifier of attributes learns.
struct AttributeRecipeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Hold out so many of the last pictures (default: a tenth, at most 2000).",
      valueName: "count"))
  var heldOut: Int?

  @OptionGroup var body: ClassifierBodyOptions

  @Option(help: ArgumentHelp("The learning rate (default: 0.01).", valueName: "rate"))
  var lr: Double?

  func fill(_ request: inout TrainAttributesRequest) {
    (request.heldOut, request.batchSize, request.learningRate) = (heldOut, body.batch, lr)
    (request.channelBase, request.channelMax) = (body.cbase, body.cmax)
  }
}

// `stylist train identity`: a network that learns to know people again.

import ArgumentParser
import Workbench

/// Trains an identity network.
struct TrainIdentity: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "identity",
    abstract: "Train a network that knows people again.",
    discussion: """
      EXAMPLES
        stylist train identity --data=portraits --res=32 --cbase=1024 --kimg=100 \\
          --outdir=runs
        stylist train identity --data=people.zip --mirror --outdir=runs
        stylist train identity --resume=latest --outdir=runs

      Learns from several pictures of each person: portraits, or a data set whose
      labels are classes, a class for each person. The network is the body of
      StyleGAN2's discriminator with an embedding of length 1, which points the
      same way for pictures of one person. The loss is ArcFace's, with an angle of
      --margin between a picture and its person.

      The last people are held out. At every snapshot pairs of their pictures are
      judged, as many of one person as of two: the accuracy with a threshold that
      other people chose, the area under the ROC curve, and the true accept rate at
      1 % false accepts go into metric-verification.jsonl. The sheets show which
      pictures are nearest to a few. Ctrl-C saves and ends; --resume goes on bit
      for bit.
      """)

  @OptionGroup var place: TrainingPlaceOptions

  @OptionGroup(title: "DATA") var data: TrainingDataOptions

  @OptionGroup(title: "DATA") var people: PeopleOptions

  @OptionGroup(title: "RECIPE") var recipe: IdentityRecipeOptions

  @OptionGroup(title: "SCHEDULE") var schedule: ScheduleOptions

  @OptionGroup var start: TrainingSeedOptions

  @OptionGroup var threadOptions: ThreadOptions

  @OptionGroup var report: ReportOptions

  func run() async throws {
    try threadOptions.check()
    var request = TrainIdentityRequest()
    (request.seed, request.threads) = (start.seed, threadOptions.threads)
    request.data = data.request(isNew: place.resume == nil)
    (request.data.picturesPerIdentity, request.heldOut) = (
      people.picturesPerIdentity, people.heldOut
    )
    recipe.fill(&request)
    request.schedule = schedule.request
    let job = TrainingJob(request, try place.start(of: "identity"), command: ownCommandLine())
    guard let network = try await train(job, report) else { return }
    let next = ["metrics", "pairs", "A", "B", "--identity=\(network)"]
    say("to compare people in folders A and B: \(commandLine(next))")
  }
}

/// Whom pictures show, and who is held out.
struct PeopleOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "With portraits: how many show the same person (default: 256).", valueName: "count"))
  var picturesPerIdentity: Int?

  @Option(
    help: ArgumentHelp(
      "Hold out so many of the last people (default: a tenth, at most 500).", valueName: "count"))
  var heldOut: Int?
}

/// How an identity network learns.
struct IdentityRecipeOptions: ParsableArguments {
  @OptionGroup var body: ClassifierBodyOptions

  @Option(help: ArgumentHelp("The learning rate (default: 0.005).", valueName: "rate"))
  var lr: Double?

  @Option(help: ArgumentHelp("The length of the embedding (default: 128).", valueName: "count"))
  var embedding: Int?

  @Option(
    help: ArgumentHelp(
      "The angle between a picture and its person, in radians (default: 0.3).",
      valueName: "angle"))
  var margin: Double?

  @Option(
    help: ArgumentHelp("What cosines are multiplied by (default: 32).", valueName: "factor"))
  var scale: Double?

  func fill(_ request: inout TrainIdentityRequest) {
    (request.batchSize, request.learningRate) = (body.batch, lr)
    (request.channelBase, request.channelMax) = (body.cbase, body.cmax)
    (request.embeddingSize, request.margin, request.scale) = (embedding, margin, scale)
  }
}

// `stylist train latent-classifier`: a classifier that learns which attributes codes have.

import ArgumentParser
import Workbench

/// Trains a classifier of codes.
struct TrainLatentClassifier: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "latent-classifier",
    abstract: "Train a classifier of codes, which edits by label need.",
    discussion: """
      EXAMPLES
        stylist train latent-classifier --network=stylegan2-portraits64 --outdir=runs
        stylist train latent-classifier --network=ffhq.pkl --attributes=classifiers \\
          --outdir=runs
        stylist train latent-classifier --network=ffhq.pkl --data=celeba.safetensors \\
          --labels=list_attr_celeba.txt --outdir=runs
        stylist train latent-classifier --network=ffhq.pkl --data=celeba.zip \\
          --encoder=e4e_ffhq_encode.pt --outdir=runs
        stylist train latent-classifier --resume=latest --outdir=runs

      Learns to tell from codes of W+ which attributes their pictures show: the
      network that stylist edit label and stylist train edit take. Codes come

        of seeds     what the generator maps them to; classifiers of pictures, those
                     of --attributes, label what it draws (the default)
        from a file  as stylist invert writes it; --labels has their labels
        of pictures  with labels, whose codes --encoder finds

      The last codes are held out. At every snapshot they are judged: the mean
      accuracy, and the balanced accuracy, which guessing does not raise above a
      half, go into metric-accuracy.jsonl, the balanced accuracy of each attribute
      into metric-attributes.jsonl. The sheets show for each attribute which of the
      pictures surely have it, and which have it not. Ctrl-C saves and ends;
      --resume goes on bit for bit.
      """)

  @OptionGroup var place: TrainingPlaceOptions

  @OptionGroup(title: "CODES") var codes: CodeDataOptions

  @Option(
    help: ArgumentHelp(
      "Of a file of codes: their labels, as CelebA's list of attributes, a dataset.json or a table with commas.",
      valueName: "file"), completion: .file())
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "Of seeds: what labels their pictures, a file of train attributes or a folder of the published classifiers (default: of portraits, attributes-portraits64).",
      valueName: "path"), completion: .checkpoint)
  var attributes: String?

  @OptionGroup(title: "RECIPE") var recipe: LatentClassifierRecipeOptions

  @OptionGroup(title: "SCHEDULE") var schedule: ScheduleOptions

  @OptionGroup var start: TrainingSeedOptions

  @OptionGroup var threadOptions: ThreadOptions

  @OptionGroup var report: ReportOptions

  func run() async throws {
    try threadOptions.check()
    var request = TrainLatentClassifierRequest()
    (request.seed, request.threads) = (start.seed, threadOptions.threads)
    request.codes = codes.request(isNew: place.resume == nil)
    (request.codes.labels, request.codes.judge) = (labels, attributes)
    recipe.fill(&request)
    request.schedule = schedule.request
    let job = TrainingJob(
      request, try place.start(of: "latent-classifier"), command: ownCommandLine())
    guard let network = try await train(job, report) else { return }
    let next = [
      "edit", "label", "--network=\(codes.network ?? "GENERATOR")", "--classifier=\(network)",
      "--attribute=NAME", "--seeds=0-3", "--outdir=edited",
    ]
    say("to edit with it: \(commandLine(next))")
  }
}

/// How a classifier of codes learns.
struct LatentClassifierRecipeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Codes in a step (default: 64).", valueName: "count"))
  var batch: Int?

  @Option(help: ArgumentHelp("The learning rate (default: 0.001).", valueName: "rate"))
  var lr: Double?

  @Option(
    help: ArgumentHelp(
      "How much of a parameter is added to its gradient (default: 0).", valueName: "share"))
  var weightDecay: Double?

  @Option(
    help: ArgumentHelp(
      "The widths of the layers that all attributes share (default: 384,192; for codes of more than 4096 numbers 2048,512, as published).",
      valueName: "list"))
  var widths: NumberList?

  func fill(_ request: inout TrainLatentClassifierRequest) {
    (request.batchSize, request.learningRate) = (batch, lr)
    (request.weightDecay, request.hiddenWidths) = (weightDecay, widths?.numbers)
  }
}

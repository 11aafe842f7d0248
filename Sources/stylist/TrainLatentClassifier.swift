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

/// From which codes a training learns.
struct CodeDataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The generator that codes are of: a published .pkl or .pt, our .safetensors, or the name of a model that comes with the program.",
      valueName: "file"), completion: .checkpoint)
  var network: String?

  @Option(
    help: ArgumentHelp(
      "codes, for those of seeds (the default); a file of codes: .safetensors, .npz or .npy; or pictures: a folder, a .zip or portraits.",
      valueName: "source"), completion: .pictures)
  var data: String?

  @Option(
    help: ArgumentHelp("Of pictures: what finds their codes.", valueName: "file"),
    completion: .checkpoint)
  var encoder: String?

  @Option(help: ArgumentHelp("Of seeds: their truncation ψ (default: 1).", valueName: "psi"))
  var trunc: Double?

  @Option(
    help: ArgumentHelp(
      "Of seeds: the share whose codes are of two z, so that rows differ (default: 0.5).",
      valueName: "share"))
  var styleMixing: Double?

  @Option(
    help: ArgumentHelp(
      "With portraits: width and height, a power of two from 8 to 1024 (default: the generator's).",
      valueName: "pixels"))
  var res: Int?

  @Flag(inversion: .prefixedNo, help: "See all pictures mirrored, too (default: no).")
  var mirror: Bool?

  @Option(
    help: ArgumentHelp(
      "Train on so many pictures, chosen at random; of seeds, on the first (default: all).",
      valueName: "count"))
  var subset: Int?

  @Option(
    help: ArgumentHelp(
      "Hold out so many of the last codes (default: a tenth, at most 2048).",
      valueName: "count"))
  var heldOut: Int?

  /// What was said of the codes.
  ///
  /// - Parameter isNew: Whether the training starts at the first code.
  /// - Returns: The request.
  func request(isNew: Bool) -> CodeDataRequest {
    var pictures = TrainingDataOptions()
    (pictures.data, pictures.res, pictures.mirror, pictures.subset) = (data, res, mirror, subset)
    var request = CodeDataRequest()
    request.data = pictures.request(isNew: isNew)
    (request.network, request.encoder) = (network, encoder)
    (request.truncationPsi, request.styleMixing) = (trunc, styleMixing)
    request.heldOut = heldOut
    return request
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

// `stylist train edit`: an edit transformer that learns to take attributes over from references.

import ArgumentParser
import Workbench

/// Trains an edit transformer.
struct TrainEdit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edit",
    abstract: "Train an edit transformer, which edits by reference need.",
    discussion: """
      EXAMPLES
        stylist train edit --network=stylegan2-portraits64 --outdir=runs \\
          --classifier=latent-classifier.safetensors --attribute=Smiling,Eyeglasses
        stylist train edit --network=ffhq.pkl --data=celeba.safetensors \\
          --classifier=latent_classifier.pt --attribute=Bangs --outdir=runs
        stylist train edit --resume=latest --outdir=runs

      Learns to give a code of W+ an attribute of another code, and to keep its
      others: Style Transformer's network, with a layer for each attribute. A
      classifier of codes, which stylist train latent-classifier makes, judges the
      edits; neither pictures nor labels are needed. Codes are those of seeds, of a
      file, or of pictures, as for that command.

      The loss has three terms: how far the code moves, how far the attribute is
      from the reference's, and how far all others are from the source's. As
      published, the numbers are compared that the classifier's logits are made of;
      --edit-loss=logits compares the logits.

      The last codes are held out. At every snapshot the first half of them is
      edited by the second: the share that gets the reference's attribute, and the
      share of other attributes that are kept, as the classifier sees them, go into
      metric-editing.jsonl, those of each attribute into
      metric-edited-attributes.jsonl. The sheets show sources, references and edits.
      Ctrl-C saves and ends; --resume goes on bit for bit.
      """)

  @OptionGroup var place: TrainingPlaceOptions

  @OptionGroup(title: "CODES") var codes: CodeDataOptions

  @OptionGroup(title: "EDIT") var edit: EditChoiceOptions

  @OptionGroup(title: "RECIPE") var recipe: EditRecipeOptions

  @OptionGroup(title: "SCHEDULE") var schedule: ScheduleOptions

  @OptionGroup var start: TrainingSeedOptions

  @OptionGroup var threadOptions: ThreadOptions

  @OptionGroup var report: ReportOptions

  func run() async throws {
    try threadOptions.check()
    var request = TrainEditRequest()
    (request.seed, request.threads) = (start.seed, threadOptions.threads)
    request.codes = codes.request(isNew: place.resume == nil)
    edit.fill(&request)
    recipe.fill(&request)
    request.schedule = schedule.request
    let job = TrainingJob(request, try place.start(of: "edit"), command: ownCommandLine())
    guard let network = try await train(job, report) else { return }
    let next = [
      "edit", "reference", "--network=\(codes.network ?? "GENERATOR")", "--editor=\(network)",
      "--seeds=0-3", "--ref-seeds=4-7", "--outdir=edited",
    ]
    say("to edit with it: \(commandLine(next))")
  }
}

/// What an edit transformer learns to take over.
struct EditChoiceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What judges edits: a classifier of codes, Style Transformer's .pt or our .safetensors.",
      valueName: "file"), completion: .checkpoint)
  var classifier: String?

  @Option(
    help: ArgumentHelp(
      "What is taken over: names with commas between, a layer for each.", valueName: "names"),
    transform: { $0.split(separator: ",").map(String.init) })
  var attribute: [String] = []

  @Option(
    help: ArgumentHelp(
      "What of the classifier's judgement is compared: features, as published, or logits (default: features).",
      valueName: "what"), completion: .list(["features", "logits"]))
  var editLoss: String?

  @Option(
    help: ArgumentHelp(
      "How rows look at the reference: code, each for itself, as published; paper, competing (default: code).",
      valueName: "which"), completion: .list(["code", "paper"]))
  var attention: String?

  func fill(_ request: inout TrainEditRequest) {
    (request.classifier, request.comparison) = (classifier, editLoss)
    request.attributes = attribute.isEmpty ? nil : attribute
    request.attention = attention
  }
}

/// How an edit transformer learns.
struct EditRecipeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Codes in a step, half sources and half references (default: 32).", valueName: "count"))
  var batch: Int?

  @Option(help: ArgumentHelp("The learning rate (default: 0.0001).", valueName: "rate"))
  var lr: Double?

  @Option(
    help: ArgumentHelp(
      "How much of a parameter is added to its gradient (default: 0.0005).", valueName: "share"))
  var weightDecay: Double?

  @Option(help: ArgumentHelp("The heads of both attentions (default: 4).", valueName: "count"))
  var heads: Int?

  @Option(
    help: ArgumentHelp(
      "The numbers between the layer's two matrices (default: 1024).", valueName: "count"))
  var ffn: Int?

  @Option(
    help: ArgumentHelp(
      "The share of numbers that training drops (default: 0.1).", valueName: "share"))
  var dropout: Double?

  @Option(
    help: ArgumentHelp("How much the code's change counts (default: 1).", valueName: "weight"))
  var codeLoss: Double?

  @Option(
    help: ArgumentHelp(
      "How much the reference's attribute counts (default: 1).", valueName: "weight"))
  var attributeLoss: Double?

  @Option(
    help: ArgumentHelp(
      "How much the source's other attributes count (default: 1).", valueName: "weight"))
  var othersLoss: Double?

  func fill(_ request: inout TrainEditRequest) {
    (request.batchSize, request.learningRate) = (batch, lr)
    (request.weightDecay, request.heads) = (weightDecay, heads)
    (request.feedForward, request.dropout) = (ffn, dropout)
    (request.codeWeight, request.attributeWeight) = (codeLoss, attributeLoss)
    request.othersWeight = othersLoss
  }
}

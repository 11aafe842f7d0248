// `stylist train encoder`: an encoder that learns to find the codes of pictures.

import ArgumentParser
import Foundation
import Workbench

/// Trains an encoder.
struct TrainEncoder: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encoder",
    abstract: "Train an encoder that finds the codes of pictures.",
    discussion: """
      EXAMPLES
        stylist train encoder --network=stylegan2-portraits64 --data=portraits \\
          --outdir=runs
        stylist train encoder --network=stylegan2-portraits64 --data=codes \\
          --encoder=psp --code-loss=0.1 --outdir=runs
        stylist train encoder --network=ffhq.pkl --data=ffhq256.zip \\
          --lpips-backbone=alexnet-owt-7be5be79.pth --lpips-heads=alex.pth \\
          --identity=model_ir_se50.pth --outdir=runs
        stylist train encoder --resume=latest --outdir=runs

      Learns to give codes of W+ from which a generator, which does not learn,
      draws the pictures again: Style Transformer's encoder or one of pSp's, as
      differences from the generator's average code. --data=codes takes pictures
      that the generator itself draws of seeds, whose codes are known.

      The losses are the published ones: squared differences of pixels, LPIPS, and
      the identity of faces or MoCo's features, which take published weights. Of
      portraits, networks that come with the program stand in their places; they
      are neither LPIPS nor ArcFace, and the log says which are used.

      The last pictures are held out. At every snapshot the losses of them, and
      those of the average code, which an encoder must beat, go into
      metric-inversion.jsonl, and a sheet shows some beside what is drawn of their
      codes. Ctrl-C saves and ends; --resume goes on bit for bit.
      """)

  @OptionGroup var place: TrainingPlaceOptions

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

  @OptionGroup var start: TrainingSeedOptions

  @OptionGroup var threadOptions: ThreadOptions

  @OptionGroup var report: ReportOptions

  func run() async throws {
    try threadOptions.check()
    var request = TrainEncoderRequest()
    request.network = network
    (request.seed, request.threads) = (start.seed, threadOptions.threads)
    data.fill(&request, isNew: place.resume == nil)
    encoder.fill(&request.architecture)
    try losses.fill(&request.losses)
    learning.fill(&request)
    request.schedule = schedule.request
    let job = TrainingJob(request, try place.start(of: "encoder"), command: ownCommandLine())
    guard let trained = try await train(job, report) else { return }
    let generator = network ?? "GENERATOR"
    let next = ["invert", "--network=\(generator)", "--encoder=\(trained)"]
    say("to invert photographs: \(commandLine(next + ["--data=PICTURES", "--outdir=inverted"]))")
  }
}

/// From which pictures an encoder learns.
struct EncoderDataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The pictures: a folder, a .zip, portraits, which are drawn without end, or codes, for what the generator draws of seeds.",
      valueName: "source"), completion: .pictures)
  var data: String?

  @Option(
    help: ArgumentHelp(
      "With portraits: width and height, a power of two from 8 to 1024 (default: the generator's).",
      valueName: "pixels"))
  var res: Int?

  @Flag(
    inversion: .prefixedNo,
    help: "See all pictures mirrored, too; none of codes are (default: yes).")
  var mirror: Bool?

  @Option(
    help: ArgumentHelp(
      "Train on so many pictures, chosen at random; of codes, on the first seeds (default: all).",
      valueName: "count"))
  var subset: Int?

  @Option(
    help: ArgumentHelp("With codes: their truncation ψ (default: 1).", valueName: "psi"))
  var trunc: Double?

  @Option(
    help: ArgumentHelp(
      "Hold out so many of the last pictures (default: a tenth, at most 256).",
      valueName: "count"))
  var heldOut: Int?

  func fill(_ request: inout TrainEncoderRequest, isNew: Bool) {
    var pictures = TrainingDataOptions()
    (pictures.data, pictures.res, pictures.mirror, pictures.subset) = (data, res, mirror, subset)
    request.data = pictures.request(isNew: isNew)
    (request.truncationPsi, request.heldOut) = (trunc, heldOut)
  }
}

/// Which encoder learns, and how large it is.
struct EncoderArchitectureOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What learns: \(KnownNames.trainableEncoders.joined(separator: ", ")) (default: style-transformer).",
      valueName: "name"), completion: .list(KnownNames.trainableEncoders))
  var encoder: String?

  @Option(
    help: ArgumentHelp(
      "published, or small: at most 3 million parameters into a w of 256 (default: small for pictures below 256 pixels).",
      valueName: "name"), completion: .list(KnownNames.encoderSizes))
  var size: String?

  @Option(
    help: ArgumentHelp(
      "The width of the pictures that it sees (default: the generator's, at most 256).",
      valueName: "pixels"))
  var encoderRes: Int?

  @Option(
    help: ArgumentHelp(
      "Features of each stage of its trunk, such as 32,64,96,128 (default: as the size says).",
      valueName: "list"))
  var widths: NumberList?

  @Option(
    help: ArgumentHelp(
      "Residual units of each stage, such as 1,1,2,1 (default: as the size says).",
      valueName: "list"))
  var units: NumberList?

  @Option(
    help: ArgumentHelp(
      "Start the trunk with that of ArcFace's model_ir_se50.pth, as published (default: at random).",
      valueName: "file"), completion: .checkpoint)
  var trunk: String?

  @Option(
    help: ArgumentHelp(
      "psp: features of the heads' convolutions (default: as the size says).",
      valueName: "count"))
  var headWidth: Int?

  @Option(
    help: ArgumentHelp(
      "style-transformer: the width inside its layers (default: as the size says).",
      valueName: "count"))
  var ffn: Int?

  @Option(
    help: ArgumentHelp(
      "style-transformer: the share that is dropped (default: 0.1).", valueName: "share"))
  var dropout: Double?

  @Option(
    help: ArgumentHelp(
      "style-transformer: a decoder layer for each of these features: \(KnownNames.featureLevels.joined(separator: ", ")) (default: all three).",
      valueName: "list"), transform: { $0.split(separator: ",").map(String.init) })
  var levels: [String]?

  @Flag(
    inversion: .prefixedNo,
    help: "style-transformer: let queries look at one another (default: yes).")
  var selfAttention: Bool?

  @Option(
    help: ArgumentHelp(
      "style-transformer: w+, or w for one code for all rows (default: w+).", valueName: "space"),
    completion: .list(["w", "w+"]))
  var space: String?

  @Flag(
    inversion: .prefixedNo,
    help: "Find codes as differences from the average code (default: yes).")
  var average: Bool?

  func fill(_ request: inout EncoderRequest) {
    put(encoder, into: &request.kind)
    put(size, into: &request.size)
    put(encoderRes, into: &request.width)
    put(widths?.numbers, into: &request.widths)
    put(units?.numbers, into: &request.units)
    put(trunk, into: &request.trunk)
    put(headWidth, into: &request.headWidth)
    put(ffn, into: &request.feedForward)
    put(dropout, into: &request.dropout)
    put(levels, into: &request.levels)
    put(selfAttention, into: &request.selfAttention)
    put(space, into: &request.space)
    put(average, into: &request.average)
  }
}

/// Which losses count, and how much.
struct EncoderLossOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Published weights of the losses, by what is learned: \(KnownNames.inversionRecipes.joined(separator: ", ")) (default: encode).",
      valueName: "name"), completion: .list(KnownNames.inversionRecipes))
  var recipe: String?

  @Option(help: ArgumentHelp("The weight of pixels' squares (default: 1).", valueName: "weight"))
  var l2: Double?

  @Option(help: ArgumentHelp("The weight of LPIPS (default: 0.8).", valueName: "weight"))
  var lpips: Double?

  @Option(help: ArgumentHelp("The weight of identity (default: 0.1).", valueName: "weight"))
  var id: Double?

  @Option(
    help: ArgumentHelp("The weight of the face's pixels (default: 0).", valueName: "weight"))
  var l2Crop: Double?

  @Option(help: ArgumentHelp("The weight of the face's LPIPS (default: 0).", valueName: "weight"))
  var lpipsCrop: Double?

  @Option(
    help: ArgumentHelp(
      "The weight of codes' distance from the average (default: 0).", valueName: "weight"))
  var wNorm: Double?

  @Option(
    help: ArgumentHelp(
      "With codes: the weight of their own squares (default: 0).", valueName: "weight"))
  var codeLoss: Double?

  @OptionGroup var files: LPIPSOptions

  @Option(
    help: ArgumentHelp(
      "What knows identity: ArcFace, MoCo for other pictures than faces, or a network of train identity.",
      valueName: "file"), completion: .checkpoint)
  var identity: String?

  @Flag(
    help: "Compare with the networks for portraits that come with the program; portraits are.")
  var portraits = false

  func fill(_ request: inout EncoderLossRequest) throws {
    put(recipe, into: &request.recipe)
    put(l2, into: &request.l2)
    put(lpips, into: &request.lpips)
    put(id, into: &request.identity)
    put(l2Crop, into: &request.l2Crop)
    put(lpipsCrop, into: &request.lpipsCrop)
    put(wNorm, into: &request.wNorm)
    put(codeLoss, into: &request.code)
    put(try files.files(), into: &request.lpipsFiles)
    put(identity, into: &request.identityFile)
    request.usesPortraits = request.usesPortraits || portraits
  }
}

/// How an encoder learns.
struct EncoderLearningOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Pictures in a step (default: 8).", valueName: "count"))
  var batch: Int?

  @Option(help: ArgumentHelp("The learning rate (default: 0.0001).", valueName: "rate"))
  var lr: Double?

  @Option(
    help: ArgumentHelp(
      "What moves parameters: ranger or adam (default: ranger).", valueName: "name"),
    completion: .list(["ranger", "adam"]))
  var optimizer: String?

  func fill(_ request: inout TrainEncoderRequest) {
    put(batch, into: &request.batchSize)
    put(lr, into: &request.learningRate)
    put(optimizer, into: &request.optimizer)
  }
}

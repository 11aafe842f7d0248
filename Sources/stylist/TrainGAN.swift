// `stylist train gan`: a generator and a discriminator that learn from pictures.

public import ArgumentParser
public import Workbench

/// Trains a generator against a discriminator.
struct TrainGAN: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gan",
    abstract: "Train a generator on pictures.",
    discussion: """
      EXAMPLES
        stylist train gan --data=portraits --res=32 --kimg=100 --outdir=runs
        stylist train gan --data=cats.zip --cfg=auto --mirror --outdir=runs
        stylist train gan --data=cats.zip --cfg=stylegan --outdir=runs -n
        stylist train gan --resume=latest --outdir=runs
        stylist train gan --resume=runs/00000-auto-cats --kimg=5000
        stylist train gan --data=dogs.zip --init-from=cats.pkl --outdir=runs

      Makes a folder such as runs/00000-auto-cats-batch32-gamma0.4 with the logs,
      a sheet of pictures, the network and the state of the training at every
      snapshot. Ctrl-C saves and ends; --resume goes on bit for bit, from the
      last snapshot even after a power cut. --init-from starts a new training
      with the networks of a file. A closed terminal saves and ends, too, unless
      the training was started by nohup. --metrics measures every snapshot against
      the data, which adds a line to metric-NAME.jsonl; give it again with --resume.
      """)

  @OptionGroup var place: TrainingPlaceOptions

  @Option(
    help: ArgumentHelp(
      "Start with the networks of this checkpoint, or training state.", valueName: "file"),
    completion: .checkpoint)
  var initFrom: String?

  @OptionGroup(title: "DATA") var data: TrainingDataOptions

  @OptionGroup(title: "RECIPE") var recipe: RecipeOptions
  @OptionGroup(title: "AUGMENTATION") var augmentation: AugmentationOptions
  @OptionGroup(title: "SCHEDULE") var schedule: ScheduleOptions

  @Option(
    help: ArgumentHelp(
      "Where all random numbers start, 0 to 4294967295 (default: 0).", valueName: "seed"))
  var seed: UInt32?

  @OptionGroup(title: "METRICS") var metrics: TrainingMetricOptions

  @OptionGroup var threadOptions: ThreadOptions

  @OptionGroup var report: ReportOptions

  func run() async throws {
    guard let network = try await train(try job(), report) else { return }
    let next = ["generate", "--network=\(network)", "--seeds=0-35", "--grid=6x6", "--outdir=out"]
    say("to see what it draws: \(commandLine(next))")
  }

  private func job() throws -> TrainingJob {
    try threadOptions.check()
    guard place.resume == nil || initFrom == nil else {
      throw UsageError(
        "give either --resume, to go on with a training, or --init-from, to start a new one")
    }
    var request = TrainGANRequest()
    (request.initFrom, request.seed, request.threads) = (initFrom, seed, threadOptions.threads)
    request.data = data.request(isNew: place.resume == nil)
    recipe.fill(&request)
    augmentation.fill(&request)
    request.schedule = schedule.request
    request.metrics = try metrics.job()
    let start = try place.start(
      of: "gan", hint: "; --init-from=FILE starts a new training with its networks")
    return TrainingJob(request, start, command: ownCommandLine())
  }
}

/// What is trained, and how.
struct RecipeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The recipe: auto, stylegan2, paper256, paper512, paper1024, cifar, stylegan, styleformer, styleswin, stylenat, or one of their published runs, such as styleswin-church256 or stylegan1-config-d (default: auto).",
      valueName: "name"), completion: .list(KnownNames.recipes))
  var cfg: String?

  @Flag(inversion: .prefixedNo, help: "Give the networks the labels of the pictures (default: no).")
  var cond: Bool?

  @Option(
    help: ArgumentHelp(
      "Pictures of each kind in an iteration (default: as the recipe says).", valueName: "count"))
  var batch: Int?

  @Option(
    help: ArgumentHelp(
      "Pictures that go through a network together; fewer need less memory (default: as the recipe says).",
      valueName: "count"))
  var batchGpu: Int?

  @Flag(
    inversion: .prefixedNo,
    help:
      "Keep only what each block of the networks is given and run it once more for gradients: less memory, more time, the same numbers; also with --resume (default: no)."
  )
  var gradientCheckpointing: Bool?

  @Option(
    help: ArgumentHelp(
      "The weight of the R1 penalty (default: as the recipe says).", valueName: "gamma"))
  var gamma: Double?

  @Option(
    help: ArgumentHelp(
      "The generator's learning rate (default: as the recipe says).", valueName: "rate"))
  var glr: Double?

  @Option(
    help: ArgumentHelp(
      "The discriminator's learning rate (default: as the recipe says).", valueName: "rate"))
  var dlr: Double?

  @Option(
    help: ArgumentHelp(
      "Half of the average generator is forgotten after so many kimg (default: as the recipe says).",
      valueName: "kimg"))
  var ema: Double?

  @Option(
    help: ArgumentHelp(
      "Features at 1×1, halved with each doubling (default: as the recipe says).",
      valueName: "count"))
  var cbase: Int?

  @Option(
    help: ArgumentHelp(
      "The most features of a layer (default: as the recipe says).", valueName: "count"))
  var cmax: Int?

  @Option(
    help: ArgumentHelp(
      "StyleSwin, StyleNAT: a factor on the features above 32×32 (default: as the recipe says).",
      valueName: "factor"))
  var channelMultiplier: Int?

  @Option(
    help: ArgumentHelp(
      "Styleformer: encoder layers of each stage, such as 1,3,3 (default: as the recipe says).",
      valueName: "list"))
  var numLayers: NumberList?

  @Option(
    help: ArgumentHelp(
      "Styleformer: features of each stage, such as 1024,512,512 (default: as the recipe says).",
      valueName: "list"))
  var gDict: NumberList?

  @Option(
    help: ArgumentHelp(
      "Styleformer: features of an attention head (default: 32).", valueName: "count"))
  var depth: Int?

  @Option(
    help: ArgumentHelp(
      "Styleformer: the fewest attention heads of a layer (default: 1).", valueName: "count"))
  var minimumHead: Int?

  @Flag(
    inversion: .prefixedNo,
    help: "Styleformer: attend to 256 projected keys from 32×32 on (default: as the recipe says).")
  var linformer: Bool?

  @OptionGroup var ablation: AblationOptions

  @OptionGroup var growth: GrowthOptions

  @Option(
    help: ArgumentHelp(
      "The length of z, the mapping network's input (default: 512).", valueName: "length"))
  var zDim: Int?

  @Option(
    help: ArgumentHelp(
      "The length of w, the mapping network's result (default: 512).", valueName: "length"))
  var wDim: Int?

  @Option(
    help: ArgumentHelp(
      "Layers of the mapping network (default: as the recipe says).", valueName: "count"))
  var mapDepth: Int?

  @Option(
    help: ArgumentHelp(
      "Pictures whose deviation the discriminator sees together (default: as the recipe says).",
      valueName: "count"))
  var mbstdGroup: Int?

  @Option(
    help: ArgumentHelp(
      "StyleGAN2, Styleformer: the weight of the path length regularization; 0 for none, which is faster (default: 2, of cifar 0).",
      valueName: "weight"))
  var plWeight: Double?

  @Option(
    help: ArgumentHelp(
      "The share of pictures that are made of two codes (default: 0.9 where the recipe mixes styles).",
      valueName: "share"))
  var styleMixing: Double?

  @Option(
    help: ArgumentHelp(
      "The number format of the highest resolutions: float32 or bfloat16 (default: float32).",
      valueName: "format"))
  var precision: Precision?

  /// Adds what was said to a request.
  ///
  /// - Parameter request: Gets it; what was not said stays as it is.
  func fill(_ request: inout TrainGANRequest) {
    put(cfg, into: &request.cfg)
    put(cond, into: &request.cond)
    put(batch, into: &request.batchSize)
    put(batchGpu, into: &request.microBatchSize)
    put(gamma, into: &request.r1Gamma)
    put(glr, into: &request.generatorLearningRate)
    put(dlr, into: &request.discriminatorLearningRate)
    put(ema, into: &request.averageKimg)
    put(cbase, into: &request.channelBase)
    put(cmax, into: &request.channelMax)
    put(channelMultiplier, into: &request.channelMultiplier)
    put(numLayers?.numbers, into: &request.numLayers)
    put(gDict?.numbers, into: &request.hiddenSizes)
    put(depth, into: &request.headSize)
    put(minimumHead, into: &request.minimumHeads)
    put(linformer, into: &request.linformer)
    put(zDim, into: &request.zDim)
    put(wDim, into: &request.wDim)
    put(mapDepth, into: &request.mappingLayers)
    put(mbstdGroup, into: &request.mbstdGroupSize)
    put(plWeight, into: &request.pathLengthWeight)
    put(styleMixing, into: &request.styleMixingProbability)
    put(precision, into: &request.precision)
    put(gradientCheckpointing, into: &request.gradientCheckpointing)
    ablation.fill(&request)
    growth.fill(&request)
  }
}

/// Puts a value in the place of another, unless there is none.
func put<Value>(_ value: Value?, into place: inout Value?) {
  if let value { place = value }
}

/// What is changed of a transformer's layers to find out what each part is good for.
struct AblationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Styleformer: where tokens are normalised: after-modulation, before-modulation or after-attention (default: after-modulation).",
      valueName: "place"), completion: .list(KnownNames.normalizations))
  var normalize: String?

  @Flag(
    inversion: .prefixedNo, help: "Styleformer: demodulate what layers compute (default: yes).")
  var demodulate: Bool?

  @Option(
    help: ArgumentHelp(
      "Styleformer: what the second branch starts from: modulated-value, input or none (default: modulated-value).",
      valueName: "start"), completion: .list(KnownNames.residuals))
  var residual: String?

  @Option(
    help: ArgumentHelp(
      "Styleformer: a feed-forward network behind each layer, so many times as wide (default: none).",
      valueName: "factor"))
  var feedForward: Int?

  @Option(
    help: ArgumentHelp(
      "StyleNAT: what heads look at: dense, all near; dual, half near, half far; progressive, farther by and by (default: as the recipe says).",
      valueName: "name"), completion: .list(KnownNames.dilations))
  var dilations: String?

  @Option(
    help: ArgumentHelp(
      "StyleNAT: the most partitions of the heads, with --dilations=progressive (default: all).",
      valueName: "count"))
  var partitions: Int?

  func fill(_ request: inout TrainGANRequest) {
    put(normalize, into: &request.normalization)
    put(demodulate, into: &request.demodulates)
    put(residual, into: &request.residual)
    put(feedForward, into: &request.feedForwardRatio)
    put(dilations, into: &request.dilations)
    put(partitions, into: &request.partitions)
  }
}

/// How StyleGAN's networks grow, and what they minimise.
struct GrowthOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "StyleGAN: width and height at the start, doubled as training goes on (default: 8, of config A 4).",
      valueName: "pixels"))
  var initialRes: Int?

  @Option(
    help: ArgumentHelp(
      "StyleGAN: so long is a resolution trained before the next is faded in (default: 600).",
      valueName: "kimg"))
  var stableKimg: Double?

  @Option(
    help: ArgumentHelp(
      "StyleGAN: so long is a resolution faded in (default: 600).", valueName: "kimg"))
  var fadeKimg: Double?

  @Option(
    help: ArgumentHelp(
      "StyleGAN: logistic, with the R1 penalty, or wgan-gp (default: logistic, of config A wgan-gp).",
      valueName: "name"), completion: .list(KnownNames.losses))
  var loss: String?

  func fill(_ request: inout TrainGANRequest) {
    put(initialRes, into: &request.initialResolution)
    put(loss, into: &request.loss)
    put(stableKimg, into: &request.stableKimg)
    put(fadeKimg, into: &request.fadeKimg)
  }
}

extension Precision: ExpressibleByArgument {}

/// Whole numbers with commas between.
struct NumberList: ExpressibleByArgument {
  let numbers: [Int]

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard !numbers.isEmpty, numbers.count <= 64, numbers.allSatisfy({ $0 ?? 0 > 0 }) else {
      return nil
    }
    self.numbers = numbers.compactMap(\.self)
  }
}

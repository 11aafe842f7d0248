// `stylist directions`: ways in W along which pictures change.

import ArgumentParser
import Workbench

/// Finds directions.
struct Directions: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find directions along which pictures change.",
    discussion: """
      EXAMPLES
        stylist directions sefa --network=stylegan2-portraits64 \\
          --out=out/sefa.safetensors
        stylist directions pca --network=ffhq.pkl --samples=1000000 \\
          --out=out/pca.safetensors
        stylist edit direction --network=stylegan2-portraits64 --seeds=2,7 \\
          --direction=out/sefa.safetensors --outdir=out/edited

      sefa and pca find directions without names, each a mixture of several
      attributes: look at the sheet that `stylist edit direction` draws of each
      before you give it one. attributes finds those of attributes that classifiers
      see in pictures; svm that of one attribute, from codes with scores.
      """,
    subcommands: [
      DirectionsSeFa.self, DirectionsPCA.self, DirectionsSVM.self, DirectionsAttributes.self,
    ])
}

/// What all ways to find directions have in common.
struct DirectionsOptions: ParsableArguments {
  @OptionGroup var networkOptions: NetworkOptions

  @Option(
    help: ArgumentHelp("The .safetensors file to write.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var out: String

  @Option(help: ArgumentHelp("Where random numbers start.", valueName: "number"))
  var seed: UInt32 = 0

  @OptionGroup var report: ReportOptions

  /// Runs a job.
  ///
  /// - Parameters:
  ///   - job: The job.
  ///   - inputs: Files that were read for it already.
  /// - Throws: What the job throws; `Interruption`.
  func run(_ job: DirectionsJob, reading inputs: [String] = []) async throws {
    var job = job
    job.seed = seed
    try networkOptions.check()
    // Only samples depend on a class.
    let summary =
      try job.settings.map(networkOptions.summary) ?? networkOptions.source.summary()
    try job.check(summary.traits)
    try OutputFolder.check(file: out)
    try OutputFolder.check("--out", out, isNoneOf: networkOptions.inputs + inputs + job.inputs)
    try DirectionsJob.check(replacing: out)
    try job.remarks(on: networkOptions.source, networkOptions.name).forEach(say)
    if report.isDryRun {
      try report.print(
        Outcome(network: summary, count: job.count),
        lines: ["would write directions of \(summary.origin) to \(out)"])
      return
    }
    let (source, threads, out, request) = (
      networkOptions.source, networkOptions.threads, out, job
    )
    let outcome = try await interruptible(leaving: "no file was written") {
      let host = try NetworkOptions.open(source, threads: threads)
      return try await request.run(
        source, on: host, into: out, progress: ProgressReporter().show)
    }
    try report.print(outcome, lines: outcome.lines)
    if let remark = outcome.remark { say("note: \(remark)") }
  }
}

/// `stylist directions sefa`: from the weights alone.
struct DirectionsSeFa: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sefa",
    abstract: "Find directions from a generator's weights alone (SeFa).",
    usage: "stylist directions sefa --network=<file> --out=<file> [<options>]",
    discussion: """
      EXAMPLES
        stylist directions sefa --network=ffhq.pkl --out=out/sefa.safetensors
        stylist directions sefa --network=ffhq.pkl --layers=0-3 --count=4 \\
          --out=out/pose.safetensors

      The eigenvectors of the matrices that make styles of w: what changes the
      styles of these layers most. It takes a second, and needs no pictures. Their
      length is 1, so a strength of 1 moves w by 1.
      """)

  @OptionGroup var options: DirectionsOptions

  @Option(help: ArgumentHelp("How many directions.", valueName: "count"))
  var count = 8

  @Option(
    help: ArgumentHelp(
      "The rows of W+ whose layers count, such as 0-3 (default: all).", valueName: "range"),
    transform: LayerList.parse)
  var layers: LayerList?

  @Flag(help: "As rosinality's program: singular vectors of the weights as they are.")
  var rosinality = false

  func run() async throws {
    let rows = try layers.map { try $0.range("--layers") }
    var job = DirectionsJob(.sefa(rows: rows, asRosinality: rosinality))
    job.count = count
    try await options.run(job)
  }
}

/// `stylist directions pca`: from samples of w.
struct DirectionsPCA: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pca",
    abstract: "Find the directions in which w varies most (GANSpace).",
    usage: "stylist directions pca --network=<file> --out=<file> [<options>]",
    discussion: """
      EXAMPLES
        stylist directions pca --network=ffhq.pkl --out=out/pca.safetensors

      The principal components of w over many z, with their deviations: a strength
      of 1 moves w by one deviation, and 3 is far, whatever the generator.
      """)

  @OptionGroup var options: DirectionsOptions

  @Option(help: ArgumentHelp("How many directions.", valueName: "count"))
  var count = 8

  @Option(
    help: ArgumentHelp("How many w; the published program takes a million.", valueName: "count"))
  var samples = 100_000

  @OptionGroup var classOptions: ClassOptions

  func run() async throws {
    var job = DirectionsJob(.pca(samples: samples))
    (job.count, job.classIndex) = (count, classOptions.classIndex)
    try await options.run(job)
  }
}

/// `stylist directions svm`: across the boundary of an attribute.
struct DirectionsSVM: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "svm",
    abstract: "Find an attribute's direction from scores of codes (InterFaceGAN).",
    usage: """
      stylist directions svm --network=<file> --latents=<file> --scores=<file>
        --out=<file> [<options>]
      """,
    discussion: """
      EXAMPLES
        stylist directions svm --network=ffhq.pkl --latents=codes.npz \\
          --scores=scores.npy --name=smile --out=out/smile.safetensors
        stylist directions svm --network=ffhq.pkl --latents=codes.npz \\
          --scores=age.npy --name=age --condition=out/glasses.safetensors \\
          --out=out/age.safetensors

      A linear support vector machine divides the codes of the highest scores from
      those of the lowest; the direction is across the boundary. With --condition
      it is made orthogonal to others, which then stay as they are. Its length is 1,
      so a strength of 1 moves w by 1.

      At either end 70 % of the codes that --share takes find the boundary; the rest
      are held out, and the accuracy is theirs: 0.5 is chance. Fewer codes than w
      has numbers are parted whatever their scores are: have some thousands.
      """)

  @OptionGroup var options: DirectionsOptions

  @Option(
    help: ArgumentHelp("Codes: .safetensors or .npz with w, or .npy.", valueName: "file"),
    completion: .file(extensions: ["safetensors", "npz", "npy"]))
  var latents: String

  @Option(
    help: ArgumentHelp("A score for each code, the higher the clearer: .npy.", valueName: "file"),
    completion: .file(extensions: ["npy"]))
  var scores: String

  @Option(help: ArgumentHelp("What the direction is called.", valueName: "text"))
  var name = "attribute"

  @Option(
    help: ArgumentHelp("The share of the codes taken at either end.", valueName: "number"))
  var share = 0.02

  @Option(
    help: ArgumentHelp(
      "A file with a direction that shall not change; may be given again.", valueName: "file"),
    completion: .file())
  var condition: [String] = []

  @OptionGroup var ownership: OwnershipOptions

  func run() async throws {
    var job = DirectionsJob(
      .svm(
        codes: try CodeFile(reading: latents, for: .samples),
        scores: try DirectionsJob.scores(reading: scores),
        name: name, share: share,
        conditions: try condition.map { try StoredDirections(reading: $0) }))
    job.takesOthers = ownership.anyGenerator
    try await options.run(job, reading: [latents, scores])
  }
}

/// `stylist directions attributes`: across the boundaries of attributes.
struct DirectionsAttributes: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attributes",
    abstract: "Find attributes' directions from what classifiers see.",
    usage: "stylist directions attributes --network=<file> --out=<file> [<options>]",
    discussion: """
      EXAMPLES
        stylist directions attributes --network=stylegan2-portraits64 \\
          --out=out/attributes.safetensors
        stylist directions attributes --network=ffhq.pkl --attributes=classifiers \\
          --attribute=smiling,eyeglasses --orthogonal --out=out/faces.safetensors
        stylist edit direction --network=stylegan2-portraits64 --seeds=2,7 \\
          --direction=out/attributes.safetensors --index=Smiling --outdir=out/edited

      Draws seeds, lets classifiers judge the pictures, and finds for each attribute
      what stylist directions svm finds of codes with scores: across the boundary
      between the codes whose pictures most surely have it and those that most
      surely have not. With --orthogonal each direction is made orthogonal to all
      others, so that an edit changes their attributes less.

      The file has a direction for each attribute, under its name. Their length is
      1, so a strength of 1 moves w by 1. What a generator never draws has no
      direction, and is said.
      """)

  @OptionGroup var options: DirectionsOptions

  @Option(
    help: ArgumentHelp(
      "What tells the attributes: a file of train attributes, or a folder of the published classifiers (default: of portraits, attributes-portraits64).",
      valueName: "path"), completion: .checkpoint)
  var attributes: String?

  @Option(
    help: ArgumentHelp(
      "Which attributes: names with commas between (default: all).", valueName: "names"),
    transform: { $0.split(separator: ",").map(String.init) })
  var attribute: [String] = []

  @Option(help: ArgumentHelp("How many pictures are judged.", valueName: "count"))
  var samples = 20_000

  @Option(
    help: ArgumentHelp("The share of the codes taken at either end.", valueName: "number"))
  var share = 0.05

  @Flag(help: "Make each direction orthogonal to all others.")
  var orthogonal = false

  @OptionGroup var classOptions: ClassOptions

  func run() async throws {
    let isOfPortraits =
      options.networkOptions.network.map { ShippedModels.isModel($0, of: "portraits") } ?? false
    guard let file = attributes ?? (isOfPortraits ? ShippedModels.portraitsClassifier : nil) else {
      throw UsageError(
        "give --attributes=FILE: what tells the attributes of the generator's pictures")
    }
    var wanted = AttributeDirections(by: file)
    (wanted.attributes, wanted.samples, wanted.share) = (attribute, samples, share)
    wanted.areOrthogonal = orthogonal
    var job = DirectionsJob(.attributes(wanted))
    job.classIndex = classOptions.classIndex
    try await options.run(job)
  }
}

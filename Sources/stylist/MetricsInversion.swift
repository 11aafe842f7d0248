// `stylist metrics inversion`: several ways to invert, side by side on the same photographs.

import ArgumentParser
import Workbench

/// Compares ways to invert.
struct MetricsInversion: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inversion",
    abstract: "Compare ways to invert photographs: tables, a plot, sheets.",
    usage: """
      stylist metrics inversion --network=<file> --data=<path>
        --method=<line> ... --outdir=<folder>
      """,
    discussion: """
      EXAMPLES
        stylist metrics inversion --network=stylegan2-portraits64 --data=faces \\
          --method='search: --refine-steps=300 --space=w+' \\
          --method='search-w: --refine-steps=300' --outdir=out
        stylist metrics inversion --network=ffhq.pkl --data=faces \\
          --methods=methods.txt --lpips-backbone=alexnet-owt-7be5be79.pth \\
          --lpips-heads=alex.pth --identity=model_ir_se50.pth --outdir=out

      A method is a line with a name and options of stylist invert: --encoder,
      --refine-steps, --space, --learning-rate, --distance, --tune-generator,
      --tune-steps. A file of --methods has one in each line. --encoder takes
      several files, or folders of trainings, whose newest networks are meant: the
      method is repeated with each. A search without an encoder is repeated from
      each of --seeds. Tables have the mean and the deviation over repetitions.

      All methods see the same photographs, and are compared with the generator's
      average code, which needs none. --attributes lets a classifier say how many
      attributes of photographs their inverted pictures show; with --direction all
      codes are also edited alike, and the table says in how many pictures
      --edited-attribute is as asked, and how many other attributes are kept.

      Networks that come with the program judge pictures of generators that come
      along, too; --portraits asks for them with others.

      Writes inversion.md, inversion.json, tradeoff.png, inverted.png, edited.png.
      """)

  @OptionGroup var networkOptions: NetworkOptions

  @Option(
    help: ArgumentHelp("A photograph, or a folder or zip archive of them.", valueName: "path"),
    completion: .pictures)
  var data: String?

  @Option(
    help: ArgumentHelp(
      "A name, a colon and options of stylist invert; may be given again.", valueName: "line"))
  var method: [String] = []

  @Option(
    help: ArgumentHelp("A file with a method in each line.", valueName: "file"),
    completion: .file())
  var methods: String?

  @Option(
    help: ArgumentHelp(
      "Where random numbers of searches start, such as 0-2 (default: 303).", valueName: "list"),
    transform: SeedList.parseEachOnce)
  var seeds: SeedList?

  @OptionGroup var judging: JudgingOptions

  @Flag(help: "Judge by the networks for little portraits that come along.")
  var portraits = false

  @Option(
    help: ArgumentHelp(
      "Classifiers of attributes: a file of train attributes, or a folder of the published ones.",
      valueName: "path"), completion: .checkpoint)
  var attributes: String?

  @Option(
    help: ArgumentHelp("Edit all codes: a file of directions.", valueName: "file"),
    completion: .file())
  var direction: String?

  @Option(help: ArgumentHelp("Which of the directions (default: 0).", valueName: "index"))
  var index: String?

  @Option(help: ArgumentHelp("How far codes are moved (default: 1).", valueName: "number"))
  var strength: Double?

  @Option(
    help: ArgumentHelp(
      "The attribute that the direction gives, such as Smiling.", valueName: "name"))
  var editedAttribute: String?

  @OptionGroup var classOptions: ClassOptions
  @OptionGroup var folderOptions: FolderOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    let (job, outdir) = (try job(), folderOptions.outdir)
    let plan = try job.plan()
    try OutputFolder.check(outdir)
    try job.check(into: outdir)
    if report.isDryRun {
      try report.print(plan, lines: plan.lines)
      return
    }
    let folder = try OutputFolder(making: outdir)
    let outcome = try await interruptible(leaving: "no method was done yet") {
      try await job.run(into: folder, progress: ProgressReporter().show)
    }
    outcome.remark.map { say("note: \($0)") }
    try report.print(outcome, lines: outcome.lines)
  }

  private func job() throws -> MetricsInversionJob {
    try networkOptions.check()
    guard let data else { throw UsageError("give --data=PICTURE, a folder or a zip archive") }
    var job = MetricsInversionJob(
      try NamedOptions.methods(method, file: methods, example: "search: --refine-steps=300")
        .map { try MethodOptions.parsed($0).method($0, try judging.lpips.files()) },
      into: networkOptions.source, named: networkOptions.name, on: data,
      command: commandLine(spelling))
    let isOfPortraits =
      networkOptions.network.map { ShippedModels.isModel($0, of: "portraits") } ?? false
    job.judges = try judging.files()
    job.judges.portraits = portraits || isOfPortraits
    job.attributes = attributes ?? (job.judges.portraits ? ShippedModels.portraitsClassifier : nil)
    if let seeds { job.seeds = seeds.seeds }
    (job.classIndex, job.threads) = (classOptions.classIndex, networkOptions.threads)
    job.edit = try edit()
    return job
  }

  private func edit() throws -> InversionEdit? {
    guard let direction else {
      let said: [(String, Bool)] = [
        ("--index", index != nil), ("--strength", strength != nil),
        ("--edited-attribute", editedAttribute != nil),
      ]
      if let option = said.first(where: \.1)?.0 {
        throw UsageError("\(option) goes with --direction")
      }
      return nil
    }
    var edit = try InversionEdit(along: direction)
    edit.attribute = editedAttribute
    if let index { edit.direction = index }
    if let strength {
      guard strength.isFinite, strength != 0, abs(strength) <= 1000 else {
        throw UsageError("--strength: expected -1000 to 1000 but not 0, found \(plain(strength))")
      }
      edit.strength = strength
    }
    return edit
  }

  /// The command as it would be typed.
  private var spelling: [String] {
    let more: [String?] = [
      data.map { "--data=\($0)" }, methods.map { "--methods=\($0)" },
      seeds.map { "--seeds=\($0.text)" }, portraits ? "--portraits" : nil,
      attributes.map { "--attributes=\($0)" }, direction.map { "--direction=\($0)" },
      index.map { "--index=\($0)" }, strength.map { "--strength=\(plain($0))" },
      editedAttribute.map { "--edited-attribute=\($0)" },
    ]
    return ["metrics", "inversion"] + networkOptions.spelling + method.map { "--method=\($0)" }
      + more.compactMap(\.self) + judging.spelling + classOptions.spelling
      + folderOptions.spelling
  }
}

/// What makes a method what it is.
struct MethodOptions: ParsableArguments {
  @Option(
    help: "What finds codes: files, or folders of trainings.",
    transform: { $0.split(separator: ",").map(String.init) })
  var encoder: [String] = []

  @Option(help: "How often codes are moved against the gradient.")
  var refineSteps: Int?

  @Option(help: "Without an encoder: search in w or w+.")
  var space: String?

  @Option(help: "The largest learning rate of the search.")
  var learningRate: Double?

  @Option(help: "How searches and tuning compare pictures.")
  var distance = PictureDistance.names[0]

  @Flag(help: "Tune the generator to each photograph.")
  var tuneGenerator = false

  @Option(help: "How often the generator's weights are moved at most.")
  var tuneSteps: Int?

  /// The method.
  ///
  /// - Parameters:
  ///   - line: Its name and options.
  ///   - lpips: The weights of LPIPS; nil for none.
  /// - Returns: The method.
  /// - Throws: `UsageError` about options that do not go together.
  func method(_ line: NamedOptions, _ lpips: LPIPSFiles?) throws -> InversionMethod {
    let rules: [(String, Bool)] = [
      ("expected --encoder, --refine-steps, or both", encoder.isEmpty && refineSteps == nil),
      ("--space goes with --refine-steps without --encoder", space != nil && !encoder.isEmpty),
      ("--learning-rate goes with --refine-steps", learningRate != nil && refineSteps == nil),
      ("--tune-steps goes with --tune-generator", tuneSteps != nil && !tuneGenerator),
      (
        "--refine-steps: expected 1 to 1000000, found \(refineSteps ?? 1)",
        !(1...1_000_000).contains(refineSteps ?? 1)
      ),
      (
        "--tune-steps: expected 1 to 1000000, found \(tuneSteps ?? 1)",
        !(1...1_000_000).contains(tuneSteps ?? 1)
      ),
    ]
    if let broken = rules.first(where: \.1)?.0 {
      throw UsageError("method \(line.name): \(broken)")
    }
    var method = InversionMethod(line.name, options: line.options)
    method.encoders = encoder
    method.distance = try PictureDistance(named: distance, lpips: lpips)
    method.search = try refineSteps.map { steps in
      try CodeSearch(
        steps: steps, fromEncoder: !encoder.isEmpty, space: space, learningRate: learningRate)
    }
    if tuneGenerator {
      method.tuning = InvertJob.tuning(steps: tuneSteps ?? 350, method.distance)
    }
    return method
  }
}

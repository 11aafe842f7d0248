// `stylist metrics editing`: several ways to edit, side by side on the same codes.

import ArgumentParser
import Workbench

/// Compares ways to edit.
struct MetricsEditing: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "editing",
    abstract: "Compare ways to edit: tables, a plot, a sheet.",
    usage: """
      stylist metrics editing --network=<file> --attribute=<names>
        --method=<line> ... --outdir=<folder>
      """,
    discussion: """
      EXAMPLES
        stylist metrics editing --network=stylegan2-portraits64 \\
          --attribute=Smiling,Eyeglasses --seeds=0-2 --outdir=out \\
          --method='label: --classifier=latent.safetensors' \\
          --method='direction: --direction=directions.safetensors'
        stylist metrics editing --network=ffhq.pkl --attribute=Smiling \\
          --methods=methods.txt --attributes=classifiers --data=ffhq.zip \\
          --inception=inception-2015-12-05.pt --outdir=out

      A method is a line with a name and options of stylist edit: --classifier with
      --order, --norm and --steps; or --direction with --index; or --editor with
      --attention and --heads; and --layers. A file of --methods has one in each
      line. Files of directions and editors hold what they change under the names
      of attributes, or --index says which direction is meant. Of several files,
      with commas between, repetition r takes number r modulo their number.

      Repetition r of --seeds edits codes of its own, those of the seeds from r
      times --count on; with --latents all edit the same codes. Classifiers of
      pictures (--attributes) say whether the unedited picture shows an attribute:
      where it does not, it is given, and where it does, it is taken away. A
      reference is the next of the codes whose picture is as the edited one shall
      be; codes without any are left out, and counted.

      Every method is as strong as it takes: strengths are doubled from 0.25 on
      until --success of the pictures are as asked, 10 times at most, then the last
      step is halved 4 times. At the smallest strength that was enough the table
      says what else changed: how many other attributes are kept, by how much their
      logits depend on the edited one, whether it is the same person, how far the
      code moved, how far pictures are from --data. Where no strength is enough, the
      one with the highest success counts, with a mark.

      Networks that come with the program judge pictures of generators that come
      along, too; --portraits asks for them with others.

      Writes editing.md, editing.json, tradeoff.png, edited.png.
      """)

  @OptionGroup var networkOptions: NetworkOptions

  @Option(
    help: ArgumentHelp(
      "What is given and taken away: names that the classifiers know, with commas between.",
      valueName: "names"),
    completion: .list(KnownNames.celebAAttributes),
    transform: { $0.split(separator: ",").map(String.init) })
  var attribute: [String] = []

  @Option(
    help: ArgumentHelp(
      "A name, a colon and options of stylist edit; may be given again.", valueName: "line"))
  var method: [String] = []

  @Option(
    help: ArgumentHelp("A file with a method in each line.", valueName: "file"),
    completion: .file())
  var methods: String?

  @Option(
    help: ArgumentHelp(
      "How many codes each repetition edits, 2 to 100000 (default: 100, or all of --latents).",
      valueName: "count"))
  var count: Int?

  @Option(
    help: ArgumentHelp(
      "The repetitions, such as 0-2, each of its own codes (default: 0).", valueName: "list"),
    transform: SeedList.parseEachOnce)
  var seeds: SeedList?

  @Option(
    help: ArgumentHelp(
      "Codes instead of seeds: .safetensors or .npz with w, or .npy.", valueName: "file"),
    completion: .file(extensions: ["safetensors", "npz", "npy"]))
  var latents: String?

  @Option(
    help: ArgumentHelp(
      "The share of the pictures that shall be as asked, above 0, at most 1.",
      valueName: "share"))
  var success = 0.8

  @Option(
    help: ArgumentHelp(
      "Classifiers of attributes: a file of train attributes, or a folder of the published ones.",
      valueName: "path"), completion: .checkpoint)
  var attributes: String?

  @OptionGroup var judging: JudgingOptions

  @Flag(help: "Judge by the networks for little portraits that come along.")
  var portraits = false

  @Option(
    help: ArgumentHelp(
      "What pictures are compared with as a whole: a folder or .zip of pictures of one size, or "
        + "portraits (default: portraits, for generators of portraits that come along).",
      valueName: "source"), completion: .pictures)
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Inception-v3: NVIDIA's inception-2015-12-05.pt, or pytorch-fid's .pth.", valueName: "file"),
    completion: .checkpoint)
  var inception: String?

  @Option(
    help: ArgumentHelp(
      "The folder that keeps features of --data (default: ~/.cache/stylist).",
      valueName: "folder"),
    completion: .directory)
  var cache: String?

  @Flag(help: "Keep no features.")
  var noCache = false

  @OptionGroup var codeOptions: CodeOptions
  @OptionGroup var ownership: OwnershipOptions
  @OptionGroup var folderOptions: FolderOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    let (job, outdir) = (try job(), folderOptions.outdir)
    let plan = try job.plan()
    try OutputFolder.check(outdir)
    try job.check(into: outdir)
    if report.isDryRun {
      plan.remarks.forEach { say("note: \($0)") }
      try report.print(plan, lines: plan.lines)
      return
    }
    let folder = try OutputFolder(making: outdir)
    let outcome = try await interruptible(leaving: "no method was done yet") {
      try await job.run(into: folder, progress: ProgressReporter().show)
    }
    outcome.remarks.forEach { say("note: \($0)") }
    try report.print(outcome, lines: outcome.lines)
  }

  private func job() throws -> MetricsEditingJob {
    try networkOptions.check()
    try codeOptions.check()
    try check()
    let lines = try NamedOptions.methods(
      method, file: methods, example: "smile: --direction=directions.safetensors")
    var job = MetricsEditingJob(
      try lines.map { try EditingMethodOptions.parsed($0).method($0) }, of: attribute,
      with: networkOptions.source, named: networkOptions.name, command: commandLine(spelling))
    let isOfPortraits =
      networkOptions.network.map { ShippedModels.isModel($0, of: "portraits") } ?? false
    job.judges = try judging.files()
    job.judges.portraits = portraits || isOfPortraits
    let usual = job.judges.portraits
    job.classifiers = attributes ?? (usual ? ShippedModels.portraitsClassifier : nil)
    job.data = (data ?? (usual ? "portraits" : nil)).map { MetricData($0) }
    job.networks = FeatureNetworkFiles(inception: inception)
    job.cache = noCache ? nil : cache ?? usualMetricCache
    job.latents = try latents.map { try CodeFile(reading: $0) }
    if let seeds { job.repetitions = seeds.seeds }
    (job.count, job.success, job.settings) = (count, success, codeOptions.settings)
    (job.takesOthers, job.threads) = (ownership.anyGenerator, networkOptions.threads)
    return job
  }

  /// Checks what can be known without looking at any file.
  private func check() throws(UsageError) {
    let rules: [(String, Bool)] = [
      ("give --attribute=NAMES", attribute.isEmpty),
      ("--cache and --no-cache contradict", cache != nil && noCache),
      (
        "--trunc and --trunc-cutoff go with seeds, not with other codes",
        latents != nil && codeOptions.truncates
      ),
      (
        "--class goes with seeds, not with codes",
        latents != nil && codeOptions.classOptions.classIndex != nil
      ),
    ]
    if let broken = rules.first(where: \.1)?.0 { throw UsageError(broken) }
  }

  /// The command as it would be typed.
  private var spelling: [String] {
    let first: [String?] = [
      "--attribute=\(attribute.joined(separator: ","))", methods.map { "--methods=\($0)" },
      count.map { "--count=\($0)" }, seeds.map { "--seeds=\($0.text)" },
      latents.map { "--latents=\($0)" }, success == 0.8 ? nil : "--success=\(plain(success))",
      attributes.map { "--attributes=\($0)" },
    ]
    let second: [String?] = [
      portraits ? "--portraits" : nil, data.map { "--data=\($0)" },
      inception.map { "--inception=\($0)" },
    ]
    return ["metrics", "editing"] + networkOptions.spelling + method.map { "--method=\($0)" }
      + first.compactMap(\.self) + judging.spelling + second.compactMap(\.self)
      + codeOptions.spelling(codeOptions.trunc) + ownership.spelling + folderOptions.spelling
  }
}

/// What makes a way to edit what it is.
struct EditingMethodOptions: ParsableArguments {
  @Option(
    help: "Classifiers of codes.", transform: { $0.split(separator: ",").map(String.init) })
  var classifier: [String] = []

  @Option(help: "first: along the gradient; second: along its change.")
  var order: EditLabelJob.Order?

  @Option(help: "Whose length a strength is.")
  var norm: EditLabelJob.Norm?

  @Option(help: "In how many steps a code is moved.")
  var steps: Int?

  @Option(
    help: "Files of directions.", transform: { $0.split(separator: ",").map(String.init) })
  var direction: [String] = []

  @Option(help: "Which of the directions.")
  var index: String?

  @Option(
    help: "Edit transformers.", transform: { $0.split(separator: ",").map(String.init) })
  var editor: [String] = []

  @Option(help: "How rows look at the reference.")
  var attention: EditReferenceJob.Attention?

  @Option(help: "The heads of the editor.")
  var heads: Int?

  @OptionGroup var rowOptions: RowOptions

  /// The way.
  ///
  /// - Parameter line: Its name and options.
  /// - Returns: The way.
  /// - Throws: `UsageError` about options that do not go together.
  func method(_ line: NamedOptions) throws(UsageError) -> EditingMethod {
    let kinds = [classifier, direction, editor].count { !$0.isEmpty }
    let ofLabel = order != nil || norm != nil || steps != nil
    let rules: [(String, Bool)] = [
      ("expected --classifier, --direction or --editor", kinds == 0),
      ("expected one of --classifier, --direction and --editor, found several", kinds > 1),
      ("--order, --norm and --steps go with --classifier", ofLabel && classifier.isEmpty),
      ("--index goes with --direction", index != nil && direction.isEmpty),
      (
        "--attention and --heads go with --editor",
        (attention != nil || heads != nil) && editor.isEmpty
      ),
    ]
    if let broken = rules.first(where: \.1)?.0 {
      throw UsageError("method \(line.name): \(broken)")
    }
    let way: EditingMethod.Way
    if !classifier.isEmpty {
      way = .label(order: order ?? .first, norm: norm ?? .code, steps: steps ?? 1)
    } else if !direction.isEmpty {
      way = .direction(named: index)
    } else {
      way = .reference(attention: attention, heads: heads)
    }
    var method = EditingMethod(
      line.name, options: line.options, way, files: classifier + direction + editor)
    method.rows = try rowOptions.layers?.range("--layers")
    return method
  }
}

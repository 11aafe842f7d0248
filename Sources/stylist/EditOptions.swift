// What the commands that edit pictures have in common.

import ArgumentParser
import Workbench

/// Which pictures are edited.
struct SubjectOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Seeds: numbers and ranges, such as 0-3,85.", valueName: "list"),
    transform: SeedList.parseEachOnce)
  var seeds: SeedList?

  @Option(
    help: ArgumentHelp(
      "Codes instead of seeds: .safetensors or .npz with w, or .npy.", valueName: "file"),
    completion: .file(extensions: ["safetensors", "npz", "npy"]))
  var latents: String?

  @OptionGroup var photographs: PhotographOptions

  /// Reads the codes, if there are any, or looks for the photographs.
  ///
  /// - Parameters:
  ///   - classIndex: The class among whose codes those of photographs are sought.
  ///   - seeksOthers: Whether codes of other photographs are found the same way.
  /// - Returns: What is edited.
  /// - Throws: `UsageError` unless one of them is given; what reading codes and listing photographs
  ///   throws.
  func subject(classIndex: Int?, seeksOthers: Bool = false) throws -> EditSubject {
    guard [seeds != nil, latents != nil, photographs.data != nil].count(where: \.self) == 1 else {
      throw UsageError(
        "give either --seeds=LIST, --latents=FILE, or --data=PATH with --encoder=FILE or "
          + "--refine-steps=N")
    }
    guard photographs.data != nil || photographs.isEmpty || seeksOthers else {
      throw UsageError("--encoder and --refine-steps go with photographs")
    }
    if let seeds { return .seeds(seeds.seeds) }
    if let latents { return .codes(try CodeFile(reading: latents)) }
    var found = try photographs.photographs()
    found.classIndex = classIndex
    return .photographs(found)
  }

  /// The options as they would be typed.
  var spelling: [String] {
    [seeds.map { "--seeds=\($0.text)" }, latents.map { "--latents=\($0)" }].compactMap(\.self)
      + photographs.spelling
  }
}

/// What the sheet of a command shows.
struct SheetOptions: ParsableArguments {
  @Flag(name: .customLong("no-labels"), help: "Only pictures on the sheet, without words.")
  var isBare = false

  /// The option as it would be typed.
  var spelling: [String] { isBare ? ["--no-labels"] : [] }
}

/// Which rows an edit changes that knows of none that it is for.
struct RowOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The rows of W+ that change, such as 0-7 (default: all).", valueName: "range"),
    transform: LayerList.parse)
  var layers: LayerList?
}

/// How edited pictures are drawn and reported.
struct EditOptions: ParsableArguments {
  @OptionGroup var ownership: OwnershipOptions
  @OptionGroup var folderOptions: FolderOptions

  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var sheetOptions: SheetOptions
  @OptionGroup var showing: ShowOptions
  @OptionGroup var report: ReportOptions

  /// The class of seeds and photographs.
  var classIndex: Int? { pictureOptions.code.classOptions.classIndex }

  /// What is asked for, checked as far as it can be without looking at a network's tensors.
  ///
  /// - Parameters:
  ///   - subject: What is edited.
  ///   - networkOptions: The generator.
  ///   - words: The command with its own options, as they would be typed.
  ///   - layers: The rows of W+ that change; nil for all that the edit is for.
  ///   - references: Other pictures whose codes are needed.
  ///   - inputs: The files that are read beside the generator's.
  /// - Returns: The request.
  /// - Throws: `UsageError` about options that contradict one another; as opening the generator's
  ///   file throws.
  func request(
    _ subject: EditSubject, _ networkOptions: NetworkOptions, _ words: [String],
    layers: LayerList?, references: EditSubject? = nil, reading inputs: [String?]
  ) throws -> EditRequest {
    try pictureOptions.check()
    let found = zip([subject, references], EditRequest.foundNames)
      .filter { $0.0?.isOfPhotographs == true }.map(\.1)
    try OutputFolder.check(
      folderOptions.outdir, writing: ["codes.safetensors", "grid.png"] + found,
      over: networkOptions.inputs + inputs.compactMap(\.self))
    let code = pictureOptions.code
    let usesSeeds = subject.isOfSeeds || references?.isOfSeeds == true
    guard usesSeeds || !code.truncates else {
      throw UsageError("--trunc and --trunc-cutoff go with seeds, not with other codes")
    }
    let usesClass =
      usesSeeds || subject.isOfPhotographs || references?.isOfPhotographs == true
    guard usesClass || code.classOptions.classIndex == nil else {
      throw UsageError("--class goes with seeds and photographs, not with codes")
    }
    let rows = try layers.map { try $0.range("--layers") }
    let parts =
      ["edit"] + words.prefix(1) + networkOptions.spelling + words.dropFirst()
      + (layers.map { ["--layers=\($0.text)"] } ?? []) + ownership.spelling
      + pictureOptions.spelling + sheetOptions.spelling + folderOptions.spelling
    var request = try EditRequest(
      subject, of: networkOptions.source, takesOthers: ownership.anyGenerator,
      provenance: Provenance(command: commandLine(parts), network: networkOptions.name))
    (request.rows, request.settings) = (rows, pictureOptions.settings)
    request.isBare = sheetOptions.isBare
    return request
  }
}

extension EditOptions {
  /// Runs a job that edits pictures, or says in a dry run what it would make.
  ///
  /// - Parameters:
  ///   - job: The job.
  ///   - networkOptions: The generator.
  /// - Returns: The network, and what was made; nil in a dry run.
  /// - Throws: What the job throws; `SomeFailed` if a dry run finds photographs that cannot be used;
  ///   `Interruption`.
  func make<Job: EditJob>(
    _ job: Job, _ networkOptions: NetworkOptions
  ) async throws -> (NetworkSummary, Job.Made)? {
    let outdir = folderOptions.outdir
    try job.check(into: outdir)
    let summary = try networkOptions.checked(job, job.request.settings, into: outdir)
    guard report.isDryRun else { return (summary, try await networkOptions.run(job, into: outdir)) }
    let unusable = try job.unusable()
    let count = job.count(of: zip(job.subjects, unusable).map { $0.count - $1.count })
    let words = "\(counted(count, "picture")), a sheet and codes"
    try report.print(
      Outcome(network: summary, count: count),
      lines: ["would make \(words) in \(outdir) from \(summary.origin)"])
    try SomeFailed.check(Array(unusable.joined()), of: job.photographCount)
    return nil
  }

  /// Prints what was made, shows it, and says the photographs that could not be used.
  ///
  /// - Parameters:
  ///   - outcome: What was made.
  ///   - lines: The same for people.
  ///   - job: The job that made it.
  /// - Throws: `SomeFailed` if photographs could not be used; `OutputError`.
  func finish(_ outcome: EditReport, lines: [String], _ job: some EditJob) throws {
    try report.print(outcome, lines: lines)
    showing.show(outcome.files)
    try SomeFailed.check(outcome.failures, of: job.photographCount)
  }
}

/// What an edit made, as JSON.
struct EditReport: Encodable {
  let network: NetworkSummary
  /// The edited pictures that were drawn, without the sheet.
  let count: Int
  let files: [WrittenPicture]
  let failures: [PictureFailure]
  /// By label: the attribute.
  var attribute: String?
  /// By label: what the edits did.
  var edits: [EditLabelJob.Outcome.Edit]?

  init(_ network: NetworkSummary, _ files: [WrittenPicture], _ failures: [PictureFailure]) {
    (self.network, self.files, self.failures) = (network, files, failures)
    count = max(0, files.count { $0.file.hasSuffix(".png") } - 1)
  }
}

// What the commands that edit pictures have in common.

import ArgumentParser
import Workbench

/// Which pictures are edited.
struct SubjectOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Seeds: numbers and ranges, such as 0-3,85.", valueName: "list"),
    transform: SeedList.parse)
  var seeds: SeedList?

  @Option(
    help: ArgumentHelp(
      "Codes instead of seeds: .safetensors or .npz with w, or .npy.", valueName: "file"),
    completion: .file(extensions: ["safetensors", "npz", "npy"]))
  var latents: String?

  /// Reads the codes, if there are any.
  ///
  /// - Returns: What is edited.
  /// - Throws: `UsageError` unless one of both is given; what reading codes throws.
  func subject() throws -> EditSubject {
    switch (seeds, latents) {
    case (let seeds?, nil): .seeds(seeds.seeds)
    case (nil, let latents?): .codes(try CodeFile(reading: latents))
    default: throw UsageError("give either --seeds=LIST or --latents=FILE")
    }
  }

  /// The options as they would be typed.
  var spelling: [String] {
    [seeds.map { "--seeds=\($0.text)" }, latents.map { "--latents=\($0)" }].compactMap(\.self)
  }
}

/// What the sheet of a command shows.
struct SheetOptions: ParsableArguments {
  @Flag(name: .customLong("no-labels"), help: "Only pictures on the sheet, without words.")
  var isBare = false

  /// The option as it would be typed.
  var spelling: [String] { isBare ? ["--no-labels"] : [] }
}

/// How edited pictures are drawn and reported.
struct EditOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The rows of W+ that change, such as 0-7 (default: all, or those that a direction is for).",
      valueName: "range"),
    transform: LayerList.parse)
  var layers: LayerList?

  @Option(
    help: ArgumentHelp(
      "The folder for the pictures; made if it is not there.", valueName: "folder"),
    completion: .directory)
  var outdir: String

  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var sheetOptions: SheetOptions
  @OptionGroup var showing: ShowOptions
  @OptionGroup var report: ReportOptions

  /// What is asked for, checked as far as it can be without looking at a network's tensors.
  ///
  /// - Parameters:
  ///   - subject: What is edited.
  ///   - networkOptions: The generator.
  ///   - words: The command with its own options, as they would be typed.
  ///   - usesSeeds: Whether any picture is of a seed, so that truncation and class mean something.
  /// - Returns: The request.
  /// - Throws: `UsageError` about options that contradict one another; as opening the generator's
  ///   file throws.
  func request(
    _ subject: EditSubject, _ networkOptions: NetworkOptions, _ words: [String], usesSeeds: Bool
  ) throws -> EditRequest {
    try pictureOptions.check()
    guard usesSeeds || pictureOptions.isAboutNoiseOnly else {
      throw UsageError("--trunc, --trunc-cutoff and --class go with seeds, not with codes")
    }
    let rows = try layers.map { try $0.range("--layers") }
    let parts =
      ["edit"] + words.prefix(1) + networkOptions.spelling + words.dropFirst()
      + (layers.map { ["--layers=\($0.text)"] } ?? []) + pictureOptions.spelling
      + sheetOptions.spelling + ["--outdir=\(outdir)"]
    var request = try EditRequest(
      subject, of: networkOptions.source,
      provenance: Provenance(command: commandLine(parts), network: networkOptions.name))
    (request.rows, request.settings) = (rows, pictureOptions.settings)
    request.isBare = sheetOptions.isBare
    return request
  }
}

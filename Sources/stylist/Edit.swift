// `stylist edit`: pictures changed in one way.

import ArgumentParser
import Workbench

/// Changes pictures.
struct Edit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Change pictures in one way, and keep the rest.",
    discussion: """
      EXAMPLES
        stylist edit direction --network=ffhq.pkl --seeds=85 \\
          --direction=out/sefa.safetensors --outdir=out
      """,
    subcommands: [EditDirection.self])
}

/// `stylist edit direction`: along a direction.
struct EditDirection: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "direction",
    abstract: "Move pictures along a direction.",
    usage: """
      stylist edit direction --network=<file> --seeds=<list> --direction=<file>
        --outdir=<folder> [<options>]
      """,
    discussion: """
      EXAMPLES
        stylist edit direction --network=stylegan2-portraits64 --seeds=2,7 \\
          --direction=out/sefa.safetensors --index=1 --strength=-3,0,3 --outdir=out
        stylist edit direction --network=ffhq.pkl --latents=out/codes.safetensors \\
          --direction=age.npy --layers=0-7 --outdir=out
        stylist edit direction --network=ffhq.pkl --data=faces \\
          --encoder=e4e_ffhq_encode.pt --direction=age.npy --outdir=out

      Directions are those of `stylist directions`, InterFaceGAN's .npy, and torch
      files of GANSpace's components or rosinality's factors. A direction with a
      deviation is moved along in deviations, others in their own length. Writes a
      picture for each code and strength, and grid.png with a row for each code.
      """)

  @OptionGroup var networkOptions: NetworkOptions

  @Option(
    help: ArgumentHelp("Seeds: numbers and ranges, such as 0-3,85.", valueName: "list"),
    transform: SeedList.parse)
  var seeds: SeedList?

  @Option(
    help: ArgumentHelp(
      "Codes instead of seeds: .safetensors or .npz with w, or .npy.", valueName: "file"),
    completion: .file(extensions: ["safetensors", "npz", "npy"]))
  var latents: String?

  @OptionGroup var photographs: PhotographOptions

  @Option(help: ArgumentHelp("A file of directions.", valueName: "file"), completion: .file())
  var direction: String

  @Option(
    help: ArgumentHelp("Which of them: its place from 0, or its name.", valueName: "which"))
  var index = "0"

  @Option(
    help: ArgumentHelp("How far, a column of the sheet each.", valueName: "list"),
    transform: PsiList.parse)
  var strength = PsiList(values: [-3, -2, -1, 0, 1, 2, 3])

  @Option(
    help: ArgumentHelp(
      "The rows of W+ that move, such as 0-7 (default: the direction's own, or all).",
      valueName: "range"),
    transform: LayerList.parse)
  var layers: LayerList?

  @Option(
    help: ArgumentHelp(
      "The folder for the pictures; made if it is not there.", valueName: "folder"),
    completion: .directory)
  var outdir: String

  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var showing: ShowOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    try networkOptions.check()
    try pictureOptions.check()
    guard [seeds != nil, latents != nil, !photographs.isEmpty].count(where: \.self) == 1 else {
      throw UsageError(
        "give either --seeds=LIST, --latents=FILE, or --data=PATH with --encoder=FILE")
    }
    let job = try job()
    let count = job.count * strength.values.count
    try await networkOptions.draw(
      job, pictureOptions.settings, count: count, words: "\(count) pictures and a sheet",
      into: outdir, report, showing)
  }

  private func job() throws -> EditDirectionJob {
    let parts =
      ["edit", "direction"] + networkOptions.spelling
      + [
        seeds.map { "--seeds=\($0.text)" }, latents.map { "--latents=\($0)" },
      ].compactMap(\.self) + photographs.spelling
      + [
        "--direction=\(direction)", "--index=\(index)", "--strength=\(strength.text)",
        layers.map { "--layers=\($0.text)" },
      ].compactMap(\.self) + pictureOptions.spelling + ["--outdir=\(outdir)"]
    var job = try EditDirectionJob(
      subject(), along: direction, of: networkOptions.source,
      provenance: Provenance(command: commandLine(parts), network: networkOptions.name))
    (job.direction, job.strengths) = (index, strength.values)
    job.rows = try layers.map { try $0.range("--layers") }
    job.settings = pictureOptions.settings
    return job
  }

  private func subject() throws -> EditDirectionJob.Subject {
    if let seeds { return .seeds(seeds.seeds) }
    if let latents { return .codes(try Codes(reading: latents)) }
    var codes = try photographs.photographs()
    codes.classIndex = pictureOptions.settings.classIndex
    return .photographs(codes)
  }
}

// `stylist generate`: pictures of seeds.

import ArgumentParser
import Workbench

/// Makes a picture of every seed, or of every code of a file.
struct Generate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a picture of every seed.",
    discussion: """
      EXAMPLES
        stylist generate --network=ffhq.pkl --seeds=0-35,85 --outdir=out
        stylist generate --network=ffhq.pkl --seeds=0-35 --grid=6x6 --outdir=out
        stylist generate --network=ffhq.pkl --seeds=85 --trunc=0.7 --outdir=out
        stylist generate --network=ffhq.pkl --seeds=85,100 --trunc=1,0.5,0,-0.5,-1 \\
          --outdir=out
        stylist generate --network=ffhq.pkl --seeds=85 --noise-layers=8-17 \\
          --outdir=out
        stylist generate --network=cifar10.pkl --seeds=0-9 --class=1 --outdir=out
        stylist generate --cfg=stylegan2-256 --seeds=0 --outdir=out

      Writes seed0000.png, seed0001.png, …; each says in its texts how it was made.
      With several ψ, grid.png has a row for each seed and a column for each ψ.
      """)

  @OptionGroup var networkOptions: NetworkOptions

  @Option(
    help: ArgumentHelp("The seeds: numbers and ranges, such as 0-35,85.", valueName: "list"),
    transform: SeedList.parseEachOnce)
  var seeds: SeedList?

  @Option(
    help: ArgumentHelp(
      "Codes instead of seeds: a .safetensors or .npz with w, or a .npy: [N, numWs, wDim].",
      valueName: "file"), completion: .file(extensions: ["safetensors", "npz", "npy"]))
  var projectedW: String?

  @Option(
    help: ArgumentHelp(
      "Also put the pictures together in sheets: grid.png, grid-2.png, ….",
      valueName: "COLUMNSxROWS"
    ),
    transform: GridSize.parse)
  var grid: GridSize?

  @OptionGroup var ownership: OwnershipOptions
  @OptionGroup var folderOptions: FolderOptions

  @OptionGroup var pictureOptions: PictureOptions
  @OptionGroup var sheetOptions: SheetOptions
  @OptionGroup var showing: ShowOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    try check()
    let codes = try projectedW.map { try CodeFile(reading: $0) }
    let count = (seeds?.seeds.count ?? codes?.codes.count ?? 0) * pictureOptions.trunc.values.count
    let job: any PictureJob = isSweep ? sweep : try plainJob(codes)
    try await networkOptions.draw(
      job, pictureOptions.settings, count: count, words: counted(count, "picture"),
      into: folderOptions.outdir, report, showing)
  }

  private func check() throws(UsageError) {
    try networkOptions.check()
    try pictureOptions.check(severalPsis: true)
    guard (seeds == nil) != (projectedW == nil) else {
      throw UsageError("give either --seeds=LIST or --projected-w=FILE")
    }
    guard projectedW == nil || pictureOptions.isAboutNoiseOnly else {
      throw UsageError("--trunc, --trunc-cutoff and --class go with --seeds, not --projected-w")
    }
    guard !isSweep || grid == nil else {
      throw UsageError("--grid goes with one --trunc; several make a sheet of their own")
    }
    guard projectedW != nil || !ownership.anyGenerator else {
      throw UsageError("--any-generator goes with --projected-w")
    }
    guard isSweep || !sheetOptions.isBare else {
      throw UsageError("--no-labels goes with several --trunc, whose sheet has words")
    }
  }

  private var isSweep: Bool { pictureOptions.trunc.values.count > 1 }

  private var sweep: TruncationJob {
    let (options, pictures, all) = (networkOptions, pictureOptions, seeds?.text ?? "")
    let (name, bareness) = (networkOptions.name, sheetOptions.spelling)
    let ending = folderOptions.spelling
    var job = TruncationJob(seeds: seeds?.seeds ?? [], psis: pictures.trunc.values) { picture in
      let seeds = picture.map { "\($0.seed)" } ?? all
      let trunc = picture.map { PsiList(values: [$0.psi]) } ?? pictures.trunc
      let parts =
        ["generate", "--seeds=\(seeds)"] + options.spelling + pictures.spelling(trunc)
        + (picture == nil ? bareness : [])
      return Provenance(
        command: commandLine(parts + ending), network: name, seed: seeds)
    }
    (job.settings, job.isBare) = (pictures.settings, sheetOptions.isBare)
    return job
  }

  private func plainJob(_ codes: CodeFile?) throws -> GenerateJob {
    let all = seeds?.text
    let common =
      networkOptions.spelling + ownership.spelling + pictureOptions.spelling
      + folderOptions.spelling
    let (name, projectedW, grid) = (networkOptions.name, projectedW, grid)
    var job = GenerateJob(codes.map { .codes($0.codes) } ?? .seeds(seeds?.seeds ?? [])) { seed in
      let subject = projectedW.map { "--projected-w=\($0)" }
      let seeds = seed.map(String.init) ?? all
      let sheet = seed == nil ? grid.map { "--grid=\($0.text)" } : nil
      let parts = [subject ?? seeds.map { "--seeds=\($0)" }, sheet].compactMap(\.self)
      return Provenance(
        command: commandLine(["generate"] + parts + common), network: name, seed: seeds)
    }
    job.settings = pictureOptions.settings
    job.grid = grid
    try codes.map {
      try job.takeCodes(
        of: $0, for: networkOptions.source, name, takesOthers: ownership.anyGenerator)
    }
    return job
  }
}

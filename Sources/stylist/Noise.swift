// `stylist noise`: what noise does to pictures.

import ArgumentParser
import Workbench

/// Shows which details of pictures come from noise.
struct Noise: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show which details of a picture come from noise.",
    discussion: """
      EXAMPLES
        stylist noise --network=ffhq.pkl --seeds=1157,1012 --outdir=out
        stylist noise --network=ffhq.pkl --seeds=1157 --crop=650,180,906,436 \\
          --outdir=out
        stylist noise --network=ffhq.pkl --seeds=85 --draws=20 --noise-layers=8-17 \\
          --outdir=out

      Draws every seed's picture many times, each time with fresh noise, and writes
      their mean, four times the standard deviation of every pixel's brightness,
      the first four draws and, with --crop, that part of them. grid.png shows all
      of it, with a row for each seed.
      """)

  @OptionGroup var networkOptions: NetworkOptions

  @Option(
    help: ArgumentHelp("The seeds: numbers and ranges, such as 0-3,85.", valueName: "list"),
    transform: SeedList.parseEachOnce)
  var seeds: SeedList

  @Option(help: ArgumentHelp("Pictures of each seed.", valueName: "count"))
  var draws = 100

  @Option(
    help: ArgumentHelp(
      "The part of the draws to show side by side, in pixels (default: all).",
      valueName: "x0,y0,x1,y1"),
    transform: PixelRectangle.parse)
  var crop: PixelRectangle?

  @OptionGroup var folderOptions: FolderOptions

  @OptionGroup var codeOptions: CodeOptions
  @OptionGroup var noiseLayers: NoiseLayerOptions
  @OptionGroup var showing: ShowOptions
  @OptionGroup var report: ReportOptions

  func run() async throws {
    try networkOptions.check()
    try codeOptions.check()
    if noiseLayers.noiseLayers?.layers?.isEmpty == true {
      throw UsageError("--noise-layers: expected layers that get noise, found none")
    }
    let count = seeds.seeds.count * draws
    try await networkOptions.draw(
      job, job.settings, count: count, words: "\(counted(count, "draw")) for pictures",
      into: folderOptions.outdir, report, showing)
  }

  private var job: NoiseJob {
    let (name, all) = (networkOptions.name, seeds.text)
    let common =
      networkOptions.spelling
      + [draws == 100 ? nil : "--draws=\(draws)", crop.map { "--crop=\($0.text)" }]
      .compactMap(\.self) + codeOptions.spelling(codeOptions.trunc) + noiseLayers.spelling
      + folderOptions.spelling
    var job = NoiseJob(seeds: seeds.seeds) { seed in
      let seeds = seed.map(String.init) ?? all
      return Provenance(
        command: commandLine(["noise", "--seeds=\(seeds)"] + common), network: name, seed: seeds)
    }
    job.draws = draws
    job.crop = crop
    job.settings = codeOptions.settings
    job.settings.noiseLayers = noiseLayers.noiseLayers?.layers
    return job
  }
}

extension PixelRectangle {
  /// Reads an option.
  static func parse(_ text: String) throws -> PixelRectangle {
    guard let rectangle = PixelRectangle(text) else {
      throw ValidationError(
        "expected the corners x0,y0,x1,y1 of a part in pixels, such as 650,180,906,436")
    }
    return rectangle
  }
}

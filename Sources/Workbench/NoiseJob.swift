// What noise does to a picture: many draws of one w, their mean, and where they differ.

import Formats
public import Networks

/// Draws each seed's picture many times with fresh noise, and shows what stays and what varies.
public struct NoiseJob: PictureJob {
  /// A row of the sheet each.
  public var seeds: [UInt32]
  /// Pictures of each seed.
  public var draws = 100
  /// The part of some draws that is shown beside one another; nil for all of them.
  public var crop: PixelRectangle?
  /// Truncation, class and the layers that get noise, which is always fresh.
  public var settings = PictureSettings()
  /// What the pictures of a seed say about how they were made; of all seeds for nil.
  public var provenance: @Sendable (_ seed: UInt32?) -> Provenance

  /// The draws of each seed that are kept.
  static let shownDraws = 4
  /// Grey values of the deviation's picture for each level of deviation.
  static let deviationGain = 4.0
  private static let drawRange = 2...100_000

  /// A job of 100 draws without truncation.
  ///
  /// - Parameters:
  ///   - seeds: A row of the sheet each.
  ///   - provenance: What a picture says about how it was made.
  public init(seeds: [UInt32], provenance: @escaping @Sendable (_ seed: UInt32?) -> Provenance) {
    (self.seeds, self.provenance) = (seeds, provenance)
  }

  /// Checks that a generator can make the pictures.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `RequestError` if it has no noise, there is no such class or layer, the crop is not
  ///   within the picture, or there are too few or too many draws or seeds.
  public func check(_ traits: GeneratorTraits) throws(RequestError) {
    guard traits.noiseLayers > 0 else {
      throw RequestError("the network", expected: "layers with noise", found: "none")
    }
    try traits.check(settings)
    guard Self.drawRange.contains(draws) else {
      throw RequestError(
        "--draws", expected: "\(Self.drawRange.lowerBound) to \(Self.drawRange.upperBound)",
        found: "\(draws)")
    }
    let (width, height) = (traits.resolution, traits.visibleRows.count)
    if let crop, crop.columns.upperBound > width || crop.rows.upperBound > height {
      throw RequestError(
        "--crop", expected: "a part of the picture's \(width)×\(height) pixels", found: crop.text)
    }
    let sheet = NoiseSheet(rows: seeds.count, job: self, width: width, height: height)
    try traits.check(
      sheet: GridSize(columns: sheet.columns, rows: max(seeds.count, 1)), width: sheet.width,
      height: sheet.height)
  }

  /// Makes and writes the pictures: for each seed `seed0085-mean.png`, `seed0085-deviation.png`,
  /// some draws `seed0085-draw0.png` and, if asked for, their parts `seed0085-crop0.png`; and
  /// `grid.png`, which shows all of these with their names.
  ///
  /// - Parameters:
  ///   - host: The generator.
  ///   - folder: Where the files go.
  ///   - progress: Is told after every draw.
  /// - Returns: The files; the sheet comes last.
  /// - Throws: What `check` throws; `FileError` if a file cannot be written; `CancellationError`
  ///   between draws.
  public func run(
    on host: GeneratorHost, into folder: OutputFolder, progress: ProgressHandler
  ) async throws -> [WrittenPicture] {
    try check(host.traits)
    var pictures = PictureWriter(folder)
    var sheet = NoiseSheet(
      rows: seeds.count, job: self, width: host.traits.resolution,
      height: host.traits.visibleRows.count)
    for (row, seed) in seeds.enumerated() {
      let code = await host.codes(seeds: [seed], settings: settings)
      var (moments, shown): (PictureMoments?, [ByteImage]) = (nil, [])
      for draw in 0..<draws {
        try Task.checkCancellation()
        let picture = await host.picture(
          code, noise: .random, noiseLayers: settings.noiseLayers, noiseSeed: UInt32(draw))
        if moments == nil { moments = PictureMoments(like: picture) }
        moments?.add(picture)
        if draw < Self.shownDraws { shown.append(picture) }
        progress(
          JobProgress(
            done: row * draws + draw + 1, total: seeds.count * draws, unit: "draws"))
      }
      guard let moments else { continue }
      let found = Found(
        seed: seed, mean: moments.mean, deviation: moments.deviation(gain: Self.deviationGain),
        draws: shown, crops: crop.map { crop in shown.map(crop.part) } ?? [])
      for (name, picture) in found.files {
        try pictures.write(
          picture, "seed\(padded(Int(seed), to: 4))-\(name).png", seed: seed, provenance(seed))
      }
      sheet.add(found, row: row)
    }
    try pictures.write(sheet.image, "grid.png", provenance(nil))
    return pictures.written
  }

  /// What was found about one seed.
  struct Found {
    let seed: UInt32
    let mean: ByteImage
    let deviation: ByteImage
    let draws: [ByteImage]
    /// Parts of the draws, if parts were asked for.
    let crops: [ByteImage]

    /// All pictures with what their files are called.
    var files: [(name: String, picture: ByteImage)] {
      [("mean", mean), ("deviation", deviation)]
        + draws.enumerated().map { ("draw\($0)", $1) }
        + crops.enumerated().map { ("crop\($0)", $1) }
    }
  }
}

/// A rectangle of pixels, from its upper left corner to before its lower right.
public struct PixelRectangle: Hashable, Sendable {
  /// Columns, from 0.
  public let columns: Range<Int>
  /// Rows, from 0.
  public let rows: Range<Int>

  /// Reads `x0,y0,x1,y1`; nil if the text is not that, or means no pixels.
  public init?(_ text: String) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { UInt16($0) }.map(Int.init)
    guard parts.count == 4, numbers.count == 4, numbers[0] < numbers[2], numbers[1] < numbers[3]
    else { return nil }
    (columns, rows) = (numbers[0]..<numbers[2], numbers[1]..<numbers[3])
  }

  /// The rectangle as it would be typed.
  public var text: String {
    "\(columns.lowerBound),\(rows.lowerBound),\(columns.upperBound),\(rows.upperBound)"
  }

  /// The part of a picture.
  func part(of picture: ByteImage) -> ByteImage { picture.cropped(columns: columns, rows: rows) }
}

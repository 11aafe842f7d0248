// The truncation sheet: every seed at several ψ, from its own picture to the average and beyond.

import Formats
public import Networks

/// Makes a picture of every seed at every ψ, and a sheet with a row for each seed.
public struct TruncationJob: PictureJob {
  /// A row of the sheet each.
  public var seeds: [UInt32]
  /// A column of the sheet each: 1 is the seed's own picture, 0 the average, -1 its opposite.
  public var psis: [Double]
  /// Class, noise and the cutoff; its ψ is not used.
  public var settings = PictureSettings()
  /// Whether the sheet shows pictures only, without words.
  public var isBare = false
  /// What the picture of a seed at a ψ says about how it was made; of all for nil.
  public var provenance: @Sendable (_ picture: (seed: UInt32, psi: Double)?) -> Provenance

  /// A job that takes the network's own noise and truncates all rows of W+.
  ///
  /// - Parameters:
  ///   - seeds: A row of the sheet each.
  ///   - psis: A column of the sheet each.
  ///   - provenance: What a picture says about how it was made.
  public init(
    seeds: [UInt32], psis: [Double],
    provenance: @escaping @Sendable (_ picture: (seed: UInt32, psi: Double)?) -> Provenance
  ) {
    (self.seeds, self.psis, self.provenance) = (seeds, psis, provenance)
  }

  /// Checks that a generator can make the sheet.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `RequestError` if there is no such class, a ψ is out of range, or the sheet would be
  ///   too large.
  public func check(_ traits: GeneratorTraits) throws(RequestError) {
    for psi in psis { try traits.check(settings(at: psi)) }
    _ = try sheet(traits)
  }

  private func sheet(_ traits: GeneratorTraits) throws(RequestError) -> PictureSheet {
    let words = SheetWords(
      title: "truncation psi", columns: psis.map(plain), rows: seeds.map { "seed \($0)" })
    return try traits.sheet(words, isBare: isBare)
  }

  private func settings(at psi: Double) -> PictureSettings {
    var settings = settings
    settings.truncationPsi = psi
    return settings
  }

  /// Makes and writes the pictures: `seed0085-trunc0.7.png` for each seed and ψ, and `grid.png`.
  ///
  /// - Parameters:
  ///   - host: The generator.
  ///   - folder: Where the files go.
  ///   - progress: Is told after every picture.
  /// - Returns: The files; the sheet comes last.
  /// - Throws: What `check` throws; `FileError` if a file cannot be written; `CancellationError`
  ///   between pictures.
  public func run(
    on host: GeneratorHost, into folder: OutputFolder, progress: ProgressHandler
  ) async throws -> [WrittenPicture] {
    try check(host.traits)
    var pictures = PictureWriter(folder)
    var sheet = try sheet(host.traits)
    for (row, seed) in seeds.enumerated() {
      for (column, psi) in psis.enumerated() {
        try Task.checkCancellation()
        let code = await host.codes(seeds: [seed], settings: settings(at: psi))
        let picture = await host.picture(
          code, noise: settings.noise, noiseLayers: settings.noiseLayers, noiseSeed: seed)
        sheet.place(picture, column: column, row: row)
        try pictures.write(
          picture, "seed\(padded(Int(seed), to: 4))-trunc\(plain(psi)).png", seed: seed,
          provenance((seed, psi)))
        let done = row * psis.count + column + 1
        progress(JobProgress(done: done, total: seeds.count * psis.count, unit: "pictures"))
      }
    }
    if let image = sheet.image { try pictures.write(image, "grid.png", provenance(nil)) }
    return pictures.written
  }
}

/// A number as people write it: without a fraction if it has none.
public func plain(_ number: Double) -> String {
  Int(exactly: number).map(String.init) ?? "\(number)"
}

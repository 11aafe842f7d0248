// Pictures of seeds or of given codes, one file each, and sheets of them.

import Formats
public import Networks

/// Makes a picture of every seed, or of every given code.
public struct GenerateJob: PictureJob {
  /// What the pictures are of.
  public enum Subject: Hashable, Sendable {
    /// A picture for each seed.
    case seeds([UInt32])
    /// A picture for each code, not truncated again.
    case codes(Codes)
  }

  /// What the pictures are of.
  public var subject: Subject
  /// Truncation, class and noise.
  public var settings = PictureSettings()
  /// The sheets to put the pictures together in; nil for none.
  public var grid: GridSize?
  private var owned: (file: CodeFile, owner: CodeOwner)?
  /// What the picture of a seed says about how it was made; of all seeds for nil.
  public var provenance: @Sendable (_ seed: UInt32?) -> Provenance

  /// A job that takes the network's own noise and no truncation.
  ///
  /// - Parameters:
  ///   - subject: What the pictures are of.
  ///   - provenance: What a picture says about how it was made.
  public init(_ subject: Subject, provenance: @escaping @Sendable (_ seed: UInt32?) -> Provenance) {
    self.subject = subject
    self.provenance = provenance
  }

  private var count: Int {
    switch subject {
    case .seeds(let seeds): seeds.count
    case .codes(let codes): codes.count
    }
  }

  /// Checks that a generator can make the pictures.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `RequestError` if there is no such class, or a sheet would be too large;
  ///   `MisfitError` if codes are of another size.
  public func check(_ traits: GeneratorTraits) throws {
    switch subject {
    case .seeds: try traits.check(settings)
    case .codes(let codes): try traits.check(codes)
    }
    if let grid { try traits.check(sheet: grid) }
  }

  /// Says which file the codes are of, so that those of another generator are told.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - source: Where the generator comes from, for its hash.
  ///   - network: The generator as the command names it.
  ///   - takesOthers: Whether codes of other generators are taken, too.
  /// - Throws: As opening the generator's file throws.
  public mutating func takeCodes(
    of file: CodeFile, for source: NetworkSource, _ network: String, takesOthers: Bool
  ) throws {
    owned = (file, try source.owner(network, takesOthers: takesOthers))
  }

  /// What is questionable about the codes, a line each.
  public var remarks: [String] {
    get throws(MisfitError) {
      guard let (file, owner) = owned else { return [] }
      return [try owner.remark(about: "codes", in: file.path, of: file.generatorHash)]
        .compactMap(\.self)
    }
  }

  /// Makes and writes the pictures: `seed0085.png` or `proj00.png`, and `grid.png`, `grid-2.png`,
  /// ….
  ///
  /// - Parameters:
  ///   - host: The generator.
  ///   - folder: Where the files go.
  ///   - progress: Is told after every picture.
  /// - Returns: The files in the order in which they were written.
  /// - Throws: What `check` throws; `FileError` if a file cannot be written; `CancellationError`
  ///   between pictures.
  public func run(
    on host: GeneratorHost, into folder: OutputFolder, progress: ProgressHandler
  ) async throws -> [WrittenPicture] {
    try check(host.traits)
    var pictures = PictureWriter(folder)
    var sheet: Sheet?
    for index in 0..<count {
      try Task.checkCancellation()
      let (picture, seed) = await picture(index, host)
      let name =
        seed.map { "seed\(padded(Int($0), to: 4)).png" } ?? "proj\(padded(index, to: 2)).png"
      try pictures.write(picture, name, seed: seed, provenance(seed))
      progress(JobProgress(done: index + 1, total: count, unit: "pictures"))
      guard let grid else { continue }
      let cell = index % grid.count
      if cell == 0 { sheet = Sheet(grid, of: picture) }
      sheet?.place(picture, column: cell % grid.columns, row: cell / grid.columns)
      guard cell == grid.count - 1 || index == count - 1, let full = sheet?.image else { continue }
      let number = index / grid.count
      try pictures.write(
        full, number == 0 ? "grid.png" : "grid-\(number + 1).png", provenance(nil))
    }
    return pictures.written
  }

  private func picture(_ index: Int, _ host: GeneratorHost) async -> (ByteImage, UInt32?) {
    switch subject {
    case .seeds(let seeds):
      let seed = seeds[index]
      let code = await host.codes(seeds: [seed], settings: settings)
      return (
        await host.picture(
          code, noise: settings.noise, noiseLayers: settings.noiseLayers, noiseSeed: seed), seed
      )
    case .codes(let codes):
      let noiseSeed = UInt32(truncatingIfNeeded: index)
      return (
        await host.picture(
          codes[index], noise: settings.noise, noiseLayers: settings.noiseLayers,
          noiseSeed: noiseSeed), nil
      )
    }
  }
}

extension Sheet {
  /// An empty sheet for pictures like this one.
  init(_ grid: GridSize, of picture: ByteImage) {
    self.init(
      columns: grid.columns, rows: grid.rows, cellWidth: picture.width,
      cellHeight: picture.height, channels: picture.channels)
  }
}

/// A number with zeros before it.
func padded(_ number: Int, to digits: Int) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}

// Pictures moved along a direction, from one strength to another.

import Checkpoints
import Editing
import Formats
public import Networks
import Tensors

/// Draws every code at several strengths of a direction, and a sheet with a row for each code.
public struct EditDirectionJob: PictureJob {
  /// What is moved.
  public enum Subject: Sendable {
    /// The codes of seeds.
    case seeds([UInt32])
    /// Codes of a file.
    case codes(Codes)
    /// Photographs, whose codes are found first.
    case photographs(PhotographCodes)
  }

  /// What is moved.
  public var subject: Subject
  /// A file of directions.
  public var file: String
  /// The direction by its place in the file, or by its name.
  public var direction: String
  /// A column of the sheet each.
  public var strengths: [Double]
  /// The rows of W+ that move; nil for those that the direction was found for.
  public var rows: Range<Int>?
  /// Truncation, class and noise.
  public var settings = PictureSettings()
  /// The hash of the generator's numbers, which the file's directions should be for.
  public var generatorHash: String
  /// The hash of the generator that this one was tuned from, whose directions fit too; nil for none.
  public var parentHash: String?
  /// What the pictures say about how they were made.
  public var provenance: Provenance

  /// A job for the first direction of a file.
  ///
  /// - Parameters:
  ///   - subject: What is moved.
  ///   - file: A file of directions.
  ///   - source: Where the generator comes from, for its hash.
  ///   - provenance: What the pictures say about how they were made.
  /// - Throws: As opening the generator's file throws.
  public init(
    _ subject: Subject, along file: String, of source: NetworkSource, provenance: Provenance
  )
    throws
  {
    (self.subject, self.file, self.provenance) = (subject, file, provenance)
    (direction, strengths) = ("0", [-3, -2, -1, 0, 1, 2, 3])
    generatorHash = try source.contentHash()
    parentHash = try source.notes().parentHash
  }

  /// How many codes are moved.
  public var count: Int {
    switch subject {
    case .seeds(let seeds): seeds.count
    case .codes(let codes): codes.count
    case .photographs(let photographs): photographs.count
    }
  }

  private var grid: GridSize { GridSize(columns: strengths.count, rows: count) }

  /// Checks that a generator can make the pictures.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `RequestError` if class, codes, rows or the direction do not fit, or the sheet would
  ///   be too large; `FileError` if the file of directions cannot be read.
  public func check(_ traits: GeneratorTraits) throws {
    try traits.check(settings)
    switch subject {
    case .seeds: break
    case .codes(let codes): try traits.check(codes)
    case .photographs(let photographs): try photographs.check(traits, of: provenance.network)
    }
    if let rows, rows.upperBound > traits.numWs {
      throw RequestError(
        "--layers", expected: "rows of W+ from 0 to \(traits.numWs - 1)",
        found: "\(rows.upperBound - 1)")
    }
    try traits.check(sheet: grid)
    _ = try chosen(traits)
  }

  /// The direction of the file.
  private func chosen(_ traits: GeneratorTraits) throws -> LatentDirection {
    let contents = try DirectionFile(reading: file)
    let misfits = [generatorHash, parentHash].compactMap(\.self).map {
      contents.misfit(withGenerator: $0, numWs: traits.numWs, wDim: traits.wDim)
    }
    if !misfits.contains(nil), case let misfit?? = misfits.first {
      throw RequestError(misfit, in: file)
    }
    let all = contents.directions
    if let index = Int(direction), all.indices.contains(index) { return all[index] }
    if let named = all.first(where: { $0.name == direction }) { return named }
    let names = all.map(\.name).filter { !$0.isEmpty }
    throw RequestError(
      "--index",
      expected: "0 to \(all.count - 1)"
        + (names.isEmpty ? "" : ", or one of \(shortened(names))"), found: direction)
  }

  /// Makes and writes the pictures: `seed0085-strength1.5.png`, `00-strength1.5.png` or
  /// `NAME-strength1.5.png` for each code and strength, and `grid.png`.
  ///
  /// - Parameters:
  ///   - host: The generator.
  ///   - folder: Where the files go.
  ///   - progress: Is told after every picture.
  /// - Returns: The files; the sheet comes last.
  /// - Throws: What `check` throws; `FileError` if a file cannot be read or written;
  ///   `CancellationError` between pictures.
  public func run(
    on host: GeneratorHost, into folder: OutputFolder, progress: @escaping ProgressHandler
  ) async throws -> [WrittenPicture] {
    try check(host.traits)
    let direction = try chosen(host.traits)
    var found: NamedCodes?
    if case .photographs(let photographs) = subject {
      found = try await photographs.codes(on: host, progress: progress)
    }
    var pictures = PictureWriter(folder)
    var sheet: Sheet?
    for row in 0..<count {
      let (code, name, seed) = await subject(row, found, host)
      for (column, strength) in strengths.enumerated() {
        try Task.checkCancellation()
        let moved = withoutGradients {
          Codes(direction.moving(code.tensor, by: strength, rows: rows))
        }
        let picture = await host.picture(
          moved, noise: settings.noise, noiseLayers: settings.noiseLayers,
          noiseSeed: seed ?? UInt32(row))
        sheet = sheet ?? Sheet(grid, of: picture)
        sheet?.place(picture, column: column, row: row)
        try pictures.write(
          picture, "\(name)-strength\(plain(strength)).png", seed: seed, provenance)
        let done = row * strengths.count + column + 1
        progress(JobProgress(done: done, total: grid.count, unit: "pictures"))
      }
    }
    if let image = sheet?.image { try pictures.write(image, "grid.png", provenance) }
    return pictures.written
  }

  /// A code, what its files are called, and its seed if it has one.
  private func subject(_ row: Int, _ found: NamedCodes?, _ host: GeneratorHost) async -> (
    Codes, String, UInt32?
  ) {
    switch subject {
    case .seeds(let seeds):
      let code = await host.codes(seeds: [seeds[row]], settings: settings)
      return (code, "seed\(padded(Int(seeds[row]), to: 4))", seeds[row])
    case .codes(let codes): return (codes[row], padded(row, to: 2), nil)
    case .photographs:
      guard let found else { preconditionFailure("photographs whose codes were not found") }
      return (found.codes[row], found.names[row], nil)
    }
  }
}

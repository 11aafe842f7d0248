// The style mixing sheet: every row's picture with some layers' styles from every column's.

import Formats
public import Networks

/// Makes a style mixing sheet and its single pictures.
public struct MixJob: PictureJob {
  /// The seeds at the left, whose pictures keep all other rows of W+.
  public var rows: [UInt32]
  /// The seeds at the top, whose pictures give the rows in `styles`.
  public var columns: [UInt32]
  /// The rows of W+ taken from the columns' seeds, with a part of the sheet for each group; none
  /// for rows 0 to 6, as far as there are so many.
  public var styles: [StyleGroup]
  /// Truncation, class and noise.
  public var settings = PictureSettings()
  /// Whether the sheet shows pictures only, without words.
  public var isBare = false
  /// What the pictures say about how they were made.
  public var provenance: Provenance

  /// A job that takes the network's own noise and no truncation.
  ///
  /// - Parameters:
  ///   - rows: The seeds at the left.
  ///   - columns: The seeds at the top.
  ///   - styles: The rows of W+ taken from the columns' seeds, with a part of the sheet for each
  ///     group; none for rows 0 to 6, as far as there are so many.
  ///   - provenance: What the pictures say about how they were made.
  public init(rows: [UInt32], columns: [UInt32], styles: [StyleGroup] = [], provenance: Provenance)
  {
    (self.rows, self.columns, self.styles) = (rows, columns, styles)
    self.provenance = provenance
  }

  /// Checks that a generator can make the sheet.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `RequestError` if there is no such class or row of W+, or the sheet would be too
  ///   large.
  public func check(_ traits: GeneratorTraits) throws(RequestError) {
    try traits.check(settings)
    for group in styles { try traits.check(group) }
    _ = try sheet(traits)
  }

  /// An empty sheet: seeds above and at the left, each group's part with its name.
  private func sheet(_ traits: GeneratorTraits) throws(RequestError) -> PictureSheet {
    let groups = groups(of: traits)
    let left = groups.flatMap { group in
      rows.map { "seed \($0)" + (groups.count > 1 ? " \(group.name ?? "")" : "") }
    }
    let styles = groups.count > 1 ? "styles" : "styles \(groups[0].text(in: traits))"
    return try traits.sheet(
      SheetWords(
        title: "\(styles) from above", columns: [""] + columns.map { "seed \($0)" },
        rows: [""] + left), isBare: isBare)
  }

  private func groups(of traits: GeneratorTraits) -> [StyleGroup] {
    styles.isEmpty ? [.rows(traits.defaultMixingRows)] : styles
  }

  private var grid: GridSize {
    GridSize(columns: columns.count + 1, rows: rows.count * max(styles.count, 1) + 1)
  }

  /// Makes and writes the pictures: `ROW-COLUMN.png` for each pair, or `ROW-COLUMN-coarse.png` and
  /// so on for several groups, `SEED-SEED.png` for each seed, and `grid.png`.
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
    var codes: [UInt32: Codes] = [:]
    var originals: Set<UInt32> = []
    let grid = grid
    let groups = groups(of: host.traits)
    for cell in 1..<grid.count {
      try Task.checkCancellation()
      let (column, row) = (cell % grid.columns, cell / grid.columns)
      let group = groups[max(row - 1, 0) / rows.count]
      let left = row == 0 ? columns[column - 1] : rows[(row - 1) % rows.count]
      let top = column == 0 ? left : columns[column - 1]
      for seed in [left, top] where codes[seed] == nil {
        codes[seed] = await host.codes(seeds: [seed], settings: settings)
      }
      guard let base = codes[left], let source = codes[top] else { continue }
      let code =
        left == top
        ? base : await host.mix(base, with: source, rows: group.rows(in: host.traits))
      let picture = await host.picture(
        code, noise: settings.noise, noiseLayers: settings.noiseLayers, noiseSeed: left)
      sheet.place(picture, column: column, row: row)
      if left != top {
        let name = [String(left), String(top), groups.count > 1 ? group.name : nil]
        try write(picture, name, &pictures)
      } else if originals.insert(left).inserted {
        try write(picture, [String(left), String(left)], &pictures)
      }
      progress(JobProgress(done: cell, total: grid.count - 1, unit: "pictures"))
    }
    if let image = sheet.image { try pictures.write(image, "grid.png", provenance) }
    return pictures.written
  }

  private func write(
    _ picture: ByteImage, _ name: [String?], _ pictures: inout PictureWriter
  ) throws {
    var record = provenance
    let words = name.compactMap(\.self)
    record.seed = words.prefix(2).joined(separator: ", ")
    try pictures.write(picture, "\(words.joined(separator: "-")).png", record)
  }
}

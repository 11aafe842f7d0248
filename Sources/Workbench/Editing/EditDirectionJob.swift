// Pictures moved along a direction, from one strength to another.

import Checkpoints
import Editing
import Formats
public import Networks
import Tensors

/// Draws every code at several strengths of a direction, and a sheet with a row for each code.
public struct EditDirectionJob: EditJob {
  /// What is moved, and how it is drawn.
  public var request: EditRequest
  /// A file of directions, read.
  public let directions: StoredDirections
  /// The direction by its place in the file, or by its name.
  public var direction = "0"
  /// A column of the sheet each.
  public var strengths: [Double] = [-3, -2, -1, 0, 1, 2, 3]

  /// A job for the first direction of a file.
  ///
  /// - Parameters:
  ///   - request: What is moved, and how it is drawn.
  ///   - file: A file of directions.
  /// - Throws: `FileError` if the file cannot be read, or holds none.
  public init(_ request: EditRequest, along file: String) throws {
    (self.request, directions) = (request, try StoredDirections(reading: file))
  }

  /// How many pictures are made.
  ///
  /// - Parameter counts: How many are moved.
  /// - Returns: One for each strength of each.
  public func count(of counts: [Int]) -> Int { counts[0] * strengths.count }

  /// The names of the pictures' files, without that of the sheet.
  public var pictureNames: [String] {
    request.subject.stems.flatMap { stem in strengths.map { name(stem, $0) } }
  }

  private func name(_ stem: String, _ strength: Double) -> String {
    "\(stem)-strength\(plain(strength)).png"
  }

  /// Checks that a generator can make the pictures.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `RequestError` if class, rows or the direction do not fit, or the sheet would be too
  ///   large; `MisfitError` if codes or directions are of another size.
  public func check(_ traits: GeneratorTraits) throws {
    try request.check(traits, edits: count)
    let name = try directions.chosen(direction, for: traits).name
    _ = try sheet(of: request.subject, along: name, traits)
  }

  /// What is questionable about the directions, and about codes of a file, a line each.
  public var remarks: [String] {
    get throws(MisfitError) {
      [try request.subject.remark(of: request.owner), try directions.remark(of: request.owner)]
        .compactMap(\.self)
    }
  }

  private func sheet(
    of subject: EditSubject, along name: String, _ traits: GeneratorTraits
  ) throws -> PictureSheet {
    let words = SheetWords(
      title: "\(name) by strength", columns: strengths.map(plain), rows: subject.names)
    return try traits.sheet(words, isBare: request.isBare)
  }

  /// Makes and writes the pictures: `seed0085-strength1.5.png`, `00-strength1.5.png` or
  /// `NAME-strength1.5.png` for each code and strength, `codes.safetensors` with the codes in the
  /// same order, and `grid.png`.
  ///
  /// Of photographs `found.safetensors` with the codes that were found comes first. Those that
  /// cannot be used are left out, and said in the outcome.
  ///
  /// - Parameters:
  ///   - host: The generator.
  ///   - folder: Where the files go.
  ///   - progress: Is told after every picture.
  /// - Returns: The files, and the photographs that were left out.
  /// - Throws: What `check` throws; `FileError` if a file cannot be read or written;
  ///   `CancellationError` between pictures; `InterruptedWork` if codes were found before.
  public func run(
    on host: GeneratorHost, into folder: OutputFolder, progress: @escaping ProgressHandler
  ) async throws -> EditedPictures {
    try check(host.traits)
    try check(into: folder.path)
    let (name, direction) = try directions.chosen(direction, for: host.traits)
    let found = try await found(on: host, into: folder, progress: progress)
    guard !found.isEmpty else { return EditedPictures(found) }
    let subject = found.subjects[0]
    let (names, stems, total) = (subject.names, subject.stems, count(of: [subject.count]))
    var drawing = EditDrawing(
      request, on: host, into: folder, sheet: try sheet(of: subject, along: name, host.traits))
    for row in 0..<subject.count {
      let code = await subject.code(row, on: host, request.settings)
      for (column, strength) in strengths.enumerated() {
        try Task.checkCancellation()
        let moved = withoutGradients {
          Codes(direction.moving(code.tensor, by: strength, rows: request.rows))
        }
        let picture = await drawing.picture(moved, noiseSeed: subject.noiseSeed(row))
        drawing.place(picture, column: column, row: row)
        try drawing.write(
          picture, self.name(stems[row], strength), seed: subject.seed(row))
        drawing.keep(moved, "\(names[row]), strength \(plain(strength))")
        let done = row * strengths.count + column + 1
        progress(JobProgress(done: done, total: total, unit: "pictures"))
      }
    }
    return EditedPictures(found, try drawing.finished())
  }
}

// Pictures moved along a direction, from one strength to another.

import Checkpoints
import Editing
import Formats
public import Networks
import Tensors

/// Draws every code at several strengths of a direction, and a sheet with a row for each code.
public struct EditDirectionJob: PictureJob {
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

  /// How many pictures will be made.
  public var count: Int { request.subject.count * strengths.count }

  /// Checks that a generator can make the pictures.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `RequestError` if class, rows or the direction do not fit, or the sheet would be too
  ///   large; `MisfitError` if codes or directions are of another size.
  public func check(_ traits: GeneratorTraits) throws { _ = try prepared(traits) }

  /// What is questionable about the directions, and about codes of a file, a line each.
  public var remarks: [String] {
    get throws(MisfitError) {
      [try request.subject.remark(of: request.owner), try directions.remark(of: request.owner)]
        .compactMap(\.self)
    }
  }

  private func prepared(_ traits: GeneratorTraits) throws -> (LatentDirection, PictureSheet) {
    try request.check(traits, edits: count)
    let (index, direction) = try chosen(traits)
    let name = direction.name.isEmpty ? "direction \(index)" : direction.name
    let words = SheetWords(
      title: "\(name) by strength", columns: strengths.map(plain),
      rows: request.subject.names)
    return (direction, try traits.sheet(words, isBare: request.isBare))
  }

  /// The direction of the file, and its place.
  private func chosen(_ traits: GeneratorTraits) throws -> (Int, LatentDirection) {
    let all = try directions.directions(for: traits)
    if let index = Int(direction), all.indices.contains(index) { return (index, all[index]) }
    if let index = all.firstIndex(where: { $0.name == direction }) { return (index, all[index]) }
    let names = all.map(\.name).filter { !$0.isEmpty }
    throw RequestError(
      "--index",
      expected: "0 to \(all.count - 1)"
        + (names.isEmpty ? "" : ", or one of \(shortened(names))"), found: direction)
  }

  /// Makes and writes the pictures: `seed0085-strength1.5.png`, `00-strength1.5.png` or
  /// `NAME-strength1.5.png` for each code and strength, `codes.safetensors` with the codes in the same order, and `grid.png`.
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
    let (direction, sheet) = try prepared(host.traits)
    let subject = try await request.subject.found(on: host, progress: progress)
    let (names, stems) = (subject.names, subject.stems)
    var drawing = EditDrawing(request, on: host, into: folder, sheet: sheet)
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
          picture, "\(stems[row])-strength\(plain(strength))", seed: subject.seed(row))
        drawing.keep(moved, "\(names[row]), strength \(plain(strength))")
        let done = row * strengths.count + column + 1
        progress(JobProgress(done: done, total: count, unit: "pictures"))
      }
    }
    return try drawing.finished()
  }
}

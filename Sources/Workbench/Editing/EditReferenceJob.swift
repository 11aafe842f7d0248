// Pictures that take something over from references: codes edited by an edit transformer.

import Formats
public import Networks

/// Draws every source with what every reference has, and a table of them.
public struct EditReferenceJob: PictureJob {
  /// How rows of a code look at rows of the reference.
  public enum Attention: String, CaseIterable, Codable, Sendable {
    /// Every row takes a mean of the reference's rows, as the published program has it.
    case code
    /// Rows compete for those of the reference, as the paper has it.
    case paper
  }

  /// What is edited, and how it is drawn.
  public var request: EditRequest
  /// What has the attribute.
  public var references: EditSubject
  /// A file with an edit transformer.
  public var editor: String
  /// How rows look at the reference; nil as the file says, or the published program's.
  public var attention: Attention?
  /// The heads of the editor's attentions, which files of other programs do not say; nil for the
  /// published four.
  public var heads: Int?

  /// A job with the editor as its file says.
  ///
  /// - Parameters:
  ///   - request: What is edited, and how it is drawn.
  ///   - references: What has the attribute.
  ///   - editor: A file with an edit transformer.
  public init(_ request: EditRequest, from references: EditSubject, by editor: String) {
    (self.request, self.references, self.editor) = (request, references, editor)
  }

  /// How many pictures will be made: each pair's source, reference and edit beside one another.
  public var count: Int { request.subject.count * references.count }

  private var choice: EditorChoice {
    EditorChoice(file: editor, attention: attention, heads: heads)
  }

  /// Checks that a generator and the edit transformer can make the pictures.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `RequestError` if class, rows or heads do not fit, or the sheet would be too large;
  ///   `MisfitError` if codes or the edit transformer are of another size; `FileError` if its file
  ///   cannot be read, or holds none.
  public func check(_ traits: GeneratorTraits) throws { _ = try prepared(traits) }

  /// What is questionable about codes of files, a line each.
  public var remarks: [String] {
    get throws(MisfitError) {
      let all = [
        try request.subject.remark(of: request.owner), try references.remark(of: request.owner),
      ].compactMap(\.self)
      return Set(all).count < all.count ? [all[0]] : all
    }
  }

  private func prepared(_ traits: GeneratorTraits) throws -> PictureSheet {
    try request.check(traits, edits: count)
    try references.check(traits, network: request.provenance.network)
    try request.check(choice, for: traits)
    let words = SheetWords(
      title: "sources at the left, references above",
      columns: [""] + references.names,
      rows: [""] + request.subject.names)
    return try traits.sheet(words, isBare: request.isBare)
  }

  /// Makes and writes the pictures: `seed0001-seed0085.png` or `00-01.png` for each source and
  /// reference, which shows the source, the reference and the edit beside one another,
  /// `codes.safetensors` with the edited codes in the same order, and `grid.png` with references in
  /// the first row, sources in the first column and edits inside.
  ///
  /// - Parameters:
  ///   - host: The generator.
  ///   - folder: Where the files go.
  ///   - progress: Is told after every edit.
  /// - Returns: The files; the sheet comes last.
  /// - Throws: What `check` throws; `EditingError` if numbers become not finite; `FileError` if a
  ///   file cannot be read or written; `CancellationError` between edits.
  public func run(
    on host: GeneratorHost, into folder: OutputFolder, progress: @escaping ProgressHandler
  ) async throws -> [WrittenPicture] {
    let sheet = try prepared(host.traits)
    let editor = try ReferenceHost(choice)
    let subject = try await request.subject.found(on: host, progress: progress)
    let references = try await references.found(on: host, progress: progress)
    let (names, stems) = (subject.names, subject.stems)
    var drawing = EditDrawing(request, on: host, into: folder, sheet: sheet)
    var shown: [(code: Codes, picture: ByteImage)] = []
    for index in 0..<references.count {
      try Task.checkCancellation()
      let code = await references.code(index, on: host, request.settings)
      let picture = await drawing.picture(code, noiseSeed: references.noiseSeed(index))
      drawing.place(picture, column: index + 1, row: 0)
      shown.append((code, picture))
    }
    for row in 0..<subject.count {
      let code = await subject.code(row, on: host, request.settings)
      let source = await drawing.picture(code, noiseSeed: subject.noiseSeed(row))
      drawing.place(source, column: 0, row: row + 1)
      for (column, reference) in shown.enumerated() {
        try Task.checkCancellation()
        let edited = try await editor.edited(code, reference: reference.code, rows: request.rows)
        let picture = await drawing.picture(edited, noiseSeed: subject.noiseSeed(row))
        drawing.place(picture, column: column + 1, row: row + 1)
        try drawing.write(
          .beside([source, reference.picture, picture]),
          "\(stems[row])-\(references.stems[column])", seed: subject.seed(row))
        drawing.keep(edited, "\(names[row]) with \(references.names[column])")
        let done = row * shown.count + column + 1
        progress(JobProgress(done: done, total: count, unit: "pictures"))
      }
    }
    return try drawing.finished()
  }
}

extension ByteImage {
  /// Pictures of one size beside one another; traps if there are none.
  fileprivate static func beside(_ pictures: [ByteImage]) -> ByteImage {
    var row = Sheet(GridSize(columns: pictures.count, rows: 1), of: pictures[0])
    for (column, picture) in pictures.enumerated() { row.place(picture, column: column, row: 0) }
    return row.image
  }
}

// Pictures that take something over from references: codes edited by an edit transformer.

import Formats
public import Networks

/// Draws every source with what every reference has, and a table of them.
public struct EditReferenceJob: EditJob {
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
  /// What is taken over: the editor's attributes by their names or places, one after the other; none
  /// for the only one.
  public var attributes: [String] = []
  /// How much of the change is made: 1 for what the editor says.
  public var strength = 1.0

  /// A job with the editor as its file says.
  ///
  /// - Parameters:
  ///   - request: What is edited, and how it is drawn.
  ///   - references: What has the attribute.
  ///   - editor: A file with an edit transformer.
  public init(_ request: EditRequest, from references: EditSubject, by editor: String) {
    (self.request, self.references, self.editor) = (request, references, editor)
  }

  /// What is edited, and what has the attribute.
  public var subjects: [EditSubject] { [request.subject, references] }

  /// How many pictures are made: each pair's source, reference and edit beside one another.
  ///
  /// - Parameter counts: How many are edited, and how many references there are.
  /// - Returns: One for each pair.
  public func count(of counts: [Int]) -> Int { counts[0] * counts[1] }

  /// The names of the pictures' files, without that of the sheet.
  public var pictureNames: [String] {
    let others = references.stems
    return request.subject.stems.flatMap { stem in others.map { name(stem, $0) } }
  }

  private func name(_ stem: String, _ reference: String) -> String { "\(stem)-\(reference).png" }

  private var choice: EditorChoice {
    EditorChoice(
      file: editor, attention: attention, heads: heads, attributes: attributes,
      strength: strength)
  }

  /// Checks that a generator and the edit transformer can make the pictures.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `RequestError` if class, rows, heads or attributes do not fit, or the sheet would be too large;
  ///   `MisfitError` if codes or the edit transformer are of another size; `FileError` if its file
  ///   cannot be read, or holds none.
  public func check(_ traits: GeneratorTraits) throws {
    try request.check(traits, edits: count)
    try references.check(traits, network: request.provenance.network)
    try request.check(choice, for: traits)
    try checkRanges(numbers: [("--strength", strength, -1000...1000, "-1000 to 1000")])
    _ = try sheet(of: subjects, traits)
  }

  /// What is questionable about codes of files, a line each.
  public var remarks: [String] {
    get throws(MisfitError) {
      let all = [
        try request.subject.remark(of: request.owner), try references.remark(of: request.owner),
      ].compactMap(\.self)
      return Set(all).count < all.count ? [all[0]] : all
    }
  }

  private func sheet(of subjects: [EditSubject], _ traits: GeneratorTraits) throws -> PictureSheet {
    let words = SheetWords(
      title: "sources at the left, references above",
      columns: [""] + subjects[1].names, rows: [""] + subjects[0].names)
    return try traits.sheet(words, isBare: request.isBare)
  }

  /// Makes and writes the pictures: `seed0001-seed0085.png`, `00-01.png` or `NAME-NAME.png` for each
  /// source and reference, which shows the source, the reference and the edit beside one another,
  /// `codes.safetensors` with the edited codes in the same order, and `grid.png` with references in
  /// the first row, sources in the first column and edits inside.
  ///
  /// Of photographs `found.safetensors` and `found-references.safetensors` with the codes that were
  /// found come first. Those that cannot be used are left out, and said in the outcome.
  ///
  /// - Parameters:
  ///   - host: The generator.
  ///   - folder: Where the files go.
  ///   - progress: Is told after every edit.
  /// - Returns: The files, and the photographs that were left out.
  /// - Throws: What `check` throws; `EditingError` if numbers become not finite; `FileError` if a
  ///   file cannot be read or written; `CancellationError` between edits; `InterruptedWork` if
  ///   codes were found before.
  public func run(
    on host: GeneratorHost, into folder: OutputFolder, progress: @escaping ProgressHandler
  ) async throws -> EditedPictures {
    try check(host.traits)
    try check(into: folder.path)
    let editor = try ReferenceHost(choice)
    let found = try await found(on: host, into: folder, progress: progress)
    guard !found.isEmpty else { return EditedPictures(found) }
    let (subject, references) = (found.subjects[0], found.subjects[1])
    let (names, stems) = (subject.names, subject.stems)
    let (others, otherStems) = (references.names, references.stems)
    var drawing = EditDrawing(
      request, on: host, into: folder, sheet: try sheet(of: found.subjects, host.traits))
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
          name(stems[row], otherStems[column]), seed: subject.seed(row))
        drawing.keep(edited, "\(names[row]) with \(others[column])")
        let done = row * shown.count + column + 1
        progress(
          JobProgress(done: done, total: subject.count * shown.count, unit: "pictures"))
      }
    }
    return EditedPictures(found, try drawing.finished())
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

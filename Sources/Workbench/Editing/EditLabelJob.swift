// Pictures that get an attribute, or lose it: codes moved along the gradient of a classifier.

import Editing
import Foundation
public import Networks

/// Draws every code as it is and at several strengths of an attribute, with a sheet that has a row
/// for each code, and measures what the edits did.
public struct EditLabelJob: EditJob {
  /// What takes the place of the classifier's gradient.
  public enum Order: String, CaseIterable, Codable, Sendable {
    /// The gradient itself, as the paper has it.
    case first
    /// How the gradient changes along a random direction.
    case second
  }

  /// What a strength of 1 is the length of.
  public enum Norm: String, CaseIterable, Codable, Sendable {
    /// The change of the whole code, as the paper has it.
    case code
    /// The change of each row of W+, as the published program has it.
    case row
  }

  /// What is edited, and how it is drawn.
  public var request: EditRequest
  /// A file with a classifier of codes.
  public var classifier: String
  /// The attribute by its name, of unnamed ones CelebA's, or by its place from 0.
  public var attribute: String
  /// A column of the sheet each, after the pictures as they are; with negative ones the attribute
  /// goes.
  public var strengths: [Double] = [1.5, 3, 6]
  /// What takes the place of the gradient.
  public var order = Order.first
  /// What a strength of 1 is the length of.
  public var norm = Norm.code
  /// In how many equal steps a code is moved, each along the gradient at the place that it starts
  /// from.
  public var steps = 1

  /// In how many steps a code may be moved.
  static let stepRange = 1...10_000

  /// A job for three strengths, as the paper has it.
  ///
  /// - Parameters:
  ///   - request: What is edited, and how it is drawn.
  ///   - attribute: The attribute by its name or by its place from 0.
  ///   - classifier: A file with a classifier of codes.
  public init(_ request: EditRequest, attribute: String, by classifier: String) {
    (self.request, self.attribute, self.classifier) = (request, attribute, classifier)
  }

  /// How many pictures are made.
  ///
  /// - Parameter counts: How many are edited.
  /// - Returns: One for each as it is, and one for each strength of each.
  public func count(of counts: [Int]) -> Int { counts[0] * (strengths.count + 1) }

  /// The names of the pictures' files, without that of the sheet.
  public var pictureNames: [String] {
    request.subject.stems.flatMap { stem in columns.map { name(stem, $0) } }
  }

  /// The strengths after nothing at all.
  private var columns: [Double?] { [nil] + strengths.map(Optional.some) }

  private func name(_ stem: String, _ strength: Double?) -> String {
    "\(stem)-\(strength.map { "strength\(plain($0))" } ?? "source").png"
  }

  /// Checks that a generator and the classifier can make the pictures.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `RequestError` if class, rows, steps or the attribute do not fit, or the sheet would be
  ///   too large; `MisfitError` if the codes or the classifier are of another size; `FileError` if
  ///   the classifier's file cannot be read, or holds none.
  public func check(_ traits: GeneratorTraits) throws {
    try request.check(traits, edits: request.subject.count * strengths.count)
    guard Self.stepRange.contains(steps) else {
      throw RequestError(
        "--steps", expected: "\(Self.stepRange.lowerBound) to \(Self.stepRange.upperBound)",
        found: "\(steps)")
    }
    _ = try sheet(of: request.subject, chosen(traits), traits)
  }

  /// What is questionable about codes of a file, a line each.
  public var remarks: [String] {
    get throws(MisfitError) {
      [try request.subject.remark(of: request.owner)].compactMap(\.self)
    }
  }

  /// The attribute as the classifier knows it.
  private func chosen(_ traits: GeneratorTraits) throws -> AttributeChoice {
    let found = try request.classifier(in: classifier, for: traits)
    return try AttributeChoice(attribute, of: found.attributeNames)
  }

  private func sheet(
    of subject: EditSubject, _ attribute: AttributeChoice, _ traits: GeneratorTraits
  ) throws -> PictureSheet {
    let words = SheetWords(
      title: "\(attribute.name) by strength", columns: ["source"] + strengths.map(plain),
      rows: subject.names)
    return try traits.sheet(words, isBare: request.isBare)
  }

  /// Makes and writes the pictures: `seed0085-source.png` and `seed0085-strength1.5.png`, or
  /// `00-source.png` or `NAME-source.png` and so on, for each code and strength,
  /// `codes.safetensors` with the edited codes in the same order, and `grid.png`.
  ///
  /// Of photographs `found.safetensors` with the codes that were found comes first. Those that
  /// cannot be used are left out, and said in the outcome.
  ///
  /// - Parameters:
  ///   - host: The generator.
  ///   - folder: Where the files go.
  ///   - progress: Is told after every picture.
  /// - Returns: The files, what the edits did, and the photographs that were left out.
  /// - Throws: What `check` throws; `EditingError` if numbers become not finite; `FileError` if a
  ///   file cannot be read or written; `CancellationError` between pictures; `InterruptedWork` if
  ///   codes were found before.
  public func run(
    on host: GeneratorHost, into folder: OutputFolder, progress: @escaping ProgressHandler
  ) async throws -> Outcome {
    try check(host.traits)
    try check(into: folder.path)
    let attribute = try chosen(host.traits)
    let editor = try LabelHost(classifier)
    let choice = LabelChoice(
      attribute: attribute.index, order: order, norm: norm, steps: steps, rows: request.rows)
    let found = try await found(on: host, into: folder, progress: progress)
    guard !found.isEmpty else { return Outcome(attribute, EditedPictures(found), []) }
    let subject = found.subjects[0]
    let (names, stems, total) = (subject.names, subject.stems, count(of: [subject.count]))
    var drawing = EditDrawing(
      request, on: host, into: folder, sheet: try sheet(of: subject, attribute, host.traits))
    var (edits, done) = ([Outcome.Edit](), 0)
    for row in 0..<subject.count {
      let (code, name) = (await subject.code(row, on: host, request.settings), names[row])
      for (column, strength) in columns.enumerated() {
        try Task.checkCancellation()
        var shown = code
        if let strength {
          let (edited, effect) = try await editor.edited(code, by: strength, choice)
          shown = edited
          edits.append(
            Outcome.Edit(name: name, seed: subject.seed(row), strength: strength, effect))
          drawing.keep(edited, "\(name), \(attribute.name) \(plain(strength))")
        }
        let picture = await drawing.picture(shown, noiseSeed: subject.noiseSeed(row))
        drawing.place(picture, column: column, row: row)
        try drawing.write(picture, self.name(stems[row], strength), seed: subject.seed(row))
        done += 1
        progress(JobProgress(done: done, total: total, unit: "pictures"))
      }
    }
    return Outcome(attribute, EditedPictures(found, try drawing.finished()), edits)
  }
}

extension EditLabelJob {
  /// What the edits did, as the classifier sees it.
  public struct Outcome: Encodable, Sendable {
    /// One edit of one code.
    public struct Edit: Encodable, Hashable, Sendable {
      /// The picture that was edited.
      public let name: String
      /// Its seed, if it has one.
      public let seed: UInt32?
      /// How far the code was moved.
      public let strength: Double
      /// The attribute's logit before and after.
      public let logit: [Double]
      /// How sure the classifier is that the attribute is there, before and after.
      public let probability: [Double]
      /// The mean over all other attributes of how much their logits changed; nil if there are no
      /// others.
      public let dependency: Double?
      /// The length of the code's change.
      public let change: Double

      init(name: String, seed: UInt32?, strength: Double, _ effect: LabelEffect) {
        (self.name, self.seed, self.strength) = (name, seed, strength)
        logit = [effect.logitBefore, effect.logitAfter]
        probability = logit.map(LabelEffect.probability)
        (dependency, change) = (effect.dependency, effect.change)
      }
    }

    /// The attribute.
    public let attribute: String
    /// The files, in the order in which they were written; the sheet comes last.
    public let files: [WrittenPicture]
    /// The edits, those of a code after one another.
    public let edits: [Edit]
    /// The photographs that were left out, in their order.
    public let failures: [PictureFailure]

    init(_ attribute: AttributeChoice, _ pictures: EditedPictures, _ edits: [Edit]) {
      (self.attribute, self.edits) = (attribute.name, edits)
      (files, failures) = (pictures.files, pictures.failures)
    }

    /// The outcome as lines for people.
    public var lines: [String] {
      guard !edits.isEmpty else { return files.map(\.file) }
      func text(_ format: String, _ values: [Double]) -> String {
        values.map { String(format: format, $0) }.joined(separator: " -> ")
      }
      let rows = edits.map { edit in
        [
          edit.name, plain(edit.strength), text("%.3f", edit.logit),
          text("%.0f %%", edit.probability.map { $0 * 100 }),
          edit.dependency.map { String(format: "%.3f", $0) } ?? "",
          String(format: "%.2f", edit.change),
        ]
      }
      let heading = [
        "", "strength", "logit of \(attribute)", "probability", "other logits", "code moved",
      ]
      return files.map(\.file) + Table.lines(heading: heading, rows)
    }
  }
}

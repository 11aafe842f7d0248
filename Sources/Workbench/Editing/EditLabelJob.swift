// Pictures that get an attribute, or lose it: codes moved along the gradient of a classifier.

import Editing
import Foundation
public import Networks

/// Draws every code as it is and at several strengths of an attribute, with a sheet that has a row
/// for each code, and measures what the edits did.
public struct EditLabelJob: GeneratorJob {
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
  /// The attribute by CelebA's name or by its place from 0.
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

  private static let stepRange = 1...10_000

  /// A job for three strengths, as the paper has it.
  ///
  /// - Parameters:
  ///   - request: What is edited, and how it is drawn.
  ///   - attribute: The attribute by CelebA's name or by its place from 0.
  ///   - classifier: A file with a classifier of codes.
  public init(_ request: EditRequest, attribute: String, by classifier: String) {
    (self.request, self.attribute, self.classifier) = (request, attribute, classifier)
  }

  /// How many pictures will be made.
  public var count: Int { request.subject.count * (strengths.count + 1) }

  /// Checks that a generator and the classifier can make the pictures.
  ///
  /// - Parameter traits: What the generator is.
  /// - Throws: `RequestError` if class, rows, steps or the attribute do not fit, or the sheet would be
  ///   too large; `MisfitError` if the codes or the classifier are of another size; `FileError` if
  ///   the classifier's file cannot be read, or holds none.
  public func check(_ traits: GeneratorTraits) throws { _ = try prepared(traits) }

  /// What is questionable about codes of a file, a line each.
  public var remarks: [String] {
    get throws(MisfitError) {
      [try request.subject.remark(of: request.owner)].compactMap(\.self)
    }
  }

  private func prepared(_ traits: GeneratorTraits) throws -> (AttributeChoice, PictureSheet) {
    try request.check(traits, edits: request.subject.count * strengths.count)
    guard Self.stepRange.contains(steps) else {
      throw RequestError(
        "--steps", expected: "\(Self.stepRange.lowerBound) to \(Self.stepRange.upperBound)",
        found: "\(steps)")
    }
    let found = try request.classifier(in: classifier, for: traits)
    let attribute = try AttributeChoice(attribute, of: found.attributeCount)
    let words = SheetWords(
      title: "\(attribute.name) by strength", columns: ["source"] + strengths.map(plain),
      rows: request.subject.names)
    return (attribute, try traits.sheet(words, isBare: request.isBare))
  }

  /// Makes and writes the pictures: `seed0085-source.png` and `seed0085-strength1.5.png`, or
  /// `00-source.png` and so on, for each code and strength, `codes.safetensors` with the edited
  /// codes in the same order, and `grid.png`.
  ///
  /// - Parameters:
  ///   - host: The generator.
  ///   - folder: Where the files go.
  ///   - progress: Is told after every picture.
  /// - Returns: The files and what the edits did.
  /// - Throws: What `check` throws; `EditingError` if numbers become not finite; `FileError` if a
  ///   file cannot be read or written; `CancellationError` between pictures.
  public func run(
    on host: GeneratorHost, into folder: OutputFolder, progress: @escaping ProgressHandler
  ) async throws -> Outcome {
    let (attribute, sheet) = try prepared(host.traits)
    let editor = try LabelHost(classifier)
    let choice = LabelChoice(
      attribute: attribute.index, order: order, norm: norm, steps: steps, rows: request.rows)
    let subject = try await request.subject.found(on: host, progress: progress)
    let (names, stems) = (subject.names, subject.stems)
    var drawing = EditDrawing(request, on: host, into: folder, sheet: sheet)
    var (edits, done) = ([Outcome.Edit](), 0)
    for row in 0..<subject.count {
      let (code, name) = (await subject.code(row, on: host, request.settings), names[row])
      for (column, strength) in ([nil] + strengths.map(Optional.some)).enumerated() {
        try Task.checkCancellation()
        var (shown, suffix) = (code, "source")
        if let strength {
          let (edited, effect) = try await editor.edited(code, by: strength, choice)
          (shown, suffix) = (edited, "strength\(plain(strength))")
          edits.append(
            Outcome.Edit(name: name, seed: subject.seed(row), strength: strength, effect))
          drawing.keep(edited, "\(name), \(attribute.name) \(plain(strength))")
        }
        let picture = await drawing.picture(shown, noiseSeed: subject.noiseSeed(row))
        drawing.place(picture, column: column, row: row)
        try drawing.write(picture, "\(stems[row])-\(suffix)", seed: subject.seed(row))
        done += 1
        progress(JobProgress(done: done, total: count, unit: "pictures"))
      }
    }
    return Outcome(attribute: attribute.name, files: try drawing.finished(), edits: edits)
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

    /// The outcome as lines for people.
    public var lines: [String] {
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

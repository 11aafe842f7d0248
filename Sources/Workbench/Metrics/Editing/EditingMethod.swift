// A way in which codes are edited, one of several that are compared.

import Checkpoints
import Editing
import Formats
import Networks

/// A way to edit codes: by a classifier of codes, along a direction, or with references.
public struct EditingMethod: Sendable {
  /// What moves codes.
  public enum Way: Hashable, Sendable {
    /// The gradient of a classifier of codes.
    case label(order: EditLabelJob.Order, norm: EditLabelJob.Norm, steps: Int)
    /// A direction, by its place in the file or by its name; nil for the one that is called as the
    /// attribute.
    case direction(named: String?)
    /// An edit transformer, which takes the attribute over from another code.
    case reference(attention: EditReferenceJob.Attention?, heads: Int?)

    /// What tables call it.
    var name: String {
      switch self {
      case .label: "label"
      case .direction: "direction"
      case .reference: "reference"
      }
    }
  }

  /// What tables call it.
  public let name: String
  /// The options that make it what it is, as they are typed.
  public let options: [String]
  /// What moves codes.
  public let way: Way
  /// The files that it takes, one after the other: repetition r has number r modulo their number.
  public let files: [String]
  /// The rows of W+ that change; nil for all, or for those that a direction was found for.
  public var rows: Range<Int>?

  /// A way that has a name.
  ///
  /// - Parameters:
  ///   - name: What tables call it.
  ///   - options: The options that make it what it is.
  ///   - way: What moves codes.
  ///   - files: Classifiers of codes, files of directions, or edit transformers; at least one.
  public init(_ name: String, options: [String], _ way: Way, files: [String]) {
    precondition(!files.isEmpty, "a way to edit without files")
    (self.name, self.options, self.way, self.files) = (name, options, way, files)
  }

  /// The file of a repetition.
  func file(_ repetition: UInt32) -> String { files[Int(repetition) % files.count] }

  // MARK: Checks

  /// Checks that the files can edit a generator's codes, and know the attributes.
  ///
  /// - Parameters:
  ///   - attributes: What is given and taken away.
  ///   - request: The generator, as files know it.
  ///   - traits: What the generator is.
  /// - Returns: What is questionable about the files, a line each.
  /// - Throws: `RequestError` for options that cannot be; `FileError` if a file cannot be read, or
  ///   holds something else; `MisfitError` if it is for other codes, or does not know an attribute.
  func check(
    _ attributes: [String], _ request: EditRequest, for traits: GeneratorTraits
  ) throws -> [String] {
    try traits.check(rows: rows)
    switch way {
    case .label(_, _, let steps):
      let range = EditLabelJob.stepRange
      guard range.contains(steps) else {
        throw RequestError(
          "method \(name): --steps", expected: "\(range.lowerBound) to \(range.upperBound)",
          found: "\(steps)")
      }
      for file in files {
        let known = try request.classifier(in: file, for: traits).attributeNames
        for attribute in attributes {
          _ = try Self.place(of: attribute, among: known, in: file, "a classifier that tells")
        }
      }
      return []
    case .direction(let named):
      guard named == nil || attributes.count == 1 else {
        throw RequestError(
          "method \(name): --index", expected: "one --attribute, which the direction changes",
          found: attributes.joined(separator: ", "))
      }
      return try files.compactMap { file in
        let stored = try StoredDirections(reading: file)
        for attribute in attributes {
          _ = try stored.chosen(choice(of: attribute, in: stored, for: traits), for: traits)
        }
        return try stored.remark(of: request.owner)
      }
    case .reference:
      for file in files {
        for attribute in attributes {
          try request.check(editor(of: attribute, in: file), for: traits)
        }
      }
      return []
    }
  }

  /// The place of an attribute among those that a file knows, by its name in letters of any case.
  private static func place(
    of attribute: String, among names: [String], in file: String, _ thing: String
  ) throws(MisfitError) -> Int {
    let (word, known) = (AttributeChoice.word(attribute), names.filter { !$0.isEmpty })
    guard let place = names.firstIndex(where: { AttributeChoice.word($0) == word }) else {
      throw MisfitError(
        file, expected: "\(thing) \(attribute)",
        found: known.isEmpty ? "no names" : shortened(known))
    }
    return place
  }

  /// The direction of an attribute: the chosen one, or that of its name.
  private func choice(
    of attribute: String, in file: StoredDirections, for traits: GeneratorTraits
  ) throws -> String {
    if case .direction(let named?) = way { return named }
    let names = try file.directions(for: traits).map(\.name)
    let place = try Self.place(
      of: attribute, among: names, in: file.path, "with --index any direction, else one called")
    return "\(place)"
  }

  /// The edit transformer of an attribute: one that does not say what it knows is taken for any.
  private func editor(of attribute: String, in file: String) throws -> EditorChoice {
    guard case .reference(let attention, let heads) = way else {
      preconditionFailure("\(name) edits without references")
    }
    var choice = EditorChoice(file: file, attention: attention, heads: heads)
    let known = (try choice.network().configuration as? EditTransformerConfiguration)?.attributes
    if let known {
      let place = try Self.place(
        of: attribute, among: known, in: file, "an edit transformer that knows")
      choice.attributes = [known[place]]
    }
    return choice
  }

  // MARK: Editing

  /// What edits codes in a repetition.
  ///
  /// - Parameters:
  ///   - attribute: What is given and taken away.
  ///   - repetition: Which file is taken.
  ///   - traits: What the generator is.
  /// - Returns: The editor.
  /// - Throws: What `check` throws.
  func editor(
    _ attribute: String, _ repetition: UInt32, for traits: GeneratorTraits
  ) throws -> CodeEditor {
    let file = file(repetition)
    switch way {
    case .label(let order, let norm, let steps):
      let network = try Checkpoint.Network.classifier(of: file)
      let known =
        (network.configuration as? LatentClassifierConfiguration)?.attributeNames ?? []
      let place = try Self.place(
        of: attribute, among: known, in: file, "a classifier that tells")
      return .label(
        try LabelHost(file),
        LabelChoice(attribute: place, order: order, norm: norm, steps: steps, rows: rows))
    case .direction:
      let stored = try StoredDirections(reading: file)
      return .direction(
        try DirectionHost(
          stored, named: choice(of: attribute, in: stored, for: traits), for: traits), rows)
    case .reference:
      return .reference(try ReferenceHost(editor(of: attribute, in: file)), rows)
    }
  }

  /// The hash of a repetition's file: of a network that of its content, of directions of all bytes.
  func hash(_ repetition: UInt32) throws -> String {
    let file = file(repetition)
    switch way {
    case .label: return try Checkpoint.Network.classifier(of: file).contentHash()
    case .direction: return try contentHash(ofFile: file)
    case .reference: return try EditorChoice(file: file).network().contentHash()
    }
  }
}

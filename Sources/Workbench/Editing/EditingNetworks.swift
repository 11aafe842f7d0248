// The networks that edit codes: found in files, fitted to a generator, and owned by actors.

import Checkpoints
import Editing
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors

extension Checkpoint.Network {
  /// The classifier of codes in a file, not yet built.
  static func classifier(of file: String) throws(FileError) -> Self {
    try named(
      file, for: .classifier,
      expecting: "a classifier of codes: Style Transformer's .pt, or our .safetensors")
  }

  /// The classifier of codes in a file, checked against a generator, with all of its tensors.
  ///
  /// - Parameters:
  ///   - file: The classifier's file.
  ///   - traits: What the generator is.
  ///   - name: The generator as people name it.
  /// - Returns: The network, not yet built, and what it is.
  /// - Throws: `FileError` if it cannot be used; `MisfitError` if it is for codes of another size.
  static func classifier(
    of file: String, for traits: GeneratorTraits, of name: String
  ) throws -> (network: Self, configuration: LatentClassifierConfiguration) {
    let network = try classifier(of: file)
    try network.check()
    guard let found = network.configuration as? LatentClassifierConfiguration else {
      throw FileError(
        .doesNotFit, file: file, expected: "a classifier of codes", found: "another")
    }
    let (rows, width) = (traits.numWs, traits.wDim)
    guard found.codeLength == rows * width else {
      let own =
        found.codeLength.isMultiple(of: width) ? "[\(found.codeLength / width), \(width)]" : ""
      throw MisfitError(
        file, expected: "a classifier of codes [\(rows), \(width)] of the network \(name)",
        found: "one of \(own.isEmpty ? "" : "codes \(own), ")\(found.codeLength) numbers")
    }
    return (network, found)
  }
}

// MARK: - By label

/// One of the attributes that a network knows.
struct AttributeChoice: Hashable, Sendable {
  /// Its place, from 0.
  let index: Int
  /// What people call it.
  let name: String

  /// Finds an attribute by its name, in letters of any case, or by its place.
  ///
  /// - Parameters:
  ///   - text: What was typed.
  ///   - names: What the network's attributes are called.
  /// - Throws: `RequestError` if there is none.
  init(_ text: String, of names: [String]) throws(RequestError) {
    let word = Self.word(text)
    guard let index = names.firstIndex(where: { Self.word($0) == word }) ?? Int(text),
      names.indices.contains(index)
    else {
      let hint = suggestion(for: word, among: names.map(Self.word))
        .flatMap { word in names.first { Self.word($0) == word } }.map { "; did you mean \($0)?" }
      throw RequestError(
        "--attribute",
        expected: "one of \(shortened(names)), or a number from 0 to \(names.count - 1)",
        found: text + (hint ?? ""))
    }
    (self.index, name) = (index, names[index])
  }

  /// A name as it is compared: letters of any case, hyphens and spaces as underscores.
  static func word(_ text: String) -> String {
    text.lowercased().replacing("-", with: "_").replacing(" ", with: "_")
  }
}

extension EditRequest {
  /// Checks a classifier of codes against the generator, and all of its tensors.
  ///
  /// - Parameters:
  ///   - file: The classifier's file.
  ///   - traits: What the generator is.
  /// - Returns: What the classifier is.
  /// - Throws: `FileError` if it cannot be used; `MisfitError` if it is for codes of another size.
  func classifier(
    in file: String, for traits: GeneratorTraits
  ) throws -> LatentClassifierConfiguration {
    try Checkpoint.Network.classifier(of: file, for: traits, of: provenance.network).configuration
  }

  /// Checks an edit transformer against the generator, and all of its tensors.
  ///
  /// - Parameters:
  ///   - choice: The edit transformer's file, and what is chosen about it.
  ///   - traits: What the generator is.
  /// - Throws: `FileError` if it cannot be used; `RequestError` if it cannot have so many heads, or
  ///   does not know an attribute; `MisfitError` if it is for codes of another width.
  func check(_ choice: EditorChoice, for traits: GeneratorTraits) throws {
    let network = try choice.network()
    try network.check()
    guard var found = network.configuration as? EditTransformerConfiguration else {
      throw FileError(
        .doesNotFit, file: choice.file, expected: "an edit transformer", found: "another")
    }
    try choice.checkHeads(of: found.decoder)
    choice.change(&found)
    try found.validate()
    _ = try choice.taken(of: found)
    guard found.decoder.width == traits.wDim else {
      throw MisfitError(
        choice.file,
        expected: "an edit transformer for rows of \(traits.wDim) numbers, as the network "
          + "\(provenance.network) has them", found: "one for \(found.decoder.width)")
    }
  }
}

/// How codes are edited by label.
struct LabelChoice: Hashable, Sendable {
  /// The attribute, from 0.
  var attribute: Int
  var order: EditLabelJob.Order
  var norm: EditLabelJob.Norm
  var steps: Int
  var rows: Range<Int>?
}

/// Owns a classifier of codes, and edits codes with it.
actor LabelHost {
  private let classifier: LatentClassifier

  /// Loads the classifier of a file.
  init(_ file: String) throws {
    classifier = try Checkpoint.Network.classifier(of: file).makeLatentClassifier()
  }

  /// Edits one code.
  ///
  /// - Parameters:
  ///   - code: W+ of one picture.
  ///   - strength: How far; with a negative one the attribute goes.
  ///   - choice: How.
  /// - Returns: The edited code, and what the classifier says of the edit.
  /// - Throws: `EditingError` if numbers become not finite.
  func edited(
    _ code: Codes, by strength: Double, _ choice: LabelChoice
  ) throws -> (code: Codes, effect: LabelEffect) {
    var editor = try LabelEditor(classifier, attribute: choice.attribute, target: strength >= 0)
    editor.norm = choice.norm == .code ? .code : .row
    editor.order = choice.order == .first ? .first : .second()
    let w = code.tensor
    let edited = withoutGradients {
      editor.edited(w, strength: strength.magnitude, steps: choice.steps, rows: choice.rows)
    }
    let effects = try LabelEffect.of(
      edited, on: w, attribute: choice.attribute, classifier: classifier)
    return (Codes(edited), effects[0])
  }
}

// MARK: - By reference

/// An edit transformer in a file, with what its file does not say.
struct EditorChoice: Hashable, Sendable {
  /// The file.
  var file: String
  /// The attention to the reference; nil for that of the file.
  var attention: EditReferenceJob.Attention?
  /// The heads of its attentions; nil for those of the file, or the published four.
  var heads: Int?
  /// The attributes that are taken over, by their names or places; none for the only one.
  var attributes: [String] = []
  /// How much of the change is made.
  var strength = 1.0

  /// The network, not yet built.
  func network() throws(FileError) -> Checkpoint.Network {
    try .named(
      file, for: .editor, expecting: "an edit transformer: Style Transformer's .pt, or ours")
  }

  /// Checks that the editor can have as many heads as are chosen, or as its file says.
  func checkHeads(of decoder: DETRDecoderConfiguration) throws {
    let isTold = try Checkpoint.open(ShippedModels.file(file)).form == .networkFile
    let published = DETRDecoderConfiguration().heads
    let found = heads ?? (isTold ? decoder.heads : published)
    guard found > 0, decoder.width.isMultiple(of: found) else {
      throw RequestError(
        "--heads",
        expected: "a divisor of \(decoder.width), the numbers of a row in \(file), which "
          + (isTold ? "says \(decoder.heads)" : "does not say how many heads it has"),
        found: heads.map(String.init) ?? "none, and \(published), as published, is no divisor")
    }
  }

  /// The attributes that are taken over, one after the other.
  ///
  /// - Parameter editor: What the edit transformer is.
  /// - Returns: At least one.
  /// - Throws: `RequestError` if it does not know one, or knows several and none is chosen.
  func taken(of editor: EditTransformerConfiguration) throws(RequestError) -> [AttributeChoice] {
    let names = editor.attributes ?? ["attribute 0"]
    guard names.count > 1 || !attributes.isEmpty else {
      return [try AttributeChoice("0", of: names)]
    }
    guard !attributes.isEmpty else {
      throw RequestError(
        "--attribute", expected: "one or several of \(names.joined(separator: ", "))",
        found: "nothing")
    }
    return try attributes.map { text throws(RequestError) in
      try AttributeChoice(text, of: names)
    }
  }

  /// Puts the choices into a configuration.
  func change(_ configuration: inout EditTransformerConfiguration) {
    if let heads { configuration.decoder.heads = heads }
    switch attention {
    case .code: configuration.decoder.memoryNormalization = .keys
    case .paper: configuration.decoder.memoryNormalization = .queries
    case nil: break
    }
  }
}

/// Owns an edit transformer, and edits codes with it.
actor ReferenceHost {
  private let editor: ReferenceEditor
  private let attributes: [Int]
  private let strength: Double

  /// Loads the edit transformer of a file.
  init(_ choice: EditorChoice) throws {
    editor = ReferenceEditor(try choice.network().makeEditTransformer(choice.change))
    attributes = try choice.taken(of: editor.network.configuration).map(\.index)
    strength = choice.strength
  }

  /// Gives a code what a reference has.
  ///
  /// - Parameters:
  ///   - source: W+ of one picture.
  ///   - reference: W+ of another.
  ///   - rows: The rows that change; nil for all.
  ///   - strength: How much of the change is made; nil for as much as was chosen.
  /// - Returns: The edited code.
  /// - Throws: `EditingError` if numbers become not finite.
  func edited(
    _ source: Codes, reference: Codes, rows: Range<Int>?, strength: Double? = nil
  ) throws -> Codes {
    let (other, strength) = (reference.tensor, strength ?? self.strength)
    return Codes(
      try attributes.reduce(source.tensor) { code, attribute in
        try editor.edited(
          code, reference: other, attribute: attribute, strength: strength, rows: rows)
      })
  }
}

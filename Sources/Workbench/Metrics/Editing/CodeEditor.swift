// What edits one code after the other: a network with the actor that owns it, or a direction.

import Editing
import Networks
import Tensors

/// What gives codes an attribute, or takes it away.
enum CodeEditor: Sendable {
  /// A classifier of codes, and how it is used.
  case label(LabelHost, LabelChoice)
  /// A direction, and the rows that move; nil for its own.
  case direction(DirectionHost, Range<Int>?)
  /// An edit transformer, and the rows that change; nil for all.
  case reference(ReferenceHost, Range<Int>?)

  /// Whether the attribute is taken over from another code.
  var needsReference: Bool { if case .reference = self { true } else { false } }

  /// Edits one code.
  ///
  /// - Parameters:
  ///   - code: W+ of one picture.
  ///   - isGiven: Whether the attribute is given, not taken away.
  ///   - strength: How far, greater than 0.
  ///   - reference: The code of a picture that is as the edited one shall be, if one is needed.
  /// - Returns: The edited code.
  /// - Throws: `EditingError` if numbers become not finite.
  func edited(
    _ code: Codes, isGiven: Bool, strength: Double, reference: Codes?
  ) async throws -> Codes {
    let signed = isGiven ? strength : -strength
    switch self {
    case .label(let host, let choice):
      let (edited, _) = try await host.edited(code, by: signed, choice)
      return edited
    case .direction(let host, let rows):
      return await host.moved(code, by: signed, rows: rows)
    case .reference(let host, let rows):
      guard let reference else { preconditionFailure("an edit without its reference") }
      return try await host.edited(code, reference: reference, rows: rows, strength: strength)
    }
  }
}

/// Owns a direction.
actor DirectionHost {
  private let direction: LatentDirection

  /// Takes a direction of a file.
  ///
  /// - Parameters:
  ///   - file: The directions.
  ///   - named: Its place in the file, or its name.
  ///   - traits: What the generator is.
  /// - Throws: `RequestError` if there is none; `MisfitError` if it is of codes of another size.
  init(_ file: StoredDirections, named: String, for traits: GeneratorTraits) throws {
    direction = try file.chosen(named, for: traits).direction
  }

  /// Moves one code.
  ///
  /// - Parameters:
  ///   - code: W+ of one picture.
  ///   - strength: How far, in the direction's deviations if it has any.
  ///   - rows: The rows that move; nil for the direction's own.
  /// - Returns: The code, moved.
  func moved(_ code: Codes, by strength: Double, rows: Range<Int>?) -> Codes {
    withoutGradients { Codes(direction.moving(code.tensor, by: strength, rows: rows)) }
  }
}

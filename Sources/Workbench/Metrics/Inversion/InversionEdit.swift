// An edit of inverted photographs, which shows what becomes of their codes.

import Editing
import Networks
import Tensors

/// An edit that is made to every code, to see what becomes of the pictures.
public struct InversionEdit: Sendable {
  /// The directions of a file, read.
  public let directions: StoredDirections
  /// The direction by its place in the file, or by its name.
  public var direction = "0"
  /// How far codes are moved.
  public var strength = 1.0
  /// The attribute that the edit gives, or takes away where the strength is negative; nil if nobody
  /// knows.
  public var attribute: String?

  /// An edit by the first direction of a file.
  ///
  /// - Parameter file: A file of directions.
  /// - Throws: `FileError` if the file cannot be read, or holds none.
  public init(along file: String) throws { directions = try StoredDirections(reading: file) }

  /// The code, moved.
  func moved(_ code: Codes, for traits: GeneratorTraits) throws -> Codes {
    let direction = try directions.chosen(direction, for: traits).direction
    return withoutGradients { Codes(direction.moving(code.tensor, by: strength)) }
  }
}

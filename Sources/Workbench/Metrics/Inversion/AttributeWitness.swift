// What classifiers see in inverted pictures, and in edited ones.

import Checkpoints
import Editing
import Formats
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

/// Owns classifiers of attributes.
actor AttributeWitness {
  private let judges: AttributeJudges
  /// The attributes that they tell.
  nonisolated let names: [String]
  /// The content hashes of the classifiers, by name.
  nonisolated let extractors: [String: String]

  /// Loads the classifiers.
  ///
  /// - Parameters:
  ///   - path: One file, or a folder of the published ones.
  ///   - traits: What draws the pictures that they see.
  /// - Throws: What `names` throws.
  init(_ path: String, of traits: GeneratorTraits) throws {
    judges = try AttributeJudges(Self.networks(path, of: traits))
    (names, extractors) = (judges.names, judges.extractors)
  }

  /// The attributes that classifiers tell.
  ///
  /// - Parameters:
  ///   - path: One file, or a folder of the published ones.
  ///   - traits: What draws the pictures that they see.
  /// - Returns: The names.
  /// - Throws: `FileError` if a file cannot be read, or holds something else; `RequestError` if they
  ///   cannot see the pictures.
  static func names(_ path: String, of traits: GeneratorTraits) throws -> [String] {
    try networks(path, of: traits).flatMap { network in
      (network.configuration as? any PictureClassifierConfiguration)?.attributes ?? []
    }
  }

  private static func networks(
    _ path: String, of traits: GeneratorTraits
  ) throws -> [Checkpoint.Network] {
    guard let networks = try FeatureNetworkFiles(attributes: path).classifiers() else {
      preconditionFailure("classifiers without a path")
    }
    try AttributeJudges.check(networks, for: "--attributes", of: traits)
    return networks
  }

  /// Which attributes a picture shows.
  ///
  /// - Parameter picture: Of the generator's size.
  /// - Returns: Whether it shows each.
  /// - Throws: `CancellationError` between classifiers.
  func attributes(of picture: ByteImage) throws -> [Bool] {
    try withoutGradients {
      try judges.logits(picture.inRGB.tensor).values(as: Float.self).map { $0 > 0 }
    }
  }
}

/// The share of places in which two lists are the same, without some of them; nil if none is left.
func agreement(_ a: [Bool], _ b: [Bool], without left: Set<Int> = []) -> Double? {
  let places = a.indices.filter { !left.contains($0) }
  guard !places.isEmpty else { return nil }
  return Double(places.count { a[$0] == b[$0] }) / Double(places.count)
}

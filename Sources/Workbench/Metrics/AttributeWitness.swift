// What classifiers see in pictures: those of photographs, inverted ones and edited ones.

import Checkpoints
import Formats
import Networks
import Tensors

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

  /// How sure classifiers are of the attributes of a picture.
  ///
  /// - Parameter picture: Of the generator's size.
  /// - Returns: The logit of each, positive where it is there.
  /// - Throws: `CancellationError` between classifiers.
  func logits(of picture: ByteImage) throws -> [Float] {
    try withoutGradients { try judges.logits(picture.inRGB.tensor).values(as: Float.self) }
  }

  /// Which attributes a picture shows.
  ///
  /// - Parameter picture: Of the generator's size.
  /// - Returns: Whether it shows each.
  /// - Throws: `CancellationError` between classifiers.
  func attributes(of picture: ByteImage) throws -> [Bool] {
    try logits(of: picture).map { $0 > 0 }
  }
}

/// The share of places in which two lists are the same, without some of them; nil if none is left.
func agreement(_ a: [Bool], _ b: [Bool], without left: Set<Int> = []) -> Double? {
  let places = a.indices.filter { !left.contains($0) }
  guard !places.isEmpty else { return nil }
  return Double(places.count { a[$0] == b[$0] }) / Double(places.count)
}

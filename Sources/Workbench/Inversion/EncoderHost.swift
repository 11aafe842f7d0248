// The actor that owns an encoder: photographs and codes cross its border as plain values.

import Checkpoints
import Formats
public import Networks
import OrderedCollections
import Tensors

/// Where an encoder comes from.
public struct EncoderSource: Hashable, Sendable {
  /// A published checkpoint, one of our own files, or the name of a model that comes with the
  /// program.
  public let path: String

  /// An encoder of a file.
  ///
  /// - Parameter path: The file, or the name of a model.
  public init(_ path: String) { self.path = path }

  /// Whether the generator that the encoder is for stands in the same file.
  ///
  /// - Returns: Whether there is one.
  /// - Throws: `FileError` if the file cannot be read.
  public func holdsGenerator() throws -> Bool {
    try Checkpoint.open(ShippedModels.file(path)).preferredGenerator != nil
  }

  /// What the encoder takes and gives, and its kind.
  ///
  /// - Returns: The traits, and the kind such as `psp-encoder`.
  /// - Throws: `FileError` if it cannot be used, or the file holds no encoder.
  func summary() throws -> (traits: EncoderTraits, kind: String) {
    let network = try network()
    try network.check()
    guard let configuration = network.configuration as? any EncoderConfiguration else {
      throw FileError(.doesNotFit, file: path, expected: "an encoder", found: "another network")
    }
    return (configuration.traits, type(of: configuration).kind)
  }

  /// Checks that the encoder takes photographs, and that a generator can draw its codes.
  ///
  /// - Parameters:
  ///   - generator: What the generator is.
  ///   - name: The generator as people know it.
  /// - Throws: What `summary` throws; `FileError` if they do not go together.
  func check(fits generator: GeneratorTraits, of name: String) throws {
    let traits = try summary().traits
    func refuse(_ expected: String, _ found: String) -> FileError {
      FileError(.doesNotFit, file: path, expected: "\(expected) \(name)", found: found)
    }
    guard traits.inChannels == 3 else {
      throw FileError(
        .doesNotFit, file: path, expected: "an encoder of photographs, which have 3 channels",
        found: "one of pictures of \(traits.inChannels), such as sketches or maps of segments")
    }
    guard [traits.numWs, traits.wDim] == [generator.numWs, generator.wDim] else {
      throw refuse(
        "codes of \(generator.numWs) rows of \(generator.wDim), for the generator",
        "\(traits.numWs) rows of \(traits.wDim)")
    }
    let (width, height) = (generator.resolution, generator.visibleRows.count)
    guard traits.width * height == traits.height * width else {
      throw refuse(
        "pictures of the proportions \(width)×\(height), for the generator",
        "\(traits.width)×\(traits.height)")
    }
  }

  /// The hash of the encoder's numbers.
  ///
  /// - Returns: The hash.
  /// - Throws: `FileError` if it cannot be read.
  func contentHash() throws -> String { try network().contentHash() }

  /// The encoder, not yet built.
  func network() throws(FileError) -> Checkpoint.Network {
    try .named(
      path, for: .encoder,
      expecting: "an encoder of pSp, e4e or Style Transformer, or our .safetensors of one")
  }
}

/// Owns an encoder and its tensors, which never leave it.
public actor EncoderHost {
  private let encoder: any ImageEncoder
  private let path: String
  /// What the encoder takes and gives.
  public nonisolated let traits: EncoderTraits

  /// Loads the encoder.
  ///
  /// - Parameter source: Where it comes from.
  /// - Throws: `FileError` if it cannot be used, or the file holds no encoder.
  public init(_ source: EncoderSource) throws {
    encoder = try source.network().makeEncoder()
    traits = encoder.traits
    path = source.path
  }

  /// The code of a photograph, which is brought to the encoder's size whatever its proportions.
  ///
  /// - Parameter photograph: The photograph.
  /// - Returns: W+.
  /// - Throws: `FileError` if the code is not finite.
  func code(of photograph: ByteImage) throws(FileError) -> Codes {
    let img = photograph.sized(
      width: traits.width, height: traits.height, channels: traits.inChannels, .whole)
    let code = withoutGradients { Codes(encoder.wPlus(of: img.tensor)) }
    guard code.values.allSatisfy(\.isFinite) else {
      throw FileError(
        .damaged, file: path, expected: "an encoder whose codes are finite numbers",
        found: "others")
    }
    return code
  }
}

// Where the codes of a training come from, as plain values that a run folder keeps.

/// Where the codes of a training come from, and what knows their labels.
public struct CodeOrigin: Codable, Hashable, Sendable {
  /// The ways to codes.
  public enum Kind: String, Codable, Hashable, Sendable {
    /// The generator maps seeds to them; a classifier of pictures knows their labels.
    case sampled
    /// They are in a file; another file has their labels.
    case stored
    /// An encoder finds them of pictures, whose labels are theirs.
    case encoded
  }

  /// What stands for codes of seeds, where data are named.
  public static let sampled = "codes"

  /// How they are come by.
  public var kind: Kind
  /// The generator that they are of.
  public var generator: NamedGenerator
  /// The rows of a code.
  public var numWs: Int
  /// The length of a row.
  public var wDim: Int
  /// Of seeds, ψ.
  public var truncationPsi: Double?
  /// Of seeds, the share whose codes are of two z, so that rows differ.
  public var styleMixing: Double?
  /// Of seeds, the classifiers that judge their pictures; nil where labels are not needed.
  public var judge: NamedNetwork?
  /// Of pictures, the encoder.
  public var encoder: NamedNetwork?
  /// Of a file, the whole path of the one with labels; nil where labels are not needed.
  public var labels: String?
  /// Of a file, the hash of all codes and labels.
  public var hash: String?

  /// Codes of a generator.
  ///
  /// - Parameters:
  ///   - kind: How they are come by.
  ///   - generator: The generator that they are of.
  ///   - numWs: The rows of a code.
  ///   - wDim: The length of a row.
  public init(_ kind: Kind, of generator: NamedGenerator, numWs: Int, wDim: Int) {
    (self.kind, self.generator, self.numWs, self.wDim) = (kind, generator, numWs, wDim)
  }
}

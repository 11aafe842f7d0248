// Networks that a training uses and that do not learn, as plain values that a run folder keeps.

/// A generator that draws codes, and does not learn.
public struct NamedGenerator: Codable, Hashable, Sendable {
  /// Where it is, as it was typed: a file, or the name of a model that comes with the program.
  public var source: String
  /// The whole path of a file, so that it is found from anywhere; nil for a model's name.
  public var path: String?
  /// The content hash of its numbers.
  public var hash: String

  /// A generator.
  public init(source: String, path: String?, hash: String) {
    (self.source, self.path, self.hash) = (source, path, hash)
  }
}

/// A network that judges, and does not learn.
public struct NamedNetwork: Codable, Hashable, Sendable {
  /// What it is, such as `lpips alex`.
  public var kind: String
  /// The whole paths of its files; none for a network that comes with the program.
  public var files: [String]
  /// The content hash of its numbers.
  public var hash: String

  /// A network.
  public init(kind: String, files: [String], hash: String) {
    (self.kind, self.files, self.hash) = (kind, files, hash)
  }
}

// The networks that options take, in the files that people name.

import Checkpoints
import Formats
import Networks
import OrderedCollections

extension Checkpoint.Network {
  /// The network of some use in the file that somebody names for it.
  ///
  /// - Parameters:
  ///   - path: The file, or the name of a model that comes with the program.
  ///   - use: What the network is for; it has one role in files.
  ///   - expected: The network, in a few words, for those who chose another file.
  /// - Returns: The network, not yet built.
  /// - Throws: `FileError` if the file cannot be read, holds none, or one that cannot be used.
  static func named(
    _ path: String, for use: NetworkUse, expecting expected: String
  ) throws(FileError) -> Self {
    let checkpoint = try Checkpoint.named(path, expecting: expected)
    if let network = checkpoint.networks[use.roles[0]] { return network }
    if let refusal = checkpoint.refusals[use.roles[0]] { throw refusal }
    throw checkpoint.misfit(path, expected)
  }
}

extension Checkpoint {
  /// Opens the file that somebody names for a network.
  ///
  /// - Parameters:
  ///   - path: The file, or the name of a model that comes with the program.
  ///   - expected: The network, in a few words, for those who chose another file.
  /// - Returns: What the file holds.
  /// - Throws: `FileError` if the file cannot be read.
  static func named(_ path: String, expecting expected: String) throws(FileError) -> Checkpoint {
    do {
      return try open(ShippedModels.file(path))
    } catch {
      // What forms of files there are in all does not help those who want one network.
      guard error.kind == .notRecognised else { throw error }
      throw FileError(.notRecognised, file: path, expected: expected, found: error.found)
    }
  }

  /// The error of a file whose networks are others than somebody wants.
  ///
  /// - Parameters:
  ///   - path: The file, as it was named.
  ///   - expected: The network, in a few words.
  /// - Returns: The error.
  func misfit(_ path: String, _ expected: String) -> FileError {
    let found = networks.map { "\($0.key) (\(type(of: $0.value.configuration).kind))" }
    return FileError(
      .doesNotFit, file: path, expected: expected, found: "only \(found.joined(separator: ", "))")
  }
}

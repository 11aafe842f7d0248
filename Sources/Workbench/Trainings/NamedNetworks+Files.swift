// The networks that a training uses, as its options keep them, and finding them again.

import Checkpoints
import Crypto
import Formats
import Foundation
import Layers
import Networks
import Tensors
import Training

extension NamedGenerator {
  /// What options keep of a generator.
  ///
  /// - Parameters:
  ///   - network: A file, or the name of a model that comes with the program.
  ///   - hash: The content hash of its numbers.
  /// - Throws: `FileError` if there is no such model.
  init(_ network: String, hash: String) throws(FileError) {
    self.init(source: network, path: try ShippedModels.wholePath(network), hash: hash)
  }

  /// Where the generator is.
  ///
  /// - Parameter network: Where it is now; nil for where it was.
  /// - Returns: Its source.
  /// - Throws: `FileError` if it is not there, or is another.
  func source(_ network: String?) throws -> NetworkSource {
    let path = network ?? self.path ?? source
    let source = NetworkSource.file(path)
    let found = try source.contentHash()
    guard found == hash else {
      throw FileError(
        .doesNotFit, file: path,
        expected: "the generator of the training, content hash \(hash)",
        found: "another, content hash \(found)")
    }
    return source
  }
}

extension NamedNetwork {
  /// What options keep of a network in a file.
  ///
  /// - Parameters:
  ///   - file: A file or folder, or the name of a model that comes with the program.
  ///   - kind: What it is.
  ///   - hash: The content hash of its numbers.
  /// - Throws: `FileError` if there is no such model.
  init(_ file: String, kind: String, hash: String) throws(FileError) {
    let path = try ShippedModels.wholePath(file)
    self.init(kind: path == nil ? file : kind, files: path.map { [$0] } ?? [], hash: hash)
  }

  /// Where the network was: a file or folder, or the name of a model.
  var place: String { files.first ?? kind }

  /// Checks that a network is that of a training.
  ///
  /// - Parameters:
  ///   - found: The content hash of what is there.
  ///   - file: Where it is.
  /// - Throws: `FileError` if it is another.
  func check(_ found: String, in file: String) throws(FileError) {
    guard found == hash else {
      throw FileError(
        .doesNotFit, file: file,
        expected: "the \(kind) that the training learns with, content hash \(hash)",
        found: "another, content hash \(found)")
    }
  }
}

extension [Checkpoint.Network] {
  /// The content hash of one network, or one hash of all.
  func contentHash() throws -> String {
    let all = try map { try $0.contentHash() }
    guard all.count > 1 else { return all.first ?? "" }
    return SHA256.hash(data: Data(all.joined(separator: " ").utf8)).hexadecimal
  }
}

extension NetworkSource {
  /// The generator without memory for its tensors.
  ///
  /// - Returns: The generator, on the device `meta`.
  /// - Throws: What `summary` throws.
  func plannedGenerator() throws -> any Generator {
    let summary = try summary()
    guard let configuration = summary.configuration as? any GeneratorConfiguration else {
      preconditionFailure("\(summary.kind) is no generator")
    }
    return configuration.makeGenerator(Scope(ParameterStore(), device: .meta))
  }
}

extension ShippedModels {
  /// The whole path of a file; nil for the name of a model, which is found from anywhere.
  static func wholePath(_ text: String) throws(FileError) -> String? {
    let found = try file(text)
    let isName = all.contains { $0.name == text && $0.file == found }
    return isName ? nil : URL(filePath: found).standardizedFileURL.path(percentEncoded: false)
  }
}

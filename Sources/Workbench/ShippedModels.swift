// The models that come with the program, and what a name means where a file is expected.

import Checkpoints
public import Formats
import Foundation
import OrderedCollections
import Training

/// The models that come with the program: folders of `Models`, each with its network.
///
/// They are looked for in the folder that the variable `STYLIST_MODELS` names, or else in `Models`
/// beside the program or in a folder above it.
public enum ShippedModels {
  /// A model that comes with the program.
  public struct Model: Encodable, Sendable {
    /// What people type where a file is expected.
    public let name: String
    /// The file of the network.
    public let file: String

    /// What the network is, in words; empty if the file cannot be opened.
    var phrase: String {
      let network = try? Checkpoint.open(file).networks.values.first
      return network.map { NetworkUse(of: $0.configuration).phrase } ?? ""
    }
  }

  /// The network in a model's folder.
  static let networkName = "network.safetensors"

  /// The folder of all models, or nil if there is none.
  public static var folder: String? {
    let named = ProcessInfo.processInfo.environment["STYLIST_MODELS"]
    return named.map { $0.isEmpty ? nil : $0 } ?? nearest
  }

  /// `Models` beside the program, or in one of the folders above it.
  private static var nearest: String? {
    guard var place = Bundle.main.executableURL?.resolvingSymlinksInPath() else { return nil }
    // The program of a build lies three folders below the project's own.
    for _ in 0..<5 {
      place.deleteLastPathComponent()
      let candidate = place.appending(path: "Models").path(percentEncoded: false)
      if !models(in: candidate).isEmpty { return candidate }
    }
    return nil
  }

  /// All models, by name.
  public static var all: [Model] { folder.map(models) ?? [] }

  private static func models(in folder: String) -> [Model] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().compactMap { name in
      let file = "\(folder)/\(name)/\(networkName)"
      return FileManager.default.fileExists(atPath: file) ? Model(name: name, file: file) : nil
    }
  }

  /// Whether somebody means a model that comes with the program, of pictures of some kind.
  ///
  /// - Parameters:
  ///   - text: A path, or the name of a model.
  ///   - kind: What is part of the model's name.
  /// - Returns: Whether it is one.
  public static func isModel(_ text: String, of kind: String) -> Bool {
    guard let file = try? file(text) else { return false }
    return all.contains { $0.name.contains(kind) && $0.file == file }
  }

  /// The model that tells attributes of little portraits.
  public static let portraitsClassifier = "attributes-portraits64"

  /// A network that the program measures with, not yet built.
  ///
  /// Numbers compare with one another because everybody measures with the same network, so no other
  /// may stand in its place.
  ///
  /// - Parameters:
  ///   - model: The name of the model.
  ///   - role: The role of the network in its file.
  ///   - content: The hash of the network's numbers.
  /// - Returns: The network.
  /// - Throws: `FileError` if it is not there, cannot be read, or is another.
  static func network(
    _ model: String, role: String, content: String
  ) throws -> Checkpoint.Network {
    let file = try file(model)
    let checkpoint = try Checkpoint.open(file)
    let expected = "\(model), which comes with the program"
    guard let network = checkpoint.networks[role] else { throw checkpoint.misfit(file, expected) }
    let found = try network.contentHash()
    guard found == content else {
      throw FileError(
        .doesNotFit, file: file, expected: "\(expected), content hash \(content)",
        found: "another, content hash \(found)")
    }
    return network
  }

  /// The file that somebody means.
  ///
  /// - Parameter text: A path, or the name of a model.
  /// - Returns: The path where there is something of that name, or the network in it if that is the
  ///   folder of a model, or the newest one of a training; else the network of the model.
  /// - Throws: `FileError` of kind `missing` for what looks like the name of a model and is none.
  public static func file(_ text: String) throws(FileError) -> String {
    let inside = OutputFolder.file(networkName, in: text)
    if FileManager.default.fileExists(atPath: inside) { return inside }
    if let newest = RunFolder.networks(in: text).first { return newest }
    guard !text.contains("/"), !FileManager.default.fileExists(atPath: text) else { return text }
    let all = all
    if let model = all.first(where: { $0.name == text }) { return model.file }
    guard !text.contains(".") else { return text }
    let names = all.map(\.name)
    let hint = suggestion(for: text, among: names).map { "; did you mean \($0)?" }
    throw FileError(
      .missing, file: text,
      expected: "a file, or a model that comes with the program"
        + (names.isEmpty ? "" : ": \(names.joined(separator: ", "))"),
      found: "neither\(hint ?? "")")
  }
}

// Our own network files: safetensors whose metadata rebuilds the network.

import Formats
import Foundation
public import Layers
public import Networks
import OrderedCollections
import Tensors

/// What a network file says beside configuration and tensors.
public struct NetworkFileNotes: Hashable, Sendable {
  /// Thousands of real images that the discriminator had seen.
  public var kimg: Double?
  /// The terms of use of the weights.
  public var licence: String?
  /// The content hash of the network that this one was made from.
  public var parentHash: String?
  /// Where the mean of w came from.
  public var wAvgSource: WAvgSource?

  /// Notes that say nothing yet.
  public init() {}
}

/// Keys of the metadata.
private enum Key {
  static let prefix = "stylist."
  static let format = "stylist.format"
  static let kind = "stylist.kind"
  static let role = "stylist.role"
  static let configuration = "stylist.configuration"
  static let kimg = "stylist.kimg"
  static let licence = "stylist.licence"
  static let parentHash = "stylist.parent_hash"
  static let wAvgSource = "stylist.w_avg_source"
}

/// The version of the format that this program writes, and the only one that it reads.
private let formatVersion = "1"

/// Writes a network; the file appears under its name only when it is whole.
///
/// - Parameters:
///   - store: The network's parameters and buffers.
///   - configuration: What it was built from.
///   - role: What the network is in training, one of its `NetworkUse/roles`; nil for the usual one.
///   - notes: What else to say.
///   - path: The file to create or replace.
/// - Throws: `FileError` if the file cannot be written.
public func writeNetworkFile(
  _ store: ParameterStore, configuration: any NetworkConfiguration, role: String? = nil,
  notes: NetworkFileNotes = .init(), to path: String
) throws {
  let tensors = store.entries.mapValues { StoredParameter($0.tensor) }
  try writeNetworkFile(tensors, configuration: configuration, role: role, notes: notes, to: path)
}

extension Checkpoint.Network {
  /// Writes this network as one of our own files, its numbers in the types of the file it is from.
  ///
  /// - Parameters:
  ///   - role: What the network is in training, one of its `NetworkUse/roles`.
  ///   - notes: What to say beside configuration and tensors.
  ///   - path: The file to create or replace.
  /// - Throws: `FileError` if a tensor cannot be read or the file cannot be written.
  public func writeNetworkFile(role: String, notes: NetworkFileNotes, to path: String) throws {
    try Checkpoints.writeNetworkFile(
      tensors, configuration: configuration, role: role, notes: notes, to: path)
  }
}

private func writeNetworkFile(
  _ tensors: StoredParameters, configuration: any NetworkConfiguration, role: String?,
  notes: NetworkFileNotes, to path: String
) throws {
  var metadata = [
    Key.format: formatVersion, Key.kind: type(of: configuration).kind,
    Key.configuration: try configuration.canonicalJSON(),
  ]
  metadata[Key.role] = role
  metadata[Key.kimg] = notes.kimg.map { "\($0)" }
  metadata[Key.licence] = notes.licence
  metadata[Key.parentHash] = notes.parentHash
  metadata[Key.wAvgSource] = notes.wAvgSource.map(\.description)
  try Safetensors.write(tensors.map(Safetensors.Entry.init), metadata: metadata, to: path)
}

extension Checkpoint {
  /// Reads one of our own network files.
  init(networkFile bytes: ByteRegion) throws(FileError) {
    let file = bytes.name
    let contents = try Safetensors(bytes)
    func required(_ key: String) throws(FileError) -> String {
      guard let value = contents.metadata[key] else {
        throw FileError(
          .damaged, file: file, expected: "a network file with \(key) in its metadata",
          found: "none")
      }
      return value
    }
    guard contents.metadata.keys.contains(where: { $0.hasPrefix(Key.prefix) }) else {
      let names = contents.names.prefix(8).joined(separator: ", ")
      throw OtherFamilies.error(
        in: file, expected: "a network file with \(Key.format) in its metadata",
        names: contents.names, otherwise: "other tensors: \(names)")
    }
    let version = try required(Key.format)
    guard version == formatVersion else {
      throw FileError(
        .damaged, file: file, expected: "\(Key.format) \(formatVersion)", found: version)
    }
    guard contents.metadata[Key.kind] != TrainingState.kind else {
      throw FileError(
        .doesNotFit, file: file, expected: "a network",
        found: "the state of a training; its network is in the snapshot beside it")
    }
    let configuration = try networkConfiguration(
      kind: try required(Key.kind), json: try required(Key.configuration), file: file)
    let use = NetworkUse(of: configuration)
    let role = contents.metadata[Key.role] ?? use.roles[0]
    guard use.roles.contains(role) else {
      throw FileError(
        .damaged, file: file,
        expected: "\(Key.role) \(use.roles.joined(separator: " or ")) of \(use.phrase)",
        found: role)
    }
    let notes = try NetworkFileNotes(contents.metadata, file: file)
    form = .networkFile
    format = form.rawValue
    networks = [
      role: Network(
        configuration: configuration, tensors: try contents.inFileOrder.storedParameters(),
        wAvgSource: notes.wAvgSource ?? .stored, file: file)
    ]
    otherTensors = [:]
    trainingSet = .null
    self.notes = notes
  }
}

/// The configuration in the metadata of a file.
private func networkConfiguration(
  kind: String, json: String, file: String
) throws(FileError) -> any NetworkConfiguration {
  let found: String
  do {
    let configuration = try Registry.networkConfiguration(kind: kind, json: json)
    let (written, known) = (try names(json), try names(configuration.canonicalJSON()))
    guard let unknown = written.subtracting(known).min() else { return configuration }
    found = "a value called \(unknown), which \(kind) does not have"
  } catch {
    found = "\(error)"
  }
  throw FileError(.damaged, file: file, expected: "a known network", found: found)
}

/// The names in a JSON object, those of objects inside it as `shape.resolution`.
private func names(_ json: String) throws -> Set<String> {
  func names(_ value: Any) -> [String] {
    guard let object = value as? [String: Any] else { return [] }
    return object.flatMap { key, value in [key] + names(value).map { "\(key).\($0)" } }
  }
  return Set(names(try JSONSerialization.jsonObject(with: Data(json.utf8))))
}

extension NetworkFileNotes {
  /// The notes in the metadata of a file.
  fileprivate init(_ metadata: [String: String], file: String) throws(FileError) {
    if let text = metadata[Key.kimg] {
      guard let number = Double(text), number.isFinite, number >= 0 else {
        throw FileError(.damaged, file: file, expected: "\(Key.kimg), a number", found: text)
      }
      kimg = number
    }
    licence = metadata[Key.licence]
    parentHash = metadata[Key.parentHash]
    if let text = metadata[Key.wAvgSource] {
      guard let source = WAvgSource(text) else {
        throw FileError(
          .damaged, file: file, expected: "\(Key.wAvgSource), where the mean of w came from",
          found: text)
      }
      wAvgSource = source
    }
  }
}

extension Safetensors {
  /// The tensors by name, in the order of their bytes.
  fileprivate var inFileOrder: OrderedDictionary<String, StoredTensor> {
    var all: OrderedDictionary<String, StoredTensor> = [:]
    for name in names { all[name] = tensors[name] }
    return all
  }
}

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
  /// Where the mean of w came from, in words.
  public var wAvgSource: String?

  /// Notes that say nothing yet.
  public init() {}
}

/// Keys of the metadata.
private enum Key {
  static let format = "stylist.format"
  static let kind = "stylist.kind"
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
///   - notes: What else to say.
///   - path: The file to create or replace.
/// - Throws: `FileError` if the file cannot be written.
public func writeNetworkFile(
  _ store: ParameterStore, configuration: any NetworkConfiguration,
  notes: NetworkFileNotes = .init(), to path: String
) throws {
  var metadata = [
    Key.format: formatVersion, Key.kind: type(of: configuration).kind,
    Key.configuration: try configuration.canonicalJSON(),
  ]
  metadata[Key.kimg] = notes.kimg.map { "\($0)" }
  metadata[Key.licence] = notes.licence
  metadata[Key.parentHash] = notes.parentHash
  metadata[Key.wAvgSource] = notes.wAvgSource
  let entries = store.entries.map { name, entry in
    Safetensors.Entry(
      name: name, elementType: entry.tensor.dtype.elementType, shape: entry.tensor.shape
    ) { entry.tensor.region(name: name) }
  }
  try Safetensors.write(entries, metadata: metadata, to: path)
}

extension Tensor {
  /// A copy of the elements in row-major order.
  fileprivate func region(name: String) -> ByteRegion {
    let size = count * dtype.byteCount
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
      copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
      initialized = size
    }
    return ByteRegion(bytes, name: name)
  }
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
    let version = try required(Key.format)
    guard version == formatVersion else {
      throw FileError(
        .damaged, file: file, expected: "\(Key.format) \(formatVersion)", found: version)
    }
    let configuration = try networkConfiguration(
      kind: try required(Key.kind), json: try required(Key.configuration), file: file)
    let role = configuration is any GeneratorConfiguration ? "G_ema" : "D"
    format = "Stylist network file"
    networks = [
      role: Network(
        configuration: configuration, tensors: contents.inFileOrder, arguments: .null, file: file)
    ]
    otherTensors = [:]
    trainingSet = .null
    notes = try NetworkFileNotes(contents.metadata, file: file)
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

/// The names in a JSON object.
private func names(_ json: String) throws -> Set<String> {
  let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
  return Set((object ?? [:]).keys)
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
    wAvgSource = metadata[Key.wAvgSource]
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

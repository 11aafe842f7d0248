// A checkpoint opened as data: which networks it holds, and the networks built from it.

public import Formats
public import Layers
public import Networks
public import OrderedCollections
import Tensors

/// The networks of a file.
///
/// Their tensors stay in the file until a network is built.
public struct Checkpoint {
  /// One network of the file.
  public struct Network {
    /// What it is built from.
    public let configuration: any NetworkConfiguration
    /// Its parameters and buffers under the published names.
    public let tensors: OrderedDictionary<String, StoredTensor>
    /// The arguments that the published code constructed it with, if the file says.
    public let arguments: PlainValue
    let file: String
  }

  /// The form of the file, in a few words.
  public let format: String
  /// The networks by role: `G`, `D`, `G_ema`.
  public let networks: OrderedDictionary<String, Network>
  /// What else the file holds: tensors by part and name, such as the augmentation's state.
  public let otherTensors: OrderedDictionary<String, StoredTensor>
  /// The description of the data that the networks were trained on, if the file says.
  public let trainingSet: PlainValue
  /// What else one of our own files says; empty for files of other programs.
  public let notes: NetworkFileNotes

  /// Opens a file of any form that Stylist knows, told by its first bytes.
  ///
  /// - Parameter path: The file.
  /// - Returns: What it holds.
  /// - Throws: `FileError` if it cannot be read, is damaged, or asks for something that is never
  ///   done.
  public static func open(_ path: String) throws(FileError) -> Checkpoint {
    let bytes = try ByteRegion(mapping: path)
    let start = try bytes.slice(at: 0, count: min(bytes.count, 512)).copy()
    // A pickle begins with its protocol, or before protocol 2 with a name or an open bracket.
    if let first = start.first, [0x80, UInt8(ascii: "c"), UInt8(ascii: "(")].contains(first) {
      return try Checkpoint(nvidiaPickle: bytes)
    }
    if start.count > 8, start[8] == UInt8(ascii: "{") { return try Checkpoint(networkFile: bytes) }
    throw FileError(
      .damaged, file: bytes.name, offset: 0,
      expected: "a pickle of NVIDIA's networks or a safetensors network file",
      found: describe(start))
  }

  /// The generator that people look at: the averaged one if there is one.
  public var preferredGenerator: (role: String, network: Network)? {
    for role in ["G_ema", "G", "Gs"] {
      if let network = networks[role], network.configuration is any GeneratorConfiguration {
        return (role, network)
      }
    }
    return nil
  }

  private static func describe(_ start: [UInt8]) -> String {
    let text = String(decoding: start, as: UTF8.self).lowercased()
    if start.isEmpty { return "an empty file" }
    if text.contains("<html") || text.contains("<!doctype") {
      return "a web page; the download was probably refused or limited: fetch the file again"
    }
    if text.hasPrefix("version https://git-lfs") {
      return "a pointer of Git LFS instead of the file: fetch it with git lfs pull"
    }
    if start.starts(with: [0x50, 0x4B]) { return "a zip archive" }
    if start.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return "a PNG picture" }
    return "other bytes"
  }
}

extension Checkpoint.Network {
  /// What the generator will be, known without taking memory for it.
  ///
  /// - Returns: The generator's traits.
  /// - Throws: `FileError` if the network is no generator or the file's tensors do not fit it.
  public func generatorTraits() throws -> GeneratorTraits {
    let configuration = try generatorConfiguration()
    return try plan(configuration.makeGenerator).traits
  }

  /// Builds the generator and loads its tensors.
  ///
  /// - Returns: The generator, on the processor, in float32.
  /// - Throws: `FileError` if the network is no generator or the file's tensors do not fit it.
  public func makeGenerator() throws -> any Generator {
    let configuration = try generatorConfiguration()
    return try load(configuration.makeGenerator)
  }

  /// Builds the StyleGAN2 discriminator and loads its tensors.
  ///
  /// - Returns: The discriminator, on the processor, in float32.
  /// - Throws: `FileError` if the network is no such discriminator or the file's tensors do not fit
  ///   it.
  public func makeStyleGAN2Discriminator() throws -> StyleGAN2Discriminator {
    guard let configuration = configuration as? StyleGAN2DiscriminatorConfiguration else {
      throw misfit("a StyleGAN2 discriminator", type(of: configuration).kind)
    }
    return try load { StyleGAN2Discriminator(configuration, $0) }
  }

  private func generatorConfiguration() throws(FileError) -> any GeneratorConfiguration {
    guard let configuration = configuration as? any GeneratorConfiguration else {
      throw misfit("a generator", type(of: configuration).kind)
    }
    return configuration
  }

  /// Builds the network without memory for its tensors, and checks that the file's fit.
  private func plan<Built>(_ build: (Scope) -> Built) throws -> Built {
    let plan = ParameterStore()
    let network = build(Scope(plan, device: .meta))
    do {
      try plan.check(try storedParameters())
    } catch let error as ParameterLoadError {
      throw misfit("the tensors of \(type(of: configuration).kind)", "\(error)")
    }
    return network
  }

  /// Builds the network and loads it, once it is known that the file's tensors fit.
  private func load<Built>(_ build: (Scope) -> Built) throws -> Built {
    _ = try plan(build)
    let store = ParameterStore()
    let network = build(Scope(store))
    try store.load(try storedParameters())
    return network
  }

  private func storedParameters() throws(FileError) -> OrderedDictionary<String, StoredParameter> {
    var state: OrderedDictionary<String, StoredParameter> = [:]
    for (name, tensor) in tensors { state[name] = try StoredParameter(tensor) }
    return state
  }

  private func misfit(_ expected: String, _ found: String) -> FileError {
    FileError(.damaged, file: file, expected: expected, found: found)
  }
}

extension ParameterStore {
  /// The names of tensors with numbers that are not finite; pictures made with them show nothing.
  public var nonFiniteNames: [String] {
    withoutGradients { entries.keys.filter { !self[$0].isFinite().all } }
  }
}

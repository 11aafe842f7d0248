// Where a generator comes from: a file, or a named configuration with random weights.

import Checkpoints
import Formats
import Layers
public import Networks
import OrderedCollections
import Tensors

/// Where a generator comes from.
public enum NetworkSource: Hashable, Sendable {
  /// A checkpoint of any form that Stylist opens, or the name of a model that comes with the
  /// program.
  case file(String)
  /// An untrained network: a named configuration, its resolution in pixels or the configuration's
  /// own, and the seed of its random weights.
  case untrained(configuration: String, resolution: Int?, seed: UInt64)
}

/// A source looked at but not yet built, so that a command can say what it would do.
public struct NetworkSummary: Encodable, Sendable {
  /// The kind of network, such as `stylegan2`.
  public let kind: String
  /// Where it comes from, in words.
  public let origin: String
  /// What it is built from.
  public let configuration: any NetworkConfiguration
  /// What the generator will be.
  public let traits: GeneratorTraits

  init(_ configuration: any NetworkConfiguration, origin: String, traits: GeneratorTraits) {
    kind = type(of: configuration).kind
    (self.origin, self.configuration, self.traits) = (origin, configuration, traits)
  }

  /// What whoever asks for pictures with these settings should know, a line each.
  ///
  /// - Parameter settings: Truncation, class and noise.
  /// - Returns: That class 0 is taken, if the network has labels and no class is chosen.
  public func notes(on settings: PictureSettings) -> [String] {
    guard traits.labelDim > 0, settings.classIndex == nil else { return [] }
    let last = traits.labelDim - 1
    return ["the network has classes 0 to \(last); taking class 0, choose with --class"]
  }

  private enum CodingKeys: CodingKey { case kind, origin, configuration }

  /// Writes kind, origin and the configuration; traits follow from the configuration.
  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: CodingKeys.self)
    try object.encode(kind, forKey: .kind)
    try object.encode(origin, forKey: .origin)
    try configuration.encode(to: object.superEncoder(forKey: .configuration))
  }
}

extension NetworkSource {
  /// Looks at the source, and checks all of it, without building the network or taking memory for
  /// it.
  ///
  /// - Returns: What it holds.
  /// - Throws: `FileError` or `ConfigurationError`, as building would.
  public func summary() throws -> NetworkSummary {
    switch self {
    case .file(let path):
      let (role, network) = try Self.generator(in: path)
      return NetworkSummary(
        network.configuration, origin: "\(role) in \(path)", traits: try network.generatorTraits())
    case .untrained(let name, let resolution, let seed):
      let configuration = try Registry.configuration(named: name, resolution: resolution)
      let plan = configuration.makeGenerator(Scope(ParameterStore(), device: .meta))
      return NetworkSummary(
        configuration, origin: "\(name), untrained, seed \(seed)", traits: plan.traits)
    }
  }

  /// Builds the generator.
  ///
  /// - Returns: The generator, on the processor, and what is questionable about it, a line each.
  /// - Throws: `FileError` if the file holds no generator that can be used; `ConfigurationError`.
  func makeGenerator() throws -> (generator: any Generator, warnings: [String]) {
    switch self {
    case .file(let path):
      let network = try Self.generator(in: path).network
      let generator = try network.makeGenerator()
      let average = network.wAvgReason.map { ["\($0); \(network.wAvgSource)"] } ?? []
      let remarks = (average + network.remarks).map { "\(path): \($0)" }
      return (generator, remarks + Self.warnings(about: generator.parameters, of: path))
    case .untrained(let name, let resolution, let seed):
      let configuration = try Registry.configuration(named: name, resolution: resolution)
      let scope = Scope(ParameterStore(), generator: TorchGenerator(seed: seed))
      return (configuration.makeGenerator(scope), [])
    }
  }

  /// The hash of the generator's numbers, by which codes and directions know it again.
  ///
  /// - Returns: 64 hexadecimal digits.
  /// - Throws: As building throws.
  func contentHash() throws -> String {
    switch self {
    case .file(let path): return try Self.generator(in: path).network.contentHash()
    case .untrained:
      return try makeGenerator().generator.parameters.contentHash()
    }
  }

  /// What one of our own files says of the generator beside its tensors; nothing for other sources.
  func notes() throws -> NetworkFileNotes {
    guard case .file(let path) = self else { return NetworkFileNotes() }
    return try Checkpoint.open(ShippedModels.file(path)).notes
  }

  private static func warnings(about parameters: ParameterStore, of path: String) -> [String] {
    let names = parameters.nonFiniteNames
    guard !names.isEmpty else { return [] }
    let shown = names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", …" : "")
    return [
      "\(path): numbers that are not finite, which spoil pictures, in \(names.count) of its tensors: "
        + shown
    ]
  }

  private static func generator(in path: String) throws -> (
    role: String, network: Checkpoint.Network
  ) {
    let checkpoint = try Checkpoint.open(ShippedModels.file(path))
    guard let found = checkpoint.preferredGenerator else {
      throw checkpoint.misfit(path, "a generator, G_ema or G")
    }
    return found
  }
}

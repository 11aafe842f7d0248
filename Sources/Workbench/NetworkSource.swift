// Where a generator comes from: a file, or a named configuration with random weights.

import Checkpoints
import Formats
import Layers
import Networks
import OrderedCollections
import Tensors

/// Where a generator comes from.
public enum NetworkSource: Hashable, Sendable {
  /// A checkpoint of any form that Stylist opens.
  case file(String)
  /// An untrained network: a named configuration, its resolution in pixels or the configuration's own, and the seed of
  /// its random weights.
  case untrained(configuration: String, resolution: Int?, seed: UInt64)
}

/// A source looked at but not yet built, so that a command can say what it would do.
public struct NetworkSummary: Codable, Hashable, Sendable {
  /// The kind of network, such as `stylegan2`.
  public let kind: String
  /// Where it comes from, in words.
  public let origin: String
  /// The configuration as canonical JSON.
  public let configuration: String
}

extension NetworkSource {
  /// Looks at the source without building the network.
  ///
  /// - Returns: What it holds.
  /// - Throws: `FileError` or `ConfigurationError`.
  public func summary() throws -> NetworkSummary {
    switch self {
    case .file(let path):
      let (role, network) = try Self.generator(in: path)
      return try NetworkSummary(network.configuration, origin: "\(role) in \(path)")
    case .untrained(let name, let resolution, let seed):
      let configuration = try Registry.configuration(named: name, resolution: resolution)
      return try NetworkSummary(configuration, origin: "\(name), untrained, seed \(seed)")
    }
  }

  /// Builds the generator.
  ///
  /// - Returns: The generator, on the processor.
  /// - Throws: `FileError` or `ConfigurationError`.
  func makeGenerator() throws -> any Generator {
    switch self {
    case .file(let path):
      return try Self.generator(in: path).network.makeGenerator()
    case .untrained(let name, let resolution, let seed):
      let configuration = try Registry.configuration(named: name, resolution: resolution)
      let scope = Scope(ParameterStore(), generator: TorchGenerator(seed: seed))
      return configuration.makeGenerator(scope)
    }
  }

  private static func generator(in path: String) throws -> (
    role: String, network: Checkpoint.Network
  ) {
    let checkpoint = try Checkpoint.open(path)
    guard let found = checkpoint.preferredGenerator else {
      let roles = checkpoint.networks.keys.joined(separator: ", ")
      throw FileError(.damaged, file: path, expected: "a generator", found: "only \(roles)")
    }
    return found
  }
}

extension NetworkSummary {
  init(_ configuration: any NetworkConfiguration, origin: String) throws {
    kind = type(of: configuration).kind
    self.origin = origin
    self.configuration = try configuration.canonicalJSON()
  }
}

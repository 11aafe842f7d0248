// The networks that Stylist knows of by name: published files, and configurations without a file.

public import Checkpoints
import Networks

/// The networks that have names.
public struct ModelCatalogue: Encodable, Sendable {
  /// A configuration of which an untrained network can be made.
  public struct Configuration: Encodable, Sendable {
    /// What people type.
    public let name: String
    /// What it is, in a few words.
    public let summary: String
  }

  /// The networks that their authors published.
  public let published: [PublishedNetwork]
  /// The configurations without a file.
  public let configurations: [Configuration]

  /// Everything that has a name.
  public init() {
    published = PublishedNetwork.all
    configurations = Registry.configurations.map {
      Configuration(name: $0.name, summary: $0.summary)
    }
  }

  /// The list as lines for people.
  public var lines: [String] {
    let names = published.map(\.name) + configurations.map(\.name)
    let width = names.map(\.count).max() ?? 0
    func padded(_ name: String) -> String {
      name + String(repeating: " ", count: width - name.count)
    }
    return ["Published networks, to be fetched from their authors and under their terms:"]
      + published.map { network in
        "  \(padded(network.name))  \(network.kind), \(network.resolution) pixels; "
          + "\(network.file) of \(network.source); \(network.licence); \(network.evidence.rawValue)"
      } + ["", "Configurations for --cfg, untrained:"]
      + configurations.map { "  \(padded($0.name))  \($0.summary)" }
  }
}

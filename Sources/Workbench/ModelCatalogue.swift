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
    let width = configurations.map(\.name.count).max() ?? 0
    return ["Published networks, to be fetched from their authors and under their terms:"]
      + published.flatMap(Self.lines) + ["", "Configurations for --cfg, untrained:"]
      + configurations.map { configuration in
        let gap = String(repeating: " ", count: width - configuration.name.count)
        return "  \(configuration.name)\(gap)  \(configuration.summary)"
      }
  }

  /// The name, and below it the file, what it holds, and its terms.
  private static func lines(_ network: PublishedNetwork) -> [String] {
    [
      "  \(network.name)", "      \(network.file)", "      of \(network.source)",
      "      \(network.kind), \(network.resolution) pixels; \(network.evidence.rawValue)",
      "      \(network.licence)",
    ]
  }
}

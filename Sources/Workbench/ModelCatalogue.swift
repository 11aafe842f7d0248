// The networks that Stylist knows of by name: models that come with it, published files, and
// configurations without a file.

public import Checkpoints
import Networks
import OrderedCollections

/// The networks that have names.
public struct ModelCatalogue: Encodable, Sendable {
  /// A configuration of which an untrained network can be made.
  public struct Configuration: Encodable, Sendable {
    /// What people type.
    public let name: String
    /// What it is, in a few words.
    public let summary: String
  }

  /// The models that come with the program.
  public let shipped: [ShippedModels.Model]
  /// The networks that their authors published.
  public let published: [PublishedNetwork]
  /// The configurations without a file.
  public let configurations: [Configuration]

  /// Everything that has a name.
  public init() {
    shipped = ShippedModels.all
    published = PublishedNetwork.all
    configurations = Registry.configurations.map {
      Configuration(name: $0.name, summary: $0.summary)
    }
  }

  /// The list as lines for people.
  public var lines: [String] {
    shippedLines + [
      "Published networks, to be fetched from their authors and under their terms;",
      "the file is NAME.pkl where no other is shown:",
    ] + publishedLines + ["", "Configurations for --cfg, untrained:"]
      + Table.lines(configurations.map { [$0.name, $0.summary] }).map { "  \($0)" }
  }

  private var shippedLines: [String] {
    guard !shipped.isEmpty else { return [] }
    return ["Models that come with the program; --network and all others take their names:"]
      + Table.lines(shipped.map { [$0.name, $0.file] }).map { "  \($0)" } + [""]
  }

  /// The networks below what those of one source have in common.
  private var publishedLines: [String] {
    let groups = OrderedDictionary(grouping: published) { network in
      [
        network.source, "\(network.kind); terms: \(network.licence)", network.evidence.rawValue,
      ]
    }
    return groups.flatMap { heading, networks in
      let rows = networks.map { network in
        let isUsual = network.file == "\(network.name).pkl"
        return [network.name, "\(network.resolution) pixels", isUsual ? "" : network.file]
      }
      return [""] + heading.map { "  \($0)" } + Table.lines(rows).map { "    \($0)" }
    }
  }
}

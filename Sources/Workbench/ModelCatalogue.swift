// The networks that Stylist knows of by name: models that come with it, published files, and
// configurations without a file.

public import Checkpoints
import Foundation
public import Networks
import OrderedCollections

/// The networks that have names.
public struct ModelCatalogue: Encodable, Sendable {
  /// A configuration of which an untrained network can be made.
  public struct Configuration: Encodable, Sendable {
    /// What people type.
    public let name: String
    /// What it is, in a few words.
    public let summary: String
    /// The width and height of its images, in pixels.
    public let resolution: Int
    /// Its parameters, and the multiply-adds of one image.
    public let cost: GeneratorCost
    /// What its authors measured.
    public let results: [PublishedResult]

    init(_ named: NamedConfiguration) {
      let configuration = named.make(nil)
      (name, summary, results) = (named.name, named.summary, named.results)
      (resolution, cost) = (configuration.resolution, configuration.cost)
    }
  }

  /// The models that come with the program.
  public let shipped: [ShippedModels.Model]
  /// The networks that their authors published.
  public let published: [PublishedNetwork]
  /// The files of the published classifiers of CelebA-HQ's attributes.
  public let classifiers: [String]
  /// The configurations without a file.
  public let configurations: [Configuration]

  /// Everything that has a name.
  public init() {
    shipped = ShippedModels.all
    published = PublishedNetwork.all
    classifiers = PublishedNetwork.classifierFiles
    configurations = Registry.configurations.map(Configuration.init)
  }

  /// The list as lines for people.
  ///
  /// - Parameter width: Columns that a line of the table may take; nil for as many as it needs.
  /// - Returns: The lines.
  public func lines(width: Int?) -> [String] {
    shippedLines + [
      "Published networks, to be fetched from their authors and under their terms;",
      "the file is NAME.pkl where no other is shown:",
    ] + publishedLines + classifierLines + [
      "", "Configurations for --cfg, untrained. Multiply-adds are those of one image,",
      "FIDs what the authors published (--json shows all figures):",
    ] + configurationLines(width: width.map { $0 - 2 }).map { "  \($0)" }
  }

  private func configurationLines(width: Int?) -> [String] {
    Table.lines(
      heading: ["", "px", "parameters", "mult-adds", "published"],
      configurations.map { one in
        let result = one.results.first.map {
          "\($0.metric) \(String(format: "%.2f", $0.value)) \($0.dataset)"
        }
        return [
          one.name, "\(one.resolution)", grouped(one.cost.parameters),
          String(format: "%.2f G", Double(one.cost.multiplyAdds) / 1e9),
          result ?? "",
        ]
      }, width: width, elastic: 4)
  }

  private var shippedLines: [String] {
    guard let folder = ShippedModels.folder, !shipped.isEmpty else { return [] }
    let rows = shipped.map { [$0.name, $0.phrase] }
    return [
      "Models that come with the program; their names stand where files may stand:", "",
      "  \(folder)",
    ] + Table.lines(rows, width: nil, elastic: 0).map { "    \($0)" } + [""]
  }

  /// The classifiers by the parts of their names that differ, three in a row.
  private var classifierLines: [String] {
    let (start, end) = (PublishedNetwork.classifierPrefix, ".pkl")
    let names = classifiers.map { String($0.dropFirst(start.count).dropLast(end.count)) }
    let rows = stride(from: 0, to: names.count, by: 3).map { first in
      (first..<first + 3).map { names.indices.contains($0) ? names[$0] : "" }
    }
    return [
      "", "  NVlabs/stylegan", "  classifiers of CelebA-HQ's attributes; terms: CC BY-NC 4.0",
      "  layout tested, original not opened",
      "  \(start)NAME\(end), a folder of them for --attributes:",
    ] + Table.lines(rows).map { "    \($0)" }
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

// What a study of disentanglement found, as pictures: bars for path lengths and separability, lines
// for distances over the number of mixed latents.

import Formats
import Metrics

/// The plots of a study: a colour for each network.
struct DisentanglementPlots {
  /// A plot.
  struct Plot {
    /// Its file.
    let name: String
    /// What it shows, in words.
    let words: String
    let image: ByteImage
  }

  private let outcome: DisentanglementJob.Outcome
  private let legend: Legend

  init(_ outcome: DisentanglementJob.Outcome) {
    self.outcome = outcome
    legend = Legend(names: outcome.networks.map(\.name))
  }

  private static let (lengths, separability, distances) = (
    "path-lengths.png", "separability.png", "mixing.png"
  )

  /// The names of the plots of what is measured.
  static func names(for metrics: [MetricRecipe]) -> [String] {
    let all: [(String, (MetricRecipe) -> Bool)] = [
      (lengths, { if case .pathLength = $0.kind { true } else { false } }),
      (separability, { $0.kind == .separability }),
      (distances, { $0.kind == .frechetDistance }),
    ]
    return all.filter { metrics.contains(where: $0.1) }.map(\.0)
  }

  /// The plots of what was measured.
  var all: [Plot] { [lengths, separability, distances].compactMap(\.self) }

  private func rows(_ prefix: String) -> [DisentanglementJob.Outcome.Row] {
    outcome.rows.filter { $0.name.hasPrefix(prefix) }
  }

  private var lengths: Plot? {
    let rows = rows("ppl_")
    guard !rows.isEmpty else { return nil }
    let groups = rows.map { row in
      let words = row.name.dropFirst(4)
      let space = words.prefix(1).uppercased()
      return BarPanel.Group(
        name: "\(space) \(words.contains("full") ? "full" : "end")", values: row.values)
    }
    let isOfPortraits = rows.contains { $0.name.contains("-portraits") }
    let panel = BarPanel(
      title: (isOfPortraits ? "ppl-portraits" : "PPL") + ": distance^2 / step^2",
      unit: "latent space, places on the path",
      vertical: Axis(fromZeroTo: rows.flatMap(\.values).compactMap(\.self)), base: 0,
      groups: groups)
    return Plot(
      name: Self.lengths, words: "Path lengths in Z and W, on the full path and at its end",
      image: drawn { panel.draw(x: 0, y: 0, on: &$0) })
  }

  private var separability: Plot? {
    let rows = rows("ls_")
    guard let most = rows.flatMap(\.values).compactMap(\.self).max() else { return nil }
    let panel = BarPanel(
      title: "separability, logarithmic; 1 is least", unit: "latent space",
      // With room for the numbers above the bars.
      vertical: Axis(logarithmicFor: [1, 3 * most]), base: 1,
      groups: rows.map { BarPanel.Group(name: $0.name.suffix(1).uppercased(), values: $0.values) })
    return Plot(
      name: Self.separability, words: "Linear separability in Z and W",
      image: drawn { panel.draw(x: 0, y: 0, on: &$0) })
  }

  private var distances: Plot? {
    let rows = rows("fid")
    guard !rows.isEmpty else { return nil }
    let latents = (1...rows.count).map(Double.init)
    let lines = outcome.networks.indices.map { index in
      LinePanel.Line(
        colour: .series(index), width: 2.5, x: latents,
        y: rows.map { $0.values[index] ?? .nan }, isDotted: true)
    }
    let isOfPortraits = rows.contains { $0.name.contains("-portraits") }
    let panel = LinePanel(
      title: isOfPortraits ? "fid-portraits, which is no FID" : "FID",
      unit: "latents of a picture", horizontal: Axis(counting: 1...rows.count),
      vertical: Axis(fromZeroTo: lines.flatMap(\.y)), lines: lines)
    return Plot(
      name: Self.distances, words: "Distance from data over the number of mixed latents",
      image: drawn { panel.draw(x: 0, y: 0, on: &$0) })
  }

  /// A panel above the legend.
  private func drawn(_ draw: (inout Canvas) -> Void) -> ByteImage {
    let size = PanelFrame.size
    var canvas = Canvas(
      width: size.width, height: size.height + legend.height, background: .white)
    draw(&canvas)
    legend.draw(y: size.height, width: size.width, on: &canvas)
    return canvas.image
  }
}

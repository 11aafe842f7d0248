// The losses of one training or several over thousands of images, as a picture.

import Formats
import Foundation

/// A panel for what trainings measure: the losses of generator and discriminator, the R1 penalty, the
/// scores, the probability of augmentation; or the loss of a classifier, an identity network or an
/// encoder.
struct LossPlot {
  private let runs: [(name: String, curves: LossCurves)]
  private let kimg: Axis

  /// The losses of trainings, by the names that the legend gives them.
  init(_ runs: [(name: String, curves: LossCurves)]) {
    self.runs = runs
    kimg = Axis(from: 0, to: runs.compactMap(\.curves.kimg.last).max() ?? 1)
  }

  /// The picture.
  var image: ByteImage {
    let size = PanelFrame.size
    let legend = Legend(names: runs.map(\.name))
    let panels: [(title: String, names: [LossName])] = [
      ("generator loss", [.generator]), ("discriminator loss", [.discriminator]),
      ("R1 penalty", [.r1]), ("scores: real strong, fake pale", [.fakeScore, .realScore]),
      ("attributes: cross-entropy", [.attributes]),
      ("identity: cross-entropy with margin", [.identity]),
      ("encoder: all losses", [.encoder]),
      ("augmentation: p", [.augmentation]),
    ].filter { panel in runs.contains { panel.names.contains(where: $0.curves.tells) } }
    let columns = min(max(panels.count, 1), 2)
    let (width, height) = (columns * size.width, (panels.count + 1) / 2 * size.height)
    var canvas = Canvas(width: width, height: height + legend.height, background: .white)
    for (place, panel) in panels.enumerated() {
      let lines = runs.enumerated().flatMap { index, run in
        panel.names.map { name in
          let colour = Colour.series(index)
          return LinePanel.Line(
            colour: name == .fakeScore ? colour.pale : colour, width: 2.5, x: run.curves.kimg,
            y: run.curves.values[name] ?? [])
        }
      }
      LinePanel(
        title: panel.title, unit: "kimg", horizontal: kimg, vertical: Axis(of: lines.flatMap(\.y)),
        lines: lines
      ).draw(x: place % 2 * size.width, y: place / 2 * size.height, on: &canvas)
    }
    legend.draw(y: height, width: width, on: &canvas)
    return canvas.image
  }
}

// The losses of one training or several over thousands of images, as a picture.

import Formats
import Foundation

/// Four panels: the losses of generator and discriminator, the R1 penalty, the scores.
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
    let size = LinePanel.size
    let legend = Legend(names: runs.map(\.name))
    var canvas = Canvas(
      width: 2 * size.width, height: 2 * size.height + legend.height, background: .white)
    let panels: [(title: String, names: [LossName])] = [
      ("generator loss", [.generator]), ("discriminator loss", [.discriminator]),
      ("R1 penalty", [.r1]), ("scores: real strong, fake pale", [.fakeScore, .realScore]),
    ]
    for (place, panel) in panels.enumerated() {
      let lines = runs.enumerated().flatMap { index, run in
        panel.names.map { name in
          let colour = Colour.series[index % Colour.series.count]
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
    legend.draw(y: 2 * size.height, width: 2 * size.width, on: &canvas)
    return canvas.image
  }
}

/// A range of numbers with round ones to write beside it.
package struct Axis {
  /// Its ends.
  package let low: Double
  package let high: Double
  private let step: Double

  /// An axis for two numbers and what lies between.
  package init(from low: Double, to high: Double) {
    let span = high > low ? high - low : max(high.magnitude, 1)
    let size = pow(10, (log10(span / 5)).rounded(.down))
    step = [1, 2, 5, 10].map { $0 * size }.first { span / $0 <= 6 } ?? size
    (self.low, self.high) = (low, high > low ? high : low + span)
  }

  /// An axis for values; of many, the few that lie far from the others do not count.
  package init(of values: [Double]) {
    let sorted = values.filter(\.isFinite).sorted()
    guard let first = sorted.first, let last = sorted.last else {
      self.init(from: 0, to: 1)
      return
    }
    var (low, high) = (first, last)
    if sorted.count >= 100 {
      let inner = (sorted[sorted.count / 100], sorted[sorted.count * 99 / 100])
      let reach = 0.5 * (inner.1 - inner.0)
      (low, high) = (max(low, inner.0 - reach), min(high, inner.1 + reach))
    }
    let space = high > low ? 0.06 * (high - low) : max(0.5 * high.magnitude, 1e-3)
    // Losses that are never negative stand on a zero.
    self.init(from: first >= 0 && low <= 0.5 * high ? 0 : low - space, to: high + space)
  }

  /// Where a value lies, 0 at the low end and 1 at the high end.
  package func place(of value: Double) -> Double { (value - low) / (high - low) }

  /// Round numbers and how they are written.
  package var ticks: [(value: Double, text: String)] {
    // Short enough to stand beside the panel.
    let isPlain = step >= 1e-4 && high < 1e6
    let digits = max(0, -Int(log10(step).rounded(.down)))
    let format = isPlain ? "%.\(digits)f" : "%.3g"
    let first = (low / step).rounded(.up)
    return (0..<12).map { (first + Double($0)) * step }
      .filter { $0 <= high + 1e-9 * step }
      .map { value in
        // Not -0.
        let text = String(format: format, value == 0 ? 0 : value)
        return (value, text)
      }
  }
}

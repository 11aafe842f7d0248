// The losses of one training or several over thousands of images, as a picture.

import Formats
import Foundation

/// Four panels: the losses of generator and discriminator, the R1 penalty, the scores.
struct LossPlot {
  private static let panelWidth = 620
  private static let panelHeight = 380
  private static let margin = (left: 100, right: 24, top: 44, bottom: 56)
  private static let legendRow = 26

  private let runs: [(name: String, curves: LossCurves)]
  private let kimg: Axis

  /// The losses of trainings, by the names that the legend gives them.
  init(_ runs: [(name: String, curves: LossCurves)]) {
    self.runs = runs
    kimg = Axis(from: 0, to: runs.compactMap(\.curves.kimg.last).max() ?? 1)
  }

  /// A line of a panel.
  private struct Line {
    let colour: Colour
    let width: Double
    let kimg: [Double]
    let values: [Double]
  }

  /// The picture.
  var image: ByteImage {
    let legendHeight = Self.legendRow * runs.count + 20
    var canvas = Canvas(
      width: 2 * Self.panelWidth, height: 2 * Self.panelHeight + legendHeight, background: .white)
    let panels: [(title: String, names: [LossName])] = [
      ("generator loss", [.generator]), ("discriminator loss", [.discriminator]),
      ("R1 penalty", [.r1]), ("scores: real strong, fake pale", [.fakeScore, .realScore]),
    ]
    for (place, panel) in panels.enumerated() {
      let lines = runs.enumerated().flatMap { index, run in
        panel.names.map { name in
          let colour = Colour.series[index % Colour.series.count]
          return Line(
            colour: name == .fakeScore ? colour.pale : colour, width: 2.5, kimg: run.curves.kimg,
            values: run.curves.values[name] ?? [])
        }
      }
      draw(
        panel.title, lines, x: place % 2 * Self.panelWidth, y: place / 2 * Self.panelHeight,
        on: &canvas)
    }
    drawLegend(on: &canvas)
    return canvas.image
  }

  private func drawLegend(on canvas: inout Canvas) {
    let letters = (2 * Self.panelWidth - 140) / Canvas.advance(scale: 2)
    for (index, run) in runs.enumerated() {
      let y = 2 * Self.panelHeight + 4 + index * Self.legendRow
      let colour = Colour.series[index % Colour.series.count]
      canvas.fill(x: Self.margin.left..<Self.margin.left + 32, y: y + 5..<y + 9, colour: colour)
      canvas.text(
        String(run.name.prefix(letters)), x: Self.margin.left + 44, y: y, colour: .ink, scale: 2)
    }
  }

  private func draw(_ title: String, _ lines: [Line], x: Int, y: Int, on canvas: inout Canvas) {
    let frame = (
      x: x + Self.margin.left..<x + Self.panelWidth - Self.margin.right,
      y: y + Self.margin.top..<y + Self.panelHeight - Self.margin.bottom
    )
    let values = Axis(of: lines.flatMap(\.values))
    canvas.fill(x: frame.x, y: frame.y, colour: .panel)
    func column(_ value: Double) -> Double {
      Double(frame.x.lowerBound) + kimg.place(of: value) * Double(frame.x.count)
    }
    func row(_ value: Double) -> Double {
      Double(frame.y.upperBound) - values.place(of: value) * Double(frame.y.count)
    }
    for (value, text) in values.ticks {
      let at = Int(row(value))
      canvas.fill(x: frame.x, y: at..<at + 1, colour: .grid)
      canvas.text(
        text, x: frame.x.lowerBound - 10 - Canvas.width(of: text, scale: 2), y: at - 7,
        colour: .faint, scale: 2)
    }
    for (value, text) in kimg.ticks {
      let at = Int(column(value))
      canvas.fill(x: at..<at + 1, y: frame.y, colour: .grid)
      let left = at - Canvas.width(of: text, scale: 2) / 2
      canvas.text(text, x: left, y: frame.y.upperBound + 10, colour: .faint, scale: 2)
    }
    canvas.text(title, x: frame.x.lowerBound, y: y + 18, colour: .ink, scale: 2)
    canvas.text(
      "kimg", x: frame.x.upperBound - Canvas.width(of: "kimg", scale: 2), y: y + 18,
      colour: .faint, scale: 2)
    for line in lines {
      let all = zip(line.kimg, line.values).map { Canvas.Point(x: column($0), y: row($1)) }
      for points in all.split(whereSeparator: { !$0.y.isFinite }) {
        canvas.line(Array(points), width: line.width, colour: line.colour, in: frame)
      }
    }
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

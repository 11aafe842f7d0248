// A panel of a plot: lines in a frame with round numbers beside it.

import Formats
import Foundation

/// Lines over a common axis, with a title.
struct LinePanel {
  /// The panel's place: frame and what stands around it, in pixels.
  static let size = (width: 620, height: 380)
  static let margin = (left: 100, right: 24, top: 44, bottom: 56)

  /// A line.
  struct Line {
    let colour: Colour
    let width: Double
    let x: [Double]
    let y: [Double]
    /// Whether each point is marked.
    var isDotted = false
  }

  let title: String
  /// What the horizontal axis counts.
  let unit: String
  let horizontal: Axis
  let vertical: Axis
  let lines: [Line]

  /// Draws the panel with its upper left corner at a place.
  func draw(x: Int, y: Int, on canvas: inout Canvas) {
    let frame = (
      x: x + Self.margin.left..<x + Self.size.width - Self.margin.right,
      y: y + Self.margin.top..<y + Self.size.height - Self.margin.bottom
    )
    canvas.fill(x: frame.x, y: frame.y, colour: .panel)
    func column(_ value: Double) -> Double {
      Double(frame.x.lowerBound) + horizontal.place(of: value) * Double(frame.x.count)
    }
    func row(_ value: Double) -> Double {
      Double(frame.y.upperBound) - vertical.place(of: value) * Double(frame.y.count)
    }
    for (value, text) in vertical.ticks {
      let at = Int(row(value))
      canvas.fill(x: frame.x, y: at..<at + 1, colour: .grid)
      canvas.text(
        text, x: frame.x.lowerBound - 10 - Canvas.width(of: text, scale: 2), y: at - 7,
        colour: .faint, scale: 2)
    }
    for (value, text) in horizontal.ticks {
      let at = Int(column(value))
      canvas.fill(x: at..<at + 1, y: frame.y, colour: .grid)
      let left = at - Canvas.width(of: text, scale: 2) / 2
      canvas.text(text, x: left, y: frame.y.upperBound + 10, colour: .faint, scale: 2)
    }
    canvas.text(title, x: frame.x.lowerBound, y: y + 18, colour: .ink, scale: 2)
    canvas.text(
      unit, x: frame.x.upperBound - Canvas.width(of: unit, scale: 2), y: frame.y.upperBound + 32,
      colour: .faint, scale: 2)
    for line in lines {
      let all = zip(line.x, line.y).map { Canvas.Point(x: column($0), y: row($1)) }
      for points in all.split(whereSeparator: { !$0.y.isFinite }) {
        canvas.line(Array(points), width: line.width, colour: line.colour, in: frame)
        guard line.isDotted else { continue }
        for point in points {
          canvas.line([point, point], width: line.width + 5, colour: line.colour, in: frame)
        }
      }
    }
  }
}

/// Names of lines below their colours, one below the other.
struct Legend {
  private static let row = 26
  let names: [String]
  /// A line below the names.
  var note: String?

  /// Rows of pixels that it takes.
  var height: Int { Self.row * (names.count + (note == nil ? 0 : 1)) + 20 }

  /// Draws it across a picture's whole width.
  func draw(y top: Int, width: Int, on canvas: inout Canvas) {
    let left = LinePanel.margin.left
    let letters = (width - left - 40) / Canvas.advance(scale: 2)
    for (index, name) in names.enumerated() {
      let y = top + 4 + index * Self.row
      let colour = Colour.series[index % Colour.series.count]
      canvas.fill(x: left..<left + 32, y: y + 5..<y + 9, colour: colour)
      canvas.text(String(name.prefix(letters)), x: left + 44, y: y, colour: .ink, scale: 2)
    }
    guard let note else { return }
    canvas.text(
      String(note.prefix(letters)), x: left, y: top + 4 + names.count * Self.row, colour: .faint,
      scale: 2)
  }
}

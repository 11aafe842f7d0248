// A panel of a plot: lines in a frame with round numbers beside it.

import Formats
import Foundation

/// Lines over a common axis, with a title.
struct LinePanel {
  /// A line.
  struct Line {
    let colour: Colour
    let width: Double
    let x: [Double]
    let y: [Double]
    /// Whether each point is marked.
    var isDotted = false
    /// What stands beside the last point; nil for nothing.
    var label: String?
  }

  let title: String
  /// What the horizontal axis counts.
  let unit: String
  let horizontal: Axis
  let vertical: Axis
  let lines: [Line]

  /// Draws the panel with its upper left corner at a place.
  func draw(x: Int, y: Int, on canvas: inout Canvas) {
    let frame = PanelFrame(x: x, y: y, vertical: vertical)
    frame.draw(title: title, unit: unit, on: &canvas)
    let inside = frame.inside
    func column(_ value: Double) -> Double {
      Double(inside.x.lowerBound) + horizontal.place(of: value) * Double(inside.x.count)
    }
    for (value, text) in horizontal.ticks {
      let at = Int(column(value))
      canvas.fill(x: at..<at + 1, y: inside.y, colour: .grid)
      frame.mark(text, at: at, on: &canvas)
    }
    for line in lines {
      let all = zip(line.x, line.y).map { Canvas.Point(x: column($0), y: frame.row($1)) }
      for points in all.split(whereSeparator: { !$0.y.isFinite }) {
        canvas.line(Array(points), width: line.width, colour: line.colour, in: inside)
        guard line.isDotted else { continue }
        for point in points {
          canvas.line([point, point], width: line.width + 5, colour: line.colour, in: inside)
        }
      }
    }
    for line in lines {
      guard let label = line.label, let x = line.x.last, let y = line.y.last, y.isFinite else {
        continue
      }
      // To the right of the point, or to the left where the frame ends.
      let (place, width) = (Int(column(x)), Canvas.width(of: label, scale: 1))
      let fits = place + Self.labelGap + width <= inside.x.upperBound
      canvas.text(
        label, x: fits ? place + Self.labelGap : place - Self.labelGap - width,
        y: Int(frame.row(y)) - BitmapFont.height / 2, colour: .ink, scale: 1)
    }
  }

  /// Pixels between a point and what stands beside it.
  private static let labelGap = 8
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
    let left = PanelFrame.left
    let letters = (width - left - 40) / Canvas.advance(scale: 2)
    for (index, name) in names.enumerated() {
      let y = top + 4 + index * Self.row
      let colour = Colour.series(index)
      canvas.fill(x: left..<left + 32, y: y + 5..<y + 9, colour: colour)
      canvas.text(String(name.prefix(letters)), x: left + 44, y: y, colour: .ink, scale: 2)
    }
    guard let note else { return }
    canvas.text(
      String(note.prefix(letters)), x: left, y: top + 4 + names.count * Self.row, colour: .faint,
      scale: 2)
  }
}

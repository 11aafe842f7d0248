// A panel of a plot: bars in groups, with their numbers above them.

import Foundation

/// Bars over names, with a title.
struct BarPanel {
  /// Bars that stand side by side.
  struct Group {
    /// What is written below them.
    let name: String
    /// A value for each of what is compared; nil leaves its place empty.
    let values: [Double?]
  }

  let title: String
  /// What the names are of.
  let unit: String
  let vertical: Axis
  /// The value that bars stand on.
  let base: Double
  let groups: [Group]

  /// Draws the panel with its upper left corner at a place; bars have the colours of a legend.
  func draw(x: Int, y: Int, on canvas: inout Canvas) {
    let frame = PanelFrame(x: x, y: y, vertical: vertical)
    frame.draw(title: title, unit: unit, on: &canvas)
    let inside = frame.inside
    let width = inside.x.count / max(groups.count, 1)
    for (place, group) in groups.enumerated() {
      let left = inside.x.lowerBound + place * width
      frame.mark(group.name, at: left + width / 2, on: &canvas)
      let bar = min(64, (width - 16) / max(group.values.count, 1))
      let first = left + (width - bar * group.values.count) / 2
      for case (let index, let value?) in group.values.enumerated() where value.isFinite {
        let (low, high) = (frame.row(base), frame.row(value))
        let rows = Int(min(low, high))..<Int(max(low, high).rounded(.up))
        let column = first + index * bar
        let gap = max(1, bar / 16)
        canvas.fill(
          x: column + gap..<column + bar - gap, y: rows.clamped(to: inside.y),
          colour: .series(index))
        write(value, above: rows.lowerBound, at: column + bar / 2, room: bar, on: &canvas)
      }
    }
  }

  /// Writes a bar's number, in letters as large as there is room for; none if there is none.
  private func write(
    _ value: Double, above row: Int, at column: Int, room: Int, on canvas: inout Canvas
  ) {
    let text = fewDigits(value)
    let room = groups.count == 1 || groups[0].values.count > 1 ? room : 2 * room
    guard let scale = [2, 1].first(where: { Canvas.width(of: text, scale: $0) <= room }) else {
      return
    }
    canvas.text(
      text, x: column - Canvas.width(of: text, scale: scale) / 2, y: row - 10 * scale,
      colour: .ink, scale: scale)
  }
}

// The frame that all panels of plots have: title, vertical axis with round numbers, words below.

/// A panel's frame: what stands around lines and bars.
struct PanelFrame {
  /// The panel's place: frame and what stands around it, in pixels.
  static let size = (width: 620, height: 380)
  private static let margin = (left: 100, right: 24, top: 44, bottom: 56)

  /// The columns and rows of pixels inside.
  let inside: (x: Range<Int>, y: Range<Int>)
  private let vertical: Axis

  /// A frame in a panel with its upper left corner at a place.
  init(x: Int, y: Int, vertical: Axis) {
    inside = (
      x: x + Self.margin.left..<x + Self.size.width - Self.margin.right,
      y: y + Self.margin.top..<y + Self.size.height - Self.margin.bottom
    )
    self.vertical = vertical
  }

  /// Columns from a panel's left to its frame.
  static var left: Int { margin.left }

  /// Where a value lies, in rows of pixels.
  func row(_ value: Double) -> Double {
    Double(inside.y.upperBound) - vertical.place(of: value) * Double(inside.y.count)
  }

  /// Draws the ground, the vertical axis, the title, and what the horizontal axis is.
  func draw(title: String, unit: String, on canvas: inout Canvas) {
    canvas.fill(x: inside.x, y: inside.y, colour: .panel)
    for (value, text) in vertical.ticks {
      let at = Int(row(value))
      canvas.fill(x: inside.x, y: at..<at + 1, colour: .grid)
      canvas.text(
        text, x: inside.x.lowerBound - 10 - Canvas.width(of: text, scale: 2), y: at - 7,
        colour: .faint, scale: 2)
    }
    canvas.text(
      title, x: inside.x.lowerBound, y: inside.y.lowerBound - 26, colour: .ink, scale: 2)
    canvas.text(
      unit, x: inside.x.upperBound - Canvas.width(of: unit, scale: 2),
      y: inside.y.upperBound + 32, colour: .faint, scale: 2)
  }

  /// Writes a word below the frame, with its middle at a column.
  func mark(_ text: String, at column: Int, on canvas: inout Canvas) {
    canvas.text(
      text, x: column - Canvas.width(of: text, scale: 2) / 2, y: inside.y.upperBound + 10,
      colour: .faint, scale: 2)
  }
}

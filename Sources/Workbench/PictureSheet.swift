// Sheets of pictures with words at their edges, or of pictures only.

package import Formats
import Networks

/// What a sheet says at its edges.
package struct SheetWords: Hashable, Sendable {
  /// Above everything; empty for nothing.
  package var title: String
  /// Above each column.
  package var columns: [String]
  /// At the left of each row.
  package var rows: [String]

  /// Words for so many columns and rows.
  package init(title: String = "", columns: [String], rows: [String]) {
    (self.title, self.columns, self.rows) = (title, columns, rows)
  }
}

/// Pictures of one size in columns and rows.
///
/// With words the sheet is white, and pictures that are too small for letters are enlarged by a
/// whole number, so that their pixels stay what they are. A bare sheet is pictures side by side.
package struct PictureSheet: Sendable {
  /// How wide a picture is shown beside words at least, in pixels.
  private static let leastWidth = 96
  /// The most lines above a column and letters in a line at the left.
  private static let (columnLines, rowLetters) = (3, 16)

  private let grid: GridSize
  private let picture: (width: Int, height: Int)
  /// How many times as wide and high pictures are shown.
  private let factor: Int
  private let edges: Edges?
  private var bare: Sheet?
  private var canvas: Canvas?

  /// An empty sheet.
  ///
  /// - Parameters:
  ///   - words: What it says, and how many columns and rows it has, at least one of each.
  ///   - width: The width of a picture, in pixels.
  ///   - height: The height of a picture, in pixels.
  ///   - isBare: Whether it says nothing.
  package init(_ words: SheetWords, width: Int, height: Int, isBare: Bool) {
    grid = GridSize(columns: words.columns.count, rows: words.rows.count)
    picture = (width, height)
    factor = isBare ? 1 : Self.factor(ofWidth: width)
    edges = isBare ? nil : Edges(words, cellWidth: width * factor, cellHeight: height * factor)
  }

  /// How many times as wide and high pictures of a width are shown beside words.
  static func factor(ofWidth width: Int) -> Int { max(1, (leastWidth + width - 1) / width) }

  /// Columns of pixels.
  package var width: Int { edges?.width ?? grid.columns * picture.width }
  /// Rows of pixels.
  package var height: Int { edges?.height ?? grid.rows * picture.height }

  /// The sheet so far; nil before the first picture.
  package var image: ByteImage? { bare?.image ?? canvas?.image }

  /// Where the upper left corner of a picture is.
  package func corner(column: Int, row: Int) -> (x: Int, y: Int) {
    let cell = (width: picture.width * factor, height: picture.height * factor)
    guard let edges else { return (column * cell.width, row * cell.height) }
    return (
      edges.left + column * (cell.width + edges.gap), edges.top + row * (cell.height + edges.gap)
    )
  }

  /// Puts a picture into a cell.
  ///
  /// - Parameters:
  ///   - image: Of the sheet's size of pictures.
  ///   - column: From 0, left to right.
  ///   - row: From 0, top to bottom.
  package mutating func place(_ image: ByteImage, column: Int, row: Int) {
    precondition(
      (image.width, image.height) == picture,
      "a picture of \(image.width)×\(image.height) in a cell of \(picture)")
    guard let edges else {
      bare =
        bare
        ?? Sheet(
          columns: grid.columns, rows: grid.rows, cellWidth: picture.width,
          cellHeight: picture.height, channels: image.channels)
      bare?.place(image, column: column, row: row)
      return
    }
    // One at a time: a canvas that is copied is slow.
    var drawn = canvas.take() ?? edges.drawn()
    let (x, y) = corner(column: column, row: row)
    drawn.place(image.inRGB.enlarged(by: factor), x: x, y: y)
    canvas = drawn
  }

  /// The words of a sheet, in lines that fit.
  private struct Edges {
    let gap: Int
    /// Where the first picture begins.
    let left: Int, top: Int
    let width: Int, height: Int
    private let margin: Int
    /// Pixels for a dot of a letter: of all words but those above columns, and of those.
    private let scale: Int, columnScale: Int
    private let title: [String]
    private let columns: [[String]]
    private let rows: [[String]]
    private let cell: (width: Int, height: Int)

    init(_ words: SheetWords, cellWidth: Int, cellHeight: Int) {
      let scale = max(2, cellWidth / 128)
      let line = Self.lineHeight(scale)
      (self.scale, margin, gap, cell) = (scale, 4 * scale, 2 * scale, (cellWidth, cellHeight))
      func letters(_ width: Int, _ scale: Int) -> Int {
        max(1, (width + scale) / Canvas.advance(scale: scale))
      }
      // The largest letters with which no word above a column is broken.
      let columnScale =
        (1...scale).reversed().first { scale in
          let most = letters(cellWidth, scale)
          return words.columns.allSatisfy { text in
            text.split(separator: " ").allSatisfy { $0.count <= most }
              && text.lines(of: most).count <= PictureSheet.columnLines
          }
        } ?? 1
      self.columnScale = columnScale
      columns = words.columns.map { text in
        text.lines(of: letters(cellWidth, columnScale), atMost: PictureSheet.columnLines)
      }
      rows = words.rows.map { text in
        text.lines(of: PictureSheet.rowLetters, atMost: max(1, cellHeight / line))
      }
      let rowWidth =
        rows.joined().map { Canvas.width(of: $0, scale: scale) }.max().map { max($0, 0) } ?? 0
      left = margin + (rowWidth > 0 ? rowWidth + margin : 0)
      width = left + words.columns.count * (cellWidth + gap) - gap + margin
      title = words.title.lines(of: letters(width - 2 * margin, scale), atMost: 4)
      let columnHeight = (columns.map(\.count).max() ?? 0) * Self.lineHeight(columnScale)
      top = margin + title.count * line + (title.isEmpty ? 0 : line / 2) + columnHeight
      height = top + words.rows.count * (cellHeight + gap) - gap + margin
    }

    private static func lineHeight(_ scale: Int) -> Int { 10 * scale }

    /// The sheet with its words, without pictures.
    func drawn() -> Canvas {
      var canvas = Canvas(width: width, height: height, background: .white)
      for (index, text) in title.enumerated() {
        canvas.text(
          text, x: margin, y: margin + index * Self.lineHeight(scale), colour: .ink, scale: scale)
      }
      let columnLine = Self.lineHeight(columnScale)
      for (column, lines) in columns.enumerated() {
        for (index, text) in lines.enumerated() {
          let spare = cell.width - Canvas.width(of: text, scale: columnScale)
          canvas.text(
            text, x: left + column * (cell.width + gap) + spare / 2,
            y: top - (lines.count - index) * columnLine, colour: .ink, scale: columnScale)
        }
      }
      let line = Self.lineHeight(scale)
      for (row, lines) in rows.enumerated() {
        let first = top + row * (cell.height + gap) + (cell.height - lines.count * line) / 2
        for (index, text) in lines.enumerated() {
          canvas.text(
            text, x: left - margin - Canvas.width(of: text, scale: scale),
            y: first + index * line + scale, colour: .ink, scale: scale)
        }
      }
      return canvas
    }
  }
}

extension ByteImage {
  /// The picture with every pixel as a square of so many.
  func enlarged(by factor: Int) -> ByteImage {
    factor == 1
      ? self : resized(width: width * factor, height: height * factor, filter: .box)
  }
}

extension GeneratorTraits {
  /// An empty sheet for the generator's pictures.
  ///
  /// - Parameters:
  ///   - words: What it says, and how many columns and rows it has.
  ///   - isBare: Whether it says nothing.
  /// - Returns: The sheet.
  /// - Throws: `RequestError` if it would be too large.
  func sheet(_ words: SheetWords, isBare: Bool) throws(RequestError) -> PictureSheet {
    let grid = GridSize(columns: words.columns.count, rows: words.rows.count)
    try check(sheet: grid)
    let sheet = PictureSheet(
      words, width: resolution, height: visibleRows.count, isBare: isBare)
    try check(sheet: grid, width: sheet.width, height: sheet.height)
    return sheet
  }
}

extension String {
  /// The text in lines of at most so many letters, broken between words where they fit.
  fileprivate func lines(of letters: Int) -> [String] {
    var lines: [String] = []
    for word in split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= letters {
        lines[lines.count - 1] = "\(last) \(word)"
        continue
      }
      var rest = word
      while rest.count > letters {
        lines.append(String(rest.prefix(letters)))
        rest = rest.dropFirst(letters)
      }
      lines.append(String(rest))
    }
    return lines
  }

  /// The first so many of those lines; where more is left out, the last ends with two dots.
  fileprivate func lines(of letters: Int, atMost count: Int) -> [String] {
    let all = lines(of: letters)
    guard all.count > count, let last = all.prefix(count).last else { return all }
    return all.prefix(count - 1) + [last.prefix(max(0, letters - 2)) + ".."]
  }
}

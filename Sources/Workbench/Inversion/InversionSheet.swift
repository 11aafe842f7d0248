// Photographs beside the pictures of their codes: one strip, and a sheet of many.

import Formats

/// A picture with words above it.
struct InversionCell: Sendable {
  /// What it is, such as `refined`.
  let words: String
  /// How near it is to the target.
  let figures: String
  /// The picture.
  let picture: ByteImage

  /// Cells of one size side by side, enlarged by a whole number if they are tiny.
  static func strip(_ cells: [InversionCell]) -> ByteImage {
    let factor = PictureSheet.factor(ofWidth: cells.first?.picture.width ?? 1)
    let pictures = cells.map { $0.picture.inRGB.enlarged(by: factor) }
    let (width, height) = (
      pictures.map(\.width).max() ?? 1, pictures.map(\.height).max() ?? 1
    )
    let letter = max(2, min(4, height / 128))
    let (line, margin) = (10 * letter, 4 * letter)
    let words = cells.flatMap { [$0.words, $0.figures] }
    let column = max(width, words.map { Canvas.width(of: $0, scale: letter) }.max() ?? 0) + margin
    let top = margin + 2 * line
    var canvas = Canvas(
      width: margin + cells.count * column, height: top + height + margin, background: .white)
    for (index, cell) in cells.enumerated() {
      let x = margin + index * column
      canvas.text(cell.words, x: x, y: margin, colour: .ink, scale: letter)
      canvas.text(cell.figures, x: x, y: margin + line, colour: .faint, scale: letter)
      canvas.place(pictures[index], x: x, y: top)
    }
    return canvas.image
  }
}

/// A sheet of small strips, of pictures from all over a folder.
struct InversionSheet: Sendable {
  private static let gap = 4
  private static let letter = 2
  private static let line = 24
  private let places: Set<Int>
  private var strips: [(name: String, words: [String], pictures: [ByteImage])] = []

  /// A sheet of so many photographs; of many, some evenly far from each other.
  init(of count: Int) {
    let shown = min(count, ContactSheet.limit)
    places = Set((0..<shown).map { $0 * count / shown })
  }

  /// Adds a photograph, if it is one of those on the sheet.
  mutating func add(_ name: String, _ cells: [InversionCell], at index: Int) {
    guard places.contains(index) else { return }
    let pictures = cells.map { cell in
      let picture = cell.picture.inRGB
      let longest = max(picture.width, picture.height)
      guard longest > ContactSheet.cellLimit else {
        return picture.enlarged(by: PictureSheet.factor(ofWidth: longest))
      }
      let scale = Double(ContactSheet.cellLimit) / Double(longest)
      return picture.resized(
        width: max(1, Int(Double(picture.width) * scale)),
        height: max(1, Int(Double(picture.height) * scale)), filter: .lanczos)
    }
    strips.append((name, cells.map(\.words), pictures))
  }

  /// The sheet, in RGB: strips one below the other, in as many columns as make it about square.
  var image: ByteImage {
    let pictures = strips.first?.pictures ?? []
    let (width, height) = (
      pictures.map(\.width).max() ?? 1, pictures.map(\.height).max() ?? 1
    )
    let words = strips.first?.words ?? []
    let cell =
      max(width, words.map { Canvas.width(of: $0, scale: Self.letter) }.max() ?? 0) + Self.gap
    let strip = (width: cell * words.count + Self.gap, height: height + Self.line + Self.gap)
    var columns = 1
    func rows() -> Int { (strips.count + columns - 1) / columns }
    while columns < strips.count, columns * strip.width < rows() * strip.height { columns += 1 }
    var canvas = Canvas(
      width: columns * strip.width + Self.gap, height: rows() * strip.height + Self.line + Self.gap,
      background: .white)
    for (place, one) in strips.enumerated() {
      let (column, row) = (place / rows(), place % rows())
      let left = Self.gap + column * strip.width
      let top = Self.gap + Self.line + row * strip.height
      let most = (strip.width - 2 * Self.gap) / Canvas.advance(scale: Self.letter)
      canvas.text(
        one.name.shortenedInside(to: most, by: ".."), x: left, y: top, colour: .faint,
        scale: Self.letter)
      for (index, picture) in one.pictures.enumerated() {
        let x = left + index * cell
        if row == 0 {
          canvas.text(words[index], x: x, y: Self.gap, colour: .ink, scale: Self.letter)
        }
        canvas.place(picture, x: x, y: top + Self.line)
      }
    }
    return canvas.image
  }
}

// Sheets with words at their edges: where pictures stand, and where words do.

import Formats
import Testing
import Workbench

@Suite("Sheets with words")
struct PictureSheetTests {
  private let ink: [UInt8] = [0x24, 0x29, 0x2F]

  /// A picture whose pixels all differ from white and ink.
  private func picture(_ seed: Int, width: Int = 100, height: Int = 100) -> ByteImage {
    let pixels = (0..<width * height * 3).map { UInt8(60 + ($0 * 7 + seed * 31) % 150) }
    return ByteImage(width: width, height: height, channels: 3, pixels: pixels)
  }

  /// A whole sheet, and its pictures by rows.
  private func sheet(
    _ words: SheetWords, width: Int = 100, height: Int = 100, isBare: Bool = false
  ) -> (sheet: PictureSheet, pictures: [[ByteImage]]) {
    var sheet = PictureSheet(words, width: width, height: height, isBare: isBare)
    let pictures = words.rows.indices.map { row in
      words.columns.indices.map { picture(row * 10 + $0, width: width, height: height) }
    }
    for (row, images) in pictures.enumerated() {
      for (column, image) in images.enumerated() { sheet.place(image, column: column, row: row) }
    }
    return (sheet, pictures)
  }

  private func part(_ image: ByteImage, _ corner: (x: Int, y: Int), _ size: (Int, Int)) -> ByteImage
  {
    image.cropped(
      columns: corner.x..<corner.x + size.0, rows: corner.y..<corner.y + size.1)
  }

  /// The columns and rows of a part in which there is ink.
  private func inked(_ image: ByteImage, x: Range<Int>, y: Range<Int>) -> (x: [Int], y: [Int]) {
    var (columns, rows) = (Set<Int>(), Set<Int>())
    for row in y {
      for column in x {
        let at = (row * image.width + column) * 3
        if Array(image.pixels[at..<at + 3]) == ink {
          columns.insert(column)
          rows.insert(row)
        }
      }
    }
    return (columns.sorted(), rows.sorted())
  }

  private let words = SheetWords(
    title: "Smiling by strength", columns: ["source", "1.5", "-3"], rows: ["seed 85", "seed 2"])

  @Test("pictures stay what they are, and nothing is drawn over them", arguments: [96, 100, 300])
  func pictures(width: Int) throws {
    let (sheet, pictures) = sheet(words, width: width, height: width - 10)
    let image = try #require(sheet.image)
    #expect((image.width, image.height) == (sheet.width, sheet.height))
    for (row, images) in pictures.enumerated() {
      for (column, picture) in images.enumerated() {
        let corner = sheet.corner(column: column, row: row)
        #expect(part(image, corner, (width, width - 10)) == picture)
      }
    }
  }

  @Test("every column has its words above it, every row at its left, the title above all")
  func places() throws {
    let (sheet, _) = sheet(words)
    let image = try #require(sheet.image)
    let first = sheet.corner(column: 0, row: 0)
    for column in 0..<3 {
      let x = sheet.corner(column: column, row: 0).x
      let found = inked(image, x: x..<x + 100, y: first.y - 20..<first.y)
      #expect(!found.x.isEmpty)
      // In the middle, within half a letter.
      let middle = try #require(zip(found.x.prefix(1), found.x.suffix(1)).map { $0 + $1 }.first)
      #expect(abs(Double(middle) / 2 - Double(x) - 49.5) <= 6)
    }
    for row in 0..<2 {
      let y = sheet.corner(column: 0, row: row).y
      let found = inked(image, x: 0..<first.x, y: y..<y + 100)
      #expect(found.y.allSatisfy { (y + 38...y + 62).contains($0) } && !found.y.isEmpty)
    }
    #expect(!inked(image, x: 0..<sheet.width, y: 0..<first.y - 20).x.isEmpty)
    // Letters of ten by fourteen pixels: seven rows of dots of two pixels.
    let column = sheet.corner(column: 1, row: 0).x
    let rows = inked(image, x: column..<column + 100, y: first.y - 20..<first.y).y
    #expect(rows.count == 14)
  }

  @Test("long words are broken and cut, and stay above their column")
  func longWords() throws {
    let name = "a long name of a photograph that nobody would read to its end.jpeg"
    let long = SheetWords(columns: ["seed 4294967295", name], rows: [name])
    let (sheet, _) = sheet(long)
    let image = try #require(sheet.image)
    let corners = (0..<2).map { sheet.corner(column: $0, row: 0) }
    #expect(corners[0].x < 16 * 12 + 20)
    let ranges = corners.map { $0.x..<$0.x + 100 }
    let all = inked(image, x: corners[0].x..<sheet.width, y: 0..<corners[0].y).x
    #expect(all.allSatisfy { column in ranges.contains { $0.contains(column) } })
    #expect(ranges.allSatisfy { range in all.contains { range.contains($0) } })
    #expect(!inked(image, x: 0..<corners[0].x, y: corners[0].y..<sheet.height).x.isEmpty)
  }

  @Test("pictures too small for letters are enlarged by a whole number")
  func smallPictures() throws {
    let (sheet, pictures) = sheet(words, width: 24, height: 16)
    let image = try #require(sheet.image)
    let corner = sheet.corner(column: 2, row: 1)
    let shown = part(image, corner, (96, 64))
    for y in 0..<64 {
      for x in 0..<96 {
        let (at, from) = ((y * 96 + x) * 3, (y / 4 * 24 + x / 4) * 3)
        #expect(shown.pixels[at] == pictures[1][2].pixels[from])
      }
    }
  }

  @Test("a bare sheet is pictures side by side, of as many channels as they have")
  func bare() throws {
    let (sheet, pictures) = sheet(words, width: 8, height: 6, isBare: true)
    var expected = Sheet(columns: 3, rows: 2, cellWidth: 8, cellHeight: 6, channels: 3)
    for (row, images) in pictures.enumerated() {
      for (column, image) in images.enumerated() { expected.place(image, column: column, row: row) }
    }
    #expect(sheet.image == expected.image)
    var grey = PictureSheet(
      SheetWords(columns: [""], rows: [""]), width: 1, height: 1, isBare: true)
    #expect(grey.image == nil)
    grey.place(ByteImage(width: 1, height: 1, channels: 1, pixels: [9]), column: 0, row: 0)
    #expect(grey.image?.channels == 1)
  }

  @Test("without words there is no room for them")
  func noWords() throws {
    let (sheet, _) = sheet(SheetWords(columns: ["", ""], rows: [""]))
    #expect(sheet.corner(column: 0, row: 0) == (8, 8))
    #expect((sheet.width, sheet.height) == (8 + 100 + 4 + 100 + 8, 8 + 100 + 8))
  }
}

// Sheets of pictures and their sizes.

import Formats
import Testing
import Workbench

@Suite("Sheets")
struct SheetTests {
  @Test("a picture goes into its cell, and free cells stay black")
  func placement() {
    var sheet = Sheet(columns: 2, rows: 2, cellWidth: 2, cellHeight: 1, channels: 3)
    let picture = ByteImage(width: 2, height: 1, channels: 3, pixels: [1, 2, 3, 4, 5, 6])
    sheet.place(picture, column: 1, row: 1)
    sheet.place(
      ByteImage(width: 2, height: 1, channels: 3, pixels: [7, 7, 7, 8, 8, 8]), column: 0, row: 0)
    let black: [UInt8] = [0, 0, 0, 0, 0, 0]
    #expect((sheet.image.width, sheet.image.height, sheet.image.channels) == (4, 2, 3))
    #expect(sheet.image.pixels == [7, 7, 7, 8, 8, 8] + black + black + [1, 2, 3, 4, 5, 6])
  }

  @Test("rows of a picture stay rows of the sheet")
  func rows() {
    var sheet = Sheet(columns: 3, rows: 1, cellWidth: 1, cellHeight: 2, channels: 1)
    for column in 0..<3 {
      let grey = UInt8(column)
      sheet.place(
        ByteImage(width: 1, height: 2, channels: 1, pixels: [grey, 10 + grey]), column: column,
        row: 0)
    }
    #expect(sheet.image.pixels == [0, 1, 2, 10, 11, 12])
  }

  @Test(
    "reads sizes of grids",
    arguments: [
      ("1x1", 1, 1), ("6x4", 6, 4), ("4X2", 4, 2), ("65535x1", 65535, 1), ("007x2", 7, 2),
    ])
  func parsing(text: String, columns: Int, rows: Int) {
    #expect(GridSize(text) == GridSize(columns: columns, rows: rows))
  }

  @Test(
    "refuses what is no size of a grid",
    arguments: [
      "", "x", "4", "4x", "x4", "0x4", "4x0", "-1x4", "4x4x4", "axb", "4 x 4", "65536x1", "1.5x2",
      "٤x٤", "4×4",
    ])
  func refusals(text: String) {
    #expect(GridSize(text) == nil)
  }
}

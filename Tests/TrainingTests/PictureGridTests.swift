// Which pictures sheets show: of data with classes a row for each.

import Datasets
import Formats
import TestSupport
import Testing
import Training

/// Pictures of one grey level for each class, of which the last is rare and one never comes.
private struct Greys: Dataset {
  let name = "greys"
  let count = 5000
  let shape = ImageShape(resolution: 8, channels: 1)
  var labelKind = LabelKind.classes(4)
  var labelNames: [String] = []
  var fingerprint: DatasetFingerprint { DatasetFingerprint(madeBy: name) }

  func group(_ index: Int) -> Int { index % 100 == 7 ? 3 : index % 2 }

  func label(at index: Int) -> [Float] {
    (0..<labelKind.dimension).map { $0 == group(index) ? 1 : 0 }
  }

  func image(at index: Int) throws(DatasetError) -> ByteImage {
    let pixels = [UInt8](repeating: UInt8(60 * group(index)), count: 64)
    return ByteImage(width: 8, height: 8, channels: 1, pixels: pixels)
  }
}

@Suite("Sheets of data") struct PictureGridTests {
  @Test("each row shows a class, and rows that are left begin again with other pictures")
  func classes() throws {
    let data = Greys()
    let grid = PictureGrid(of: data)
    let indices = grid.indices(in: data)
    #expect((grid.columns, grid.rows, indices.count) == (16, 9, 144))
    let rows = (0..<9).map { row in indices[row * 16..<row * 16 + 16].map(data.group) }
    let shown: [Set<Int>] = [[0], [1], [3], [0], [1], [3], [0], [1], [3]]
    #expect(rows.map { Set($0) } == shown)
    #expect(Set(indices[0..<16]).isDisjoint(with: indices[48..<64]))
    #expect(grid.indices(in: data) == indices)
    let sheet = try grid.sheet(of: data)
    #expect((sheet.width, sheet.height) == (128, 72))
    #expect(sheet.pixels[0] == 0 && sheet.pixels[8 * 128] == 60 && sheet.pixels[16 * 128] == 180)
  }

  @Test("rows are named by the classes that they show, or by the numbers of these")
  func rowNames() {
    var data = Greys()
    let grid = PictureGrid(of: data)
    let again = "and again from the first"
    #expect(grid.rowNames(in: data) == ["class 0", "class 1", "class 3", again])
    data.labelNames = ["black", "dark", "none", "light\n"]
    #expect(grid.rowNames(in: data) == ["black", "dark", "light\\u{a}", again])
    data.labelKind = .vectors(4)
    #expect(PictureGrid(of: data).rowNames(in: data).isEmpty)
  }

  @Test("many classes have a row each, up to a bound; labels that are no classes have none")
  func bounds() {
    var data = Greys()
    data.labelKind = .classes(20)
    #expect(PictureGrid(of: data).rows == 20)
    data.labelKind = .classes(1000)
    #expect(PictureGrid(of: data).rows == 32)
    data.labelKind = .vectors(4)
    let grid = PictureGrid(of: data)
    #expect(grid.rows == 9)
    #expect(Set(grid.indices(in: data).prefix(16).map(data.group)).count > 1)
  }
}

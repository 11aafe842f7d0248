// A sheet with as many pictures as a screen shows.

import Datasets
import Formats
import Tensors

/// How pictures of a size lie on a sheet that a screen shows.
struct PictureGrid {
  /// Pictures side by side.
  let columns: Int
  /// Pictures one below the other.
  let rows: Int
  private let shape: ImageShape

  /// A grid for pictures of a size.
  init(of shape: ImageShape) {
    self.shape = shape
    columns = min(max(1280 / shape.resolution, 4), 16)
    rows = min(max(768 / shape.resolution, 2), 9)
  }

  /// How many pictures there are.
  var count: Int { columns * rows }

  /// Pictures row by row.
  func sheet(of pictures: [ByteImage]) -> ByteImage {
    var sheet = Sheet(
      columns: columns, rows: rows, cellWidth: shape.resolution, cellHeight: shape.resolution,
      channels: shape.channels)
    for (index, picture) in pictures.enumerated() {
      sheet.place(picture, column: index % columns, row: index / columns)
    }
    return sheet.image
  }

  /// Pictures of a data set, chosen at random, the same every time.
  func sheet(of dataset: any Dataset) throws(DatasetError) -> ByteImage {
    var shown = RandomState(seed: 0)
    var pictures: [ByteImage] = []
    for index in shown.randint(0..<dataset.count, count) {
      pictures.append(try dataset.image(at: index))
    }
    return sheet(of: pictures)
  }
}

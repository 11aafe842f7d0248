// A sheet with as many pictures as a screen shows, of data with classes a row for each.

package import Datasets
package import Formats
import Tensors

/// Which pictures of a data set a sheet shows, and how they lie on it.
///
/// Of data with classes each row shows one of them; else pictures are chosen at random.
package struct PictureGrid {
  /// Pictures side by side.
  package let columns: Int
  /// Pictures one below the other.
  package let rows: Int
  private let shape: ImageShape

  /// Classes that have a row of their own, at most.
  private static let mostClasses = 32

  /// A grid for the pictures of a data set.
  package init(of dataset: any Dataset) {
    shape = dataset.shape
    columns = min(max(1280 / shape.resolution, 4), 16)
    let usual = min(max(768 / shape.resolution, 2), 9)
    guard case .classes(let count) = dataset.labelKind else {
      rows = usual
      return
    }
    rows = max(usual, min(count, Self.mostClasses))
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

  /// The pictures of a data set that the grid is for.
  package func sheet(of dataset: any Dataset) throws(DatasetError) -> ByteImage {
    var pictures: [ByteImage] = []
    for index in indices(in: dataset) { pictures.append(try dataset.image(at: index)) }
    return sheet(of: pictures)
  }

  /// The pictures of a data set that a sheet shows.
  ///
  /// - Parameter dataset: The pictures.
  /// - Returns: Their indices row by row, the same every time.
  package func indices(in dataset: any Dataset) -> [Int] {
    var shown = RandomState(seed: 0)
    let found = examples(in: dataset)
    let classes = found.keys.sorted()
    guard !classes.isEmpty else { return shown.randint(0..<dataset.count, count) }
    return (0..<rows).flatMap { row in
      // Where rows are left, they begin again with the first class, and go on with its pictures.
      let examples = found[classes[row % classes.count]] ?? []
      let first = row / classes.count * columns
      return (first..<first + columns).map { examples[$0 % examples.count] }
    }
  }

  /// What the rows show.
  ///
  /// - Parameter dataset: The pictures.
  /// - Returns: The names of the classes, or their numbers where they have none, from above; at the end
  ///   whether rows begin again. None of data without classes.
  package func rowNames(in dataset: any Dataset) -> [String] {
    let classes = examples(in: dataset).keys.sorted()
    let names = dataset.labelNames
    let shown = classes.prefix(rows).map { number in
      names.indices.contains(number) ? oneLine(names[number], limit: 40) : "class \(number)"
    }
    return shown + (!classes.isEmpty && classes.count < rows ? ["and again from the first"] : [])
  }

  /// Some pictures of each class, as many as are found in looking at thousands; none of data without
  /// classes.
  private func examples(in dataset: any Dataset) -> [Int: [Int]] {
    guard case .classes = dataset.labelKind else { return [:] }
    var shown = RandomState(seed: 0)
    var found: [Int: [Int]] = [:]
    for index in shown.randint(0..<dataset.count, 20_000) {
      guard let own = dataset.label(at: index).firstIndex(of: 1) else { continue }
      guard found[own, default: []].count < count else { continue }
      found[own, default: []].append(index)
    }
    return found
  }
}

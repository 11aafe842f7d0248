// What an identity network makes of pictures: whom it takes for the same.

import Datasets
import Formats
import Networks

/// A row for each of several people: a picture, and the pictures that are nearest to it, with a bar
/// below those that show somebody else.
struct IdentitySheet {
  /// The sheet.
  let image: ByteImage

  /// How many people have a row.
  private static let rows = 10
  /// How many people are looked at, those with a row among them.
  private static let people = 48
  /// How many pictures of each are looked at.
  private static let picturesEach = 6

  /// Looks at the first people of some.
  ///
  /// - Parameters:
  ///   - network: Gives embeddings.
  ///   - people: The pictures of each person.
  ///   - dataset: The pictures.
  /// - Throws: `DatasetError` about a picture.
  init(_ network: IdentityNetwork, of people: [[Int]], in dataset: any Dataset) throws {
    let shown = people.prefix(Self.people).enumerated().flatMap { person, pictures in
      pictures.prefix(Self.picturesEach).map { (person: person, picture: $0) }
    }
    let embeddings = try embed(shown.map(\.picture), of: dataset, by: network) { _, _ in }
    let columns = min(Self.picturesEach + 2, shown.count - 1)
    let cell = min(max(dataset.shape.resolution, 32), 128)
    let (gap, scale, bar) = (8, 2, 4)
    let (left, heading) = (cell + 2 * gap, 4 * gap)
    let rows = min(Self.rows, people.count)
    let note = "the nearest others; barred: somebody else"
    var canvas = Canvas(
      width: left + max(columns * cell, Canvas.width(of: note, scale: scale) + gap),
      height: heading + rows * (cell + gap), background: .white)
    canvas.text("of", x: gap, y: gap, colour: .faint, scale: scale)
    canvas.text(note, x: left, y: gap, colour: .faint, scale: scale)
    for row in 0..<rows {
      let y = heading + row * (cell + gap)
      guard let first = shown.firstIndex(where: { $0.person == row }) else { continue }
      let nearest = shown.indices.filter { $0 != first }.map { other in
        (other, zip(embeddings[first], embeddings[other]).reduce(0) { $0 + $1.0 * $1.1 })
      }.sorted { $0.1 > $1.1 }.prefix(columns).map(\.0)
      for (place, index) in ([first] + nearest).enumerated() {
        let x = place == 0 ? gap : left + (place - 1) * cell
        let picture = try dataset.image(at: shown[index].picture).inRGB.resized(
          width: cell, height: cell, filter: .lanczos)
        canvas.place(picture, x: x, y: y)
        guard shown[index].person != row else { continue }
        canvas.fill(x: x..<x + cell, y: y + cell..<y + cell + bar, colour: Colour.series(1))
      }
    }
    image = canvas.image
  }
}

// What a classifier makes of pictures: for each attribute those that it is surest of.

package import Datasets
package import Formats
package import Networks
import Tensors
import Training

/// A row for each attribute: its name, the pictures that most surely have it, and those that most
/// surely have it not.
package struct AttributeSheet {
  /// The sheet.
  package let image: ByteImage

  /// How many pictures are looked at.
  private static let candidates = 256
  /// How many pictures stand on either side.
  private static let columns = 6

  /// Looks at the first pictures of a data set.
  ///
  /// - Parameters:
  ///   - classifier: Tells the attributes.
  ///   - dataset: The pictures.
  /// - Throws: `DatasetError` about a picture.
  package init(_ classifier: AttributeClassifier, of dataset: any Dataset) throws {
    let logits = try (0..<min(dataset.count, Self.candidates)).map { index in
      let images = try dataset.batch(index..<index + 1).images
      return withoutGradients { classifier(images).values(as: Float.self) }
    }
    try self.init(
      of: classifier.configuration.attributes, logits: logits, side: dataset.shape.resolution,
      picture: dataset.image)
  }

  /// A sheet of pictures that were judged.
  ///
  /// - Parameters:
  ///   - names: The attributes.
  ///   - logits: Of every picture, in the order of the attributes.
  ///   - pixels: The width and height of a picture.
  ///   - picture: Draws or decodes one of them.
  /// - Throws: What `picture` throws.
  init(
    of names: [String], logits: [[Float]], side pixels: Int,
    picture: (Int) throws -> ByteImage
  ) throws {
    let pictures = logits.indices
    let columns = min(Self.columns, pictures.count)
    let headings = ["surely", "surely not"]
    let cell = min(max(pixels, 32), 128)
    let (gap, scale) = (8, 2)
    let margin = (names.map { Canvas.width(of: $0, scale: scale) }.max() ?? 0) + 2 * gap
    let heading = 4 * gap
    let side = max(
      columns * cell, headings.map { Canvas.width(of: $0, scale: scale) }.max() ?? 0)
    var canvas = Canvas(
      width: margin + 2 * side + 2 * gap, height: heading + names.count * cell,
      background: .white)
    let sides = [margin, margin + side + gap]
    for (x, text) in zip(sides, headings) {
      canvas.text(text, x: x, y: gap, colour: .faint, scale: scale)
    }
    for (row, name) in names.enumerated() {
      let y = heading + row * cell
      canvas.text(
        name, x: gap, y: y + cell / 2 - BitmapFont.height, colour: .ink, scale: scale)
      let order = pictures.sorted { logits[$0][row] > logits[$1][row] }
      for (x, chosen) in zip(sides, [order.prefix(columns), order.reversed().prefix(columns)]) {
        for (column, index) in chosen.enumerated() {
          let shown = try picture(index).inRGB.resized(
            width: cell, height: cell, filter: .lanczos)
          canvas.place(shown, x: x + column * cell, y: y)
        }
      }
    }
    image = canvas.image
  }
}

// A sheet of pictures that were spoiled by known strengths.

import Datasets
import Formats
import Networks
import Tensors
import Training

/// A row for each way to spoil pictures: its name, and one picture spoiled more and more.
struct SpoiledSheet {
  /// The sheet.
  let image: ByteImage

  /// How strongly the pictures of a row are spoiled.
  private static let strengths = [0, 0.25, 0.5, 0.75, 1]

  /// Spoils the first pictures of some, another one in each row.
  ///
  /// - Parameters:
  ///   - dataset: The pictures.
  ///   - indices: Which of them.
  /// - Throws: `DatasetError` about a picture.
  init(_ dataset: any Dataset, _ indices: Range<Int>) throws {
    let ways = PictureDistortion.allCases
    let (gap, scale) = (8, 2)
    let cell = min(max(dataset.shape.resolution, 32), 128)
    let margin = (ways.map { Canvas.width(of: $0.rawValue, scale: scale) }.max() ?? 0) + 2 * gap
    let heading = 4 * gap
    var canvas = Canvas(
      width: margin + Self.strengths.count * (cell + gap),
      height: heading + ways.count * (cell + gap), background: .white)
    for (column, strength) in Self.strengths.enumerated() {
      canvas.text(
        "\(strength)", x: margin + column * (cell + gap), y: gap, colour: .faint, scale: scale)
    }
    for (row, way) in ways.enumerated() {
      let y = heading + row * (cell + gap)
      canvas.text(
        way.rawValue, x: gap, y: y + cell / 2 - BitmapFont.height, colour: .ink, scale: scale)
      let index = indices.lowerBound + row % indices.count
      let picture = try dataset.batch(index..<index + 1).images
      for (column, strength) in Self.strengths.enumerated() {
        var random = RandomState(seed: UInt32(row))
        let spoiled = withoutGradients { way(picture, strength: strength, random: &random) }
        canvas.place(
          ByteImage(PixelEncoding.rounded.bytes(spoiled)).resized(
            width: cell, height: cell, filter: .lanczos),
          x: margin + column * (cell + gap), y: y)
      }
    }
    image = canvas.image
  }
}

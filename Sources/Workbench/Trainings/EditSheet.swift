// What an edit transformer makes of codes: for each attribute sources, references, and the edits.

import Formats
import Networks
import Tensors

/// A row for each attribute: triples of a source, a reference that differs in the attribute, and the
/// edit.
struct EditSheet {
  /// The sheet.
  let image: ByteImage

  /// Triples beside one another.
  private static let triples = 3
  /// Rows of a sheet of one attribute.
  private static let fewestRows = 4

  /// Edits some codes by others.
  ///
  /// - Parameters:
  ///   - editor: The edit transformer.
  ///   - names: Its attributes.
  ///   - codes: [N, numWs, wDim].
  ///   - generator: Draws codes.
  ///   - classifier: Tells the attributes of codes.
  ///   - places: The places of the attributes among those that it tells.
  init(
    of editor: EditTransformer, _ names: [String], on codes: Tensor,
    drawnBy generator: any Generator, judgedBy classifier: LatentClassifier, at places: [Int]
  ) {
    let (count, known) = (codes.size(0), classifier.configuration.attributeCount)
    let told = withoutGradients { classifier(codes).logits.values(as: Float.self).map { $0 > 0 } }
    let repeats = max(1, Self.fewestRows / names.count)
    let rows = names.indices.flatMap { index in (0..<repeats).map { (index, $0) } }
    let (gap, scale) = (8, 2)
    let cell = min(max(generator.traits.resolution, 32), 128)
    let margin = (names.map { Canvas.width(of: $0, scale: scale) }.max() ?? 0) + 2 * gap
    let triple = 3 * cell + gap
    let heading = 4 * gap
    var canvas = Canvas(
      width: margin + Self.triples * triple, height: heading + rows.count * cell,
      background: .white)
    for place in 0..<Self.triples {
      canvas.text(
        "source, reference, edit", x: margin + place * triple, y: gap, colour: .faint, scale: 1)
    }
    for (row, (index, repetition)) in rows.enumerated() {
      let y = heading + row * cell
      if repetition == 0 {
        canvas.text(
          names[index], x: gap, y: y + cell / 2 - BitmapFont.height, colour: .ink, scale: scale)
      }
      let has = (0..<count).map { told[$0 * known + places[index]] }
      for place in 0..<Self.triples {
        let first = repetition * Self.triples + place
        guard first < count else { continue }
        let others = (1..<count).lazy.map { (first + $0) % count }
        guard
          let other = others.filter({ has[$0] != has[first] }).dropFirst(first % 4).first
            ?? others.first(where: { has[$0] != has[first] })
        else { continue }
        let source = codes.sliced(first..<first + 1, axis: 0)
        let reference = codes.sliced(other..<other + 1, axis: 0)
        let edited = withoutGradients {
          editor(source, reference: reference, attribute: index)
        }
        for (column, code) in [source, reference, edited].enumerated() {
          let picture = generator.picture(of: code).inRGB.resized(
            width: cell, height: cell, filter: .lanczos)
          canvas.place(picture, x: margin + place * triple + column * cell, y: y)
        }
      }
    }
    image = canvas.image
  }
}

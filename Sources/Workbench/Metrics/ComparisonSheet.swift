// Sheets of comparisons, which are drawn when all of their pictures are there.

import Formats
import Networks

extension OutputFolder {
  /// Writes a sheet.
  ///
  /// - Parameters:
  ///   - words: What it says, and how many columns and rows it has.
  ///   - rows: The pictures of each row, by their columns; at least one picture.
  ///   - traits: What the generator is whose pictures they are.
  ///   - provenance: What the sheet says about how it was made.
  ///   - name: The file's name.
  /// - Throws: `RequestError` if it would be too large; `FileError` if it cannot be written.
  func write(
    _ words: SheetWords, _ rows: [[Int: ByteImage]], of traits: GeneratorTraits,
    _ provenance: Provenance, to name: String
  ) throws {
    var sheet = try traits.sheet(words, isBare: false)
    for (row, pictures) in rows.enumerated() {
      for (column, picture) in pictures { sheet.place(picture, column: column, row: row) }
    }
    guard let image = sheet.image else { preconditionFailure("a sheet without pictures") }
    try PNG(image: image, texts: provenance.texts).write(to: file(name))
  }
}

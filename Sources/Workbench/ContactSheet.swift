// Small pictures side by side, to see what a data set holds.

import Foundation
public import Formats

/// A sheet of pictures from all over a data set.
public struct ContactSheet: Sendable {
  /// The most pictures on a sheet.
  static let limit = 64
  /// The longest side of a picture on a sheet, in pixels.
  static let cellLimit = 128

  /// The sheet, in RGB.
  public let image: ByteImage

  /// A sheet of pictures from the first on, evenly far from each other.
  ///
  /// - Parameters:
  ///   - count: How many pictures there are, at least 1.
  ///   - side: The longest side of the largest of them.
  ///   - picture: Gives a picture of any size; nil leaves its cell black.
  /// - Throws: What `picture` throws.
  init(of count: Int, side: Int, picture: (Int) throws -> ByteImage?) rethrows {
    let shown = min(count, Self.limit)
    let columns = Int(Double(shown).squareRoot().rounded(.up))
    let cell = min(side, Self.cellLimit)
    var sheet = Sheet(
      columns: columns, rows: (shown + columns - 1) / columns, cellWidth: cell, cellHeight: cell,
      channels: 3)
    for place in 0..<shown {
      guard let picture = try picture(place * count / shown) else { continue }
      sheet.place(
        picture.inRGB.fitted(into: cell), column: place % columns, row: place / columns)
    }
    image = sheet.image
  }

  /// Writes the sheet as PNG, and the folder that it stands in.
  ///
  /// - Parameters:
  ///   - file: The file to create.
  ///   - mayReplace: Whether a file that has the name may be replaced.
  /// - Throws: `FileError` if it cannot be written.
  func write(to file: String, mayReplace: Bool) throws {
    _ = try OutputFolder(of: file)
    if !mayReplace { try NewFolder.check(file) }
    try PNG(image: image).write(to: file)
  }
}

extension ByteImage {
  /// The picture in the middle of a black square, smaller if it has to be.
  fileprivate func fitted(into side: Int) -> ByteImage {
    let scale = min(1, Double(side) / Double(max(width, height)))
    let (newWidth, newHeight) = (
      max(1, Int(Double(width) * scale)), max(1, Int(Double(height) * scale))
    )
    let small = resized(width: newWidth, height: newHeight, filter: .lanczos)
    var pixels = [UInt8](repeating: 0, count: side * side * 3)
    for row in 0..<newHeight {
      let start = (((side - newHeight) / 2 + row) * side + (side - newWidth) / 2) * 3
      pixels.replaceSubrange(
        start..<start + newWidth * 3,
        with: small.pixels[row * newWidth * 3..<(row + 1) * newWidth * 3])
    }
    return ByteImage(width: side, height: side, channels: 3, pixels: pixels)
  }
}

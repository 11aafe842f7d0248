// Pictures side by side in one.

/// A large picture made of equal cells; cells that nothing is placed in stay black.
public struct Sheet: Sendable {
  /// The sheet so far.
  public private(set) var image: ByteImage
  private let cell: (width: Int, height: Int)

  /// An empty sheet.
  ///
  /// - Parameters:
  ///   - columns: Pictures side by side.
  ///   - rows: Pictures one below the other.
  ///   - cellWidth: The width of a picture, in pixels.
  ///   - cellHeight: The height of a picture, in pixels.
  ///   - channels: The channels of a picture.
  public init(columns: Int, rows: Int, cellWidth: Int, cellHeight: Int, channels: Int) {
    let (width, height) = (columns * cellWidth, rows * cellHeight)
    cell = (cellWidth, cellHeight)
    image = ByteImage(
      width: width, height: height, channels: channels,
      pixels: [UInt8](repeating: 0, count: width * height * channels))
  }

  /// Puts a picture into a cell.
  ///
  /// - Parameters:
  ///   - picture: Of the cell's size and channels.
  ///   - column: From 0, left to right.
  ///   - row: From 0, top to bottom.
  public mutating func place(_ picture: ByteImage, column: Int, row: Int) {
    precondition(
      (picture.width, picture.height) == cell && picture.channels == image.channels,
      "a picture of \(picture.width)×\(picture.height) in a cell of \(cell)")
    let rowBytes = picture.width * picture.channels
    for y in 0..<picture.height {
      let target =
        ((row * cell.height + y) * image.width + column * cell.width) * image.channels
      let source = picture.pixels[y * rowBytes..<(y + 1) * rowBytes]
      image.pixels.replaceSubrange(target..<target + rowBytes, with: source)
    }
  }
}

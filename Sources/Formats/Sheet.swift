// Pictures side by side in one.

/// Columns and rows of a sheet of pictures.
public struct GridSize: Hashable, Codable, Sendable {
  /// Pictures side by side.
  public let columns: Int
  /// Pictures one below the other.
  public let rows: Int

  /// A grid of columns and rows, at least one of each.
  public init(columns: Int, rows: Int) {
    precondition(columns > 0 && rows > 0, "a grid of \(columns)×\(rows)")
    (self.columns, self.rows) = (columns, rows)
  }

  /// Reads `WIDTHxHEIGHT`; nil if the text is not that, or counts more than 65535 of either.
  public init?(_ text: String) {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { UInt16($0) }
    guard parts.count == 2, numbers.count == 2, numbers.allSatisfy({ $0 > 0 }) else { return nil }
    self.init(columns: Int(numbers[0]), rows: Int(numbers[1]))
  }

  /// Pictures that fit.
  public var count: Int { columns * rows }
}

/// A large picture made of equal cells; cells that nothing is placed in stay black.
public struct Sheet: Sendable {
  /// The sheet so far.
  public private(set) var image: ByteImage
  private let cell: (width: Int, height: Int)

  /// An empty sheet.
  ///
  /// - Parameters:
  ///   - grid: Columns and rows.
  ///   - cellWidth: The width of a picture, in pixels.
  ///   - cellHeight: The height of a picture, in pixels.
  ///   - channels: The channels of a picture.
  public init(_ grid: GridSize, cellWidth: Int, cellHeight: Int, channels: Int) {
    let (width, height) = (grid.columns * cellWidth, grid.rows * cellHeight)
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

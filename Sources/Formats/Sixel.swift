// Sixel: pictures as text that terminals draw, six rows at a time.

/// Writes pictures as sixels, the graphics of DEC's terminals, which many terminals draw.
///
/// - Source: DEC, "VT330/VT340 Programmer Reference Manual", volume 2, chapter 14.
public enum Sixel {
  /// Shades of each of red, green and blue.
  private static let shades = 6

  /// The escape sequence that draws a picture at the cursor.
  ///
  /// Colours are exchanged for the nearest of 216, and what that is off by is made up for by the
  /// pixels beside and below (Floyd and Steinberg). Opacity is disregarded.
  ///
  /// - Parameter image: The picture.
  /// - Returns: The bytes to write to a terminal.
  public static func bytes(of image: ByteImage) -> [UInt8] {
    let colours = dithered(image)
    var text = "\u{1B}P0;1;0q\"1;1;\(image.width);\(image.height)"
    for colour in Set(colours).sorted() {
      let parts = [colour / (shades * shades), colour / shades % shades, colour % shades]
        .map { "\($0 * 100 / (shades - 1))" }
      text += "#\(colour);2;\(parts.joined(separator: ";"))"
    }
    for top in stride(from: 0, to: image.height, by: 6) {
      text += band(colours, width: image.width, rows: top..<min(top + 6, image.height))
    }
    return Array((text + "\u{1B}\\").utf8)
  }

  /// Six rows: for each of their colours a line of characters with a bit for each row.
  private static func band(_ colours: [Int], width: Int, rows: Range<Int>) -> String {
    let inBand = Set(colours[rows.lowerBound * width..<rows.upperBound * width]).sorted()
    let lines = inBand.map { colour -> String in
      let columns = (0..<width).map { x in
        rows.reduce(0) { bits, row in
          colours[row * width + x] == colour ? bits | 1 << (row - rows.lowerBound) : bits
        }
      }
      return "#\(colour)" + runs(of: columns)
    }
    return lines.joined(separator: "$") + "-"
  }

  /// The characters of a line, those that repeat with their count.
  private static func runs(of columns: [Int]) -> String {
    var (text, start) = ("", 0)
    for end in 1...columns.count where end == columns.count || columns[end] != columns[start] {
      let (count, character) = (end - start, String(UnicodeScalar(UInt8(63 + columns[start]))))
      text += count > 3 ? "!\(count)\(character)" : String(repeating: character, count: count)
      start = end
    }
    return text
  }

  /// For each pixel which colour it gets, row by row.
  private static func dithered(_ image: ByteImage) -> [Int] {
    let (width, count) = (image.width, image.width * image.height)
    var indices = [Int](repeating: 0, count: count)
    for channel in 0..<3 {
      let source = image.channels < 3 ? 0 : channel
      var values = (0..<count).map { Float(image.pixels[$0 * image.channels + source]) }
      for pixel in 0..<count {
        let step = 255 / Float(shades - 1)
        let shade = min(max((values[pixel] / step).rounded(), 0), Float(shades - 1))
        indices[pixel] = indices[pixel] * shades + Int(shade)
        let error = values[pixel] - shade * step
        let (x, isLastRow) = (pixel % width, pixel + width >= count)
        if x + 1 < width { values[pixel + 1] += error * 7 / 16 }
        guard !isLastRow else { continue }
        if x > 0 { values[pixel + width - 1] += error * 3 / 16 }
        values[pixel + width] += error * 5 / 16
        if x + 1 < width { values[pixel + width + 1] += error / 16 }
      }
    }
    return indices
  }
}

// A picture that lines, boxes and words are drawn on.

import Formats
import Foundation

/// A colour, each part from 0 to 255.
struct Colour: Hashable {
  let red: UInt8
  let green: UInt8
  let blue: UInt8

  /// A colour as people write it, such as `0x0072B2`.
  init(_ hex: UInt32) {
    (red, green, blue) = (
      UInt8(hex >> 16 & 255), UInt8(hex >> 8 & 255), UInt8(hex & 255)
    )
  }

  static let white = Colour(0xFFFFFF)
  static let ink = Colour(0x24292F)
  static let faint = Colour(0x6E7781)
  static let grid = Colour(0xE4E7EB)
  static let panel = Colour(0xFAFBFC)

  /// Colours that can be told apart, also by those who see some of them as one.
  ///
  /// - Source: Okabe and Ito, "Color Universal Design", 2008; without the yellow.
  private static let series = [
    0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0x56B4E9, 0xE69F00, 0x000000, 0x8C564B,
    0x7B3294, 0x66A61E,
  ]
  .map { Colour($0) }

  /// The colour of what is compared in this place, counted from 0.
  static func series(_ index: Int) -> Colour { series[index % series.count] }

  /// The colour with white in it.
  var pale: Colour { faded(by: 0.5) }

  /// The colour with some white in it.
  ///
  /// - Parameter share: 0 for the colour itself, 1 for white.
  /// - Returns: The mixture.
  func faded(by share: Double) -> Colour {
    func part(_ value: UInt8) -> UInt32 {
      UInt32(Double(value) + share * (255 - Double(value)))
    }
    return Colour(part(red) << 16 | part(green) << 8 | part(blue))
  }
}

/// A picture in RGB that is drawn on.
struct Canvas {
  private let width: Int
  private let height: Int
  private var pixels: [UInt8]

  /// A place, in pixels from the upper left corner.
  struct Point: Hashable {
    let x: Double
    let y: Double
  }

  /// An empty picture.
  init(width: Int, height: Int, background: Colour) {
    (self.width, self.height) = (width, height)
    pixels = [UInt8](repeating: 0, count: width * height * 3)
    fill(x: 0..<width, y: 0..<height, colour: background)
  }

  /// What was drawn.
  var image: ByteImage { ByteImage(width: width, height: height, channels: 3, pixels: pixels) }

  /// Mixes a colour into a pixel; places outside are passed over.
  private mutating func blend(_ x: Int, _ y: Int, _ colour: Colour, _ part: Double) {
    guard 0..<width ~= x, 0..<height ~= y else { return }
    let place = (y * width + x) * 3
    mix(place, colour.red, part)
    mix(place + 1, colour.green, part)
    mix(place + 2, colour.blue, part)
  }

  private mutating func mix(_ place: Int, _ value: UInt8, _ part: Double) {
    let old = Double(pixels[place])
    pixels[place] = UInt8(old + (Double(value) - old) * part + 0.5)
  }

  /// Fills a rectangle.
  mutating func fill(x: Range<Int>, y: Range<Int>, colour: Colour) {
    for row in y { for column in x { blend(column, row, colour, 1) } }
  }

  /// Puts a picture in RGB at a place; what is outside is passed over.
  mutating func place(_ picture: ByteImage, x: Int, y: Int) {
    let columns = (x..<x + picture.width).clamped(to: 0..<width)
    for row in (y..<y + picture.height).clamped(to: 0..<height) where !columns.isEmpty {
      let source = ((row - y) * picture.width + columns.lowerBound - x) * 3
      let target = (row * width + columns.lowerBound) * 3
      pixels.replaceSubrange(
        target..<target + columns.count * 3,
        with: picture.pixels[source..<source + columns.count * 3])
    }
  }

  /// Draws a line through points, with smooth edges, and nothing outside of a frame.
  ///
  /// - Parameters:
  ///   - points: The points.
  ///   - width: The line's width, in pixels.
  ///   - colour: Its colour.
  ///   - frame: The columns and rows that it may touch.
  mutating func line(
    _ points: [Point], width: Double, colour: Colour, in frame: (x: Range<Int>, y: Range<Int>)
  ) {
    // What a pixel is covered by is the most that any piece of the line covers.
    var covered = [Double](repeating: 0, count: frame.x.count * frame.y.count)
    let reach = width / 2 + 1
    let ends = points.count > 1 ? points.dropFirst() : points[...]
    for (a, b) in zip(points, ends) {
      let columns = Self.pixels(min(a.x, b.x) - reach, max(a.x, b.x) + reach, in: frame.x)
      let rows = Self.pixels(min(a.y, b.y) - reach, max(a.y, b.y) + reach, in: frame.y)
      for y in rows {
        for x in columns {
          let distance = Self.distance(Point(x: Double(x) + 0.5, y: Double(y) + 0.5), a, b)
          let place = (y - frame.y.lowerBound) * frame.x.count + x - frame.x.lowerBound
          covered[place] = max(covered[place], min(max(width / 2 + 0.5 - distance, 0), 1))
        }
      }
    }
    for (place, part) in covered.enumerated() where part > 0 {
      let (row, column) = place.quotientAndRemainder(dividingBy: frame.x.count)
      blend(frame.x.lowerBound + column, frame.y.lowerBound + row, colour, part)
    }
  }

  private static func pixels(_ low: Double, _ high: Double, in range: Range<Int>) -> Range<Int> {
    let first = Int(max(low.rounded(.down), Double(range.lowerBound)))
    let last = Int(min(high.rounded(.up), Double(range.upperBound)))
    return first < last ? first..<last : 0..<0
  }

  /// How far a point is from the line between two others.
  private static func distance(_ p: Point, _ a: Point, _ b: Point) -> Double {
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    let length = dx * dx + dy * dy
    let along = length > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length : 0
    let t = min(max(along, 0), 1)
    return hypot(p.x - a.x - t * dx, p.y - a.y - t * dy)
  }

  // MARK: Words

  /// Columns from one letter to the next.
  static func advance(scale: Int) -> Int { (BitmapFont.width + 1) * scale }

  /// Columns that a text takes.
  static func width(of text: String, scale: Int) -> Int {
    text.count * advance(scale: scale) - scale
  }

  /// Writes a text.
  ///
  /// - Parameters:
  ///   - text: The text; what is not ASCII becomes a question mark.
  ///   - x: Its first column.
  ///   - y: Its first row.
  ///   - colour: Its colour.
  ///   - scale: Pixels for each dot of a letter, along both axes.
  mutating func text(_ text: String, x: Int, y: Int, colour: Colour, scale: Int) {
    for (place, letter) in text.enumerated() {
      let left = x + place * Self.advance(scale: scale)
      for (column, dots) in BitmapFont.columns(of: letter).enumerated() {
        for row in 0..<8 where dots >> row & 1 == 1 {
          let (dotX, dotY) = (left + column * scale, y + row * scale)
          fill(x: dotX..<dotX + scale, y: dotY..<dotY + scale, colour: colour)
        }
      }
    }
  }
}

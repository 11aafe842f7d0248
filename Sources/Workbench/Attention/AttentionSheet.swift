// The sheet of attention maps: for every layer the picture with what each head takes from where.

import Formats
import Networks

/// Attention maps of one pixel on one picture, with words.
struct AttentionSheet {
  private static let side = 96
  private static let gap = 6
  private static let margin = 20
  /// The mean of a group and sixteen heads.
  private static let columns = 17
  private static let letter = 2
  private static let line = 24
  private static let unseen = 0.35
  private static let heat = Colour(0xFFB000)
  private static let mark = Colour(0x00E5FF)

  private let picture: ByteImage
  private let pixel: PixelPosition
  private let resolution: Int
  private let layers: [(index: Int, layer: AttentionLayer)]

  /// A sheet for a pixel of a picture.
  ///
  /// - Parameters:
  ///   - picture: The rows of the image that are meant to be seen.
  ///   - pixel: The pixel, counted in the whole image.
  ///   - traits: What the generator is.
  ///   - layers: The layers and their places among all that attend.
  init(
    _ picture: ByteImage, at pixel: PixelPosition, of traits: GeneratorTraits,
    layers: [(index: Int, layer: AttentionLayer)]
  ) {
    // Rows that are not meant to be seen are black again, so that places agree.
    self.picture = picture.inRGB.surrounded(
      above: traits.visibleRows.lowerBound, below: traits.resolution - traits.visibleRows.upperBound
    )
    (self.pixel, self.layers, resolution) = (pixel, layers, traits.resolution)
  }

  /// A row of cells with words above it.
  private struct Strip {
    let words: String
    /// For each cell its weights by rows, and the places along a side.
    let maps: [(weights: [Float], side: Int)]
  }

  /// Draws the sheet.
  ///
  /// - Parameter step: Is told how many layers are drawn, after each.
  /// - Returns: The sheet, in RGB.
  /// - Throws: What `step` throws.
  func image(step: (Int) throws -> Void) rethrows -> ByteImage {
    let all = layers.map { (heading: heading($0.index, $0.layer), strips: strips($0.layer)) }
    let widest = all.flatMap { $0.strips.map { min($0.maps.count, Self.columns) } }.max() ?? 1
    let words = introduction + all.flatMap { [$0.heading] + $0.strips.map(\.words) }
    let lettersWide = words.map { Canvas.width(of: $0, scale: Self.letter) }.max() ?? 0
    let cellsWide = widest * (Self.side + Self.gap)
    let width = 2 * Self.margin + max(lettersWide, cellsWide, 2 * Self.side)
    let height =
      2 * Self.margin + introduction.count * Self.line + 2 * Self.side + Self.line
      + all.reduce(0) { $0 + Self.line + $1.strips.reduce(0) { $0 + self.height(of: $1) } }
    var canvas = Canvas(width: width, height: height, background: .white)
    var y = Self.margin
    for text in introduction {
      canvas.text(text, x: Self.margin, y: y, colour: .ink, scale: Self.letter)
      y += Self.line
    }
    let large = picture.resized(width: 2 * Self.side, height: 2 * Self.side, filter: .lanczos)
    canvas.place(large, x: Self.margin, y: y)
    markQuery(pixel, of: resolution, x: Self.margin, y: y, side: 2 * Self.side, on: &canvas)
    y += 2 * Self.side + Self.line
    let ground = picture.resized(width: Self.side, height: Self.side, filter: .lanczos).darkened(
      to: Self.unseen)
    for (done, layer) in all.enumerated() {
      canvas.text(layer.heading, x: Self.margin, y: y, colour: .ink, scale: Self.letter)
      y += Self.line
      for strip in layer.strips {
        draw(strip, y: y, on: ground, &canvas)
        y += self.height(of: strip)
      }
      try step(done + 1)
    }
    return canvas.image
  }

  private var introduction: [String] {
    [
      "Where the marked pixel (row \(pixel.row), column \(pixel.column)) looks.",
      "Dark: not seen. Yellow: the more, the brighter; the brightest is the head's largest weight.",
    ]
  }

  private func heading(_ index: Int, _ layer: AttentionLayer) -> String {
    "\(index)  \(layer.name)  \(layer.resolution)x\(layer.resolution), "
      + counted(layer.weights.count, "head")
  }

  /// The heads of each group; of several heads first their mean.
  private func strips(_ layer: AttentionLayer) -> [Strip] {
    layer.groups.map { group in
      let heads = Array(layer.weights[group.heads])
      let last = group.heads.upperBound - 1
      let numbers = heads.count == 1 ? "head \(last)" : "heads \(group.heads.lowerBound) to \(last)"
      let mean = heads.count > 1 ? [mean(of: heads)] : []
      return Strip(
        words: "\(group.name): " + (mean.isEmpty ? numbers : "mean, then \(numbers)"),
        maps: (mean + heads).map { ($0, layer.resolution) })
    }
  }

  private func mean(of heads: [[Float]]) -> [Float] {
    var sum = heads[0]
    for head in heads.dropFirst() { for place in sum.indices { sum[place] += head[place] } }
    return sum.map { $0 / Float(heads.count) }
  }

  private func height(of strip: Strip) -> Int {
    let rows = (strip.maps.count + Self.columns - 1) / Self.columns
    return Self.line + rows * (Self.side + Self.gap) + Self.gap
  }

  private func draw(_ strip: Strip, y: Int, on ground: ByteImage, _ canvas: inout Canvas) {
    canvas.text(strip.words, x: Self.margin, y: y, colour: .faint, scale: Self.letter)
    for (place, map) in strip.maps.enumerated() {
      let x = Self.margin + place % Self.columns * (Self.side + Self.gap)
      let top = y + Self.line + place / Self.columns * (Self.side + Self.gap)
      canvas.place(
        ground.heated(by: map.weights, side: map.side, colour: Self.heat), x: x, y: top)
      markQuery(
        pixel.scaled(from: resolution, to: map.side), of: map.side, x: x, y: top, side: Self.side,
        on: &canvas)
    }
  }

  /// A frame around the pixel that looks.
  private func markQuery(
    _ query: PixelPosition, of count: Int, x: Int, y: Int, side: Int, on canvas: inout Canvas
  ) {
    func range(_ place: Int) -> Range<Int> {
      let (first, last) = (
        place * side / count, max(place * side / count, (place + 1) * side / count - 1)
      )
      let spare = max(0, 4 - (last - first + 1)) / 2 + 1
      return max(0, first - spare)..<min(side, last + spare + 1)
    }
    let (columns, rows) = (range(query.column), range(query.row))
    let (left, right) = (x + columns.lowerBound, x + columns.upperBound)
    let (top, bottom) = (y + rows.lowerBound, y + rows.upperBound)
    canvas.fill(x: left..<right, y: top..<top + 1, colour: Self.mark)
    canvas.fill(x: left..<right, y: bottom - 1..<bottom, colour: Self.mark)
    canvas.fill(x: left..<left + 1, y: top..<bottom, colour: Self.mark)
    canvas.fill(x: right - 1..<right, y: top..<bottom, colour: Self.mark)
  }
}

extension ByteImage {
  /// The picture in grey, with a part of its brightness.
  fileprivate func darkened(to part: Double) -> ByteImage {
    var dark = self
    for at in stride(from: 0, to: pixels.count, by: 3) {
      let grey = pixels[at..<at + 3].reduce(0) { $0 + Double($1) } / 3 * part
      for channel in 0..<3 { dark.pixels[at + channel] = UInt8(grey) }
    }
    return dark
  }

  /// The picture in RGB with a colour where weights are: fully where they are largest, a little
  /// wherever they are not 0.
  ///
  /// - Parameters:
  ///   - weights: By rows.
  ///   - side: Weights along each side of the picture. Where several fall on one pixel, the largest
  ///     counts.
  ///   - colour: What is mixed into the picture.
  /// - Returns: The picture with the colour in it.
  fileprivate func heated(by weights: [Float], side: Int, colour: Colour) -> ByteImage {
    var heated = self
    let largest = weights.max() ?? 0
    let parts = [colour.red, colour.green, colour.blue].map(Double.init)
    func places(_ pixel: Int, of pixels: Int) -> Range<Int> {
      let first = pixel * side / pixels
      return first..<max(first + 1, (pixel + 1) * side / pixels)
    }
    for y in 0..<height {
      for x in 0..<width {
        var (weight, isSeen) = (Float(0), false)
        for row in places(y, of: height) {
          for column in places(x, of: width) {
            let one = weights[row * side + column]
            weight = max(weight, one)
            isSeen = isSeen || one != 0
          }
        }
        guard isSeen, largest > 0 else { continue }
        let share = 0.15 + 0.85 * Double(weight / largest)
        for channel in 0..<3 {
          let at = (y * width + x) * 3 + channel
          let old = Double(pixels[at])
          heated.pixels[at] = UInt8(old + (parts[channel] - old) * share + 0.5)
        }
      }
    }
    return heated
  }

  /// The picture in RGB with black rows above and below.
  fileprivate func surrounded(above: Int, below: Int) -> ByteImage {
    func black(_ rows: Int) -> [UInt8] { [UInt8](repeating: 0, count: rows * width * 3) }
    return ByteImage(
      width: width, height: above + height + below, channels: 3,
      pixels: black(above) + pixels + black(below))
  }
}

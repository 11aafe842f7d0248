// A border around a picture that repeats it mirrored, blurred, and faded to one colour.

import Formats
import Foundation

/// The widths of a border, in pixels.
struct BorderWidths {
  var left: Int
  var top: Int
  var right: Int
  var bottom: Int

  var largest: Int { max(left, top, right, bottom) }

  /// The same widths, none below `least`.
  func atLeast(_ least: Int) -> BorderWidths {
    BorderWidths(
      left: max(left, least), top: max(top, least), right: max(right, least),
      bottom: max(bottom, least))
  }
}

extension ByteImage {
  /// The picture with a border: mirrored at its edges, blurred the more the farther out, and in its
  /// outermost third faded to the median colour.
  ///
  /// - Parameters:
  ///   - widths: The border, at least a pixel on each side.
  ///   - blur: The deviation of the Gaussian, in pixels.
  /// - Returns: The larger picture.
  func withFadingBorder(_ widths: BorderWidths, blur: Double) -> ByteImage {
    let (w, h) = (width + widths.left + widths.right, height + widths.top + widths.bottom)
    let columns = (0..<w).map { reflected($0 - widths.left, in: width) }
    let rows = (0..<h).map { reflected($0 - widths.top, in: height) }
    let mask = BorderMask(width: w, height: h, widths)
    var pixels = [UInt8](repeating: 0, count: w * h * channels)
    for channel in 0..<channels {
      var plane = [Float](repeating: 0, count: w * h)
      for (y, row) in rows.enumerated() {
        for (x, column) in columns.enumerated() {
          plane[y * w + x] = Float(self.pixels[(row * width + column) * channels + channel])
        }
      }
      let blurred = gaussianBlurred(plane, width: w, deviation: blur)
      for place in plane.indices {
        let share = min(max(mask[place] * 3 + 1, 0), 1)
        plane[place] += (blurred[place] - plane[place]) * share
      }
      let middle = median(plane)
      for place in plane.indices {
        let share = min(max(mask[place], 0), 1)
        let value = plane[place] + (middle - plane[place]) * share
        pixels[place * channels + channel] = UInt8(
          min(max(value.rounded(.toNearestOrEven), 0), 255))
      }
    }
    return ByteImage(width: w, height: h, channels: channels, pixels: pixels)
  }
}

/// How far out in the border a pixel lies: 1 at the outer edge, 0 where the picture begins, and less
/// inside.
private struct BorderMask {
  private let columns: [Float]
  private let rows: [Float]

  init(width: Int, height: Int, _ widths: BorderWidths) {
    func depths(_ count: Int, _ before: Int, _ behind: Int) -> [Float] {
      (0..<count).map { i in
        1 - min(Float(i) / Float(before), Float(count - 1 - i) / Float(behind))
      }
    }
    columns = depths(width, widths.left, widths.right)
    rows = depths(height, widths.top, widths.bottom)
  }

  subscript(place: Int) -> Float {
    max(columns[place % columns.count], rows[place / columns.count])
  }
}

/// The place inside 0 ..< count that a place outside repeats, where the edge itself is not repeated.
private func reflected(_ place: Int, in count: Int) -> Int {
  guard count > 1 else { return 0 }
  let period = 2 * (count - 1)
  let folded = (place % period + period) % period
  return min(folded, period - folded)
}

/// The middle one of all numbers, or the mean of the two.
private func median(_ values: [Float]) -> Float {
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}

/// A plane under a Gaussian that reaches four deviations; edges are repeated mirrored.
private func gaussianBlurred(_ plane: [Float], width: Int, deviation: Double) -> [Float] {
  let radius = Int(4 * deviation + 0.5)
  let weights = (-radius...radius).map { exp(-0.5 * pow(Double($0) / deviation, 2)) }
  let sum = weights.reduce(0, +)
  let taps = weights.map { Float($0 / sum) }
  let height = plane.count / width
  let down = blurredRows(plane, rows: height, length: width, taps)
  let turned = transposed(down, rows: height, columns: width)
  let across = blurredRows(turned, rows: width, length: height, taps)
  return transposed(across, rows: width, columns: height)
}

/// Rows replaced by weighted sums of the rows around them.
private func blurredRows(_ plane: [Float], rows: Int, length: Int, _ taps: [Float]) -> [Float] {
  var result = [Float](repeating: 0, count: plane.count)
  let radius = taps.count / 2
  result.withUnsafeMutableBufferPointer { result in
    plane.withUnsafeBufferPointer { plane in
      for row in 0..<rows {
        for (tap, weight) in taps.enumerated() {
          let source = withEdges(row + tap - radius, in: rows) * length
          for column in 0..<length {
            result[row * length + column] += weight * plane[source + column]
          }
        }
      }
    }
  }
  return result
}

/// The place inside 0 ..< count that a place outside repeats, where the edge itself is repeated too.
private func withEdges(_ place: Int, in count: Int) -> Int {
  let period = 2 * count
  let folded = (place % period + period) % period
  return min(folded, period - 1 - folded)
}

private func transposed(_ plane: [Float], rows: Int, columns: Int) -> [Float] {
  var result = [Float](repeating: 0, count: plane.count)
  for row in 0..<rows {
    for column in 0..<columns { result[column * rows + row] = plane[row * columns + column] }
  }
  return result
}

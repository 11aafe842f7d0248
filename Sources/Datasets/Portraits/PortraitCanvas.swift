// The surface that portraits are drawn on: shapes given by their distance, with smooth edges.

import Formats

/// Where a part stands: its own units, turned, scaled and moved to the picture's.
///
/// The picture reaches from -1 to 1 both ways.
struct Stand {
  var origin = Place(0, 0)
  var cosine: Float = 1
  var sine: Float = 0
  var scale: Float = 1

  /// The part's place of a place in the picture.
  @inline(__always)
  func inside(_ p: Place) -> Place {
    let q = (p - origin) / scale
    return Place(q.x * cosine + q.y * sine, q.y * cosine - q.x * sine)
  }

  /// The place in the picture of a place in the part.
  func outside(_ p: Place) -> Place {
    Place(p.x * cosine - p.y * sine, p.x * sine + p.y * cosine) * scale + origin
  }

  /// A stand on this one, moved in its units.
  func moved(to place: Place) -> Stand {
    Stand(origin: outside(place), cosine: cosine, sine: sine, scale: scale)
  }
}

/// A rectangle outside of which a shape has no point.
struct Bounds {
  var low: Place
  var high: Place

  init(_ x0: Float, _ y0: Float, _ x1: Float, _ y1: Float) {
    (low, high) = (Place(x0, y0), Place(x1, y1))
  }

  /// The bounds of a shape around the origin.
  init(around x: Float, _ y: Float) { self.init(-x, -y, x, y) }
}

final class PortraitCanvas {
  let size: Int
  private var pixels: [Colour]

  init(size: Int) {
    self.size = size
    pixels = Array(repeating: .zero, count: size * size)
  }

  /// Paints a shape.
  ///
  /// - Parameters:
  ///   - stand: Where the shape stands.
  ///   - bounds: What holds the whole shape, in its units.
  ///   - softness: How far its edge fades, in its units; at least one pixel.
  ///   - opacity: How much of it shows.
  ///   - paint: Its colour at a place in its units.
  ///   - distance: Its signed distance at a place in its units.
  @inline(__always)
  func fill(
    _ stand: Stand, _ bounds: Bounds, softness: Float = 0, opacity: Float = 1,
    paint: (Place) -> Colour, distance: (Place) -> Float
  ) {
    let pixel = 2 / Float(size)
    let edge = max(softness, pixel / stand.scale)
    let (rows, columns) = covered(stand, bounds, margin: edge * stand.scale)
    guard !rows.isEmpty, !columns.isEmpty else { return }
    let size = size
    pixels.withUnsafeMutableBufferPointer { pixels in
      for row in rows {
        for column in columns {
          let p = stand.inside(
            Place((Float(column) + 0.5) * pixel - 1, (Float(row) + 0.5) * pixel - 1))
          let coverage = 0.5 - distance(p) / edge
          guard coverage > 0 else { continue }
          let part = min(coverage, 1) * opacity
          let old = pixels[row * size + column]
          pixels[row * size + column] = old + (paint(p) - old) * part
        }
      }
    }
  }

  /// Paints a shape with one colour.
  @inline(__always)
  func fill(
    _ stand: Stand, _ bounds: Bounds, _ colour: Colour, softness: Float = 0, opacity: Float = 1,
    distance: (Place) -> Float
  ) {
    fill(
      stand, bounds, softness: softness, opacity: opacity, paint: { _ in colour },
      distance: distance)
  }

  /// Changes every pixel by its place.
  @inline(__always)
  func change(_ change: (Place, Colour) -> Colour) {
    let pixel = 2 / Float(size)
    for row in 0..<size {
      for column in 0..<size {
        let p = Place((Float(column) + 0.5) * pixel - 1, (Float(row) + 0.5) * pixel - 1)
        pixels[row * size + column] = change(p, pixels[row * size + column])
      }
    }
  }

  /// The rows and columns that bounds reach.
  private func covered(
    _ stand: Stand, _ bounds: Bounds, margin: Float
  ) -> (rows: Range<Int>, columns: Range<Int>) {
    var (low, high) = (Place(9, 9), Place(-9, -9))
    for x in [bounds.low.x, bounds.high.x] {
      for y in [bounds.low.y, bounds.high.y] {
        let corner = stand.outside(Place(x, y))
        low = pointwiseMin(low, corner)
        high = pointwiseMax(high, corner)
      }
    }
    func range(_ low: Float, _ high: Float) -> Range<Int> {
      let half = Float(size) / 2
      let first = Int(clamp((low - margin + 1) * half, 0, Float(size)))
      let last = Int(clamp((high + margin + 1) * half + 1, 0, Float(size)))
      return first..<max(first, last)
    }
    return (range(low.y, high.y), range(low.x, high.x))
  }

  /// The picture in 8 bits: round(255 · colour).
  var image: ByteImage {
    var bytes = [UInt8](repeating: 0, count: size * size * 3)
    bytes.withUnsafeMutableBufferPointer { bytes in
      for (index, pixel) in pixels.enumerated() {
        for channel in 0..<3 {
          bytes[3 * index + channel] = UInt8(clamp(pixel[channel], 0, 1) * 255 + 0.5)
        }
      }
    }
    return ByteImage(width: size, height: size, channels: 3, pixels: bytes)
  }
}

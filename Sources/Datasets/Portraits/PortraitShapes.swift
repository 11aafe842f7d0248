// Signed distances of the shapes in portraits: negative inside, in the units of the place. Sums,
// products, quotients and square roots alone, which every machine rounds alike.

/// A place: x to the right, y down.
typealias Place = SIMD2<Float>

@inline(__always)
func length(_ p: Place) -> Float { (p.x * p.x + p.y * p.y).squareRoot() }

@inline(__always)
func clamp(_ x: Float, _ low: Float, _ high: Float) -> Float { max(low, min(high, x)) }

/// From 0 to 1 between two bounds, smooth at both.
@inline(__always)
func smoothstep(_ low: Float, _ high: Float, _ x: Float) -> Float {
  let t = clamp((x - low) / (high - low), 0, 1)
  return t * t * (3 - 2 * t)
}

/// A wave of period 1 between -1 and 1, made of parabolas.
@inline(__always)
func wave(_ x: Float) -> Float {
  let t = 2 * (x - x.rounded(.down))
  return t < 1 ? 4 * t * (1 - t) : -4 * (t - 1) * (2 - t)
}

/// Arches of period 1 between 0 and 1, with a corner where two meet.
@inline(__always)
func scallop(_ x: Float) -> Float {
  let t = x - x.rounded(.down)
  return 4 * t * (1 - t)
}

@inline(__always)
func circle(_ p: Place, _ radius: Float) -> Float { length(p) - radius }

/// An ellipse around the origin; exact on its edge, and to first order near it.
@inline(__always)
func ellipse(_ p: Place, _ radii: Place) -> Float {
  let (q, g) = (length(p / radii), length(p / (radii * radii)))
  return g < 1e-6 ? -min(radii.x, radii.y) : q * (q - 1) / g
}

/// A rectangle of half the given sides around the origin, its corners rounded.
@inline(__always)
func box(_ p: Place, _ half: Place, corner: Float = 0) -> Float {
  let x = abs(p.x) - half.x + corner
  let y = abs(p.y) - half.y + corner
  return length(Place(max(x, 0), max(y, 0))) + min(max(x, y), 0) - corner
}

/// A line between two places with round ends.
@inline(__always)
func line(_ p: Place, _ a: Place, _ b: Place, halfWidth: Float) -> Float {
  let (pa, ba) = (p - a, b - a)
  let t = clamp((pa.x * ba.x + pa.y * ba.y) / (ba.x * ba.x + ba.y * ba.y), 0, 1)
  return length(pa - ba * t) - halfWidth
}

/// What lies between two arches over [-halfWidth, halfWidth]: `up` above the origin, `down` below.
@inline(__always)
func lens(_ p: Place, halfWidth: Float, up: Float, down: Float) -> Float {
  let t = p.x / halfWidth
  let arch = 1 - t * t
  let steepness = 2 * max(abs(up), abs(down)) * min(abs(t), 1) / halfWidth
  return max(-up * arch - p.y, p.y - down * arch) / (1 + steepness * steepness).squareRoot()
}

/// A stroke along y = bend · (x / halfWidth)², thinner towards its ends.
@inline(__always)
func stroke(_ p: Place, halfWidth: Float, bend: Float, thickness: Float) -> Float {
  let t = p.x / halfWidth
  let slope = 2 * bend * t / halfWidth
  let across = abs(p.y - bend * t * t) / (1 + slope * slope).squareRoot()
  return max(across - thickness * (1 - 0.6 * t * t), abs(p.x) - halfWidth)
}

/// The union of two shapes with a soft seam.
@inline(__always)
func blend(_ a: Float, _ b: Float, _ seam: Float) -> Float {
  let h = max(seam - abs(a - b), 0) / seam
  return min(a, b) - h * h * seam / 4
}

// Walks through W+: a smooth closed curve through keyframes.

public import Tensors

/// The W+ of an animation that passes through keyframes and comes back to the first.
///
/// Every number of W+ follows its own cubic spline S(t) with knots at whole t, keyframe k at t = k.
/// The keyframes are repeated `wraps` times before and after, so that the curve closes smoothly.
/// With m the second derivatives at the knots, between knots i and i + 1, b = t - i and a = 1 - b,
///
///     S(t) = a y[i] + b y[i+1] + ((a³ - a) m[i] + (b³ - b) m[i+1]) / 6
///     m[i-1] + 4 m[i] + m[i+1] = 6 (y[i-1] - 2 y[i] + y[i+1])
///
/// and "not a knot" at the ends: the third derivative does not jump at the second and the last but
/// one knot, which makes m there one sixth of the right side. This is what
/// `scipy.interpolate.interp1d(kind="cubic")` does, computed in float64.
///
/// - Shape: `wPlus` [K, numWs, wDim], result [K' · F, numWs, wDim] for K' keyframes;
///   frame f stands at t = f / F.
/// - Source: `gen_video.py` of stylegan3.
/// - Parameters:
///   - wPlus: Keyframes, at least 4 with their repetitions.
///   - framesPerKeyframe: F, the frames from one keyframe up to the next.
///   - wraps: How often the keyframes are repeated on each side, at least once.
///   - range: The keyframes whose frames are wanted; nil for all.
/// - Returns: The frames, in the element type of the keyframes.
public func interpolateKeyframes(
  _ wPlus: Tensor, framesPerKeyframe: Int, wraps: Int = 2, from range: Range<Int>? = nil
) -> Tensor {
  let (k, f) = (wPlus.size(0), framesPerKeyframe)
  let range = range ?? 0..<k
  let knots = k * (2 * wraps + 1)
  precondition(
    wraps >= 1 && knots >= 4 && f >= 1, "\(k) keyframes, \(wraps) wraps, \(f) frames for each")
  let y = wPlus.cast(to: .float64).flattened(from: 1).repeated(2 * wraps + 1, 1)  // [knots, C]
  let m = innerSecondDerivatives(y)  // [knots - 2, C]
  func keyframes(_ values: Tensor, from start: Int) -> Tensor {
    values.sliced(start..<start + range.count, axis: 0).unsqueezed(1)  // [K', 1, C]
  }
  let first = k * wraps + range.lowerBound
  let b = (Tensor.arange(f).cast(to: .float64) / Double(f)).unsqueezed(1)  // [F, 1]
  let a = 1 - b
  let chord = a * keyframes(y, from: first) + b * keyframes(y, from: first + 1)  // [K', F, C]
  let bend =
    (a * a * a - a) * keyframes(m, from: first - 1) + (b * b * b - b) * keyframes(m, from: first)
  let frames = (chord + bend / 6).reshaped([range.count * f] + wPlus.shape.dropFirst())
  return frames.cast(to: wPlus.dtype)
}

/// The second derivatives of the not-a-knot cubic spline through values at whole numbers, but for
/// the first and the last knot, next to which no frame lies.
///
/// - Shape: `y` [n, C], result [n - 2, C]; n is at least 4.
private func innerSecondDerivatives(_ y: Tensor) -> Tensor {
  let n = y.size(0)
  func neighbours(_ shift: Int) -> Tensor { y.sliced(shift..<n - 2 + shift, axis: 0) }
  let differences = neighbours(0) - neighbours(1) * 2 + neighbours(2)
  let rows = (0..<n - 2).map { differences.selected($0, axis: 0) }  // for knots 1 … n - 2
  // Elimination downwards: m[i] = rest[i] - factor[i] * m[i+1].
  var (rest, factor) = ([rows[0]], [0.0])
  for row in rows.dropFirst().dropLast() {
    let scale = 1 / (4 - factor[factor.count - 1])
    rest.append((row * 6 - rest[rest.count - 1]) * scale)
    factor.append(scale)
  }
  var m = [rows[n - 3]]  // from the last knot up
  for (rest, factor) in zip(rest, factor).reversed() {
    m.append(rest - m[m.count - 1] * factor)
  }
  return .stack(m.reversed())
}

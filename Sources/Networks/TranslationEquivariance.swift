// Whether attention moves along with what it looks at: the same layer on a map and on the map
// moved by some pixels.

import Layers
public import Tensors

extension PixelAttention {
  /// How much results differ where a feature map is moved, away from its borders.
  ///
  /// Random numbers fill a map that is larger than r × r. Two parts of it, `shift` rows and columns
  /// apart, go through the layer; wherever both show the same place, and no nearer to a border than
  /// `margin`, a layer that is equivariant to translation gives the same result.
  ///
  /// - Parameters:
  ///   - r: The width and height of the map that the layer is made for, in pixels.
  ///   - channels: C.
  ///   - shift: How far apart the parts are, in pixels along both axes.
  ///   - margin: Pixels at each border that are not compared; some must be left.
  ///   - generator: Draws the map.
  /// - Returns: The root of the mean square of the differences, relative to that of the results
  ///   around their mean: 0 for the same, the root of 2 for what has nothing in common.
  public func translationError(
    resolution r: Int, channels: Int, shift: Int, margin: Int, generator: TorchGenerator
  ) -> Double {
    let side = r - shift - 2 * margin
    precondition(side > 0, "\(r) pixels less a shift of \(shift) and margins of \(margin)")
    return withoutGradients {
      let map = Tensor.randn([1, r + shift, r + shift, channels], generator: generator)
      func result(from first: Int, comparing place: Int) -> Tensor {
        let part = map.sliced(first..<first + r, axis: 1).sliced(first..<first + r, axis: 2)
        let y = self(part.reshaped(1, r * r, channels)).reshaped(1, r, r, channels)
        return y.sliced(place..<place + side, axis: 1).sliced(place..<place + side, axis: 2)
      }
      let still = result(from: 0, comparing: margin + shift)
      let moved = result(from: shift, comparing: margin)
      let spread = (still - still.mean(over: 0, 1, 2)).square().mean()
      return ((moved - still).square().mean() / spread).sqrt().item()
    }
  }
}

// How pictures get the size that feature networks take: the published programs differ, and their
// numbers with them.

public import Tensors

/// A way to make pictures larger or smaller before a feature network sees them.
public enum PictureResizing: String, CaseIterable, Codable, Hashable, Sendable {
  /// Bilinear between the two nearest pixels of each axis, with the first pixel at the edge, as
  /// TensorFlow's graphs and NVIDIA's detectors do; smaller pictures are aliased.
  case tensorFlow = "tensorflow"
  /// Bilinear between the two nearest pixels with pixels at the middle of their squares, as PyTorch
  /// does without antialiasing; smaller pictures are aliased.
  case pytorch
  /// Bicubic with antialiasing, as Pillow does in floating point, bounded to 0…255.
  case clean

  /// Pictures at another size.
  ///
  /// - Shape: [N, C, H, W], result [N, C, side, side], float32.
  /// - Parameters:
  ///   - pictures: Numbers from 0 to 255.
  ///   - side: The new width and height.
  /// - Returns: Numbers from 0 to 255, not rounded.
  /// - Source: Parmar et al., "On Aliased Resizing and Surprising Subtleties in GAN Evaluation"
  ///   (2022), which compares all three.
  public func callAsFunction(_ pictures: Tensor, to side: Int) -> Tensor {
    let x = pictures.cast(to: .float32)
    guard x.shape.suffix(2) != [side, side] else { return x }
    switch self {
    case .tensorFlow: return Self.sampledFromTheEdge(x, side)
    case .pytorch: return x.enlargedBilinear(height: side, width: side)
    case .clean:
      let cubic: Tensor = call(
        "aten::_upsample_bicubic2d_aa", x, [side, side], false, nil as Double?, nil as Double?)
      return cubic.clamped(from: 0, to: 255)
    }
  }

  /// Pixel i of the result is at `i · size / side` of the picture.
  private static func sampledFromTheEdge(_ x: Tensor, _ side: Int) -> Tensor {
    let rows = lerped(x, axis: 2, side)
    return lerped(rows, axis: 3, side)
  }

  private static func lerped(_ x: Tensor, axis: Int, _ side: Int) -> Tensor {
    let size = x.size(axis)
    let scale = Float(size) / Float(side)
    let places = (0..<side).map { Float($0) * scale }
    let low = places.map { Int($0) }
    let high = low.map { min($0 + 1, size - 1) }
    var shape = [Int](repeating: 1, count: x.rank)
    shape[axis] = side
    let weights = Tensor(zip(places, low).map { $0 - Float($1) }, shape: shape)
    let a = x.picked(Tensor(low), axis: axis)
    return a + (x.picked(Tensor(high), axis: axis) - a) * weights
  }
}

// From synthesised numbers to 8-bit pixels, exactly as each family's own code does it.

public import Tensors

/// How a generator's numbers become 8-bit pixels.
public enum PixelEncoding: String, Hashable, Codable, Sendable {
  /// [-1, 1]: `x * 127.5 + 128`, bounded to 0…255, fraction dropped. The NVIDIA families.
  case truncated
  /// [-1, 1]: `(x + 1) / 2` bounded to 0…1, times 255 plus 0.5, fraction dropped. rosinality's
  /// code.
  case rounded
  /// Colours normalised by ImageNet's mean and deviation; undone, then as `rounded`. StyleNAT and
  /// StyleSwin.
  case imageNet

  /// ImageNet's mean and standard deviation of red, green and blue, for colours in [0, 1].
  private static let imageNetMean: [Float] = [0.485, 0.456, 0.406]
  private static let imageNetDeviation: [Float] = [0.229, 0.224, 0.225]

  /// Converts images to bytes.
  ///
  /// - Shape: `images` [N, C, H, W], result [N, H, W, C] uint8.
  /// - Parameter images: Synthesised images.
  /// - Returns: Interleaved 8-bit pixels.
  public func bytes(_ images: Tensor) -> Tensor {
    let x = images.cast(to: .float32).moved(to: .cpu)
    let scaled: Tensor
    switch self {
    case .truncated:
      scaled = (x * 127.5 + 128).clamped(from: 0, to: 255)
    case .rounded:
      scaled = ((x + 1) / 2).clamped(from: 0, to: 1) * 255 + 0.5
    case .imageNet:
      let mean = Tensor(Self.imageNetMean, shape: [3, 1, 1])
      let deviation = Tensor(Self.imageNetDeviation, shape: [3, 1, 1])
      scaled = (x * deviation + mean).clamped(from: 0, to: 1) * 255 + 0.5
    }
    return scaled.permuted(0, 2, 3, 1).cast(to: .uint8).contiguous()
  }
}

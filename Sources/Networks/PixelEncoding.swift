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
      scaled = Self.withoutNormalization(x).clamped(from: 0, to: 1) * 255 + 0.5
    }
    return scaled.permuted(0, 2, 3, 1).cast(to: .uint8).contiguous()
  }

  /// The images as numbers from -1, black, to 1, white, whatever the family's own range; not
  /// bounded, so that they can be differentiated everywhere.
  ///
  /// - Parameter images: Synthesised images [N, C, H, W].
  /// - Returns: The same shape.
  public func colours(_ images: Tensor) -> Tensor {
    switch self {
    case .truncated, .rounded: images
    case .imageNet: Self.withoutNormalization(images) * 2 - 1
    }
  }

  /// Images as the family's networks see them, out of numbers from -1, black, to 1, white.
  ///
  /// - Parameter colours: Images [N, C, H, W].
  /// - Returns: The same shape; the inverse of `colours(_:)`.
  public func encoded(_ colours: Tensor) -> Tensor {
    switch self {
    case .truncated, .rounded: colours
    case .imageNet:
      ((colours + 1) / 2 - Self.perChannel(Self.imageNetMean, on: colours.device))
        / Self.perChannel(Self.imageNetDeviation, on: colours.device)
    }
  }

  /// Colours in [0, 1] out of those that ImageNet's mean and deviation have normalised.
  private static func withoutNormalization(_ x: Tensor) -> Tensor {
    x * perChannel(imageNetDeviation, on: x.device) + perChannel(imageNetMean, on: x.device)
  }

  private static func perChannel(_ values: [Float], on device: Device) -> Tensor {
    Tensor(values, shape: [3, 1, 1]).moved(to: device)
  }
}

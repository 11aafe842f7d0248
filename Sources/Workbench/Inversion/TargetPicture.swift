// Photographs as the targets of inversion: brought to a generator's size, and to numbers.

public import Formats
public import Networks
import Tensors

/// How a photograph is brought to the size of pictures.
enum PhotographFit: Sendable {
  /// What is too wide or too high is cut off evenly on both sides, and the rest is resized by
  /// Lanczos' filter, as NVIDIA's projector does.
  case middle
  /// All of it, whatever its proportions, resized as torchvision does: what encoders were trained
  /// with.
  case whole
}

extension ByteImage {
  /// The middle of the picture at the size and with the channels of a generator's pictures.
  ///
  /// What is too wide or too high is cut off evenly on both sides, then the picture is resized by
  /// Lanczos' filter, as NVIDIA's projector does.
  ///
  /// - Parameter traits: What the generator is.
  /// - Returns: The picture, of the rows that are meant to be seen.
  public func target(for traits: GeneratorTraits) -> ByteImage {
    target(for: traits, .middle)
  }

  /// The picture at the size and with the channels of a generator's pictures.
  ///
  /// - Parameters:
  ///   - traits: What the generator is.
  ///   - fit: How it is brought to the size.
  /// - Returns: The picture, of the rows that are meant to be seen.
  func target(for traits: GeneratorTraits, _ fit: PhotographFit) -> ByteImage {
    sized(
      width: traits.resolution, height: traits.visibleRows.count, channels: traits.imgChannels, fit)
  }

  /// The picture at another size, with other channels.
  func sized(width newWidth: Int, height newHeight: Int, channels: Int, _ fit: PhotographFit)
    -> ByteImage
  {
    switch fit {
    case .whole:
      return withChannels(channels)
        .resized(width: newWidth, height: newHeight, filter: .bilinear)
    case .middle:
      // The largest part of the new picture's proportions.
      let columns = min(width, height * newWidth / newHeight)
      let rows = min(height, width * newHeight / newWidth)
      let (left, top) = ((width - columns) / 2, (height - rows) / 2)
      return cropped(
        columns: left..<left + max(columns, 1), rows: top..<top + max(rows, 1)
      )
      .withChannels(channels)
      .resized(width: newWidth, height: newHeight, filter: .lanczos)
    }
  }

  /// The same picture grey, in RGB or in RGB with full opacity.
  private func withChannels(_ count: Int) -> ByteImage {
    let colour = inRGB
    switch count {
    case 1:
      // The weights of ITU-R BT.601, as Pillow's conversion to L has them.
      let grey = stride(from: 0, to: colour.pixels.count, by: 3).map { index in
        let sum =
          Int(colour.pixels[index]) * 19595 + Int(colour.pixels[index + 1]) * 38470
          + Int(colour.pixels[index + 2]) * 7471
        return UInt8((sum + 0x8000) >> 16)
      }
      return ByteImage(width: width, height: height, channels: 1, pixels: grey)
    case 4:
      guard channels != 4 else { return self }
      var pixels: [UInt8] = []
      pixels.reserveCapacity(width * height * 4)
      for index in stride(from: 0, to: colour.pixels.count, by: 3) {
        pixels += colour.pixels[index..<index + 3]
        pixels.append(255)
      }
      return ByteImage(width: width, height: height, channels: 4, pixels: pixels)
    default: return colour
    }
  }

  /// The picture as a tensor [1, C, H, W] in [-1, 1].
  var tensor: Tensor {
    let bytes = Tensor(pixels, shape: [1, height, width, channels])
    return (bytes.cast(to: .float32) / 127.5 - 1).permuted(0, 3, 1, 2).contiguous()
  }
}

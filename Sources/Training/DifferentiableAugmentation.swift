// Transformations of images that the discriminator should judge alike: Zhao et al., "Differentiable
// Augmentation for Data-Efficient GAN Training" (2020), as StyleSwin and StyleNAT use them.

public import Tensors

/// A transformation of a batch of images, whatever it was drawn from.
public protocol ImageTransform {
  /// Transforms images; the result can be differentiated.
  ///
  /// - Parameter images: [N, C, H, W].
  /// - Returns: [N, C, H, W].
  func callAsFunction(_ images: Tensor) -> Tensor

  /// The transformation of some of the images.
  ///
  /// - Parameter range: Which of them.
  /// - Returns: The same transformation of these.
  func rows(_ range: Range<Int>) -> Self
}

/// Flips, moves, changes of colour and a square cut out, all of them for every image.
///
/// - Source: `CR_DiffAug` of microsoft/StyleSwin.
public struct DifferentiableAugmentation: Codable, Hashable, Sendable {
  /// The probability that an image is mirrored.
  public var flipProbability = 0.5
  /// The farthest that images are moved along each axis, relative to their size.
  public var translationRatio = 0.125
  /// The side of the square, relative to the image's.
  public var cutoutRatio = 0.5

  /// The published settings.
  public init() {}

  /// The farthest that images are moved along each axis, in pixels.
  private func translation(_ resolution: Int) -> Int {
    Int(Double(resolution) * translationRatio + 0.5)
  }

  /// Draws a transformation for each image.
  ///
  /// - Parameters:
  ///   - count: N.
  ///   - resolution: The images' width and height, in pixels.
  ///   - generator: Where the numbers are drawn from.
  /// - Returns: The transformation of a batch.
  public func draw(count: Int, resolution: Int, generator: TorchGenerator) -> DrawnAugmentation {
    let most = translation(resolution)
    func uniform(_ shape: [Int]) -> Tensor { .rand(shape, generator: generator) }
    func places(_ range: Range<Int>) -> Tensor {
      .randint(range, [count, 1, 1], generator: generator)
    }
    // In the order of the published program.
    let flip = uniform([count, 1])
    let (rows, columns) = (places(-most..<most + 1), places(-most..<most + 1))
    let colours = (0..<3).map { _ in uniform([count, 1, 1, 1]) }
    let (cutRows, cutColumns) = (places(0..<resolution + 1), places(0..<resolution + 1))
    return DrawnAugmentation(
      settings: self, flip: flip, rowShift: rows, columnShift: columns, brightness: colours[0],
      saturation: colours[1], contrast: colours[2], cutRow: cutRows, cutColumn: cutColumns)
  }
}

/// A differentiable augmentation with everything that was drawn for it.
public struct DrawnAugmentation: ImageTransform {
  /// What the numbers mean.
  public let settings: DifferentiableAugmentation
  /// [N, 1] in [0, 1); images below the probability are mirrored.
  public let flip: Tensor
  /// [N, 1, 1], how far above its new row each row was, in pixels.
  public let rowShift: Tensor
  /// [N, 1, 1], how far to the left of its new column each column was, in pixels, negated.
  public let columnShift: Tensor
  /// [N, 1, 1, 1] in [0, 1); 0.5 leaves the brightness.
  public let brightness: Tensor
  /// [N, 1, 1, 1] in [0, 1); 0.5 leaves the saturation.
  public let saturation: Tensor
  /// [N, 1, 1, 1] in [0, 1); 0.5 leaves the contrast.
  public let contrast: Tensor
  /// [N, 1, 1], the row of the square's centre.
  public let cutRow: Tensor
  /// [N, 1, 1], the column of the square's centre.
  public let cutColumn: Tensor

  /// Transforms images.
  ///
  /// - Parameter images: [N, C, H, W].
  /// - Returns: [N, C, H, W].
  public func callAsFunction(_ images: Tensor) -> Tensor {
    cut(recoloured(moved(mirrored(images))))
  }

  /// The transformation of some of the images.
  public func rows(_ range: Range<Int>) -> DrawnAugmentation {
    func part(_ x: Tensor) -> Tensor { x.sliced(range, axis: 0) }
    return DrawnAugmentation(
      settings: settings, flip: part(flip), rowShift: part(rowShift),
      columnShift: part(columnShift), brightness: part(brightness), saturation: part(saturation),
      contrast: part(contrast), cutRow: part(cutRow), cutColumn: part(cutColumn))
  }

  private func mirrored(_ x: Tensor) -> Tensor {
    let isMirrored: Tensor = call("aten::lt.Scalar", flip, settings.flipProbability)
    return call("aten::where.self", isMirrored.reshaped(-1, 1, 1, 1), x.flipped(3), x)
  }

  /// Every row and column from as many places further on; from outside come zeros.
  private func moved(_ x: Tensor) -> Tensor {
    let (n, c, h, w) = (x.size(0), x.size(1), x.size(2), x.size(3))
    // One row and column of zeros around the image, at 0 and at the end, stand for all outside.
    func places(_ shift: Tensor, _ length: Int) -> Tensor {
      let from = Tensor.arange(length, device: x.device) + shift.reshaped(n, 1)
      return (from.cast(to: .float32) + 1).clamped(from: 0, to: Double(length + 1))
        .cast(to: .int64)
    }
    let padded = x.padded(1, 1, 1, 1)
    let rows = places(rowShift, h).reshaped(n, 1, h, 1).expanded(n, c, h, w + 2)
    let columns = places(columnShift, w).reshaped(n, 1, 1, w).expanded(n, c, h, w)
    return padded.gathered(rows, axis: 2).gathered(columns, axis: 3)
  }

  private func recoloured(_ x: Tensor) -> Tensor {
    let bright = x + (brightness - 0.5)
    let grey = bright.mean(over: 1, keepAxes: true)
    let saturated = (bright - grey) * (saturation * 2) + grey
    let mean = saturated.mean(over: 1, 2, 3, keepAxes: true)
    return (saturated - mean) * (contrast + 0.5) + mean
  }

  /// The images with 0 in the part of the square that lies inside.
  private func cut(_ x: Tensor) -> Tensor {
    let (n, h, w) = (x.size(0), x.size(2), x.size(3))
    let side = Int(Double(h) * settings.cutoutRatio + 0.5)
    /// 1 at the places of one axis that the square covers, else 0.
    func covered(_ centre: Tensor, _ length: Int) -> Tensor {
      let from = Tensor.arange(length, device: x.device) - centre.reshaped(n, 1)
      let place = from.cast(to: .float32) + Double(side / 2)  // in the square from 0 up to its side
      let isAfterStart: Tensor = call("aten::ge.Scalar", place, 0.0)
      let isBeforeEnd: Tensor = call("aten::lt.Scalar", place, Double(side))
      return isAfterStart.cast(to: x.dtype) * isBeforeEnd.cast(to: x.dtype)
    }
    let square =
      covered(cutRow, h).reshaped(n, 1, h, 1) * covered(cutColumn, w).reshaped(n, 1, 1, w)
    return x * (1 - square)
  }
}

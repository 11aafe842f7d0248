// Large feature maps made one sample after the other, for memory.

import Layers
import Tensors

/// Whether feature maps of a batch are better made one sample after the other: it takes no longer,
/// and less memory.
///
/// They must be large and in float32, no gradients recorded, and noise the same for all samples:
/// random numbers are drawn for a whole batch.
///
/// - Parameters:
///   - x: [N, C, H, W].
///   - noise: Where the noise that layers add comes from.
///   - precision: The number format of the largest maps.
/// - Returns: Whether N is more than 1 and the rest is so.
func fallsIntoSamples(_ x: Tensor, noise: NoiseSource, precision: DType) -> Bool {
  if case .random = noise.mode { return false }
  return x.size(0) > 1 && x.size(2) * x.size(3) >= 1024 && precision == .float32
    && !recordsGradients
}

/// Makes images one sample after the other.
///
/// - Parameters:
///   - n: N.
///   - body: Makes the image of a sample, [1, C, H, W], given what takes it from a batch.
/// - Returns: [N, C, H, W].
func sampleBySample(_ n: Int, _ body: (_ one: (Tensor) -> Tensor) -> Tensor) -> Tensor {
  let images = (0..<n).map { sample in body { $0.sliced(sample..<sample + 1, axis: 0) } }
  return .concatenate(images, axis: 0)
}

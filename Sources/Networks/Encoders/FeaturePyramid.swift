// The feature pyramid of pSp: Richardson et al., "Encoding in Style: a StyleGAN Encoder for
// Image-to-Image Translation" (2021), after Lin et al., "Feature Pyramid Networks for Object
// Detection" (2017).

import Layers
import Tensors

/// Features at three sizes, each with what the coarser ones know.
///
/// The coarsest stay as they are; each enlarged, with its corners where they were, is added to a
/// 1×1 convolution of the next finer ones.
///
/// - Shape: all results have the width of the coarsest features, and their own sizes.
final class FeaturePyramid {
  /// Features of one width at three sizes.
  struct Levels {
    let coarse: Tensor  // c3
    let middle: Tensor  // p2
    let fine: Tensor  // p1
  }

  private let lateral1: ConvolutionLayer
  private let lateral2: ConvolutionLayer

  /// Makes the layers `latlayer1` and `latlayer2` for features of these widths, fine to coarse.
  init(_ p: Scope, widths: [Int]) {
    lateral1 = ConvolutionLayer(
      p / "latlayer1", inChannels: widths[1], outChannels: widths[2], kernelSize: 1)
    lateral2 = ConvolutionLayer(
      p / "latlayer2", inChannels: widths[0], outChannels: widths[2], kernelSize: 1)
  }

  func callAsFunction(_ taps: IRSETrunk.Taps) -> Levels {
    let middle = self.middle(taps)
    return Levels(coarse: taps.coarse, middle: middle, fine: fine(taps, middle: middle))
  }

  /// The middle features.
  func middle(_ taps: IRSETrunk.Taps) -> Tensor {
    sum(enlarged(taps.coarse, like: taps.middle), lateral1(taps.middle))
  }

  /// The finest features, of the middle ones.
  func fine(_ taps: IRSETrunk.Taps, middle: Tensor) -> Tensor {
    sum(enlarged(middle, like: taps.fine), lateral2(taps.fine))
  }

  /// The sum, in the first one's place where no gradients are recorded.
  private func sum(_ x: Tensor, _ y: Tensor) -> Tensor {
    if recordsGradients { return x + y }
    x.addInPlace(y)
    return x
  }

  private func enlarged(_ x: Tensor, like other: Tensor) -> Tensor {
    x.enlargedBilinear(height: other.size(2), width: other.size(3), alignsCorners: true)
  }
}

// The feature pyramid of pSp: Richardson et al., "Encoding in Style: a StyleGAN Encoder for
// Image-to-Image Translation" (2021), after Lin et al., "Feature Pyramid Networks for Object
// Detection" (2017).

import Layers
import Tensors

/// Features at three sizes, each with what the coarser ones know.
///
/// The coarsest stay as they are, or pass a 1×1 convolution where the pyramid has a width of its own;
/// each enlarged, with its corners where they were, is added to a 1×1 convolution of the next finer
/// ones.
///
/// - Shape: all results have the width of the pyramid, and their own sizes.
final class FeaturePyramid {
  /// Features of one width at three sizes.
  struct Levels {
    let coarse: Tensor  // c3
    let middle: Tensor  // p2
    let fine: Tensor  // p1
  }

  private let lateral0: ConvolutionLayer?
  private let lateral1: ConvolutionLayer
  private let lateral2: ConvolutionLayer

  /// Makes the layers `latlayer1` and `latlayer2`, and `latlayer0` where the pyramid has a width of its
  /// own.
  init(_ p: Scope, _ shape: EncoderShape) {
    let (widths, width) = (shape.trunk.tapWidths, shape.featureWidth)
    func lateral(_ index: Int, of features: Int) -> ConvolutionLayer {
      ConvolutionLayer(
        p / "latlayer\(index)", inChannels: features, outChannels: width, kernelSize: 1)
    }
    lateral0 = shape.pyramidWidth == nil ? nil : lateral(0, of: widths[2])
    lateral1 = lateral(1, of: widths[1])
    lateral2 = lateral(2, of: widths[0])
  }

  func callAsFunction(_ taps: IRSETrunk.Taps) -> Levels {
    let coarse = self.coarse(taps)
    let middle = self.middle(taps, coarse: coarse)
    return Levels(coarse: coarse, middle: middle, fine: fine(taps, middle: middle))
  }

  /// The coarsest features.
  func coarse(_ taps: IRSETrunk.Taps) -> Tensor { lateral0.map { $0(taps.coarse) } ?? taps.coarse }

  /// The middle features, of the coarsest ones.
  func middle(_ taps: IRSETrunk.Taps, coarse: Tensor) -> Tensor {
    sum(coarse, lateral1, of: taps.middle)
  }

  /// The finest features, of the middle ones.
  func fine(_ taps: IRSETrunk.Taps, middle: Tensor) -> Tensor {
    sum(middle, lateral2, of: taps.fine)
  }

  /// Coarse features enlarged, and what a layer makes of finer ones; where no gradients are recorded,
  /// a few rows of the latter at a time.
  private func sum(_ coarse: Tensor, _ layer: ConvolutionLayer, of features: Tensor) -> Tensor {
    let height = features.size(2)
    let enlarged = coarse.enlargedBilinear(
      height: height, width: features.size(3), alignsCorners: true)
    if recordsGradients { return enlarged + layer(features) }
    for first in stride(from: 0, to: height, by: Self.rowsTogether) {
      let rows = first..<min(first + Self.rowsTogether, height)
      enlarged.sliced(rows, axis: 2).addInPlace(layer(features.sliced(rows, axis: 2)))
    }
    return enlarged
  }

  /// A quarter of the finest features of an image of 256 pixels.
  private static let rowsTogether = 16
}

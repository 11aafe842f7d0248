// The feature pyramid of pSp: Richardson et al., "Encoding in Style: a StyleGAN Encoder for
// Image-to-Image Translation" (2021), after Lin et al., "Feature Pyramid Networks for Object
// Detection" (2017).

import Layers
import Tensors

/// How fine features are that an encoder reads.
public enum FeatureLevel: String, CaseIterable, Codable, Hashable, Sendable {
  /// The trunk's last features, a sixteenth of an image's width.
  case coarse
  /// Twice as wide.
  case middle
  /// Twice as wide again.
  case fine

  /// The levels that are coarser.
  var coarser: Int {
    switch self {
    case .coarse: 0
    case .middle: 1
    case .fine: 2
    }
  }
}

/// Features at up to three sizes, each with what the coarser ones know.
///
/// The coarsest stay as they are, or pass a 1×1 convolution where the pyramid has a width of its own;
/// each enlarged, with its corners where they were, is added to a 1×1 convolution of the next finer
/// ones.
///
/// - Shape: all results have the width of the pyramid, and their own sizes.
final class FeaturePyramid {
  /// Features of one image or batch, each made when it is first read.
  struct Levels {
    private let pyramid: FeaturePyramid
    private let taps: IRSETrunk.Taps
    private var made: [Tensor]  // coarse to fine

    fileprivate init(_ pyramid: FeaturePyramid, _ taps: IRSETrunk.Taps) {
      (self.pyramid, self.taps) = (pyramid, taps)
      made = [pyramid.lateral0.map { $0(taps.coarse) } ?? taps.coarse]  // c3
    }

    /// The features of a level.
    mutating func callAsFunction(_ level: FeatureLevel) -> Tensor {
      while made.count <= level.coarser {
        let isMiddle = made.count == 1
        made.append(
          pyramid.sum(
            made[made.count - 1], isMiddle ? pyramid.lateral1 : pyramid.lateral2,
            of: isMiddle ? taps.middle : taps.fine))  // p2, then p1
      }
      return made[level.coarser]
    }
  }

  private let lateral0: ConvolutionLayer?
  private let lateral1: ConvolutionLayer?
  private let lateral2: ConvolutionLayer?

  /// Makes the layers `latlayer1` and `latlayer2` of the levels that are wanted, and `latlayer0` where the
  /// pyramid has a width of its own.
  ///
  /// - Parameters:
  ///   - p: The root of the names.
  ///   - shape: The sizes of the trunk and the pyramid.
  ///   - finest: The finest level that is read.
  init(_ p: Scope, _ shape: EncoderShape, finest: FeatureLevel = .fine) {
    let (widths, width) = (shape.trunk.tapWidths, shape.featureWidth)
    func lateral(_ index: Int, of features: Int) -> ConvolutionLayer {
      ConvolutionLayer(
        p / "latlayer\(index)", inChannels: features, outChannels: width, kernelSize: 1)
    }
    lateral0 = shape.pyramidWidth == nil ? nil : lateral(0, of: widths[2])
    lateral1 = finest.coarser > 0 ? lateral(1, of: widths[1]) : nil
    lateral2 = finest.coarser > 1 ? lateral(2, of: widths[0]) : nil
  }

  /// The levels of what a trunk has seen.
  func callAsFunction(_ taps: IRSETrunk.Taps) -> Levels { Levels(self, taps) }

  /// Coarse features enlarged, and what a layer makes of finer ones; where no gradients are recorded,
  /// a few rows of the latter at a time.
  private func sum(_ coarse: Tensor, _ layer: ConvolutionLayer?, of features: Tensor) -> Tensor {
    guard let layer else { preconditionFailure("a level that the pyramid was not made for") }
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

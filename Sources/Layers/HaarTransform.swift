// The Haar wavelet transform of images and its inverse.

public import Tensors

/// The four 2×2 kernels of the transform, as published modules keep them.
private struct HaarKernels {
  private let all: [Tensor]  // ll, lh, hl, hh [2, 2]

  /// Makes the buffers `ll`, `lh`, `hl` and `hh`.
  ///
  /// - Parameters:
  ///   - p: The transform's place among the names.
  ///   - mixedSign: The sign of `lh` and `hl`.
  init(_ p: Scope, mixedSign: Float) {
    // Outer products of (1, 1) / √2 and (-1, 1) / √2, row by row; the product of the rounded roots
    // is not quite 1 / 2.
    let half = Float(0.5).squareRoot() * Float(0.5).squareRoot()
    all = [
      ("ll", [1, 1, 1, 1], 1), ("lh", [-1, -1, 1, 1], mixedSign),
      ("hl", [-1, 1, -1, 1], mixedSign), ("hh", [1, -1, -1, 1], Float(1)),
    ].map { name, signs, sign in
      p.buffer(name, .values(Tensor(signs.map { $0 * sign * half }, shape: [2, 2])))
    }
  }

  /// All kernels [4, 1, 2, 2].
  var weight: Tensor { .stack(all).unsqueezed(1) }
}

/// Images as wavelet coefficients at half their size: low-pass along both axes, high-pass along
/// columns, along rows, along both.
///
/// - Shape: `x` [N, C, H, W], result [N, 4 C, H / 2, W / 2], all channels of one kind of coefficient
///   together.
public final class HaarTransform {
  private let kernels: HaarKernels

  /// Makes the transform's buffers.
  ///
  /// - Parameter p: The transform's place among the names.
  public init(_ p: Scope) { kernels = HaarKernels(p, mixedSign: 1) }

  /// Transforms images.
  ///
  /// - Parameter x: [N, C, H, W].
  /// - Returns: [N, 4 C, H / 2, W / 2].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let (n, c, h, w) = (x.size(0), x.size(1), x.size(2), x.size(3))
    // True convolutions turn the kernels around.
    return x.reshaped(n * c, 1, h, w).conv2d(kernels.weight.flipped(2, 3), stride: 2)
      .reshaped(n, c, 4, h / 2, w / 2).transposed(1, 2).reshaped(n, 4 * c, h / 2, w / 2)
  }
}

/// Wavelet coefficients as images at twice their size: what `HaarTransform` was given.
///
/// - Shape: `x` [N, 4 C, H, W], result [N, C, 2 H, 2 W].
public final class InverseHaarTransform {
  private let kernels: HaarKernels

  /// Makes the transform's buffers.
  ///
  /// - Parameter p: The transform's place among the names.
  public init(_ p: Scope) { kernels = HaarKernels(p, mixedSign: -1) }

  /// Transforms coefficients.
  ///
  /// - Parameter x: [N, 4 C, H, W].
  /// - Returns: [N, C, 2 H, 2 W].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let (n, c, h, w) = (x.size(0), x.size(1) / 4, x.size(2), x.size(3))
    return x.reshaped(n, 4, c, h, w).transposed(1, 2).reshaped(n * c, 4, h, w)
      .convTranspose2d(kernels.weight, stride: 2).reshaped(n, c, 2 * h, 2 * w)
  }
}

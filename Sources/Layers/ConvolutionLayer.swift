// The convolution without equalised learning rate, and the leaky ReLU with learned slopes, as
// PyTorch's modules have them.

import CKernels
public import Tensors

/// A convolution and a bias: PyTorch's own, without equalised learning rate.
///
/// - Shape: `x` [N, I, H, W], result [N, O, H', W'].
/// - Source: `torch.nn.Conv2d`, whose first values these are.
public final class ConvolutionLayer {
  private let weight: Tensor  // [O, I, k, k]
  private let bias: Tensor?  // [O]
  private let stride: Int
  private let padding: Int

  /// Makes the layer's parameters `weight` and `bias`.
  ///
  /// - Parameters:
  ///   - p: The layer's place among the names.
  ///   - inChannels: I.
  ///   - outChannels: O.
  ///   - k: The kernel's width and height.
  ///   - stride: Every how many pixels a result is kept, along both axes.
  ///   - padding: Zeros added on every side.
  ///   - hasBias: Whether a bias is added.
  public init(
    _ p: Scope, inChannels: Int, outChannels: Int, kernelSize k: Int, stride: Int = 1,
    padding: Int = 0, hasBias: Bool = true
  ) {
    let fanIn = inChannels * k * k
    weight = p.parameter("weight", .uniform([outChannels, inChannels, k, k], fanIn: fanIn))
    bias = hasBias ? p.parameter("bias", .uniform([outChannels], fanIn: fanIn)) : nil
    (self.stride, self.padding) = (stride, padding)
  }

  /// Applies the layer.
  ///
  /// - Parameter x: [N, I, H, W].
  /// - Returns: [N, O, H', W'].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    if stride == 1, padding == 1, weight.size(2) == 3 {
      return convolution3x3(x, weight: weight, bias: bias)
    }
    return call("aten::conv2d", x, weight, bias, [stride, stride], [padding, padding])
  }

  /// Applies the layer, then a normalisation with running statistics, then slopes.
  ///
  /// Where `isFinishable` says so all of it is one pass over memory.
  ///
  /// - Parameters:
  ///   - x: [N, I, H, W].
  ///   - norm: The normalisation; nil for none.
  ///   - slopes: The slopes; nil for none.
  ///   - rowPadding: Zeros above and below, where it is not the layer's own padding.
  /// - Returns: [N, O, H', W'].
  package func callAsFunction(
    _ x: Tensor, norm: BatchNormLayer?, slopes: PReLULayer? = nil, rowPadding: Int? = nil
  ) -> Tensor {
    guard isFinishable, rowPadding == nil else {
      let rows = rowPadding ?? padding
      var y: Tensor =
        rows == padding
        ? self(x) : call("aten::conv2d", x, weight, bias, [stride, stride], [rows, padding])
      y = norm?(y) ?? y
      return slopes?(y) ?? y
    }
    let (factor, summand) = norm?.factorAndSummand ?? (nil, nil)
    var offset = summand
    if let bias { offset = offset.map { $0 + (factor.map { bias * $0 } ?? bias) } ?? bias }
    ckernels_register()
    // Channels come in whole registers: those of pictures are filled up with zeros.
    let missing = (16 - weight.size(1) % 16) % 16
    return call(
      "stylist::conv3x3_finish", missing == 0 ? x : x.padded(0, 0, 0, 0, 0, missing),
      missing == 0 ? weight : weight.padded(0, 0, 0, 0, 0, missing), factor, offset, slopes?.weight)
  }

  /// Whether what follows the layer can be done in its pass over memory: by Winograd's filtering, in
  /// float32 on the processor, where no gradients are recorded.
  package var isFinishable: Bool {
    stride == 1 && padding == 1 && !recordsGradients
      && hasWinogradKernels(weight)
  }
}

/// A leaky ReLU whose slope below 0 is learned for every channel.
///
/// - Shape: `x` [N, C, …], result the same.
/// - Source: `torch.nn.PReLU`, whose slopes start at 0.25.
public final class PReLULayer {
  fileprivate let weight: Tensor  // [C]

  /// Makes the layer's parameter `weight`, the slopes.
  ///
  /// - Parameters:
  ///   - p: The layer's place among the names.
  ///   - channels: C.
  public init(_ p: Scope, channels: Int) {
    weight = p.parameter("weight", .constant(0.25, [channels]))
  }

  /// Applies the layer.
  ///
  /// - Parameter x: [N, C, …].
  /// - Returns: The same shape.
  public func callAsFunction(_ x: Tensor) -> Tensor { call("aten::prelu", x, weight) }
}

// 3×3 convolutions: Winograd's beside oneDNN's, those that keep the size, halve it and double it, and
// the gradients of their kernels. Channels lie side by side.

import Layers
import Tensors

/// Images and kernels of a convolution.
private struct Shape {
  let batch: Int
  let inChannels: Int
  let outChannels: Int
  let size: Int

  init(batch: Int, _ inChannels: Int, _ outChannels: Int, size: Int) {
    (self.batch, self.inChannels, self.outChannels) = (batch, inChannels, outChannels)
    self.size = size
  }

  var name: String { "\(inChannels) to \(outChannels), \(size)x\(size), batch \(batch)" }

  var images: Tensor { random([batch, inChannels, size, size]).channelsLast() }

  /// Kernels that are correlated with the images.
  var kernels: Tensor { random([outChannels, inChannels, 3, 3], seed: 1) }

  /// Kernels that the images' pixels are spread by.
  var spreadKernels: Tensor { random([inChannels, outChannels, 3, 3], seed: 1) }

  /// Each of so many pixels meets nine taps for each pair of channels.
  func flop(pixels: Int) -> Int { 18 * batch * pixels * inChannels * outChannels }
}

/// A convolution, and what computes it.
private typealias Path = (name: String, convolve: (_ x: Tensor, _ weight: Tensor) -> Tensor)

func convolutionBenchmarks() {
  for stride in [1, 2] {
    // With steps of 2 images are padded before, which makes their sizes odd.
    let shapes =
      stride == 1
      ? [
        Shape(batch: 16, 64, 64, size: 64), Shape(batch: 16, 128, 128, size: 32),
        Shape(batch: 4, 256, 256, size: 64), Shape(batch: 1, 512, 512, size: 16),
        Shape(batch: 1, 512, 512, size: 32), Shape(batch: 4, 512, 512, size: 8),
      ] : [Shape(batch: 16, 64, 128, size: 65), Shape(batch: 4, 256, 256, size: 129)]
    let paths: [Path] = [
      ("own", { convolution3x3($0, weight: $1, stride: stride) }),
      ("oneDNN", { convolution3x3Reference($0, weight: $1, stride: stride) }),
    ]
    for shape in shapes {
      let side = stride == 1 ? shape.size : (shape.size - 1) / 2
      register("conv3x3 by \(stride), \(shape.name)", paths, flop: shape.flop(pixels: side * side))
      {
        (shape.images, shape.kernels)
      }
    }
  }
  for shape in [
    Shape(batch: 1, 512, 512, size: 32), Shape(batch: 2, 512, 512, size: 32),
    Shape(batch: 1, 512, 256, size: 64),
    Shape(batch: 1, 256, 128, size: 128), Shape(batch: 16, 128, 64, size: 32),
  ] {
    let paths: [Path] = [
      ("own", { doublingConvolution3x3($0, weight: $1) }),
      ("oneDNN", { $0.convTranspose2d($1, stride: 2) }),
    ]
    let flop = shape.flop(pixels: shape.size * shape.size)
    register("doubling, \(shape.name)", paths, flop: flop) { (shape.images, shape.spreadKernels) }
  }
}

/// A convolution and the gradient of its kernels, which has as many products.
private func register(
  _ name: String, _ paths: [Path], flop: Int, operands: @escaping () -> (Tensor, Tensor)
) {
  for path in paths {
    benchmarkRate("\(name): forward, \(path.name)", flop: flop) {
      let (x, weight) = operands()
      return evaluation { path.convolve(x, weight) }
    }
    benchmarkRate("\(name): kernel gradient, \(path.name)", flop: flop) {
      let (x, weight) = operands()
      return differentiation([weight]) { path.convolve(x, $0[0]) }
    }
  }
}

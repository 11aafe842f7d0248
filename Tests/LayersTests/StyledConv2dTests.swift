// The layers of StyleGAN's synthesis where no gradients are recorded: the quick ways against the plain
// ones.

import Layers
import TestSupport
import Tensors
import Testing

/// Numbers in float32, which the quick ways take.
private func seeded(_ shape: [Int], _ seed: UInt64) -> Tensor {
  .seeded(shape, seed: seed, dtype: .float32)
}

// The bound of F(4, 3): along an axis the transforms' magnitudes |A| |G| |B| sum to 48 for the last of
// four results, so that roundings of 2^-24 grow 48² times; those of I channels of size 1 have random
// signs.
private func tolerance(inChannels i: Int) -> Double {
  48 * 48 * 0x1p-24 * Double(i).squareRoot()
}

@Suite("Winograd's convolution") struct WinogradConvolutionTests {
  // One tile, parts of tiles, many tiles: kernels and patches in either order, several samples at once.
  private static let shapes = [
    [1, 16, 4, 4], [3, 32, 7, 5], [2, 48, 9, 12], [2, 16, 41, 30], [1, 16, 1, 1],
  ]

  @Test("is the convolution of the scaled image", arguments: shapes)
  func sameSize(shape: [Int]) {
    let (n, i) = (shape[0], shape[1])
    let (x, weight, scale) = (seeded(shape, 1), seeded([32, i, 3, 3], 2), seeded([n, i], 3))
    withoutGradients {
      let y = call(
        "stylist::winograd_conv", x, weight, scale, Tensor?.none, Tensor?.none, Tensor?.none,
        Tensor?.none, 1.0, 1.0, Double?.none)
      let exact = (x * scale.reshaped(n, i, 1, 1)).cast(to: .float64)
        .conv2d(weight.cast(to: .float64), padding: [1, 1])
      expectClose(y.cast(to: .float64), exact, atol: tolerance(inChannels: i))
    }
  }

  @Test("serves layers that keep the size, with and without a bias", arguments: [true, false])
  func layer(hasBias: Bool) {
    let store = ParameterStore()
    let layer = ConvolutionLayer(
      Scope(store, generator: TorchGenerator(seed: 1)), inChannels: 32, outChannels: 64,
      kernelSize: 3, padding: 1, hasBias: hasBias)
    let x = seeded([2, 32, 11, 14], 2)
    withoutGradients {
      let exact = convolution3x3Reference(
        x.cast(to: .float64), weight: store["weight"].cast(to: .float64),
        bias: hasBias ? store["bias"].cast(to: .float64) : nil)
      expectClose(layer(x).cast(to: .float64), exact, atol: tolerance(inChannels: 32))
    }
  }

  @Test("that enlarges is the transposed one, mirrored or not", arguments: shapes)
  func doubleSize(shape: [Int]) {
    let (n, i) = (shape[0], shape[1])
    let (x, weight, scale) = (seeded(shape, 1), seeded([64, i, 3, 3], 2), seeded([n, i], 3))
    withoutGradients {
      let scaled = (x * scale.reshaped(n, i, 1, 1)).cast(to: .float64)
      for isMirrored in [false, true] {
        let y = call("stylist::winograd_conv_transpose", x, weight, scale, isMirrored)
        let kernel = (isMirrored ? weight.flipped(2, 3) : weight).transposed(0, 1)
        let exact = scaled.convTranspose2d(kernel.cast(to: .float64), stride: 2)
        expectClose(y.cast(to: .float64), exact, atol: tolerance(inChannels: i))
      }
    }
  }

  @Test("takes kernels as they lie in memory, those of StyleGAN's files among them")
  func kernelOrders() {
    let (x, weight) = (seeded([1, 16, 6, 6], 1), seeded([3, 3, 16, 32], 2))
    withoutGradients {
      let y = call(
        "stylist::winograd_conv_transpose", x, weight.permuted(3, 2, 0, 1), Tensor?.none, false)
      let same = call(
        "stylist::winograd_conv_transpose", x, weight.permuted(3, 2, 0, 1).contiguous(),
        Tensor?.none, false)
      expectClose(y, same, atol: 0)
    }
  }

  @Test("refuses channels that do not fill registers, and other number formats")
  func refusals() {
    let kernel = Tensor.ones([32, 16, 3, 3])
    for (x, weight, says) in [
      (Tensor.ones([1, 15, 4, 4]), Tensor.ones([32, 15, 3, 3]), "multiples of 16 and 32"),
      (Tensor.ones([1, 16, 4, 4], dtype: .float64), kernel, "expected float32"),
      (Tensor.ones([1, 8, 4, 4]), kernel, "expected [N, I, H, W] and [O, I, 3, 3]"),
    ] {
      let error = #expect(throws: TorchError.self) {
        try tryCall("stylist::winograd_conv_transpose", x, weight, Tensor?.none, false)
      }
      #expect(error?.description.contains(says) == true)
    }
  }
}

@Suite("Layers of StyleGAN's synthesis without gradients") struct StyledConv2dTests {
  private func epilogue(_ shape: [Int], isPerSample: Bool, clamp: Double?) -> ConvolutionEpilogue {
    let noise = isPerSample ? [shape[0], 1, shape[2], shape[3]] : [shape[2], shape[3]]
    return ConvolutionEpilogue(
      bias: seeded([shape[1]], 11), noise: seeded(noise, 12),
      noiseWeight: isPerSample ? seeded([shape[1]], 13) : nil, clamp: clamp)
  }

  @Test("the styled convolution is its reference", arguments: [1, 2])
  func styled(up: Int) {
    for (shape, clamp) in [([2, 32, 5, 7], nil), ([1, 16, 36, 33], 1.5), ([3, 16, 8, 8], nil)] {
      for taps in [[1.0, 3, 3, 1], [1, 2, 1], [1]] {
        let (x, weight) = (seeded(shape, 1), seeded([64, shape[1], 3, 3], 2))
        let styles = seeded([shape[0], shape[1]], 3) + 1
        let epilogue = epilogue(
          [shape[0], 64, up * shape[2], up * shape[3]], isPerSample: clamp == nil, clamp: clamp)
        let filter = resampleFilter(taps)
        let exact = styledConv2dReference(
          x, weight: weight, styles: styles, up: up, filter: filter, epilogue: epilogue)
        let quick = withoutGradients {
          styledConv2d(
            x, weight: weight, styles: styles, up: up, filter: filter, epilogue: epilogue)
        }
        // Demodulated kernels have the norm 1, the gain is √2, and enlarging filters have the sum 4.
        let norm = (9 * Double(shape[1])).squareRoot()
        let atol = tolerance(inChannels: shape[1]) / norm * 2.0.squareRoot() * Double(up * up)
        expectClose(quick, exact, atol: atol, "\(shape) up \(up) taps \(taps)")
      }
    }
  }

  @Test("the activated convolution is its reference, enlarging or not")
  func activated() {
    for shape in [[2, 32, 5, 7], [1, 16, 36, 33]] {
      let x = seeded(shape, 1)
      let weight = seeded([3, 3, shape[1], 32], 2).permuted(3, 2, 0, 1)
      let plain = epilogue([shape[0], 32, shape[2], shape[3]], isPerSample: true, clamp: nil)
      func convolved() -> Tensor {
        activatedConv2d(x, weight: weight, weightGain: 0.3, epilogue: plain)
      }
      // The kernels' gain, the leaky ReLU's, and the four pixels that enlarging adds up.
      let atol = 0.3 * 2.0.squareRoot() * 4 * tolerance(inChannels: shape[1])
      expectClose(withoutGradients(convolved), convolved(), atol: atol)
      let large = epilogue(
        [shape[0], 32, 2 * shape[2], 2 * shape[3]], isPerSample: true, clamp: nil)
      for blur in [resampleFilter([1, 2, 1]), nil] {
        for isMirrored in [false, true] {
          func enlarged() -> Tensor {
            activatedUpscaleConv2d(
              x, weight: weight, weightGain: 0.3, isMirrored: isMirrored, blur: blur,
              epilogue: large)
          }
          expectClose(withoutGradients(enlarged), enlarged(), atol: atol, "mirrored \(isMirrored)")
        }
      }
    }
  }

  @Test("few channels and 16-bit formats take the reference")
  func references() {
    let (weight, styles) = (seeded([6, 4, 3, 3], 2), seeded([1, 4], 3))
    let epilogue = ConvolutionEpilogue(bias: seeded([6], 4))
    for dtype in [DType.float32, .bfloat16] {
      let x = seeded([1, 4, 5, 5], 1).cast(to: dtype)
      let filter = defaultResampleFilter()
      let exact = styledConv2dReference(
        x, weight: weight, styles: styles, filter: filter, epilogue: epilogue)
      let same = withoutGradients {
        styledConv2d(x, weight: weight, styles: styles, filter: filter, epilogue: epilogue)
      }
      #expect(same.dtype == dtype)
      expectClose(same.cast(to: .float32), exact.cast(to: .float32), atol: 0)
    }
  }

  @Test("styles are the new means and deviations also where channels lie side by side")
  func adaptiveNormalisation() {
    let x = seeded([2, 5, 40, 30], 1).channelsLast()
    let (scale, shift) = (seeded([2, 5], 2), seeded([2, 5], 3))
    let exact = adaptiveInstanceNormReference(
      x.cast(to: .float64), scale: scale.cast(to: .float64), shift: shift.cast(to: .float64))
    withoutGradients {
      let quick = adaptiveInstanceNorm(x, scale: scale, shift: shift)
      expectClose(quick.cast(to: .float64), exact, atol: 1e-5)
      let replaced = adaptiveInstanceNorm(x, scale: scale, shift: shift, replacing: true)
      expectClose(replaced, quick, atol: 0)
      #expect(replaced.sharesMemory(with: x))
    }
  }
}

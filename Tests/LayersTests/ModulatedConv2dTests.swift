// The modulated convolution: fused against unfused, and both against the formula.

import Layers
import TestSupport
import Tensors
import Testing

@Suite("modulatedConv2d") struct ModulatedConv2dTests {
  private struct Choice: Sendable {
    let kernelSize: Int
    let up: Int
    let demodulate: Bool
    let hasNoise: Bool
  }

  private static let choices: [Choice] = [1, 3].flatMap { k in
    [1, 2].flatMap { up in
      [false, true].flatMap { demodulate in
        [false, true].map {
          Choice(kernelSize: k, up: up, demodulate: demodulate, hasNoise: $0)
        }
      }
    }
  }

  private func apply(
    _ c: Choice, x: Tensor, weight: Tensor, styles: Tensor, noise: Tensor?, fused: Bool
  ) -> Tensor {
    modulatedConv2d(
      x, weight: weight, styles: styles, noise: noise, up: c.up, padding: c.kernelSize / 2,
      filter: defaultResampleFilter(), demodulate: c.demodulate, flipWeight: c.up == 1, fused: fused
    )
  }

  private func inputs(_ c: Choice, batch: Int = 3) -> (
    x: Tensor, weight: Tensor, styles: Tensor, noise: Tensor?
  ) {
    let side = 5 * c.up
    return (
      .seeded([batch, 4, 5, 5], seed: 1), .seeded([6, 4, c.kernelSize, c.kernelSize], seed: 2),
      .seeded([batch, 4], seed: 3) + 1, c.hasNoise ? .seeded([batch, 1, side, side], seed: 4) : nil
    )
  }

  /// The formula, one sample at a time.
  private func expected(
    _ c: Choice, x: Tensor, weight: Tensor, styles: Tensor, noise: Tensor?
  ) -> Tensor {
    let samples = (0..<x.size(0)).map { n in
      var kernel = weight * styles.sliced(n..<n + 1, axis: 0).reshaped(1, -1, 1, 1)
      if c.demodulate {
        kernel = kernel / (kernel.square().sum(over: [1, 2, 3], keepAxes: true) + 1e-8).sqrt()
      }
      let y = conv2dResampleReference(
        x.sliced(n..<n + 1, axis: 0), weight: kernel, filter: defaultResampleFilter(), up: c.up,
        padding: Padding(c.kernelSize / 2), flipWeight: c.up == 1)
      return noise.map { y + $0.sliced(n..<n + 1, axis: 0) } ?? y
    }
    return .concatenate(samples, axis: 0)
  }

  @Test("fused and unfused equal the formula, sample by sample")
  func equalsFormula() {
    for c in Self.choices {
      let (x, weight, styles, noise) = inputs(c)
      let formula = expected(c, x: x, weight: weight, styles: styles, noise: noise)
      for fused in [false, true] {
        let y = apply(c, x: x, weight: weight, styles: styles, noise: noise, fused: fused)
        expectClose(y, formula, atol: 1e-12, "\(c) fused \(fused)")
      }
    }
  }

  @Test("noise of one image is shared by the batch")
  func sharedNoise() {
    let c = Choice(kernelSize: 3, up: 1, demodulate: true, hasNoise: false)
    let (x, weight, styles, _) = inputs(c)
    let noise = Tensor.seeded([5, 5], seed: 4)
    let without = apply(c, x: x, weight: weight, styles: styles, noise: nil, fused: true)
    let with = apply(c, x: x, weight: weight, styles: styles, noise: noise, fused: true)
    expectClose(with - without, noise.expanded(3, 6, 5, 5), atol: 1e-12)
  }

  @Test("first and second gradients agree with differences, for x, weight, styles and noise")
  func differences() {
    for c in Self.choices {
      for fused in [false, true] {
        let (x, weight, styles, noise) = inputs(c, batch: 2)
        let all = [x.sliced(0..<4, axis: 2), weight, styles] + (noise.map { [$0] } ?? [])
        expectSecondGradients(at: c.hasNoise ? [x, weight, styles] + all.suffix(1) : all, "\(c)") {
          apply(
            c, x: $0[0], weight: $0[1], styles: $0[2], noise: c.hasNoise ? $0[3] : nil, fused: fused
          )
        }
      }
    }
  }

  // Inputs, kernels and results are rounded to 8 or 11 bits, the kernel twice; 36 products of
  // random sign are summed in float32: the errors add up to a few roundings of a result of size 1
  // to 4.
  @Test(
    "16-bit formats stay close to float32",
    arguments: [(DType.float16, 8 * 0x1p-11), (.bfloat16, 8 * 0x1p-8)])
  func narrowFormats(dtype: DType, atol: Double) {
    for c in Self.choices {
      let (x, weight, styles, noise) = inputs(c)
      let (w, s) = (weight.cast(to: .float32), styles.cast(to: .float32))
      let wide = apply(c, x: x, weight: weight, styles: styles, noise: noise, fused: true)
      let scale = c.demodulate ? 1 : wide.abs().max().item()
      for fused in [false, true] {
        let y = apply(
          c, x: x.cast(to: dtype), weight: w, styles: s, noise: noise, fused: fused)
        #expect(y.dtype == dtype)
        expectClose(y, wide, atol: atol * scale, rtol: atol, "\(c) fused \(fused)")
      }
    }
  }

  @Test(
    "16-bit formats stay finite and right where weights, styles and images are large",
    arguments: [DType.float16, .bfloat16])
  func largeNumbers(dtype: DType) {
    // Without normalising first, float16 would overflow: 2000 * 2000 * 256 in every product.
    for fused in [false, true] {
      let x = Tensor.seeded([2, 64, 4, 4], seed: 1).clamped(from: -1, to: 1) * 256
      let weight = Tensor.seeded([8, 64, 3, 3], seed: 2) * 2000
      let styles = Tensor.seeded([2, 64], seed: 3) * 2000
      let wide = modulatedConv2d(x, weight: weight, styles: styles, padding: 1, fused: fused)
      let narrow = modulatedConv2d(
        x.cast(to: dtype), weight: weight.cast(to: .float32), styles: styles.cast(to: .float32),
        padding: 1, fused: fused)
      #expect(narrow.isFinite().all)
      let rounding = dtype == .float16 ? 0x1p-11 : 0x1p-8
      expectClose(narrow, wide, atol: 8 * rounding * 256, "fused \(fused)")
    }
  }

  @Test("demodulation makes the scales of weights and styles irrelevant")
  func scaleInvariance() {
    let c = Choice(kernelSize: 3, up: 1, demodulate: true, hasNoise: false)
    let (x, weight, styles, _) = inputs(c)
    let y = apply(c, x: x, weight: weight, styles: styles, noise: nil, fused: true)
    let scaled = apply(
      c, x: x, weight: weight * 1000, styles: styles * 7, noise: nil, fused: true)
    expectClose(scaled, y, atol: 1e-6)
  }

  @Test("traps on styles that do not fit")
  func misuse() async {
    await #expect(processExitsWith: .failure) {
      _ = modulatedConv2d(
        .ones([2, 3, 4, 4]), weight: .ones([1, 3, 1, 1]), styles: .ones([1, 3]))
    }
  }
}

// Convolutions that double or halve, and resizing by repeated and averaged pixels.

import Layers
import TestSupport
import Tensors
import Testing

@Suite("Doubling and halving convolutions") struct ScaledConv2dTests {
  // Sums of up to 100 products of numbers of size 1, in float64.
  @Test(
    "equal repeating pixels and convolving, and convolving and averaging", arguments: [1, 3, 5])
  func equalsReference(k: Int) {
    let x = Tensor.seeded([2, 4, 6, 8], seed: 1)
    let weight = Tensor.seeded([3, 4, k, k], seed: 2)
    expectClose(
      upscaleConv2d(x, weight: weight), upscaleConv2dReference(x, weight: weight), atol: 1e-12)
    expectClose(
      downscaleConv2d(x, weight: weight), downscaleConv2dReference(x, weight: weight), atol: 1e-12)
  }

  @Test("a kernel is applied as it stands: its right tap reads the pixel to the right")
  func orientation() {
    var taps = [Double](repeating: 0, count: 9)
    taps[5] = 1
    let weight = Tensor(taps, shape: [1, 1, 3, 3])
    let x = Tensor([1, 2, 3, 4] as [Double], shape: [1, 1, 2, 2])
    #expect(
      upscaleConv2d(x, weight: weight).values()
        == [1, 2, 2, 0, 1, 2, 2, 0, 3, 4, 4, 0, 3, 4, 4, 0])
    #expect(downscaleConv2d(x, weight: weight).values() == [1.5])
  }

  @Test("first and second gradients are those of the values")
  func differences() {
    let inputs = [Tensor.seeded([1, 2, 4, 4], seed: 3), .seeded([2, 2, 3, 3], seed: 4)]
    expectSecondGradients(at: inputs) { upscaleConv2d($0[0], weight: $0[1]) }
    expectSecondGradients(at: inputs) { downscaleConv2d($0[0], weight: $0[1]) }
  }

  @Test("traps on kernels without a middle")
  func misuse() async {
    await #expect(processExitsWith: .failure) {
      _ = upscaleConv2d(.ones([1, 1, 4, 4]), weight: .ones([1, 1, 2, 2]))
    }
  }
}

@Suite("Repeated and averaged pixels") struct NearestResamplingTests {
  private let x = Tensor([1, 2, 3, 4] as [Double], shape: [1, 1, 2, 2])

  @Test("every pixel is repeated along both axes")
  func repeating() {
    #expect(
      nearestUpsample2d(x).values() == [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4])
    #expect(nearestUpsample2d(x, factor: 4).shape == [1, 1, 8, 8])
    #expect(nearestUpsample2d(x, factor: 1).isSame(as: x))
  }

  @Test("squares of pixels are averaged, and averaging undoes repeating")
  func averaging() {
    #expect(averagePool2d(x).values() == [2.5])
    #expect(averagePool2d(x, factor: 1).isSame(as: x))
    for factor in [2, 4] {
      let images = Tensor.seeded([2, 3, 4, 4], seed: 1)
      let there = nearestUpsample2d(images, factor: factor)
      expectClose(averagePool2d(there, factor: factor), images, atol: 1e-14)
    }
  }

  @Test("first and second gradients are those of the values")
  func differences() {
    expectSecondGradients(at: [.seeded([1, 2, 4, 4], seed: 3)]) { averagePool2d($0[0]) }
    expectSecondGradients(at: [.seeded([1, 2, 2, 3], seed: 3)]) { nearestUpsample2d($0[0]) }
  }
}

@Suite("Instance normalisation") struct InstanceNormalizationTests {
  @Test("every channel of every image gets the mean 0 and the variance 1")
  func moments() {
    let y = (Tensor.seeded([2, 3, 8, 8], seed: 1) * 5 + 7).normalizedPerInstance()
    expectClose(y.mean(over: 2, 3), .zeros([2, 3], dtype: .float64), atol: 1e-12)
    expectClose(y.square().mean(over: 2, 3), .ones([2, 3], dtype: .float64), atol: 1e-8)
    #expect(Tensor.ones([1, 2, 4, 4]).normalizedPerInstance().abs().max().item() == 0)
  }

  @Test("a style is the new mean and deviation of a channel")
  func styles() {
    let x = Tensor.seeded([2, 3, 8, 8], seed: 1) * 5 + 7
    let (scale, shift) = (Tensor.seeded([2, 3], seed: 2), Tensor.seeded([2, 3], seed: 3))
    let y = adaptiveInstanceNorm(x, scale: scale, shift: shift)
    expectClose(y, adaptiveInstanceNormReference(x, scale: scale, shift: shift), atol: 1e-12)
    expectClose(y.mean(over: 2, 3), shift, atol: 1e-12)
  }

  @Test("first and second gradients are those of the values")
  func differences() {
    let inputs = [
      Tensor.seeded([2, 2, 3, 3], seed: 4), .seeded([2, 2], seed: 5), .seeded([2, 2]),
    ]
    expectSecondGradients(at: inputs) {
      adaptiveInstanceNorm($0[0], scale: $0[1], shift: $0[2])
    }
    expectSecondGradients(at: [inputs[0]]) { $0[0].normalizedPerInstance() }
  }
}

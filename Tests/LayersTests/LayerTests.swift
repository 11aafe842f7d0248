// Fully connected and convolution layers, normalisations: against their formulas.

import Layers
import TestSupport
import Tensors
import Testing

@Suite("Layers") struct LayerTests {
  private func scope() -> Scope {
    Scope(ParameterStore(), dtype: .float64, generator: TorchGenerator(seed: 1))
  }

  @Test("a fully connected layer stores weights divided by its rate and scales them when used")
  func fullyConnected() {
    let p = scope()
    let layer = FullyConnectedLayer(
      p, inFeatures: 4, outFeatures: 3, activation: .lrelu, lrMultiplier: 0.01, biasInit: 2)
    #expect(layer.bias?.values(as: Double.self) == [200, 200, 200])
    #expect(abs(layer.weight.square().mean().item().squareRoot() - 100) < 60)
    let x = Tensor.seeded([2, 4], seed: 2)
    let z = x.matmul(layer.weight.transposed(0, 1)) * (0.01 / 2) + 2
    expectClose(layer(x), z.leakyReLU(slope: 0.2) * 2.0.squareRoot(), atol: 1e-12)
    #expect(p.store.names(under: "") == ["weight", "bias"])
  }

  @Test("a linear layer without bias is its matrix over the root of its width")
  func linear() {
    let p = scope()
    let layer = FullyConnectedLayer(p, inFeatures: 9, outFeatures: 2, hasBias: false)
    let x = Tensor.seeded([5, 9], seed: 2)
    expectClose(layer(x), x.matmul(layer.weight.transposed(0, 1)) / 3, atol: 1e-13)
    #expect(p.store.names(under: "") == ["weight"])
  }

  @Test("a convolution layer scales, convolves, adds, activates, then bounds")
  func convolution() {
    let p = scope()
    let layer = Conv2dLayer(
      p, inChannels: 2, outChannels: 3, kernelSize: 3, activation: .lrelu, clamp: 0.5)
    p.store["bias"].assign(.seeded([3], seed: 5))
    let x = Tensor.seeded([2, 2, 4, 5], seed: 2)
    let z = x.conv2d(p.store["weight"] / 18.0.squareRoot(), padding: [1, 1])
    let y =
      (z + p.store["bias"].reshaped(1, 3, 1, 1)).leakyReLU(slope: 0.2) * (2.0.squareRoot() * 0.7)
    expectClose(layer(x, gain: 0.7), y.clamped(from: -0.35, to: 0.35), atol: 1e-13)
    #expect(p.store.names(under: "") == ["weight", "bias", "resample_filter"])
    #expect(p.store.parameterCount == 54 + 3)
  }

  @Test("convolution layers up and down equal their plain definitions")
  func resamplingConvolution() {
    for (up, down) in [(2, 1), (1, 2)] {
      for k in [1, 3] {
        let p = scope()
        let layer = Conv2dLayer(
          p, inChannels: 2, outChannels: 3, kernelSize: k, hasBias: false, up: up, down: down)
        let x = Tensor.seeded([2, 2, 4, 6], seed: 2)
        let expected = conv2dResampleReference(
          x, weight: p.store["weight"] / Double(2 * k * k).squareRoot(),
          filter: p.store["resample_filter"], up: up, down: down, padding: Padding(k / 2),
          flipWeight: up == 1)
        expectClose(layer(x), expected, atol: 1e-12, "up \(up), down \(down), kernel \(k)")
      }
    }
  }

  @Test("layers keep the format of x with parameters in float32", arguments: DType.allFloating)
  func formats(dtype: DType) {
    let p = Scope(ParameterStore(), generator: TorchGenerator(seed: 1))
    let linear = FullyConnectedLayer(p / "a", inFeatures: 4, outFeatures: 3, activation: .lrelu)
    let convolution = Conv2dLayer(p / "b", inChannels: 2, outChannels: 3, kernelSize: 3, down: 2)
    let (x, img) = (
      Tensor.seeded([2, 4], dtype: dtype), Tensor.seeded([1, 2, 4, 4], dtype: dtype)
    )
    #expect(linear(x).dtype == dtype)
    #expect(convolution(img).dtype == dtype)
  }

  @Test("first and second gradients of layers agree with differences, parameters included")
  func differences() {
    let p = scope()
    let linear = FullyConnectedLayer(
      p / "a", inFeatures: 3, outFeatures: 4, activation: .softplus, lrMultiplier: 0.5)
    expectSecondGradients(at: [.seeded([2, 3], seed: 2)]) { linear($0[0]) }
    let convolution = Conv2dLayer(
      p / "b", inChannels: 2, outChannels: 2, kernelSize: 3, activation: .lrelu, down: 2)
    expectSecondGradients(at: [.seeded([1, 2, 4, 4], seed: 2)]) { convolution($0[0], gain: 0.5) }
    expectSecondGradients(at: [.seeded([4, 2, 2, 2], seed: 2)]) {
      minibatchStandardDeviation($0[0], groupSize: 2, channels: 2)
    }
    expectSecondGradients(at: [.seeded([2, 5], seed: 2)]) { $0[0].normalizedSecondMoment() }
  }

  @Test("normalising makes the mean square 1, over axis 1 alone")
  func secondMoment() {
    let x = Tensor.seeded([3, 8], seed: 1) * 100
    let y = x.normalizedSecondMoment()
    expectClose(y.square().mean(over: 1), Tensor([1.0, 1, 1]), atol: 1e-9)
    expectClose(y / y.sliced(0..<1, axis: 1), x / x.sliced(0..<1, axis: 1), atol: 1e-9)
    #expect(Tensor.zeros([2, 4]).normalizedSecondMoment().values().allSatisfy { $0 == 0 })
  }

  @Test("the minibatch standard deviation groups samples by stride, and channels in parts")
  func minibatchDeviation() {
    let (n, c, h, w, g, f) = (6, 4, 2, 3, 3, 2)
    let x = Tensor.seeded([n, c, h, w], seed: 1)
    let values = x.values(as: Double.self)
    func at(_ n: Int, _ c: Int, _ pixel: Int) -> Double { values[(n * 4 + c) * h * w + pixel] }
    let y = minibatchStandardDeviation(x, groupSize: g, channels: f)
    #expect(y.shape == [n, c + f, h, w])
    expectClose(y.sliced(0..<c, axis: 1), x, atol: 0)
    for sample in 0..<n {
      // Samples m, m + n/g, m + 2 n/g make one group.
      let group = (0..<g).map { sample % (n / g) + $0 * (n / g) }
      for part in 0..<f {
        var sum = 0.0
        for channel in part * (c / f)..<(part + 1) * (c / f) {
          for pixel in 0..<h * w {
            let members = group.map { at($0, channel, pixel) }
            let mean = members.reduce(0, +) / Double(g)
            let variance = members.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(g)
            sum += (variance + 1e-8).squareRoot()
          }
        }
        let expected = sum / Double(c / f * h * w)
        let found = y.selected(sample, axis: 0).selected(c + part, axis: 0)
        expectClose(found, .full(expected, [h, w], dtype: .float64), atol: 1e-12)
      }
    }
  }

  @Test("groups are as large as the batch where it is smaller, or where none is said")
  func minibatchGroups() {
    let x = Tensor.seeded([2, 3, 2, 2], seed: 1)
    let whole = minibatchStandardDeviation(x, groupSize: nil)
    expectClose(minibatchStandardDeviation(x, groupSize: 4), whole, atol: 0)
    expectClose(minibatchStandardDeviation(x, groupSize: 2), whole, atol: 0)
  }

  @Test("traps on a batch that groups do not divide")
  func misuse() async {
    await #expect(processExitsWith: .failure) {
      _ = minibatchStandardDeviation(.ones([3, 2, 2, 2]), groupSize: 2)
    }
  }
}

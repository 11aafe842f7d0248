// The layers that are as PyTorch's modules have them: batch normalisation, convolution, slopes,
// dropping, and images at other sizes.

import Foundation
import Layers
import OrderedCollections
import TestSupport
import Tensors
import Testing

@Suite("Batch normalisation") struct BatchNormTests {
  /// A layer whose tensors are all random, and its store.
  private func layer(channels: Int = 3, isAffine: Bool = true) -> (BatchNormLayer, ParameterStore) {
    let store = ParameterStore()
    let layer = BatchNormLayer(
      Scope(store, dtype: .float64), channels: channels, isAffine: isAffine)
    for (i, name) in store.entries.keys.enumerated() where name != "num_batches_tracked" {
      store[name].assign(.seeded([channels], seed: UInt64(i)).square() + 0.5)
    }
    return (layer, store)
  }

  private func perChannel(_ x: Tensor) -> Tensor { x.reshaped(1, -1, 1, 1) }

  @Test("evaluation takes the running statistics, and leaves them")
  func evaluation() {
    let (layer, store) = layer()
    let x = Tensor.seeded([2, 3, 4, 5])
    let before = store.entries.mapValues { $0.tensor.values(as: Double.self) }
    let scale = (store["running_var"] + 1e-5).rsqrt() * store["weight"]
    let centred = x - perChannel(store["running_mean"])
    expectClose(
      layer(x), centred * perChannel(scale) + perChannel(store["bias"]), atol: 1e-12)
    #expect(store.entries.mapValues { $0.tensor.values(as: Double.self) } == before)
  }

  @Test("training takes those of the batch with divisor n, and moves the running ones with n - 1")
  func training() {
    let (layer, store) = layer()
    let x = Tensor.seeded([2, 3, 4, 5])
    let (variance, mean) = x.varianceAndMean(over: 0, 2, 3)
    let (oldMean, oldVariance) = (store["running_mean"].cloned(), store["running_var"].cloned())
    let scaled = (x - mean) * (variance + 1e-5).rsqrt() * perChannel(store["weight"])
    expectClose(
      layer(x, purpose: .training), scaled + perChannel(store["bias"]), atol: 1e-12)
    let movedMean = oldMean * 0.9 + mean.reshaped(-1) * 0.1
    expectClose(store["running_mean"], movedMean, atol: 1e-12)
    // Of 40 numbers a channel.
    let movedVariance = oldVariance * 0.9 + variance.reshaped(-1) * (4.0 / 39)
    expectClose(store["running_var"], movedVariance, atol: 1e-12)
    #expect(store["num_batches_tracked"].item() == 1)
    _ = layer(x, purpose: .training)
    #expect(store["num_batches_tracked"].item() == 2)
  }

  @Test("vectors are normalised as images are; without scale and shift there are no parameters")
  func vectors() {
    let (layer, store) = layer(isAffine: false)
    #expect(store.trainable.isEmpty)
    let x = Tensor.seeded([6, 3])
    let expected = (x - store["running_mean"]) * (store["running_var"] + 1e-5).rsqrt()
    expectClose(layer(x), expected, atol: 1e-12)
  }

  @Test("gradients are what differences say", arguments: [ForwardPurpose.evaluation, .training])
  func gradients(purpose: ForwardPurpose) {
    let layer = layer().0
    expectGradients(at: [.seeded([2, 3, 3, 2])]) { layer($0[0], purpose: purpose) }
  }
}

@Suite("Layers as PyTorch has them") struct TorchLayerTests {
  @Test("a convolution is the correlation with its kernels, and its bias")
  func convolution() {
    let store = ParameterStore()
    let p = Scope(store, dtype: .float64, generator: TorchGenerator(seed: 1))
    let layer = ConvolutionLayer(
      p, inChannels: 3, outChannels: 4, kernelSize: 3, stride: 2, padding: 1)
    let x = Tensor.seeded([2, 3, 5, 6])
    let expected =
      x.conv2d(store["weight"], stride: 2, padding: [1, 1]) + store["bias"].reshaped(1, 4, 1, 1)
    expectClose(layer(x), expected, atol: 1e-12)
    #expect(layer(x).shape == [2, 4, 3, 3])
  }

  @Test("first values stay within one over the root of the fan-in, and reach near it")
  func firstValues() {
    let store = ParameterStore()
    let p = Scope(store, generator: TorchGenerator(seed: 1))
    _ = ConvolutionLayer(p / "c", inChannels: 16, outChannels: 64, kernelSize: 3)
    _ = LinearLayer(
      p / "l", inFeatures: 144, outFeatures: 64, weightInit: .uniform, biasInit: .uniform)
    for name in ["c.weight", "c.bias", "l.weight", "l.bias"] {
      let largest = store[name].abs().max().item()
      #expect(largest <= 1 / 12.0 && largest > 0.9 / 12, "\(name): \(largest)")
    }
  }

  @Test("slopes below 0 are those of the channel, and start at a quarter")
  func slopes() {
    let store = ParameterStore()
    let layer = PReLULayer(Scope(store, dtype: .float64), channels: 2)
    let x = Tensor([-4.0, 4, -8, 8], shape: [1, 2, 2, 1])
    #expect(layer(x).values(as: Double.self) == [-1, 4, -2, 8])
    store["weight"].assign(Tensor([0.5, 0.125]))
    #expect(layer(x).values(as: Double.self) == [-2, 4, -1, 8])
  }

  @Test(
    "a convolution finished in its pass is normalised and sloped as by itself", arguments: [3, 32])
  func finishedConvolution(inChannels: Int) {
    let store = ParameterStore()
    let p = Scope(store, generator: TorchGenerator(seed: 2))
    let convolution = ConvolutionLayer(
      p / "conv", inChannels: inChannels, outChannels: 32, kernelSize: 3, padding: 1)
    let norm = BatchNormLayer(p / "norm", channels: 32)
    let slopes = PReLULayer(p / "slopes", channels: 32)
    for (seed, name) in ["weight", "bias", "running_mean"].enumerated() {
      store["norm.\(name)"].assign(.seeded([32], seed: UInt64(seed), dtype: .float32))
    }
    store["norm.running_var"].assign(.seeded([32], seed: 4, dtype: .float32).square() + 0.5)
    // Learned slopes may be negative, or larger than 1.
    store["slopes.weight"].assign(.seeded([32], seed: 5, dtype: .float32))
    let x = Tensor.seeded([2, inChannels, 9, 7], seed: 6, dtype: .float32)
    let expected = slopes(norm(convolution(x)))
    let largest: Double = expected.abs().max().item()
    let quick = withoutGradients { convolution(x, norm: norm, slopes: slopes) }
    // The errors of Winograd's filtering.
    expectClose(quick, expected, atol: 2e-5 * largest)
    let plain = withoutGradients { slopes(convolution(x, norm: nil)) }
    let unsloped = withoutGradients { convolution(x, norm: nil, slopes: slopes) }
    expectClose(unsloped, plain, atol: 2e-5 * largest)
  }

  @Test("dropping keeps the mean, drops the share, and depends on the seed alone")
  func dropout() {
    func dropped(seed: UInt64) -> Tensor {
      Dropout(probability: 0.25, generator: TorchGenerator(seed: seed))(.ones([200, 200]))
    }
    let x = dropped(seed: 1)
    let values = Set(x.values(as: Float.self))
    #expect(values == [0, Float(1 / 0.75)])
    // 40,000 draws: the mean is within 5 standard errors of 1.
    #expect(abs(x.mean().item() - 1) < 5 * (1.0 / 3).squareRoot() / 200)
    #expect(bits(dropped(seed: 1)) == bits(x) && bits(dropped(seed: 2)) != bits(x))
    let none = Dropout(probability: 0, generator: TorchGenerator(seed: 1))
    let y = Tensor.ones([3])
    #expect(none(y).isSame(as: y))
  }

  @Test("adaptive averages take overlapping windows, and repeat pixels where there are too few")
  func adaptivePooling() {
    let row = Tensor([1.0, 2, 4, 8, 16], shape: [1, 1, 1, 5])
    // Windows 0..<2, 1..<4 and 3..<5.
    #expect(
      adaptiveAveragePool2d(row * 3, height: 1, width: 3).values(as: Double.self)
        == [4.5, 14, 36])
    let pair = Tensor([1.0, 3], shape: [1, 1, 1, 2])
    #expect(
      adaptiveAveragePool2d(pair, height: 2, width: 4).values(as: Double.self)
        == [1, 1, 3, 3, 1, 1, 3, 3])
  }

  @Test("picked pixels are those whose number is rounded down")
  func nearest() {
    let row = Tensor((0..<8).map(Double.init), shape: [1, 1, 1, 8])
    let expected: [Double] = (0..<7).map { Double($0 * 8 / 7) }
    #expect(nearestResized2d(row, height: 1, width: 7).values(as: Double.self) == expected)
  }

  @Test("maxima of windows, beyond whose edges there is nothing")
  func maxima() {
    let x = Tensor((0..<16).map { -Double($0) - 1 }, shape: [1, 1, 4, 4])
    #expect(
      maxPool2d(x, kernelSize: 3, stride: 2, padding: 1).values(as: Double.self)
        == [-1, -2, -5, -6])
    #expect(maxPool2d(x, kernelSize: 1, stride: 2).values(as: Double.self) == [-1, -3, -9, -11])
    #expect(maxPool2d(x, kernelSize: 3, stride: 2).values(as: Double.self) == [-1])
    #expect(
      maxPool2d(x, kernelSize: 3, stride: 2, roundsUp: true).values(as: Double.self)
        == [-1, -3, -9, -11])
  }
}

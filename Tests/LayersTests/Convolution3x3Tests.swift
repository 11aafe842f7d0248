// The 3×3 convolutions by Winograd's minimal filtering and their gradients, against libtorch's.

import Layers
import TestSupport
import Tensors
import Testing

private func seeded(_ shape: [Int], _ seed: UInt64) -> Tensor {
  .seeded(shape, seed: seed, dtype: .float32)
}

// Errors of the transforms' products are 1e-5 of the largest result at most; the second gradients are
// made of such results.
private let tolerance = 2e-5

@Suite("Convolutions of 3×3 taps") struct Convolution3x3Tests {
  struct Choice: CustomTestStringConvertible, Sendable {
    let samples: Int
    let inChannels: Int
    let outChannels: Int
    let height: Int
    let width: Int
    var testDescription: String { "\(samples)×\(inChannels)→\(outChannels)×\(height)×\(width)" }
  }

  // Of the smaller image: one pixel, parts of tiles, whole tiles, many tiles for few kernels.
  private static let choices = [
    Choice(samples: 1, inChannels: 32, outChannels: 32, height: 1, width: 1),
    Choice(samples: 2, inChannels: 32, outChannels: 64, height: 9, width: 7),
    Choice(samples: 3, inChannels: 64, outChannels: 32, height: 16, width: 12),
    Choice(samples: 1, inChannels: 32, outChannels: 32, height: 37, width: 34),
  ]

  /// The result, its gradients by all inputs, and those of a curved function of all of these.
  private func allGradients(at inputs: [Tensor], _ dtype: DType, _ compute: ([Tensor]) -> Tensor)
    -> [Tensor]
  {
    let inputs = inputs.map { $0.cast(to: dtype).detached().requiringGrad() }
    let y = compute(inputs)
    let weights = Tensor.seeded(y.shape, seed: 7).cast(to: dtype)
    let first = gradients(
      of: [y], withRespectTo: inputs, weights: [weights], createGraph: true)
    let loss = (first + [y]).map { $0.square().sum() }.reduce(Tensor.zeros([], dtype: dtype), +)
    return [y] + first + gradients(of: [loss], withRespectTo: inputs)
  }

  private func expectSame(
    at inputs: [Tensor], _ quick: ([Tensor]) -> Tensor, _ plain: ([Tensor]) -> Tensor
  ) {
    let found = allGradients(at: inputs, .float32, quick)
    let expected = allGradients(at: inputs, .float64, plain)
    for (i, (found, expected)) in zip(found, expected).enumerated() {
      let largest: Double = expected.abs().max().item()
      expectClose(
        found.cast(to: .float64), expected, atol: tolerance * largest, "result \(i)")
    }
  }

  @Test(
    "count as many multiply-adds as the definition, with gradients and without", arguments: [1, 2])
  func multiplyAdds(stride: Int) {
    let (x, weight) = (Tensor.zeros([2, 32, 9, 7]), Tensor.zeros([64, 32, 3, 3]))
    let expected = countingMultiplyAdds {
      _ = convolution3x3Reference(x, weight: weight, stride: stride)
    }
    #expect(
      countingMultiplyAdds { _ = convolution3x3(x, weight: weight, stride: stride) } == expected)
    withoutGradients {
      #expect(
        countingMultiplyAdds { _ = convolution3x3(x, weight: weight, stride: stride) } == expected)
    }
  }

  @Test("and their gradients of both orders are libtorch's", arguments: choices, [1, 2])
  func convolution(c: Choice, stride: Int) {
    let rest = stride - 1
    let x = seeded([c.samples, c.inChannels, c.height * stride + rest, c.width * stride + rest], 1)
    expectSame(at: [x, seeded([c.outChannels, c.inChannels, 3, 3], 2), seeded([c.outChannels], 3)])
    {
      convolution3x3($0[0], weight: $0[1], bias: $0[2], stride: stride)
    } _: {
      convolution3x3Reference($0[0], weight: $0[1], bias: $0[2], stride: stride)
    }
  }

  @Test("are transposed as libtorch's are", arguments: choices)
  func transpose(c: Choice) {
    let y = seeded([c.samples, c.outChannels, c.height, c.width], 1)
    expectSame(at: [y, seeded([c.outChannels, c.inChannels, 3, 3], 2)]) {
      doublingConvolution3x3($0[0], weight: $0[1])
    } _: {
      $0[0].convTranspose2d($0[1], stride: 2)
    }
  }

  @Test("take another way than libtorch's where they can, and only there")
  func ways() {
    let (x, weight) = (seeded([1, 32, 9, 9], 1), seeded([32, 32, 3, 3], 2))
    func isLibtorchs(_ x: Tensor, _ weight: Tensor, stride: Int) -> Bool {
      convolution3x3(x, weight: weight, stride: stride).values()
        == convolution3x3Reference(x, weight: weight, stride: stride).values()
    }
    for stride in [1, 2] {
      #expect(isLibtorchs(x, weight, stride: stride) == (kernelFeatureLevel != "AVX512"))
      let few = (x.sliced(0..<24, axis: 1), weight.sliced(0..<24, axis: 1))
      #expect(isLibtorchs(few.0, few.1, stride: stride))
      #expect(
        isLibtorchs(x.cast(to: .float64), weight.cast(to: .float64), stride: stride))
    }
    #expect(isLibtorchs(seeded([1, 32, 8, 9], 1), weight, stride: 2), "an even size")
  }

  @Test(
    "give images whose channels lie side by side, as do their gradients",
    .enabled(
      if: kernelFeatureLevel == "AVX512", "libtorch's convolution keeps the order it is given"))
  func order() {
    let x = seeded([2, 32, 8, 8], 1).requiringGrad()
    let y = convolution3x3(x, weight: seeded([32, 32, 3, 3], 2))
    #expect(y.strides == [2048, 1, 256, 32])
    let dx = gradients(of: [y], withRespectTo: [x], weights: [seeded(y.shape, 3)])[0]
    #expect(dx.strides == [2048, 1, 256, 32])
  }

  @Test("and ReLU in one pass, with padding and without", arguments: choices, [0, 1])
  func rectified(c: Choice, padding: Int) {
    guard padding == 1 || min(c.height, c.width) >= 3 else { return }
    let x = seeded([c.samples, c.inChannels, c.height, c.width], 1)
    let (weight, bias) = (
      seeded([c.outChannels, c.inChannels, 3, 3], 2), seeded([c.outChannels], 3)
    )
    let wide: Tensor = call(
      "aten::conv2d", x.cast(to: .float64), weight.cast(to: .float64), bias.cast(to: .float64),
      [1, 1], [padding, padding])
    let expected = wide.relu()
    let largest: Double = expected.max().item()
    let found = withoutGradients {
      rectifiedConvolution3x3(x, weight: weight, bias: bias, padding: padding)
    }
    expectClose(found.cast(to: .float64), expected, atol: tolerance * largest)
    expectClose(
      rectifiedConvolution3x3(x, weight: weight, bias: bias, padding: padding)
        .cast(to: .float64), expected, atol: tolerance * largest)
  }

  @Test("refuse sizes that do not fit, and steps of 3")
  func refusals() {
    let (x, weight) = (Tensor.ones([1, 32, 8, 8]), Tensor.ones([32, 32, 3, 3]))
    func expectRefusal(_ says: String, _ compute: () throws -> [Tensor]) {
      let error = #expect(throws: TorchError.self) { _ = try compute() }
      #expect(error?.description.contains(says) == true)
    }
    expectRefusal("expected odd sizes and steps of 1 or 2") {
      try tryCall("stylist::conv3x3", x, weight, Tensor?.none, 2)
    }
    expectRefusal("steps of 3, expected 1 or 2") {
      try tryCall("stylist::conv3x3_transpose", x, weight, 3)
    }
    expectRefusal("steps of 3, expected 1 or 2") {
      try tryCall("stylist::conv3x3_weight_grad", x, x, 3)
    }
    expectRefusal("for steps of 1, expected") {
      try tryCall("stylist::conv3x3_weight_grad", x, Tensor.ones([1, 32, 7, 8]), 1)
    }
  }
}

@Suite("Images whose channels lie side by side") struct ChannelsLastTests {
  @Test("are activated as others are, and stay so", arguments: DType.allFloating)
  func activation(dtype: DType) {
    for channels in [3, 32] {
      let x = Tensor.seeded([2, channels, 5, 7], seed: 1, dtype: dtype)
      func all(_ x: Tensor) -> [Tensor] {
        let x = x.requiringGrad()
        let bias = Tensor.seeded([channels], seed: 2, dtype: dtype).requiringGrad()
        let y = biasAct(x, bias: bias, activation: .lrelu, clamp: 0.8)
        let found = gradients(
          of: [y], withRespectTo: [x, bias], weights: [.seeded(y.shape, seed: 3, dtype: dtype)])
        return [y, found[0], found[1]]
      }
      let (found, expected) = (all(x.channelsLast()), all(x))
      for i in 0..<2 {
        #expect(found[i].strides == x.channelsLast().strides)
        expectClose(found[i], expected[i], atol: 0)
      }
      // Its numbers are added in another order.
      let unit = dtype == .bfloat16 ? 0x1p-8 : dtype == .float16 ? 0x1p-11 : 0x1p-23
      expectClose(found[2], expected[2], atol: 70 * unit)
    }
  }

  @Test("are resampled as others are, and stay so, gradients too")
  func resampling() {
    let filter = seeded([4, 3], 9)
    for (up, down, padding) in [
      (1, 1, Padding(2)), (2, 1, Padding(left: 2, right: 1, top: 3, bottom: 0)), (1, 2, Padding(1)),
      (2, 3, Padding(left: -1, right: 2, top: 1, bottom: -2)),
    ] {
      for channels in [16, 80, 24] {
        let x = seeded([2, channels, 6, 9], 1)
        func all(_ ordered: (Tensor) -> Tensor) -> [Tensor] {
          let x = ordered(x).requiringGrad()
          let y = upfirdn2d(
            x, filter: filter, up: PerAxis(up), down: PerAxis(down), padding: padding, gain: 1.5)
          let dy = ordered(seeded(y.shape, 3))
          return [y, gradients(of: [y], withRespectTo: [x], weights: [dy])[0]]
        }
        let (found, expected) = (all { $0.channelsLast() }, all { $0 })
        for (found, expected) in zip(found, expected) {
          #expect((found.strides[1] == 1) == (channels % 16 == 0), "\(channels) channels")
          // Sums of at most 12 products of numbers of size 1 and a gain of 1.5.
          expectClose(found, expected, atol: 12 * 1.5 * 0x1p-22)
        }
      }
    }
  }
}

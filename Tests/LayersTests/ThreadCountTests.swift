// Our own kernels give the same bits for any number of threads.

import Layers
import TestSupport
import Tensors
import Testing

// In processes of their own, since the thread count belongs to the whole process.
@Suite("Threads") struct ThreadCountTests {
  @Test("upfirdn2d, its gradient and its gradient's gradient")
  func resampling() async {
    await #expect(processExitsWith: .success) {
      expectSameBits { dtype in
        let x = Tensor.seeded([3, 5, 61, 47], seed: 1, dtype: dtype).requiringGrad()
        let filter = Tensor.seeded([4, 5], seed: 2)
        let y = upfirdn2d(x, filter: filter, up: 2, down: PerAxis(x: 3, y: 1), padding: 2)
        return [y] + twoGradients(of: y, by: x)
      }
    }
  }

  @Test("bias_act, its gradient and its gradient's gradient")
  func activation() async {
    await #expect(processExitsWith: .success) {
      expectSameBits { dtype in
        let x = Tensor.seeded([7, 33, 29, 31], seed: 1, dtype: dtype).requiringGrad()
        let y = biasAct(x, bias: .seeded([33], seed: 2), activation: .lrelu, clamp: 1)
        return [y] + twoGradients(of: y, by: x)
      }
    }
  }

  @Test("variances and means of channels")
  func moments() async {
    await #expect(processExitsWith: .success) {
      expectSameBits { dtype in
        let x = Tensor.seeded([3, 2001, 37], seed: 1, dtype: dtype)
        let (variance, mean) = withoutGradients { channelMoments(x) }
        return [variance, mean]
      }
    }
  }

  @Test("passes over tokens")
  func tokens() async {
    await #expect(processExitsWith: .success) {
      expectSameBits { dtype in
        guard dtype == .float32 || dtype == .bfloat16 else { return [] }
        let x = Tensor.seeded([3, 2025, 37], seed: 1, dtype: .float32)
        let styles = Tensor.seeded([3, 37], seed: 2, dtype: .float32)
        return withoutGradients {
          [
            styledNorm(x, styles: styles, dtype: dtype),
            scaledTokens(
              x, factor: styles.unsqueezed(1), shift: styles.unsqueezed(1), dtype: dtype),
            finishedTokens(
              x.cast(to: dtype) + 0, noise: .seeded([2025, 1], seed: 3, dtype: .float32),
              strength: .ones([]), clamp: 1),
            enlargedTokens(x, filter: .seeded([4, 4], seed: 4, dtype: .float32)),
            tokenChannels(x, matrices: .seeded([3, 3, 37], seed: 5, dtype: .float32)),
            demodulation(of: .seeded([4001, 37], seed: 6, dtype: .float32), styles: styles),
          ]
        }
      }
    }
  }

  @Test("linear layers in bfloat16", .enabled(if: isMultipliedInPairs))
  func linearLayers() async {
    await #expect(processExitsWith: .success) {
      expectSameBits { dtype in
        guard dtype == .float32 else { return [] }
        let x = Tensor.seeded([3, 2025, 48], seed: 1, dtype: dtype)
        let weight = Tensor.seeded([192, 48], seed: 2, dtype: dtype)
        let tokens = ChannelScaling(
          factor: .seeded([3, 1, 48], seed: 3, dtype: dtype), shift: .ones([3, 1, 48]))
        return withoutGradients {
          [
            linear(
              x, weight: weight, activation: .gelu, scaling: LinearScaling(tokens: tokens),
              dtype: .bfloat16)
          ]
        }
      }
    }
  }

  @Test("Winograd's convolutions and filters", .enabled(if: kernelFeatureLevel == "AVX512"))
  func winograd() async {
    await #expect(processExitsWith: .success) {
      expectSameBits { _ in
        let epilogue = ConvolutionEpilogue(
          bias: .seeded([96], seed: 3, dtype: .float32),
          noise: .seeded([90, 84], seed: 4, dtype: .float32))
        let (weight, filter) = (
          Tensor.seeded([96, 32, 3, 3], seed: 2, dtype: .float32), defaultResampleFilter()
        )
        func convolved(_ shape: [Int], up: Int) -> Tensor {
          styledConv2d(
            .seeded(shape, seed: 1, dtype: .float32), weight: weight,
            styles: .ones([shape[0], 32]), up: up, filter: filter, epilogue: epilogue)
        }
        return withoutGradients {
          [convolved([2, 32, 90, 84], up: 1), convolved([2, 32, 45, 42], up: 2)]
        }
      }
    }
  }

  @Test(
    "3×3 convolutions, their gradients and their gradients' gradients",
    .enabled(if: kernelFeatureLevel == "AVX512"))
  func convolutions() async {
    await #expect(processExitsWith: .success) {
      expectSameBits { dtype in
        guard dtype == .float32 else { return [] }
        let weight = Tensor.seeded([96, 32, 3, 3], seed: 2, dtype: dtype).requiringGrad()
        return [1, 2].flatMap { stride in
          let x = Tensor.seeded([3, 32, 81, 95], seed: 1, dtype: dtype).requiringGrad()
          return [weight, x].flatMap { input in
            let y = convolution3x3(x, weight: weight, stride: stride)
            return [y] + twoGradients(of: y, by: input)
          }
        }
      }
    }
  }

  @Test("attention among all tokens and within windows")
  func attention() async {
    await #expect(processExitsWith: .success) {
      expectSameBits { dtype in
        guard dtype == .float32 || dtype == .bfloat16 else { return [] }
        let x = (1...3).map { Tensor.seeded([2, 24, 32, 4, 9], seed: $0, dtype: dtype) }
        let biases = Tensor.seeded([4, 4, 64, 64], seed: 4, dtype: .float32)
        return withoutGradients {
          let all = x.map { $0.reshaped(2, 768, 4, 9).transposed(1, 2) }
          let windows = windowAttention(
            x[0], x[1], x[2], biases: biases, windowSize: 8, shifts: [0, 0, 4, 4])
          return [scaledDotProductAttention(all[0], keys: all[1], values: all[2])]
            + [windows].compactMap(\.self)
        }
      }
    }
  }

  @Test("neighbourhood attention and its gradients")
  func neighborhoods() async {
    await #expect(processExitsWith: .success) {
      expectSameBits { dtype in
        let x = (1...3).map {
          Tensor.seeded([2, 37, 22, 3, 9], seed: $0, dtype: dtype).requiringGrad()
        }
        let bias = Tensor.seeded([3, 9, 9], seed: 4, dtype: dtype).requiringGrad()
        let y = neighborhoodAttention(
          x[0], x[1], x[2], relativePositionBias: bias, kernelSize: 5, dilation: 2, scale: 0.3)
        return [y] + gradients(of: [y], withRespectTo: x + [bias], weights: [y * y])
      }
    }
  }
}

/// The gradient of squares and the gradient of its squares.
private func twoGradients(of y: Tensor, by x: Tensor) -> [Tensor] {
  let first = gradients(
    of: [y], withRespectTo: [x], weights: [y * y], retainGraph: true, createGraph: true)[0]
  return [first, gradients(of: [first], withRespectTo: [x], weights: [first * first])[0]]
}

private func expectSameBits(_ compute: (DType) -> [Tensor]) {
  for dtype in DType.allFloating {
    var results: [[[UInt8]]] = []
    for count in 1...3 {
      Machine.setThreadCount(count)
      #expect(Machine.threadCount == count)
      results.append(compute(dtype).map(bits))
    }
    #expect(results[0] == results[1] && results[0] == results[2], "\(dtype)")
  }
}

// Attention and matrices with demodulation: the fused operator against the plain one, and both
// against their definitions.

import Foundation
import Layers
import TestSupport
import Tensors
import Testing

@Suite("Attention") struct AttentionTests {
  private func operands(_ l: Int, _ k: Int, dtype: DType = .float64) -> [Tensor] {
    [l, k, k].enumerated().map { .seeded([2, 3, $1, 4], seed: UInt64($0), dtype: dtype) }
  }

  @Test("weights are the softmax of scaled products, and sum to 1")
  func definition() {
    let x = operands(5, 7)
    let weights = attentionProbabilities(x[0], keys: x[1])
    #expect(weights.shape == [2, 3, 5, 7])
    expectClose(weights.sum(over: -1), .ones([2, 3, 5], dtype: .float64), atol: 1e-12)
    let (q, k) = (x[0].values(as: Double.self), x[1].values(as: Double.self))
    // Sample 1, head 2, query 3.
    var exponentials: [Double] = []
    for key in 0..<7 {
      var score = 0.0
      for d in 0..<4 { score += q[112 + d] * k[(35 + key) * 4 + d] }
      exponentials.append(exp(score / 2))
    }
    let expected = Tensor(exponentials)
    expectClose(
      weights.selected(1, axis: 0).selected(2, axis: 0).selected(3, axis: 0),
      expected / expected.sum(), atol: 1e-12)
  }

  // The fused operator sums in blocks and in another order.
  @Test("fused attention equals the plain one", arguments: [(5, 7), (64, 64), (1, 256), (300, 70)])
  func fused(l: Int, k: Int) {
    let x = operands(l, k, dtype: .float32)
    expectClose(
      scaledDotProductAttention(x[0], keys: x[1], values: x[2]),
      scaledDotProductAttentionReference(x[0], keys: x[1], values: x[2]), atol: 1e-5, rtol: 1e-5)
  }

  // Heads of a width that is no multiple of what registers hold, and numbers of keys and queries
  // around the sizes of blocks: 32 queries, 64 keys, 512 queries a part.
  @Test(
    "our own operator equals plain attention in float32 and bfloat16",
    arguments: [
      [5, 7, 3], [64, 64, 32], [33, 129, 20], [1, 256, 8], [600, 65, 16], [32, 1, 64],
    ])
  func own(sizes: [Int]) {
    let (l, k, d) = (sizes[0], sizes[1], sizes[2])
    let x = [l, k, k].enumerated().map { i, length in
      // As cut out of one result: heads are not the first axis in memory.
      Tensor.seeded([2, length, 3, d], seed: UInt64(i), dtype: .float32).transposed(1, 2)
    }
    // The operator's exponential is good to about 1e-7 of its value; bfloat16 has 8 bits, and
    // queries, keys and values of size up to 4 are rounded for both.
    for (dtype, tolerance) in [(DType.float32, 1e-5), (.bfloat16, 4 * 0x1p-8)] {
      let rounded = x.map { $0.cast(to: dtype) }
      let wide = rounded.map { $0.cast(to: .float64) }
      withoutGradients {
        let found = scaledDotProductAttention(
          rounded[0], keys: rounded[1], values: rounded[2], scale: 0.3)
        #expect(found.dtype == dtype && found.shape == [2, 3, l, d])
        expectClose(
          found.cast(to: .float64),
          scaledDotProductAttentionReference(wide[0], keys: wide[1], values: wide[2], scale: 0.3),
          atol: tolerance)
      }
    }
  }

  @Test("large scores of either sign stay finite", arguments: [DType.float32, .bfloat16])
  func large(dtype: DType) {
    let x = operands(40, 100, dtype: .float32).map { $0.cast(to: dtype) }
    for factor in [100.0, -100] {
      let found = withoutGradients {
        scaledDotProductAttention(x[0] * factor, keys: x[1], values: x[2])
      }
      #expect(found.isFinite().all)
    }
  }

  @Test("fused attention has the plain one's gradients")
  func fusedGradients() {
    func found(_ attend: (Tensor, Tensor, Tensor) -> Tensor) -> [Tensor] {
      let x = operands(20, 30).map { $0.requiringGrad() }
      return gradients(of: [attend(x[0], x[1], x[2]).square().sum()], withRespectTo: x)
    }
    let (a, b) = (
      found { scaledDotProductAttention($0, keys: $1, values: $2) },
      found { scaledDotProductAttentionReference($0, keys: $1, values: $2) }
    )
    for (fused, plain) in zip(a, b) { expectClose(fused, plain, atol: 1e-10, rtol: 1e-10) }
  }

  @Test("plain attention can be differentiated twice, and the fused one without a bias")
  func secondGradients() {
    expectSecondGradients(at: operands(4, 5)) { x in
      scaledDotProductAttentionReference(x[0], keys: x[1], values: x[2])
    }
    expectSecondGradients(at: operands(4, 5)) { x in
      scaledDotProductAttention(x[0], keys: x[1], values: x[2], purpose: .training)
    }
    let x = operands(4, 5)
    let bias = Tensor.seeded([3, 4, 5], seed: 4)
    expectSecondGradients(at: x) { x in
      scaledDotProductAttention(x[0], keys: x[1], values: x[2], bias: bias, purpose: .training)
    }
  }

  @Test("gradients do not depend on how operands and gradients lie in memory")
  func layout() {
    func found(_ attend: (Tensor, Tensor, Tensor) -> Tensor) -> [Tensor] {
      let x = operands(6, 9).map { $0.requiringGrad() }
      // The last axis is not consecutive, and the gradient of a sum is one number over and over.
      let y = attend(x[0], x[1] + 0, (x[2].transposed(2, 3) + 0).transposed(2, 3))
      return gradients(of: [y.sum()], withRespectTo: x)
    }
    let (a, b) = (
      found { scaledDotProductAttention($0, keys: $1, values: $2) },
      found { scaledDotProductAttentionReference($0, keys: $1, values: $2) }
    )
    for (fused, plain) in zip(a, b) { expectClose(fused, plain, atol: 1e-10, rtol: 1e-10) }
  }

  @Test("without numbers, attention has the plain one's shape")
  func meta() {
    let x = [5, 7, 7].map { Tensor.empty([2, 3, $0, 4], device: .meta) }
    #expect(scaledDotProductAttention(x[0], keys: x[1], values: x[2]).shape == [2, 3, 5, 4])
  }
}

@Suite("Demodulated matrices") struct DemodulatedLinearTests {
  private let x = Tensor.seeded([2, 3, 5], seed: 1)
  private let weight = Tensor.seeded([4, 5], seed: 2)
  private let styles = Tensor.seeded([2, 5], seed: 3)

  @Test("demodulation is one over the norm of a row times the styles")
  func factors() {
    let (w, s) = (weight.values(as: Double.self), styles.values(as: Double.self))
    var expected: [Double] = []
    for n in 0..<2 {
      for o in 0..<4 {
        var sum = 1e-8
        for i in 0..<5 {
          let product = w[o * 5 + i] * s[n * 5 + i]
          sum += product * product
        }
        expected.append(1 / sum.squareRoot())
      }
    }
    expectClose(
      demodulation(of: weight, styles: styles), Tensor(expected, shape: [2, 4]), atol: 1e-12)
  }

  @Test("tokens are not multiplied by the styles, their products are scaled")
  func product() {
    let d = demodulation(of: weight, styles: styles)
    let y = demodulatedLinear(x, weight: weight, styles: styles)
    #expect(y.shape == [2, 3, 4])
    for n in 0..<2 {
      let plain = x.selected(n, axis: 0).matmul(weight.transposed(0, 1))
      expectClose(y.selected(n, axis: 0), plain * d.selected(n, axis: 0), atol: 1e-12)
    }
  }

  @Test("can be differentiated twice by tokens, matrix and styles")
  func gradients() {
    expectSecondGradients(at: [x, weight, styles]) {
      demodulatedLinear($0[0], weight: $0[1], styles: $0[2])
    }
  }

  @Test(
    "layer normalisation gives each token mean 0 and variance 1, but for 1e-5, and has gradients")
  func layerNormalization() {
    let x = Tensor.seeded([2, 3, 6]) * 3 + 5
    let y = x.layerNormalized()
    let centred = x - x.mean(over: -1, keepAxes: true)
    let variance = centred.square().mean(over: -1, keepAxes: true)
    expectClose(y, centred * (variance + 1e-5).rsqrt(), atol: 1e-12)
    expectSecondGradients(at: [x]) { $0[0].layerNormalized() }
  }

  @Test("uniform first values fill the range between the bounds and no more")
  func uniform() {
    let p = Scope(ParameterStore(), generator: TorchGenerator(seed: 4))
    let values = p.parameter("w", .uniform([1000], bound: 0.25))
    #expect(values.abs().max().item() <= 0.25 && values.max().item() > 0.24)
    #expect(values.min().item() < -0.24 && abs(values.mean().item()) < 0.02)
  }
}

@Suite("Attention with a bias") struct BiasedAttentionTests {
  private func inputs(_ dtype: DType) -> [Tensor] {
    [[2, 3, 5, 4], [2, 3, 7, 4], [2, 3, 7, 4], [1, 3, 5, 7]].enumerated().map {
      .seeded($1, seed: UInt64($0), dtype: dtype)
    }
  }

  @Test("the operator and plain operations agree, with a bias and a scale and without")
  func fused() {
    let x = inputs(.float32)
    for (bias, scale) in [(nil, nil), (x[3], nil), (x[3], 0.3)] as [(Tensor?, Double?)] {
      expectClose(
        scaledDotProductAttention(x[0], keys: x[1], values: x[2], bias: bias, scale: scale),
        scaledDotProductAttentionReference(
          x[0], keys: x[1], values: x[2], bias: bias, scale: scale),
        atol: 1e-5, rtol: 1e-5)
    }
  }

  @Test("gradients of the operator, of a fixed and of a learned bias")
  func gradientsOfInputs() {
    let x = inputs(.float64)
    expectGradients(at: Array(x.prefix(3)), tolerance: 1e-5) {
      scaledDotProductAttention($0[0], keys: $0[1], values: $0[2], bias: x[3])
    }
    expectSecondGradients(at: x) {
      scaledDotProductAttention($0[0], keys: $0[1], values: $0[2], bias: $0[3])
    }
  }
}

@Suite("Attention within windows") struct WindowAttentionTests {
  /// Queries, keys and values [N, H, W, h, D] in a format.
  private func maps(_ dtype: DType) -> [Tensor] {
    (0..<3).map { .seeded([2, 32, 16, 2, 8], seed: UInt64($0), dtype: .float32).cast(to: dtype) }
  }

  /// Windows of 16×16 pixels, [N · windows, h, 256, D].
  private func windows(_ x: Tensor) -> Tensor {
    x.reshaped(2, 2, 16, 16, 2, 8).permuted(0, 1, 4, 2, 3, 5).reshaped(4, 2, 256, 8)
  }

  /// What is added to logits [h, query, key]: queries of the first 16 look at none of the first
  /// hundred keys, more than one block of them.
  private var biases: Tensor {
    var numbers: [Float] = []
    for place in 0..<2 * 256 * 256 {
      let (query, key) = (place / 256 % 256, place % 256)
      numbers.append(query < 16 && key < 100 ? -Float.infinity : Float(place % 7) / 7)
    }
    return Tensor(numbers, shape: [2, 256, 256])
  }

  // Scores of bfloat16 are sums of products that were rounded for both.
  @Test(
    "equals plain attention, where whole blocks of keys are forbidden, too",
    arguments: [(DType.float32, 1e-5), (.bfloat16, 4 * 0x1p-8)])
  func definition(dtype: DType, tolerance: Double) throws {
    let x = maps(dtype)
    let found = try #require(
      withoutGradients {
        windowAttention(
          x[0], x[1], x[2], biases: biases.unsqueezed(0), windowSize: 16, shifts: [0, 0])
      })
    let wide = x.map { windows($0.cast(to: .float32)) }
    let expected = scaledDotProductAttentionReference(
      wide[0], keys: wide[1], values: wide[2], bias: biases.unsqueezed(0))
    expectClose(
      windows(found.cast(to: .float32)), expected, atol: tolerance, rtol: tolerance)
  }

  @Test(
    "a key that is not a number makes all results of its window such",
    arguments: [DType.float32, .bfloat16])
  func notANumber(dtype: DType) throws {
    let x = maps(dtype)
    let holes = Tensor(
      (0..<2 * 32 * 16).map { $0 == 40 ? Float.nan : Float(1) }, shape: [2, 32, 16, 1, 1])
    let holed = x[1].cast(to: .float32) * holes
    let found = try #require(
      withoutGradients {
        windowAttention(
          x[0], holed.cast(to: dtype), x[2], biases: .zeros([1, 2, 256, 256]), windowSize: 16,
          shifts: [0, 0])
      })
    let numbers = windows(found.cast(to: .float32)).values()
    let window = 2 * 256 * 8
    let (own, others) = (numbers.prefix(window), numbers.dropFirst(window))
    #expect(own.count { $0.isNaN } == window)
    #expect(others.count { $0.isFinite } == others.count)
  }

  @Test("grids that are moved up or to the left are refused")
  func refusals() async {
    await #expect(processExitsWith: .failure) {
      let x = Tensor.zeros([1, 8, 8, 1, 8])
      _ = withoutGradients {
        windowAttention(
          x, x, x, biases: .zeros([1, 1, 16, 16]), windowSize: 4, shifts: [-2])
      }
    }
  }
}

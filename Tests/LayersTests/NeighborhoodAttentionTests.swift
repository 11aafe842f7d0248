// Neighbourhood attention: who sees whom, and the operator against the reference.

import Layers
import TestSupport
import Tensors
import Testing

@Suite("Neighbourhoods") struct NeighborhoodAxisTests {
  @Test("windows are moved inwards at the border, with the biases of their offsets")
  func adjacent() {
    let axis = NeighborhoodAxis(length: 5, kernelSize: 3)
    let expected = [[0, 1, 2], [0, 1, 2], [1, 2, 3], [2, 3, 4], [2, 3, 4]]
    #expect((0..<5).map(axis.neighbors) == expected)
    #expect((0..<5).map(axis.firstBias) == [2, 1, 1, 1, 0])
  }

  @Test("dilated tokens see only their own kind, of which there may be one fewer than of another")
  func dilated() {
    let axis = NeighborhoodAxis(length: 7, kernelSize: 3, dilation: 2)
    let (even, odd) = ([[0, 2, 4], [0, 2, 4], [2, 4, 6], [2, 4, 6]], [1, 3, 5])
    #expect([0, 2, 4, 6].map(axis.neighbors) == even)
    #expect([1, 3, 5].map(axis.neighbors) == [odd, odd, odd])
    #expect([0, 2, 4, 6].map(axis.firstBias) == [2, 1, 1, 0])
    #expect([1, 3, 5].map(axis.firstBias) == [2, 1, 0])
  }

  @Test(
    "eight tokens of a kind have two windows of seven between them",
    arguments: [(8, 1), (256, 32)])
  func twoWindows(length: Int, dilation: Int) {
    let axis = NeighborhoodAxis(length: length, kernelSize: 7, dilation: dilation)
    for token in 0..<length {
      let (place, kind) = (token / dilation, token % dilation)
      let members = place < 4 ? 0...6 : 1...7
      #expect(axis.neighbors(of: token) == members.map { $0 * dilation + kind })
    }
  }

  @Test("keys near the border are seen by more or fewer queries")
  func inverse() {
    let axis = NeighborhoodAxis(length: 6, kernelSize: 3)
    let seen = (0..<6).flatMap(axis.neighbors)
    #expect((0..<6).map { key in seen.count { $0 == key } } == [2, 3, 4, 4, 3, 2])
  }

  /// The K tokens of a kind that follow one another and whose middle is nearest to a token.
  private func nearest(_ token: Int, length: Int, kernelSize: Int, dilation: Int) -> [Int] {
    let kind = Array(stride(from: token % dilation, to: length, by: dilation))
    let windows = (0...kind.count - kernelSize).map { Array(kind[$0..<$0 + kernelSize]) }
    func distance(_ window: [Int]) -> Int { abs(window[kernelSize / 2] - token) }
    return windows.min { distance($0) < distance($1) } ?? []
  }

  @Test("equals a search for the nearest window, and biases are key minus query")
  func search() {
    for (k, d) in [(3, 1), (3, 2), (3, 5), (5, 1), (5, 3), (7, 2), (9, 1)] {
      for length in k * d..<k * d + 3 * d + 8 {
        let axis = NeighborhoodAxis(length: length, kernelSize: k, dilation: d)
        for token in 0..<length {
          let found = axis.neighbors(of: token)
          #expect(found == nearest(token, length: length, kernelSize: k, dilation: d))
          let offsets = found.map { ($0 - token) / d + k - 1 }
          #expect(offsets == (0..<k).map { axis.firstBias(of: token) + $0 })
        }
      }
    }
  }

  @Test("says what is wrong with sizes")
  func problems() {
    func problem(_ length: Int, _ k: Int, _ d: Int) -> String? {
      NeighborhoodAxis.problem(length: length, kernelSize: k, dilation: d)
    }
    #expect(problem(21, 7, 3) == nil)
    #expect(
      problem(20, 7, 3)
        == "kernel size 7 and dilation 3: expected a map of at least 7 times 3 tokens on each "
        + "axis, found 20")
    #expect(problem(9, 4, 1) == "kernel size: expected an odd number from 3 on, found 4")
    #expect(problem(9, 1, 1) == "kernel size: expected an odd number from 3 on, found 1")
    #expect(problem(9, 3, 0) == "dilation: expected at least 1, found 0")
    #expect(problem(9, .max, .max)?.contains("found 9") == true)
  }
}

@Suite("Neighbourhood attention") struct NeighborhoodAttentionTests {
  /// A map, the neighbourhoods in it, and the heads that look.
  private struct Choice {
    var n = 1
    var height: Int
    var width: Int
    var heads = 2
    var headDim = 5
    var kernelSize: Int
    var dilation = 1
    var hasBias = true

    var shape: [Int] { [n, height, width, heads, headDim] }

    func inputs(_ dtype: DType = .float64) -> [Tensor] {
      let parts = (1...3).map { Tensor.seeded(shape, seed: $0).cast(to: dtype) }
      let side = 2 * kernelSize - 1
      return parts
        + (hasBias ? [Tensor.seeded([heads, side, side], seed: 4).cast(to: dtype)] : [])
    }

    func callAsFunction(_ attention: NeighborhoodAttention, _ x: [Tensor]) -> Tensor {
      attention(x[0], x[1], x[2], x.count > 3 ? x[3] : nil, kernelSize, dilation, 0.4)
    }
  }

  /// Whole maps and tiles of them, groups of unequal length, exact sizes, heads of any width.
  private let choices = [
    Choice(height: 3, width: 3, kernelSize: 3),
    Choice(n: 2, height: 5, width: 8, heads: 3, headDim: 8, kernelSize: 3),
    Choice(height: 9, width: 11, headDim: 1, kernelSize: 5),
    Choice(height: 7, width: 10, headDim: 7, kernelSize: 3, dilation: 2),
    Choice(height: 17, width: 23, heads: 1, headDim: 16, kernelSize: 5, dilation: 3),
    Choice(height: 21, width: 22, headDim: 33, kernelSize: 7, dilation: 3, hasBias: false),
    Choice(height: 13, width: 13, headDim: 4, kernelSize: 13),
    Choice(height: 35, width: 19, headDim: 12, kernelSize: 9),
    Choice(height: 18, width: 34, headDim: 40, kernelSize: 3, hasBias: false),
    Choice(height: 33, width: 40, heads: 1, headDim: 9, kernelSize: 17),
  ]

  // Sums of at most 289 products of numbers of size 1, in float64, in another order.
  @Test("result and gradients equal the reference's for maps, kernels and dilations")
  func equalsReference() {
    for choice in choices {
      let x = choice.inputs().map { $0.requiringGrad() }
      let (found, expected) = (
        choice(neighborhoodAttention, x), choice(neighborhoodAttentionReference, x)
      )
      expectClose(found, expected, atol: 1e-13, "\(choice)")
      let upstream = [Tensor.seeded(choice.shape, seed: 9)]
      let pairs = zip(
        gradients(of: [found], withRespectTo: x, weights: upstream),
        gradients(of: [expected], withRespectTo: x, weights: upstream))
      for (i, (a, b)) in pairs.enumerated() {
        expectClose(a, b, atol: 1e-12, rtol: 1e-12, "gradient \(i), \(choice)")
      }
    }
  }

  // The same in float32, which has code of its own: 7 digits, of sums of up to 1320 tokens.
  @Test("equals the reference in float32")
  func equalsReferenceInFloat32() {
    for choice in choices {
      let (narrow, wide) = (
        choice.inputs(.float32).map { $0.requiringGrad() },
        choice.inputs(.float32).map { $0.cast(to: .float64).requiringGrad() }
      )
      let (found, expected) = (
        choice(neighborhoodAttention, narrow), choice(neighborhoodAttentionReference, wide)
      )
      expectClose(found, expected, atol: 5e-6, "\(choice)")
      let upstream = Tensor.seeded(choice.shape, seed: 9).cast(to: .float32)
      let pairs = zip(
        gradients(of: [found], withRespectTo: narrow, weights: [upstream]),
        gradients(of: [expected], withRespectTo: wide, weights: [upstream.cast(to: .float64)]))
      for (i, (a, b)) in pairs.enumerated() {
        expectClose(a, b, atol: 2e-5, rtol: 1e-5, "gradient \(i), \(choice)")
      }
    }
  }

  // Inputs and results are rounded to the format, sums are not: one rounding of results of size 2,
  // of gradients of size 8 or, of the bias, of sums over all pixels.
  @Test(
    "narrower formats round results and gradients once",
    arguments: [(DType.bfloat16, 0x1p-8), (.float16, 0x1p-11)])
  func narrowFormats(dtype: DType, precision: Double) {
    for choice in choices.prefix(6) {
      let narrow = choice.inputs(dtype).map { $0.requiringGrad() }
      let wide = choice.inputs(dtype).map { $0.cast(to: .float64).requiringGrad() }
      let (found, expected) = (
        choice(neighborhoodAttention, narrow), choice(neighborhoodAttentionReference, wide)
      )
      #expect(found.dtype == dtype)
      expectClose(found, expected, atol: 1e-5, rtol: precision, "\(choice)")
      let upstream = Tensor.seeded(choice.shape, seed: 9).cast(to: dtype)
      let pairs = zip(
        gradients(of: [found], withRespectTo: narrow, weights: [upstream]),
        gradients(of: [expected], withRespectTo: wide, weights: [upstream.cast(to: .float64)]))
      for (a, b) in pairs {
        #expect(a.dtype == dtype)
        expectClose(a, b, atol: 3e-5, rtol: precision, "\(choice)")
      }
    }
  }

  @Test("gradients agree with differences of the function")
  func differences() {
    for choice in [
      Choice(height: 4, width: 5, headDim: 3, kernelSize: 3),
      Choice(height: 7, width: 6, heads: 1, headDim: 2, kernelSize: 3, dilation: 2),
      Choice(height: 5, width: 9, headDim: 2, kernelSize: 5, hasBias: false),
    ] {
      expectGradients(at: choice.inputs(), "\(choice)") { choice(neighborhoodAttention, $0) }
    }
  }

  @Test("the reference has second gradients")
  func secondGradients() {
    let choice = Choice(height: 3, width: 4, heads: 1, headDim: 2, kernelSize: 3)
    expectSecondGradients(at: choice.inputs()) { choice(neighborhoodAttentionReference, $0) }
  }

  @Test("the operator ends the program rather than give a wrong second gradient")
  func refusesSecondGradients() async {
    await #expect(processExitsWith: .failure) {
      let x = (1...3).map { Tensor.seeded([1, 3, 3, 1, 2], seed: $0).requiringGrad() }
      let y = neighborhoodAttention(x[0], x[1], x[2], kernelSize: 3, scale: 1)
      let first = gradients(of: [y.square().sum()], withRespectTo: x, createGraph: true)
      _ = gradients(of: [first[0].square().sum()], withRespectTo: x)
    }
  }

  @Test("a window of the whole map is attention of all pixels")
  func wholeMap() {
    let choice = Choice(height: 5, width: 5, kernelSize: 5, hasBias: false)
    let x = choice.inputs()
    let (q, k, v) = (x[0], x[1], x[2])
    func byHead(_ t: Tensor) -> Tensor { t.reshaped(1, 25, 2, 5).transposed(1, 2) }
    let weights = (byHead(q) * 0.4).matmul(byHead(k).transposed(2, 3)).softmax(axis: -1)
    let expected = weights.matmul(byHead(v)).transposed(1, 2).reshaped(choice.shape)
    expectClose(choice(neighborhoodAttention, x), expected, atol: 1e-13)
  }

  @Test("views of one tensor, and heads whose numbers lie apart, give the same")
  func views() {
    let choice = Choice(n: 2, height: 6, width: 7, heads: 3, headDim: 4, kernelSize: 3)
    let all = Tensor.seeded([2, 6, 7, 3, 5, 4], seed: 1)
    let parts = (0..<3).map { all.selected($0, axis: 3).sliced(1..<4, axis: 3) }
    #expect(parts.allSatisfy { !$0.isContiguous })
    let expected = choice(neighborhoodAttention, parts.map { $0.contiguous() })
    expectClose(choice(neighborhoodAttention, parts), expected, atol: 0)
    let apart = parts.map { $0.transposed(3, 4).contiguous().transposed(3, 4) }
    expectClose(choice(neighborhoodAttention, apart), expected, atol: 0)
  }

  // Every weight is e^-80 or less beside one of 1: nothing may overflow or become not-a-number.
  @Test("large logits of either sign stay finite", arguments: [DType.float32, .bfloat16])
  func largeLogits(dtype: DType) {
    let choice = Choice(height: 4, width: 4, headDim: 4, kernelSize: 3)
    let x = choice.inputs(dtype).map { ($0 * 100).requiringGrad() }
    let y = choice(neighborhoodAttention, x)
    #expect(y.isFinite().all)
    for gradient in gradients(of: [y.sum()], withRespectTo: x) { #expect(gradient.isFinite().all) }
  }

  @Test("what is not a number stays within sight of it")
  func notANumber() {
    let choice = Choice(height: 8, width: 8, heads: 1, kernelSize: 3, hasBias: false)
    for dtype in [DType.float32, .float64] {
      var x = choice.inputs(dtype)
      let mask = Tensor.zeros([1, 8, 8, 1, 1], dtype: dtype)
      mask.sliced(0..<1, axis: 1).sliced(0..<1, axis: 2).assign(.full(.nan, [1], dtype: dtype))
      x[2] = x[2] + mask
      let finite = choice(neighborhoodAttention, x).isFinite()
      // Pixel (0, 0) is seen from rows and columns 0 and 1.
      #expect(finite.sliced(2..<8, axis: 1).all && finite.sliced(2..<8, axis: 2).all)
      let seen = finite.sliced(0..<2, axis: 1).sliced(0..<2, axis: 2)
      #expect(seen.values(as: UInt8.self).allSatisfy { $0 == 0 })
    }
  }

  @Test("no samples and no heads give empty results")
  func empty() {
    for shape in [[0, 3, 3, 2, 4], [2, 3, 3, 0, 4]] {
      let x = Tensor.zeros(shape).requiringGrad()
      let y = neighborhoodAttention(x, x, x, kernelSize: 3, scale: 1)
      #expect(y.shape == shape)
      #expect(gradients(of: [y.sum()], withRespectTo: [x])[0].shape == shape)
    }
  }

  @Test("logits of chosen queries are those rows of all logits")
  func chosenQueries() {
    let choice = Choice(n: 2, height: 6, width: 7, kernelSize: 3, dilation: 2)
    let x = choice.inputs()
    func logits(_ queries: [Int]?) -> Tensor {
      neighborhoodAttentionLogits(
        x[0], x[1], relativePositionBias: x[3], kernelSize: 3, dilation: 2, scale: 0.4,
        queries: queries)
    }
    #expect(logits(nil).shape == [2, 2, 42, 9])
    let some = [0, 41, 17, 17]
    expectClose(logits(some), logits(nil).picked(Tensor(some), axis: 2), atol: 1e-14)
  }

  @Test("traps on maps that are too small and tensors that do not fit")
  func misuse() async {
    await #expect(processExitsWith: .failure) {
      let x = Tensor.zeros([1, 20, 20, 1, 2])
      _ = neighborhoodAttention(x, x, x, kernelSize: 7, dilation: 3, scale: 1)
    }
    await #expect(processExitsWith: .failure) {
      let (x, y) = (Tensor.zeros([1, 4, 4, 1, 2]), Tensor.zeros([1, 4, 4, 2, 2]))
      _ = neighborhoodAttention(x, y, x, kernelSize: 3, scale: 1)
    }
    await #expect(processExitsWith: .failure) {
      let x = Tensor.zeros([1, 4, 4, 1, 2])
      _ = neighborhoodAttention(
        x, x, x, relativePositionBias: .zeros([1, 3, 3]), kernelSize: 3, scale: 1)
    }
  }
}

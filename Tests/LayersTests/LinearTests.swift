// Linear layers in one pass, moments of channels, and tokens piece by piece: the quick ways against the
// plain ones.

import Layers
import TestSupport
import Tensors
import Testing

@Suite("Linear layers without gradients") struct LinearTests {
  private static let shapes = [[33, 24], [2, 40, 24], [1, 7, 9, 24]]

  @Test("are what the reference says, with and without a bias", arguments: shapes)
  func plain(shape: [Int]) {
    let x = Tensor.seeded(shape, seed: 1, dtype: .float32)
    let (weight, bias) = (
      Tensor.seeded([10, 24], seed: 2, dtype: .float32),
      Tensor.seeded([10], seed: 3, dtype: .float32)
    )
    withoutGradients {
      for bias in [bias, nil] {
        expectClose(
          linear(x, weight: weight, bias: bias), linearReference(x, weight: weight, bias: bias),
          atol: 1e-5)
      }
    }
  }

  @Test("end with the exact GELU, or with a summand", arguments: shapes)
  func fused(shape: [Int]) {
    let x = Tensor.seeded(shape, seed: 1, dtype: .float32)
    let (weight, bias) = (
      Tensor.seeded([10, 24], seed: 2, dtype: .float32),
      Tensor.seeded([10], seed: 3, dtype: .float32)
    )
    let summand = Tensor.seeded(shape.dropLast() + [10], seed: 4, dtype: .float32)
    withoutGradients {
      let exact = linearReference(x, weight: weight, bias: bias, activation: .gelu)
      // The exact GELU and the one by a hyperbolic tangent differ by up to 5e-4.
      expectClose(
        linear(x, weight: weight, bias: bias, activation: .gelu), exact, atol: 2e-5)
      expectClose(
        linear(x, weight: weight, bias: bias, adding: summand),
        linearReference(x, weight: weight, bias: bias, adding: summand), atol: 1e-5)
    }
  }

  @Test("take every format", arguments: DType.allFloating)
  func formats(dtype: DType) {
    let x = Tensor.seeded([20, 24], seed: 1, dtype: dtype)
    let weight = Tensor.seeded([10, 24], seed: 2, dtype: dtype)
    withoutGradients {
      let y = linear(x, weight: weight, activation: .gelu)
      #expect(y.dtype == dtype)
      let exact = linearReference(
        x.cast(to: .float64), weight: weight.cast(to: .float64), activation: .gelu)
      // Sums of 24 products, rounded to 8, 11, 24 or 53 bits.
      let tolerance = [.bfloat16: 0.1, .float16: 0.02, .float32: 1e-5][dtype] ?? 1e-12
      expectClose(y.cast(to: .float64), exact, atol: tolerance)
    }
  }

  @Test("in bfloat16 take weights of float32, and add to a wider summand in its format")
  func mixed() {
    let x = Tensor.seeded([40, 24], seed: 1, dtype: .bfloat16)
    let (weight, bias, summand) = (
      Tensor.seeded([10, 24], seed: 2, dtype: .float32),
      Tensor.seeded([10], seed: 3, dtype: .float32),
      Tensor.seeded([40, 10], seed: 4, dtype: .float32) * 1000
    )
    withoutGradients {
      let y = linear(x, weight: weight, bias: bias, adding: summand)
      #expect(y.dtype == .float32)
      let exact = linearReference(
        x.cast(to: .float64), weight: weight.cast(to: .bfloat16), bias: bias.cast(to: .bfloat16),
        adding: summand.cast(to: .float64))
      // Sums of 24 products rounded to 8 bits; the summand itself would lose more than 1 so.
      expectClose(y.cast(to: .float64), exact, atol: 0.1)
      let narrow = linear(x, weight: weight, bias: bias, adding: summand.cast(to: .bfloat16))
      #expect(narrow.dtype == .bfloat16)
    }
  }

  // Numbers of tokens around the blocks of 48 and groups of 6, and more than one panel of 64 outputs.
  @Test(
    "in bfloat16 scale, round, and end as the reference does in float64",
    .enabled(if: isMultipliedInPairs),
    arguments: [[1, 16], [2, 53], [3, 100]], [[16, 64], [48, 128], [96, 192]])
  func narrow(tokens: [Int], sizes: [Int]) {
    let (n, length, inputs, outputs) = (tokens[0], tokens[1], sizes[0], sizes[1])
    func seeded(_ shape: [Int], _ seed: UInt64) -> Tensor {
      .seeded(shape, seed: seed, dtype: .float32)
    }
    let x = seeded([n, length, inputs], 1)
    let weight = seeded([outputs, inputs], 2) * (1 / Double(inputs).squareRoot())
    let (bias, summand) = (seeded([outputs], 3), seeded([n, length, outputs], 4) * 1000)
    let tokens = ChannelScaling(
      factor: seeded([n, 1, inputs], 5), shift: seeded([n, 1, inputs], 6))
    let matrix = LinearScaling(rows: seeded([outputs], 7), columns: seeded([inputs], 8))
    // What is multiplied, rounded as the operator rounds it.
    func rounded(_ x: Tensor) -> Tensor { x.cast(to: .bfloat16).cast(to: .float64) }
    withoutGradients {
      let scaled = rounded(
        scaledTokensReference(
          x, factor: tokens.factor, shift: tokens.shift, dtype: .float32))
      let gelu = linear(
        x, weight: weight, bias: bias, activation: .gelu, scaling: LinearScaling(tokens: tokens),
        dtype: .bfloat16, results: .float32)
      // A number that lies between two in bfloat16 may be rounded to the other where the factor and
      // the summand are rounded apart; GELU itself is good to 5e-5 of results up to 5.
      expectClose(
        gelu.cast(to: .float64),
        linearReference(
          scaled, weight: rounded(weight), bias: bias.cast(to: .float64), activation: .gelu),
        atol: 0.02)
      let sum = linear(
        x.cast(to: .bfloat16), weight: weight, bias: bias, scaling: matrix, adding: summand)
      #expect(sum.dtype == .float32)
      expectClose(
        sum.cast(to: .float64),
        linearReference(
          rounded(x), weight: rounded(matrix.scaled(matrix: weight)), bias: bias.cast(to: .float64),
          adding: summand.cast(to: .float64)), atol: 0.02)
      let plain = linear(x, weight: weight, dtype: .bfloat16)
      #expect(plain.dtype == .bfloat16 && plain.shape == [n, length, outputs])
      expectClose(
        plain.cast(to: .float64), linearReference(rounded(x), weight: rounded(weight)),
        atol: 1e-4, rtol: 0x1p-8)
      let replaced = summand + 0
      let y = linear(
        x, weight: weight, dtype: .bfloat16, adding: replaced, replacing: true)
      expectClose(y, linear(x, weight: weight, dtype: .bfloat16, adding: summand), atol: 0)
      #expect(y.sharesMemory(with: replaced))
    }
  }

  @Test(
    "GELU in bfloat16 stays near the exact one at all sizes", .enabled(if: isMultipliedInPairs))
  func narrowGELU() {
    // x through the unit matrix: results are GELU of the numbers themselves.
    let x = (Tensor.arange(64 * 200).cast(to: .float32) * (24 / 12800) - 12).reshaped(200, 64)
      .cast(to: .bfloat16)
    let unit = Tensor.oneHot(Array(0..<64), count: 64).cast(to: .float32)
    withoutGradients {
      let y = linear(
        x, weight: unit, activation: .gelu, dtype: .bfloat16, results: .float32)
      let exact = x.cast(to: .float64).gelu()
      let allowed = x.cast(to: .float64).abs().clamped(from: 1, to: 100) * 5e-5
      #expect(((y.cast(to: .float64) - exact).abs() - allowed).max().item() <= 0)
    }
  }

  @Test("have gradients where they are recorded")
  func recorded() {
    let bias = Tensor.seeded([3], seed: 3)
    expectGradients(at: [.seeded([17, 4], seed: 1), .seeded([3, 4], seed: 2)]) {
      linear($0[0], weight: $0[1], bias: bias, activation: .gelu)
    }
  }

  @Test(
    "have the gradients of any order that libtorch's products have, many rows and few",
    arguments: [16, 2000], [false, true])
  func secondGradients(rows: Int, hasBias: Bool) {
    let inputs: [Tensor] = [
      .seeded([rows, 24], seed: 1), .seeded([40, 24], seed: 2), .seeded([40], seed: 3),
    ]
    func allGradients(_ dtype: DType, _ compute: ([Tensor]) -> Tensor) -> [Tensor] {
      let inputs = inputs.prefix(hasBias ? 3 : 2).map {
        $0.cast(to: dtype).detached().requiringGrad()
      }
      let y = compute(inputs)
      let first = gradients(
        of: [y.square().sum()], withRespectTo: inputs, createGraph: true)
      let curved = first.map { $0.square().sum() }.reduce(Tensor.zeros([], dtype: dtype), +)
      return [y] + first + gradients(of: [curved], withRespectTo: inputs)
    }
    let found = allGradients(.float32) {
      linear($0[0].reshaped(2, -1, 24), weight: $0[1], bias: hasBias ? $0[2] : nil)
    }
    let expected = allGradients(.float64) {
      linearReference($0[0].reshaped(2, -1, 24), weight: $0[1], bias: hasBias ? $0[2] : nil)
    }
    #expect(found.count == expected.count)
    for (found, expected) in zip(found, expected) {
      let largest: Double = expected.abs().max().item()
      expectClose(found.cast(to: .float64), expected, atol: 1e-5 * largest)
    }
  }
}

@Suite("Moments of channels") struct ChannelMomentTests {
  @Test(
    "are what the plain sums say, whatever the number of tokens", arguments: [1, 255, 256, 1000])
  func plain(tokens: Int) {
    let x = Tensor.seeded([2, tokens, 5], seed: 1, dtype: .float32) + 100
    let (variance, mean) = withoutGradients { channelMoments(x) }
    let exact = x.cast(to: .float64)
    let exactMean = exact.mean(over: 1, keepAxes: true)
    expectClose(mean.cast(to: .float64), exactMean, atol: 2e-5)
    expectClose(
      variance.cast(to: .float64), (exact - exactMean).square().mean(over: 1, keepAxes: true),
      atol: 1e-5)
  }

  @Test("have gradients where they are recorded")
  func gradients() {
    expectGradients(at: [.seeded([2, 6, 3], seed: 1)]) {
      let (variance, mean) = channelMoments($0[0])
      return variance + mean
    }
  }
}

@Suite("Tokens piece by piece") struct TokenPieceTests {
  @Test(
    "give what they give at once, parts of samples, whole ones and several",
    arguments: [[2, 9000, 3], [9, 1500, 3], [3, 100, 90, 3], [1, 5, 3]])
  func pieces(shape: [Int]) {
    let x = Tensor.seeded(shape, seed: 1)
    let factor = Tensor.seeded([shape[0]] + shape.dropFirst().map { _ in 1 }, seed: 2)
    let shift = Tensor.seeded([1, shape[1]] + shape.dropFirst(2).map { _ in 1 }, seed: 3)
    let whole = (x * factor + shift).repeated(times: 2)
    withoutGradients {
      let y = mapTokens(x) { piece, place in
        let part =
          piece * factor.sliced(place.samples, axis: 0) + shift.sliced(place.range, axis: 1)
        return part.repeated(times: 2)
      }
      expectClose(y, whole, atol: 0)
    }
  }

  @Test("take the place of what they are made of, if told so")
  func replacing() {
    let x = Tensor.seeded([1, 9000, 2], seed: 1)
    let expected = x + 1
    withoutGradients {
      let y = mapTokens(x, replacing: true) { piece, _ in piece + 1 }
      expectClose(y, expected, atol: 0)
      #expect(y.sharesMemory(with: x))
    }
  }

  @Test("are one piece where gradients are recorded")
  func recorded() {
    var places: [TokenPlace] = []
    _ = mapTokens(Tensor.seeded([2, 9000, 2], seed: 1)) { piece, place in
      places.append(place)
      return piece
    }
    #expect(places.map(\.samples) == [0..<2] && places.map(\.range) == [0..<9000])
  }
}

extension Tensor {
  /// The last axis over and over.
  fileprivate func repeated(times: Int) -> Tensor {
    .concatenate([Tensor](repeating: self, count: times), axis: -1)
  }
}

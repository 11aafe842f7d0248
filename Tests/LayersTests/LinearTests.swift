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

  @Test("have gradients where they are recorded")
  func gradients() {
    let bias = Tensor.seeded([3], seed: 3)
    expectGradients(at: [.seeded([17, 4], seed: 1), .seeded([3, 4], seed: 2)]) {
      linear($0[0], weight: $0[1], bias: bias, activation: .gelu)
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

// What transformers do to tokens between matrix products: single passes against plain operations.

import Layers
import TestSupport
import Tensors
import Testing

@Suite("Passes over tokens without gradients") struct TokenPassesTests {
  /// Widths of a few, of some whole registers, and of registers and a rest; tokens of less than a
  /// block, and of several.
  private static let shapes = [[2, 9, 3], [1, 64, 16], [3, 130, 37]]
  private static let formats = [DType.float32, .bfloat16]

  private static func seeded(_ shape: [Int], _ seed: UInt64, _ dtype: DType = .float32) -> Tensor {
    .seeded(shape, seed: seed, dtype: dtype)
  }

  // Half a unit of the last of 8 bits, for numbers up to 8; or a few of the last of 24.
  private static func tolerance(_ dtype: DType) -> Double { dtype == .bfloat16 ? 0.032 : 1e-5 }

  @Test("normalise tokens times styles", arguments: shapes, formats)
  func normalised(shape: [Int], dtype: DType) {
    let (x, styles) = (Self.seeded(shape, 1) + 3, Self.seeded([shape[0], shape[2]], 2))
    withoutGradients {
      let y = styledNorm(x, styles: styles, dtype: dtype)
      #expect(y.dtype == dtype)
      let exact = styledNormReference(
        x.cast(to: .float64), styles: styles.cast(to: .float64), dtype: .float64)
      expectClose(y.cast(to: .float64), exact, atol: Self.tolerance(dtype))
      // Rounded to the nearest: the same as a cast, but for numbers that lie between two.
      let cast = styledNorm(x, styles: styles, dtype: .float32).cast(to: dtype)
      expectClose(y, cast, atol: 0)
    }
  }

  @Test("scale and move channels", arguments: shapes, formats)
  func scaled(shape: [Int], dtype: DType) {
    let x = Self.seeded(shape, 1)
    let (factor, shift) = (
      Self.seeded([shape[0], 1, shape[2]], 2), Self.seeded([shape[0], 1, shape[2]], 3)
    )
    withoutGradients {
      let y = scaledTokens(x, factor: factor, shift: shift, dtype: dtype)
      #expect(y.dtype == dtype)
      let exact = scaledTokensReference(
        x.cast(to: .float64), factor: factor.cast(to: .float64), shift: shift.cast(to: .float64),
        dtype: .float64)
      expectClose(y.cast(to: .float64), exact, atol: Self.tolerance(dtype))
    }
  }

  @Test("finish a layer with noise, leaky ReLU and clamp", arguments: shapes, formats)
  func finished(shape: [Int], dtype: DType) {
    let y = Self.seeded(shape, 1, dtype)
    let strength = Self.seeded([], 2)
    for noise in [Self.seeded([shape[1], 1], 3), Self.seeded([shape[0], shape[1], 1], 4), nil] {
      for clamp in [0.5, nil] {
        let exact = finishedTokensReference(
          y.cast(to: .float64), noise: noise?.cast(to: .float64),
          strength: strength.cast(to: .float64), clamp: clamp)
        let found = withoutGradients {
          finishedTokens(y + 0, noise: noise, strength: strength, clamp: clamp)
        }
        #expect(found.dtype == .float32)
        expectClose(found.cast(to: .float64), exact, atol: 1e-6)
      }
    }
  }

  @Test("enlarge maps as images are enlarged", arguments: [[2, 1, 3], [1, 9, 16], [3, 49, 37]])
  func enlarged(shape: [Int]) {
    let x = Self.seeded(shape, 1)
    let summand = Self.seeded([1, 4 * shape[1], shape[2]], 2)
    // Neither even nor symmetric, so that turning it around matters.
    let filter = Self.seeded([4, 4], 3)
    for summand in [summand, nil] {
      let exact = enlargedTokensReference(
        x.cast(to: .float64), filter: filter.cast(to: .float64),
        adding: summand?.cast(to: .float64))
      let found = withoutGradients { enlargedTokens(x, filter: filter, adding: summand) }
      expectClose(found.cast(to: .float64), exact, atol: 1e-5)
    }
  }

  @Test("add the codes of rows and columns", arguments: formats)
  func placed(dtype: DType) {
    let y = Self.seeded([2, 5, 7, 22], 1, dtype)
    let (columns, rows) = (Self.seeded([7, 11], 2), Self.seeded([5, 1, 11], 3))
    let exact = placedTokensReference(y, columns: columns, rows: rows)
    let found = withoutGradients { placedTokens(y, columns: columns, rows: rows) }
    #expect(found.dtype == .float32)
    expectClose(found, exact, atol: 0)
  }

  @Test("multiply tokens with the few rows of a matrix", arguments: shapes)
  func channels(shape: [Int]) {
    let (x, matrices) = (Self.seeded(shape, 1), Self.seeded([shape[0], 3, shape[2]], 2))
    let exact = tokenChannelsReference(x.cast(to: .float64), matrices: matrices.cast(to: .float64))
    let found = withoutGradients { tokenChannels(x, matrices: matrices) }
    expectClose(found.cast(to: .float64), exact, atol: 1e-5)
  }

  @Test("find what normalises the outputs of modulated matrices", arguments: [3, 16, 1029])
  func demodulations(width: Int) {
    let (weight, styles) = (Self.seeded([5, width], 1), Self.seeded([2, width], 2))
    let exact = demodulationReference(
      of: weight.cast(to: .float64), styles: styles.cast(to: .float64))
    let found = withoutGradients { demodulation(of: weight, styles: styles) }
    expectClose(found.cast(to: .float64), exact, atol: 0, rtol: 1e-5)
  }

  @Test("add numbers of the narrow format", arguments: shapes)
  func narrowSums(shape: [Int]) {
    let (x, y) = (Self.seeded(shape, 1), Self.seeded(shape, 2, .bfloat16))
    let found = withoutGradients { sum(x, narrow: y) }
    #expect(found.dtype == .float32)
    expectClose(found, x + y.cast(to: .float32), atol: 0)
  }

  @Test("sums take the summand's place where they may, and nowhere else")
  func sums() {
    let (x, weight) = (Self.seeded([40, 24], 1, .bfloat16), Self.seeded([10, 24], 2))
    let summand = Self.seeded([40, 10], 3)
    withoutGradients {
      let before = summand + 0
      let plain = linear(x, weight: weight, adding: summand)
      expectClose(summand, before, atol: 0)
      let replaced = linear(x, weight: weight, adding: summand, replacing: true)
      expectClose(replaced, plain, atol: 0)
      #expect((plain - before).abs().max().item() > 0)
    }
  }

  @Test("have gradients where they are recorded")
  func gradients() {
    let (filter, summand) = (Tensor.seeded([4, 4], seed: 8), Tensor.seeded([1, 16, 3], seed: 9))
    expectGradients(at: [.seeded([2, 4, 3], seed: 1), .seeded([2, 3], seed: 2)]) {
      let y = styledNorm($0[0], styles: $0[1], dtype: .float64)
      let z = scaledTokens(
        y, factor: $0[1].unsqueezed(1), shift: $0[1].unsqueezed(1), dtype: .float64)
      let finished = finishedTokens(
        z, noise: .seeded([4, 1], seed: 3), strength: .seeded([], seed: 4), clamp: nil)
      let factors = demodulation(of: .seeded([3, 3], seed: 5), styles: $0[1]).unsqueezed(1)
      return tokenChannels(
        enlargedTokens(finished * factors, filter: filter, adding: summand),
        matrices: .seeded([2, 2, 3], seed: 6))
    }
  }
}

// Principal components: exact at once, incremental as the formula says, and sampled from generators.

import Editing
import TestSupport
import Tensors
import Testing

@Suite("Principal components") struct PrincipalComponentsTests {
  /// Codes of deviations 5, 3, 1 and 0.2 along the axes, around (1, 2, 3, 4).
  private let codes =
    Tensor.seeded([400, 4], seed: 1) * Tensor([5, 3, 1, 0.2]) + Tensor([1.0, 2, 3, 4])

  @Test("components are orthonormal, and diagonalise the covariance")
  func exact() throws {
    let pca = try PrincipalComponents(of: codes, count: 4)
    let c = pca.components.cast(to: .float64)
    expectClose(c.matmul(c.transposed(0, 1)), call("aten::eye", 4, DType.float64), atol: 1e-6)
    let centred = codes - codes.mean(over: 0)
    let covariance = centred.transposed(0, 1).matmul(centred) / 399
    let diagonal = c.matmul(covariance).matmul(c.transposed(0, 1))
    let variances = pca.deviations.cast(to: .float64).square()
    expectClose(diagonal, call("aten::diag", variances), atol: 1e-4)
    #expect(abs(pca.shares.sum().item() - 1) < 1e-6)
    #expect(pca.directions.map(\.name).prefix(2) == ["component 0", "component 1"])
    // The strongest is the first axis.
    #expect(abs(pca.components.selected(0, axis: 0).values()[0]) > 0.99)
  }

  @Test("in batches the strong components are nearly the same, and all codes count")
  func incremental() throws {
    let pca = IncrementalPCA(count: 3)
    for start in stride(from: 0, to: 400, by: 100) {
      #expect(try pca.add(codes.sliced(start..<start + 100, axis: 0)))
    }
    #expect(try !pca.add(codes.sliced(0..<2, axis: 0)) && pca.codeCount == 400)
    let (found, exact) = (
      try pca.components(), try PrincipalComponents(of: codes, count: 3)
    )
    expectClose(found.mean, exact.mean, atol: 1e-5)
    expectClose(found.deviations, exact.deviations, atol: 1e-2)
    expectClose(found.shares, exact.shares, atol: 1e-3)
    expectClose(found.components, exact.components, atol: 0.02)
  }

  @Test("codes of a generator are drawn from one stream, whatever the batches")
  func sampling() throws {
    func components(_ batchSize: Int) throws -> PrincipalComponents {
      let pca = IncrementalPCA(count: 8)
      try pca.add(codesOf: smallGenerator(), count: 600, seed: 4, batchSize: batchSize)
      return try pca.components()
    }
    let (one, several) = (try components(600), try components(200))
    expectClose(several.mean, one.mean, atol: 1e-6)
    // Of as many components as numbers nothing is left out.
    expectClose(several.deviations, one.deviations, atol: 1e-5)
  }

  @Test("no code is left out, however they fall into batches; labels shift the mean")
  func batches() throws {
    let pca = IncrementalPCA(count: 8)
    try pca.add(codesOf: smallGenerator(), count: 203, batchSize: 50)
    #expect(pca.codeCount == 203)
    func mean(_ labels: Tensor?) throws -> Tensor {
      let pca = IncrementalPCA(count: 2)
      try pca.add(codesOf: smallGenerator(labelDim: 2), count: 100, labels: labels)
      return try pca.components().mean
    }
    let label = Tensor([0, 1] as [Float], shape: [1, 2])
    #expect((try mean(label) - mean(nil)).abs().max().item() > 1e-3)
  }

  @Test("more components than there are, or none at all, are refused")
  func refusals() {
    let many = #expect(throws: EditingError.self) {
      _ = try PrincipalComponents(of: codes, count: 5)
    }
    #expect(
      many?.description == "principal components of codes [400, 4]: expected 1 to 4, found 5")
    for shape in [[4], [0, 4]] {
      #expect(throws: EditingError.self) {
        _ = try PrincipalComponents(of: .zeros(shape), count: 1)
      }
    }
    let infinite = #expect(throws: EditingError.self) {
      _ = try PrincipalComponents(of: codes / 0, count: 2)
    }
    #expect(
      infinite?.description == "principal components: expected finite codes, found others")
    let none = #expect(throws: EditingError.self) { _ = try IncrementalPCA(count: 2).components() }
    #expect(
      none?.description
        == "2 principal components: expected a batch of at least as many codes, found none")
  }
}

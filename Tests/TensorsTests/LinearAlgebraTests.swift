// Decompositions: what they say of themselves, and signs that do not depend on chance.

import TestSupport
import Tensors
import Testing

@Suite("Linear algebra") struct LinearAlgebraTests {
  private let a = Tensor.seeded([6, 4], seed: 1)

  @Test("eigenvectors of a symmetric matrix make it diagonal, the largest value first")
  func eigen() {
    let matrix = a.transposed(0, 1).matmul(a)
    let (values, vectors) = matrix.symmetricEigen()
    expectClose(
      vectors.matmul(matrix).matmul(vectors.transposed(0, 1)), call("aten::diag", values),
      atol: 1e-12)
    let sizes = values.values(as: Double.self)
    #expect(sizes == sizes.sorted(by: >))
    checkSigns(vectors)
  }

  @Test("singular values are the roots of the eigenvalues, with the same vectors")
  func singular() {
    let (values, vectors) = a.singularValues()
    let (squares, same) = a.transposed(0, 1).matmul(a).symmetricEigen()
    expectClose(values.square(), squares, atol: 1e-12)
    expectClose(vectors, same, atol: 1e-10)
    checkSigns(vectors)
    // Of fewer rows than columns there are as many as rows.
    #expect(a.transposed(0, 1).singularValues().rightVectors.shape == [4, 6])
  }

  private func checkSigns(_ vectors: Tensor) {
    for row in 0..<vectors.size(0) {
      let numbers = vectors.selected(row, axis: 0).values(as: Double.self)
      #expect(numbers.max(by: { abs($0) < abs($1) }).map { $0 > 0 } == true, "row \(row)")
    }
  }

  @Test("systems of equations are solved; of singular ones the result is not finite")
  func solving() {
    let matrix = a.transposed(0, 1).matmul(a)
    let x = Tensor.seeded([4], seed: 2)
    expectClose(matrix.solving(matrix.matmul(x)), x, atol: 1e-10)
    let singular = Tensor.zeros([2, 2]).solving(.ones([2]))
    #expect(!singular.isFinite().all)
  }
}

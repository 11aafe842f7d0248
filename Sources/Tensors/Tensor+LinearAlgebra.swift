// Decompositions of matrices and systems of equations.

extension Tensor {
  /// The eigenvalues of a symmetric matrix, the largest first, and its eigenvectors.
  ///
  /// Each eigenvector has length 1, and a sign by which its component of largest size is positive.
  ///
  /// - Shape: `self` [D, D].
  /// - Returns: The values [D] and the vectors [D, D], one a row.
  public func symmetricEigen() -> (values: Tensor, vectors: Tensor) {
    let found = callMany("aten::linalg_eigh", self)
    let rows = found[1].transposed(0, 1).flipped(0)
    return (found[0].flipped(0), rows.withSignsOfLargest())
  }

  /// The eigenvalues of a symmetric matrix, the smallest first.
  ///
  /// - Shape: `self` [D, D], of which only the lower triangle is read.
  /// - Returns: [D].
  public func symmetricEigenvalues() -> Tensor { call("aten::linalg_eigvalsh", self) }

  /// The singular values of a matrix, the largest first, and its right singular vectors.
  ///
  /// Each vector has length 1, and a sign by which its component of largest size is positive.
  ///
  /// - Shape: `self` [N, D], K the smaller of N and D.
  /// - Returns: The values [K] and the vectors [K, D], one a row.
  public func singularValues() -> (values: Tensor, rightVectors: Tensor) {
    let found = callMany("aten::linalg_svd", self, false)
    return (found[1], found[2].withSignsOfLargest())
  }

  /// The solution of a system of linear equations.
  ///
  /// - Shape: `self` [D, D], not singular.
  /// - Parameter right: The right side [D] or [D, N].
  /// - Returns: As `right`; numbers that are not finite where the matrix is singular.
  public func solving(_ right: Tensor) -> Tensor {
    callMany("aten::linalg_solve_ex", self, right, true, false)[0]
  }

  /// Rows times 1 or -1, so that the component of largest size is positive.
  private func withSignsOfLargest() -> Tensor {
    let largest: Tensor = call("aten::argmax", abs(), 1, true)
    return self * call("aten::sign", gathered(largest, axis: 1))
  }
}

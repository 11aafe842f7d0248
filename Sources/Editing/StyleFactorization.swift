// Directions read off a generator's weights: Shen and Zhou (2021), "Closed-Form Factorization of
// Latent Semantics in GANs" (SeFa).

public import Networks
public import Tensors

/// The directions in W that change the styles of some layers most, without any samples.
public struct StyleFactorization {
  /// Two published ways to find them.
  public enum Method: String, CaseIterable, Sendable {
    /// The eigenvectors of W Wᵀ, where each style's weights have length 1; of the layers that make
    /// colours, only the last counts. The published code leaves the order of the eigenvectors to
    /// chance; here the largest eigenvalue comes first.
    case sefa
    /// The right singular vectors of all weights as they are; of the layers that make colours, only
    /// the first counts. rosinality's `closed_form_factorization.py`.
    case rosinality
  }

  /// How much each direction changes the styles, the most first: the eigenvalues, or for
  /// rosinality's method the singular values; [K].
  public let values: Tensor
  /// The directions, orthogonal and of length 1: [K, wDim].
  public let vectors: Tensor

  /// Factorises matrices from w to styles.
  ///
  /// - Parameters:
  ///   - matrices: [styles, wDim] each.
  ///   - method: How.
  /// - Throws: `EditingError` if there are none, or their widths differ.
  public init(of matrices: [Tensor], method: Method = .sefa) throws(EditingError) {
    guard let width = matrices.first?.size(-1),
      matrices.allSatisfy({ $0.rank == 2 && $0.size(1) == width })
    else {
      throw EditingError(
        "factorisation of styles", expected: "matrices of one width",
        found: "\(matrices.map(\.shape))")
    }
    let stack = Tensor.concatenate(matrices.map { $0.detached().cast(to: .float64) }, axis: 0)
    guard stack.isFinite().all else {
      throw EditingError("factorisation of styles", expected: "finite weights", found: "others")
    }
    let found: (values: Tensor, vectors: Tensor)
    switch method {
    case .sefa:
      let lengths = stack.square().sum(over: 1, keepAxes: true).sqrt()
      // A style that does not depend on w has no direction.
      let rows = stack / lengths.clamped(from: Double.leastNormalMagnitude)
      found = rows.transposed(0, 1).matmul(rows).symmetricEigen()
    case .rosinality:
      let (singular, right) = stack.singularValues()
      found = (singular, right)
    }
    values = found.values.cast(to: .float32)
    vectors = found.vectors.cast(to: .float32)
  }

  /// Factorises a generator's layers.
  ///
  /// - Parameters:
  ///   - generator: The generator, of any family.
  ///   - rows: The rows of W+ whose layers count; nil for all.
  ///   - method: How.
  /// - Throws: `EditingError` if no layer reads these rows.
  public init(of generator: any Generator, rows: Range<Int>? = nil, method: Method = .sefa)
    throws(EditingError)
  {
    let all = generator.styleMatrices
    let colours = all.indices.filter { all[$0].makesColours }
    let counting = method == .sefa ? colours.last : colours.first
    let chosen = all.indices.filter { index in
      (rows?.contains(all[index].row) ?? true)
        && (!all[index].makesColours || index == counting)
    }
    guard !chosen.isEmpty else {
      throw EditingError(
        "factorisation of rows \(rows.map { "\($0)" } ?? "")",
        expected: "layers that read them", found: "none of \(all.count)")
    }
    try self.init(of: chosen.map { all[$0].weight }, method: method)
  }

  /// The directions.
  ///
  /// - Parameter rows: The rows of W+ that were factorised; nil for all.
  /// - Returns: The directions, the strongest first.
  public func directions(rows: Range<Int>? = nil) -> [LatentDirection] {
    (0..<vectors.size(0)).map {
      LatentDirection(vectors.selected($0, axis: 0), name: "factor \($0)", rows: rows)
    }
  }
}

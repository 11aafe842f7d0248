// The directions in which codes vary most: Härkönen et al. (2020), "GANSpace: Discovering
// Interpretable GAN Controls".

public import Networks
public import Tensors

/// The directions in which codes vary most, the strongest first.
public struct PrincipalComponents {
  /// The mean of the codes: [wDim].
  public let mean: Tensor
  /// The directions, orthogonal and of length 1: [K, wDim].
  public let components: Tensor
  /// The deviation of the codes along each, with divisor N - 1: [K].
  public let deviations: Tensor
  /// Each component's share of the codes' whole variance: [K].
  public let shares: Tensor

  init(mean: Tensor, components: Tensor, singularValues: Tensor, count: Int, squares: Double) {
    self.mean = mean
    self.components = components
    deviations = singularValues / Double(max(count - 1, 1)).squareRoot()
    shares = singularValues.square() / squares
  }

  /// The components of codes that are all there at once.
  ///
  /// - Parameters:
  ///   - codes: [N, wDim].
  ///   - count: K.
  /// - Throws: `EditingError` if there are not so many.
  public init(of codes: Tensor, count: Int) throws(EditingError) {
    let most = min(codes.size(0), codes.size(1))
    guard codes.rank == 2, (1...most).contains(count) else {
      throw EditingError(
        "principal components of codes \(codes.shape)", expected: "1 to \(most)", found: count)
    }
    let pca = IncrementalPCA(count: count)
    pca.add(codes)
    self = try pca.components()
  }

  /// The directions, with their deviations as the unit of strength.
  public var directions: [LatentDirection] {
    deviations.values(as: Double.self).enumerated().map { index, deviation in
      LatentDirection(
        components.selected(index, axis: 0), name: "component \(index)", deviation: deviation)
    }
  }
}

/// Finds principal components of more codes than are kept in memory, batch by batch.
///
/// A batch of m codes after n others is joined with what is known as the singular vectors of
///
///     [ singular value · component, one row each;
///       batch - mean of the batch;
///       sqrt(n m / (n + m)) · (mean - mean of the batch) ]
///
/// of which the strongest are kept. Of one batch the result is exact. Computed in float64.
///
/// - Source: Ross et al. (2008), "Incremental Learning for Robust Visual Tracking", as scikit-learn's
///   `IncrementalPCA` does it.
public final class IncrementalPCA {
  /// How many components are kept.
  public let count: Int
  /// The codes so far.
  public private(set) var codeCount = 0
  private var mean: Tensor?  // [D]
  private var scaled: Tensor?  // [K, D]: singular value · component
  private var singularValues: Tensor?  // [K]
  private var vectors: Tensor?  // [K, D]
  /// The sum of the squared distances of all codes from their mean.
  private var squares = 0.0

  /// An analysis of no codes.
  ///
  /// - Parameter count: How many components are kept, at least one.
  public init(count: Int) {
    precondition(count > 0, "\(count) components")
    self.count = count
  }

  /// Takes a batch into account.
  ///
  /// - Parameter batch: [M, wDim].
  /// - Returns: Whether it was; a batch of fewer codes than there are components is left out.
  @discardableResult
  public func add(_ batch: Tensor) -> Bool {
    guard batch.size(0) >= count, batch.size(1) >= count else { return false }
    withoutGradients { join(batch.cast(to: .float64), Double(batch.size(0))) }
    codeCount += batch.size(0)
    return true
  }

  private func join(_ batch: Tensor, _ m: Double) {
    let n = Double(codeCount)
    let batchMean = batch.mean(over: 0)
    let centred = batch - batchMean
    squares += centred.square().sum().item()
    var rows = centred
    if let mean, let scaled {
      let shift = (mean - batchMean) * (n / (n + m) * m).squareRoot()
      squares += shift.square().sum().item()
      rows = .concatenate([scaled, centred, shift.unsqueezed(0)], axis: 0)
      self.mean = (mean * n + batch.sum(over: 0)) / (n + m)
    } else {
      mean = batchMean
    }
    let (values, right) = rows.singularValues()
    let kept = values.sliced(0..<count, axis: 0)
    let components = right.sliced(0..<count, axis: 0)
    (singularValues, vectors) = (kept, components)
    scaled = components * kept.unsqueezed(1)
  }

  /// Takes codes of a generator into account, batch by batch.
  ///
  /// - Parameters:
  ///   - generator: The generator.
  ///   - count: How many codes; GANSpace takes a million.
  ///   - seed: Where NumPy's random stream starts.
  ///   - batchSize: The codes of a batch.
  ///   - progress: Is told how many codes there are after every batch; what it throws ends the
  ///     sampling.
  /// - Throws: What `progress` throws.
  public func add(
    codesOf generator: any Generator, count: Int, seed: UInt32 = 0, batchSize: Int = 10_000,
    progress: (Int) throws -> Void = { _ in }
  ) throws {
    var state = RandomState(seed: seed)
    for start in stride(from: 0, to: count, by: batchSize) {
      add(generator.sampleW(count: min(batchSize, count - start), from: &state))
      try progress(codeCount)
    }
  }

  /// The components of all codes so far, in float32.
  ///
  /// - Returns: The components.
  /// - Throws: `EditingError` if no batch was large enough.
  public func components() throws(EditingError) -> PrincipalComponents {
    guard let mean, let vectors, let singularValues else {
      throw EditingError(
        "\(count) principal components", expected: "a batch of at least as many codes",
        found: "none")
    }
    func single(_ x: Tensor) -> Tensor { x.cast(to: .float32) }
    return PrincipalComponents(
      mean: single(mean), components: single(vectors), singularValues: single(singularValues),
      count: codeCount, squares: squares)
  }
}

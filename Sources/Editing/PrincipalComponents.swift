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
  /// - Throws: `EditingError` if there are not so many, or the codes are not finite.
  public init(of codes: Tensor, count: Int) throws(EditingError) {
    let most = codes.rank == 2 ? min(codes.size(0), codes.size(1)) : 0
    guard 1 <= count, count <= most else {
      throw EditingError(
        "principal components of codes \(codes.shape)", expected: "1 to \(most)", found: count)
    }
    let pca = IncrementalPCA(count: count)
    try pca.add(codes)
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
/// of which the strongest are kept. Of one batch the result is exact; of several the more exact, the
/// more components are kept. Computed in float64.
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
  /// - Throws: `EditingError` if the codes are not finite.
  @discardableResult
  public func add(_ batch: Tensor) throws(EditingError) -> Bool {
    precondition(batch.rank == 2, "codes [M, wDim], found \(batch.shape)")
    guard batch.size(0) >= count, batch.size(1) >= count else { return false }
    guard batch.isFinite().all else {
      throw EditingError("principal components", expected: "finite codes", found: "others")
    }
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
  ///   - batchSize: The codes of a batch; the last one takes what would be too few for its own.
  ///   - labels: [1, labelDim]; nil for all zeros, or none for generators without labels.
  ///   - progress: Is told how many codes there are after every batch; what it throws ends the
  ///     sampling.
  /// - Throws: `EditingError` if the codes are not finite; what `progress` throws.
  public func add(
    codesOf generator: any Generator, count: Int, seed: UInt32 = 0, batchSize: Int = 10_000,
    labels: Tensor? = nil, progress: (Int) throws -> Void = { _ in }
  ) throws {
    var state = RandomState(seed: seed)
    var left = count
    while left > 0 {
      let size = left < batchSize + self.count ? left : batchSize
      try add(generator.sampleW(count: size, from: &state, labels: labels))
      left -= size
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

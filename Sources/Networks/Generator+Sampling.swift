// What every generator can do because it meets the protocol: seeds, truncation, mixing, images.

public import Tensors

/// How strongly w is pulled towards its mean, and in which rows of W+.
public struct Truncation: Hashable, Sendable {
  /// 1 leaves w alone, 0 gives the mean, negative numbers the opposite.
  public var psi: Double
  /// Only rows below this one are truncated; nil for all.
  public var cutoff: Int?

  /// Truncation by `psi` below `cutoff`.
  public init(psi: Double = 1, cutoff: Int? = nil) {
    self.psi = psi
    self.cutoff = cutoff
  }

  /// Pulls the rows of W+ towards a mean of w: `wAvg + psi * (w - wAvg)` below the cutoff.
  ///
  /// - Parameters:
  ///   - wPlus: [N, numWs, wDim].
  ///   - wAvg: [wDim].
  /// - Returns: [N, numWs, wDim].
  public func applied(to wPlus: Tensor, towards wAvg: Tensor) -> Tensor {
    guard psi != 1 else { return wPlus }
    let numWs = wPlus.size(1)
    let cutoff = min(cutoff ?? numWs, numWs)
    let pulled = wAvg.lerp(to: wPlus.sliced(0..<cutoff, axis: 1), weight: psi)
    guard cutoff < numWs else { return pulled }
    return .concatenate([pulled, wPlus.sliced(cutoff..<numWs, axis: 1)], axis: 1)
  }
}

extension Generator {
  /// The z of one seed, by the family's own convention.
  ///
  /// - Parameter seed: The seed that people share.
  /// - Returns: [1, zDim], float32.
  public func z(seed: UInt32) -> Tensor {
    let zDim = traits.zDim
    switch traits.seedConvention {
    case .numpyRandomState:
      var state = RandomState(seed: seed)
      return Tensor(state.randn(zDim).map(Float.init), shape: [1, zDim])
    case .torchManualSeed:
      return .randn([1, zDim], generator: TorchGenerator(seed: UInt64(seed)))
    }
  }

  /// The w of random z.
  ///
  /// - Parameters:
  ///   - count: How many.
  ///   - state: NumPy's random stream, from which all families' z are drawn here, in float64.
  ///   - labels: [1, labelDim]; nil for all zeros, or none for generators without labels.
  /// - Returns: [count, wDim], without a record for gradients.
  public func sampleW(count: Int, from state: inout RandomState, labels: Tensor? = nil) -> Tensor {
    let (zDim, device) = (traits.zDim, wAvg.device)
    let label = (labels ?? label(classIndex: nil))?.moved(to: device)
    // A thousand at a time: what the mapping network holds between its layers stays small.
    let parts = withoutGradients {
      stride(from: 0, to: count, by: 1000).map { start in
        let n = min(1000, count - start)
        let z = Tensor(state.randn(n * zDim), shape: [n, zDim]).cast(to: .float32)
        return map(z: z.moved(to: device), labels: label?.repeated(n, 1))
      }
    }
    return .concatenate(parts, axis: 0)
  }

  /// The label of one class: a one at its place, zeros elsewhere.
  ///
  /// - Parameter classIndex: From 0 up to `labelDim`; nil for all zeros.
  /// - Returns: [1, labelDim], or nil for generators without labels.
  public func label(classIndex: Int?) -> Tensor? {
    guard traits.labelDim > 0 else { return nil }
    guard let classIndex else { return .zeros([1, traits.labelDim]) }
    return .oneHot([classIndex], count: traits.labelDim)
  }

  /// w repeated for every layer and pulled towards the mean.
  ///
  /// - Parameters:
  ///   - w: [N, wDim].
  ///   - truncation: How strongly, and in which rows.
  /// - Returns: W+ [N, numWs, wDim].
  public func broadcast(_ w: Tensor, truncation: Truncation = Truncation()) -> Tensor {
    let wPlus = w.unsqueezed(1).repeated(1, traits.numWs, 1)
    return truncate(wPlus, truncation)
  }

  /// Pulls the rows of W+ towards the mean of w: `wAvg + psi * (w - wAvg)` below the cutoff.
  ///
  /// - Parameters:
  ///   - wPlus: [N, numWs, wDim].
  ///   - truncation: How strongly, and in which rows.
  /// - Returns: [N, numWs, wDim].
  public func truncate(_ wPlus: Tensor, _ truncation: Truncation) -> Tensor {
    truncation.applied(to: wPlus, towards: wAvg)
  }

  /// W+ with some rows taken from another.
  ///
  /// - Parameters:
  ///   - wPlus: [N, numWs, wDim]: all other rows.
  ///   - source: [N, numWs, wDim]: the rows in `rows`.
  ///   - rows: From 0 up to `numWs`.
  /// - Returns: [N, numWs, wDim].
  public func mix(_ wPlus: Tensor, with source: Tensor, rows: Set<Int>) -> Tensor {
    let parts = (0..<traits.numWs).map { row in
      (rows.contains(row) ? source : wPlus).selected(row, axis: 1)
    }
    return .stack(parts, axis: 1)
  }
}

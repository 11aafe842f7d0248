// A direction among codes, and what is done with it: moving along it, keeping others still.

public import Tensors

/// A direction in W along which pictures change in one way.
public struct LatentDirection {
  /// What changes, such as `smile`; empty where nobody knows.
  public var name: String
  /// The direction, [wDim] for all rows of W+ alike, or [numWs, wDim].
  public var vector: Tensor
  /// How far codes of random pictures spread along it, which then is the unit of strengths; nil
  /// where that is not known, and the vector as it is has strength 1.
  public var deviation: Double?
  /// The rows of W+ that it was found to be good for; nil for all.
  public var rows: Range<Int>?

  /// A direction.
  ///
  /// - Parameters:
  ///   - vector: [wDim], or [numWs, wDim].
  ///   - name: What changes.
  ///   - deviation: How far codes spread along it; nil where that is not known.
  ///   - rows: The rows of W+ that it is good for; nil for all.
  public init(
    _ vector: Tensor, name: String = "", deviation: Double? = nil, rows: Range<Int>? = nil
  ) {
    precondition((1...2).contains(vector.rank), "a direction of shape \(vector.shape)")
    (self.name, self.vector, self.deviation, self.rows) = (name, vector, deviation, rows)
  }

  /// The direction with length 1.
  public var normalized: LatentDirection {
    var direction = self
    direction.vector = vector / vector.norm()
    return direction
  }

  // MARK: Moving codes

  /// Codes moved along the direction by some strength.
  ///
  /// - Parameters:
  ///   - wPlus: [N, numWs, wDim].
  ///   - strength: How far, in deviations where they are known; negative numbers move back.
  ///   - rows: The rows that move; nil for those of the direction.
  /// - Returns: [N, numWs, wDim].
  public func moving(_ wPlus: Tensor, by strength: Double, rows: Range<Int>? = nil) -> Tensor {
    adding(vector * (strength * (deviation ?? 1)), to: wPlus, rows)
  }

  /// Codes moved along the direction to a place on it, wherever they were.
  ///
  /// The place of a code is that of its first row: with m the origin, u the direction, or its first
  /// row, and s its deviation, `⟨w₀ - m, u⟩ / (s ⟨u, u⟩)`.
  ///
  /// - Source: InterFaceGAN, where the origin is 0; e4e's editing with GANSpace, where it is the
  ///   mean of w.
  /// - Parameters:
  ///   - wPlus: [N, numWs, wDim].
  ///   - place: Where the first row shall be, in deviations where they are known.
  ///   - origin: The place 0, [wDim]; nil for zeros.
  ///   - rows: The rows that move; nil for those of the direction.
  /// - Returns: [N, numWs, wDim].
  public func moving(
    _ wPlus: Tensor, to place: Double, from origin: Tensor? = nil, rows: Range<Int>? = nil
  ) -> Tensor {
    let first = wPlus.selected(0, axis: 1)
    let u = vector.rank == 2 ? vector.selected(0, axis: 0) : vector
    let s = (deviation ?? 1) * u.square().sum().item()
    precondition(s > 0, "a place on a direction whose first row has no length")
    let places = ((origin.map { first - $0 } ?? first) * u).sum(over: 1) / s  // [N]
    let distances = (place - places).reshaped(-1, 1, 1) * (deviation ?? 1)
    return adding(vector * distances, to: wPlus, rows)
  }

  /// Adds a change [wDim], [numWs, wDim] or [N, 1 or numWs, wDim] to some rows of codes.
  private func adding(_ change: Tensor, to wPlus: Tensor, _ rows: Range<Int>?) -> Tensor {
    let numWs = wPlus.size(1)
    precondition(
      vector.size(-1) == wPlus.size(2) && (vector.rank == 1 || vector.size(0) == numWs),
      "a direction of shape \(vector.shape) for codes \(wPlus.shape)")
    return wPlus.taking(rows ?? self.rows, from: wPlus + change)
  }

  // MARK: Conditions

  /// The direction without what it has in common with others, so that moving along it leaves them
  /// still: of length 1 and orthogonal to all of them.
  ///
  /// - Source: The conditional manipulation of InterFaceGAN, for any number of conditions.
  /// - Parameter conditions: What shall not change; directions of the same shape.
  /// - Returns: The direction.
  /// - Throws: `EditingError` if nothing is left of it, or the shapes differ.
  public func orthogonal(to conditions: [LatentDirection]) throws(EditingError) -> LatentDirection {
    guard conditions.allSatisfy({ $0.vector.shape == vector.shape }) else {
      throw EditingError(
        "conditions of the direction \(name)", expected: "the shape \(vector.shape)",
        found: "\(conditions.map(\.vector.shape))")
    }
    let lengths = ([self] + conditions).map { $0.vector.norm().item() }
    guard lengths.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw EditingError(
        "conditions of the direction \(name)", expected: "directions of finite lengths above 0",
        found: "\(lengths)")
    }
    let own = vector.cast(to: .float64).flattened()
    var rest = own / own.norm()
    if !conditions.isEmpty {
      let all = Tensor.stack(conditions.map { $0.vector.cast(to: .float64).flattened() })
      // An orthonormal basis of what the conditions span; dependent ones add nothing.
      let (values, basis) = (all / all.square().sum(over: 1, keepAxes: true).sqrt())
        .singularValues()
      // One condition in two roundings of float32 differs by about 1e-8.
      let rank = values.values(as: Double.self).count { $0 > 1e-6 }
      let kept = basis.sliced(0..<rank, axis: 0)
      rest = rest - kept.matmul(rest).matmul(kept)
    }
    let length = rest.norm().item()
    guard length > 1e-6 else {
      throw EditingError(
        "the direction \(name)",
        expected: "one that its \(conditions.count) conditions do not span",
        found: "\(length) of its length left")
    }
    var direction = self
    direction.vector = (rest / length).reshaped(vector.shape).cast(to: vector.dtype)
    direction.deviation = nil
    return direction
  }
}

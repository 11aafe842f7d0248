// Mixing regularisation: Karras et al., "A Style-Based Generator Architecture for Generative
// Adversarial Networks" (2019), section 3.1.

public import Networks
public import Tensors

/// A second z, whose w takes the place of the first's in the rows of W+ from a cutoff on.
public struct StyleMixing {
  /// [N, zDim], standard normal.
  public var z: Tensor
  /// The first row of W+ that the second z gives, from 1 to `numWs - 1`.
  public var cutoff: Int

  /// Mixing with a second z from row `cutoff` on.
  public init(z: Tensor, cutoff: Int) {
    self.z = z
    self.cutoff = cutoff
  }

  /// Whether and where a batch is mixed.
  ///
  /// - Parameters:
  ///   - probability: The probability that it is mixed at all.
  ///   - numWs: The rows of W+.
  ///   - chance: A uniform number in [0, 1).
  ///   - place: A uniform number in [0, 1).
  /// - Returns: The first row from the second z, any of 1 to `numWs - 1` alike; nil for no mixing.
  public static func cutoff(
    probability: Double, numWs: Int, chance: Double, place: Double
  ) -> Int? {
    guard numWs > 1, chance < probability else { return nil }
    return 1 + Int(place * Double(numWs - 1))
  }

  /// W+ with the rows from the cutoff on taken from the second z.
  ///
  /// - Parameters:
  ///   - wPlus: [N, numWs, wDim].
  ///   - generator: The generator that maps.
  ///   - labels: [N, labelDim]; nil for generators without labels.
  /// - Returns: [N, numWs, wDim].
  public func applied(to wPlus: Tensor, of generator: any Generator, labels: Tensor?) -> Tensor {
    let other = generator.broadcast(generator.map(z: z, labels: labels))
    return generator.mix(wPlus, with: other, rows: Set(cutoff..<wPlus.size(1)))
  }
}

// The codes that a generator maps seeds to, as its pictures of seeds have them.

public import Networks
package import Tensors

/// The codes that a generator maps seeds to.
public struct SeedCodes {
  private let generator: any Generator
  private let truncation: Truncation
  private let styleMixing: Double

  /// Codes of a generator.
  ///
  /// - Parameters:
  ///   - generator: The generator.
  ///   - truncationPsi: ψ.
  ///   - styleMixing: The share of seeds whose codes are of two z, the second from a random row on,
  ///     so that rows differ.
  public init(of generator: any Generator, truncationPsi: Double, styleMixing: Double = 0) {
    (self.generator, self.styleMixing) = (generator, styleMixing)
    truncation = Truncation(psi: truncationPsi)
  }

  /// The codes of seeds; of classes, each seed has the next.
  ///
  /// - Parameter seeds: From 0 on.
  /// - Returns: [N, numWs, wDim].
  package func callAsFunction(_ seeds: [Int]) -> Tensor {
    withoutGradients {
      let codes = broadcast(seeds, of: seeds)
      guard styleMixing > 0 else { return codes }
      let others = broadcast(seeds.map { $0 + 1 << 31 }, of: seeds)
      let rows = generator.traits.numWs
      return .concatenate(
        seeds.enumerated().map { index, seed in
          let (own, other) = (codes.sliced(index..<index + 1, axis: 0), index..<index + 1)
          let draws = Tensor.rand([2], generator: TorchGenerator(seed: UInt64(seed) + 1 << 32))
            .values(as: Double.self)
          let cutoff = StyleMixing.cutoff(
            probability: styleMixing, numWs: rows, chance: draws[0], place: draws[1])
          guard let cutoff else { return own }
          return generator.mix(
            own, with: others.sliced(other, axis: 0), rows: Set(cutoff..<rows))
        }, axis: 0)
    }
  }

  /// The codes of some seeds, of the classes of others.
  private func broadcast(_ seeds: [Int], of classes: [Int]) -> Tensor {
    let count = generator.traits.labelDim
    let z = Tensor.concatenate(
      seeds.map { generator.z(seed: UInt32(truncatingIfNeeded: $0)) }, axis: 0)
    let labels = count > 0 ? Tensor.oneHot(classes.map { $0 % count }, count: count) : nil
    return generator.broadcast(generator.map(z: z, labels: labels), truncation: truncation)
  }
}

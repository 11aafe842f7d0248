// Which latents a picture is mixed of at test time: Karras et al., "A Style-Based Generator
// Architecture for Generative Adversarial Networks" (2019), table 2.

public import Networks
public import Tensors

/// The latents that one picture is mixed of, and the rows of W+ where one follows another.
///
/// The paper stresses a network "by randomizing 1 … 4 latents and the crossover points between them",
/// and says no more. Here the picture's own seed decides. NumPy's stream of that seed gives, after as
/// many normal numbers as its z has: a random order of the rows at which a latent can begin, all
/// rows that are read but the first; then the seeds of the other latents. With k latents, the first
/// k - 1 rows of that order, sorted, are the crossovers, so that each set of k - 1 different rows is
/// equally likely, and exactly k latents are read. The coarsest rows are the own latent's, then come
/// the others, each up to the next crossover. With one more latent there is one more crossover, and
/// all others stay.
public struct LatentMixing: Hashable, Sendable {
  /// The seeds of the latents, the coarsest rows' first: that of the picture itself.
  public let seeds: [UInt32]
  /// The rows of W+ at which the next latent begins, ascending.
  public let crossovers: [Int]

  /// Draws the latents of a picture.
  ///
  /// - Parameters:
  ///   - seed: The picture's own.
  ///   - latents: How many it is mixed of, from 1 to the number of rows that are read; 1 draws
  ///     nothing.
  ///   - traits: The generator's, with the rows that are read and the length of z.
  public init(seed: UInt32, latents: Int, traits: GeneratorTraits) {
    precondition(
      (1...traits.usedWs.count).contains(latents),
      "\(latents) latents for \(traits.usedWs.count) rows")
    guard latents > 1 else {
      (seeds, crossovers) = ([seed], [])
      return
    }
    var state = RandomState(seed: seed)
    // What z is made of would tell the crossovers.
    _ = state.randn(traits.zDim)
    var rows = Array(traits.usedWs.dropFirst())
    state.shuffle(&rows)
    crossovers = rows.prefix(latents - 1).sorted()
    seeds = [seed] + state.randint(0..<1 << 32, latents - 1).map(UInt32.init)
  }

  /// Which of the latents a row of W+ is of, as a place in `seeds`.
  ///
  /// - Parameter row: The row.
  /// - Returns: The place.
  public func latent(ofRow row: Int) -> Int { crossovers.count { $0 <= row } }
}

extension Generator {
  /// W+ of mixed pictures, not truncated.
  ///
  /// - Parameters:
  ///   - pictures: What each is mixed of, all of as many latents.
  ///   - labels: [N, labelDim], one for all latents of a picture; nil for generators without labels.
  /// - Returns: [N, numWs, wDim]; for one latent, w repeated for every row.
  public func mixed(_ pictures: [LatentMixing], labels: Tensor? = nil) -> Tensor {
    let latents = pictures.first?.seeds.count ?? 1
    precondition(
      pictures.allSatisfy { $0.seeds.count == latents }, "pictures of different numbers of latents")
    // As many together as without mixing, for the same last bits.
    let w = (0..<latents).map { latent in
      map(z: .concatenate(pictures.map { z(seed: $0.seeds[latent]) }, axis: 0), labels: labels)
    }
    guard latents > 1 else { return broadcast(w[0]) }
    let places = pictures.enumerated().flatMap { index, picture in
      (0..<traits.numWs).map { picture.latent(ofRow: $0) * pictures.count + index }
    }
    return Tensor.concatenate(w, axis: 0).picked(Tensor(places), axis: 0)
      .reshaped(pictures.count, traits.numWs, traits.wDim)
  }
}

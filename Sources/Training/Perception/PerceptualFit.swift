// Heads of a perceptual distance, fitted to pictures that were spoiled by known strengths.

package import Datasets
package import Networks
package import Tensors

/// Pictures that were spoiled by known strengths, as a perceptual distance sees them.
package struct SpoiledPictures {
  /// The pictures spoiled in one way.
  package struct Part {
    /// The way.
    package let distortion: PictureDistortion
    /// How strongly each was spoiled, 0 to 1.
    package let strengths: [Double]
    /// The mean squared difference of samples from the picture.
    package let meanSquares: [Double]
    /// How much each channel of the features differs from the picture's: [pictures, K].
    package let differences: Tensor

    /// The squares of the strengths, which the distance shall be.
    package var targets: [Double] { strengths.map { $0 * $0 } }

    /// The distances with some heads.
    ///
    /// - Parameter heads: K numbers.
    /// - Returns: A distance for each picture.
    package func distances(_ heads: [Double]) -> [Double] {
      let column = Tensor(heads, shape: [heads.count, 1])
      return differences.cast(to: .float64).matmul(column).values(as: Double.self)
    }
  }

  /// The pictures, way by way.
  package let parts: [Part]

  /// Spoils every picture in every way, each by a strength drawn at random.
  ///
  /// - Parameters:
  ///   - dataset: The pictures, in RGB.
  ///   - indices: Which of them.
  ///   - distance: Sees them.
  ///   - seed: Where the random streams start; each picture has its own.
  ///   - progress: Is told after each picture; may throw to stop.
  /// - Throws: `DatasetError` about a picture; what `progress` throws.
  package init(
    _ dataset: any Dataset, _ indices: Range<Int>, seenBy distance: PerceptualDistance,
    seed: UInt32, progress: () throws -> Void
  ) throws {
    let ways = PictureDistortion.allCases
    var strengths = [[Double]](repeating: [], count: ways.count)
    var meanSquares = strengths
    var seen: [Tensor] = []  // [ways, K] for each picture
    for index in indices {
      let picture = try dataset.batch(index..<index + 1).images
      var random = RandomState(seed: seed &+ UInt32(truncatingIfNeeded: index) &* 2_654_435_761)
      try withoutGradients {
        let spoiled = ways.enumerated().map { place, way in
          let strength = random.uniform()
          strengths[place].append(strength)
          return way(picture, strength: strength, random: &random)
        }
        let all = Tensor.concatenate(spoiled, axis: 0)
        let squares = (all - picture).square().mean(over: 1, 2, 3).values()
        for (place, square) in squares.enumerated() { meanSquares[place].append(Double(square)) }
        seen.append(distance.differences(all, picture))
        try progress()
      }
    }
    let together = Tensor.stack(seen)  // [pictures, ways, K]
    parts = ways.enumerated().map { place, way in
      Part(
        distortion: way, strengths: strengths[place], meanSquares: meanSquares[place],
        differences: together.selected(place, axis: 1))
    }
  }

  /// The heads with which distances are nearest to the squares of the strengths, none below 0.
  ///
  /// A distance is a sum of squared differences, so that it grows as the square of what a picture
  /// is changed by; its target is the square of the strength for that reason.
  ///
  /// - Parameter way: A way that is left out; nil for none.
  /// - Returns: A head for each channel.
  package func heads(without way: PictureDistortion? = nil) -> [Double] {
    let counted = parts.filter { $0.distortion != way }
    return LeastSquares(sumOf: counted.map { LeastSquares($0.differences, $0.targets) })
      .nonNegativeWeights()
  }
}

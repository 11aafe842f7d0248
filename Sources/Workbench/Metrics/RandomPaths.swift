// Random paths between latents, on which perceptual path length is measured.

import Crypto
import Datasets
import Foundation
import Metrics
import Networks
import Tensors

/// Random paths between latents, each with its own seeds.
///
/// Path `i` runs from the z of seed `s + 2 i` to that of seed `s + 2 i + 1`. Paths that are measured
/// together have the same noise, as published programs do it.
struct RandomPaths {
  private let generator: any Generator
  private let seed: UInt32
  private let noise: NoiseKind
  private let places: [Double]
  private let labels: [[Float]]

  /// How many are measured together: always as many, whatever is kept already.
  static let together = 8

  /// Some paths.
  ///
  /// - Parameters:
  ///   - generator: The generator.
  ///   - count: How many paths.
  ///   - seed: s.
  ///   - noise: Where noise comes from.
  ///   - labels: The labels that there are to choose from; none for a generator without.
  init(
    of generator: any Generator, count: Int, seed: UInt32, noise: NoiseKind, labels: LabelDraw
  ) {
    (self.generator, self.seed, self.noise) = (generator, seed, noise)
    var state = RandomState(seed: seed)
    places = state.rand(count)
    self.labels = labels.drawn(count, seed: seed)
  }

  /// The lengths of some paths.
  ///
  /// - Parameters:
  ///   - range: Which ones, at most `together`.
  ///   - length: What is measured.
  ///   - features: From pictures [N, 3, H, W] with numbers from 0 to 255 to features whose squared
  ///     differences sum up to the distance.
  /// - Returns: [paths, 1].
  func lengths(
    _ range: Range<Int>, _ length: PerceptualPathLength, features: (Tensor) -> Tensor
  ) -> Tensor {
    func ends(_ offset: Int) -> Tensor {
      let seeds = range.map { seed &+ UInt32(truncatingIfNeeded: 2 * $0 + offset) }
      return .concatenate(seeds.map { generator.z(seed: $0) }, axis: 0)
    }
    let places = Tensor(places[range].map { Float($0) }, shape: [range.count])
    let options = SynthesisOptions(noise: noise == .none ? .none : .const)
    return withItsNoise(range) {
      length.lengths(
        of: generator, between: (ends(0), ends(1)), at: places,
        labels: labels.isEmpty ? nil : .rows(labels[range]), options: options, features: features)
    }.unsqueezed(1)
  }

  /// Runs `body` while the generator has the noise of some paths.
  private func withItsNoise(_ range: Range<Int>, _ body: () -> Tensor) -> Tensor {
    guard noise == .random else { return body() }
    let random = TorchGenerator(
      seed: UInt64(seed &+ UInt32(truncatingIfNeeded: 2 * range.lowerBound)))
    let images = generator.noiseInputs.map { input in
      Tensor.randn(input.tensor.shape, generator: random).cast(to: input.tensor.dtype)
    }
    return generator.withNoise(images, body)
  }
}

/// The labels of the data, of which generated pictures take one at random each.
struct LabelDraw {
  /// All labels, in the order of the data; none for a generator without labels.
  let all: [[Float]]

  /// The labels of some data, if a generator takes any.
  init(of dataset: (any Dataset)?, for traits: GeneratorTraits) {
    let wanted = traits.labelDim > 0 ? dataset : nil
    all = wanted.map { data in (0..<data.count).map(data.label) } ?? []
  }

  /// What tells them from other labels.
  var hash: String {
    var sum = SHA256()
    for label in all { label.withUnsafeBytes { sum.update(bufferPointer: $0) } }
    return sum.finalize().hexadecimal
  }

  /// Labels for pictures.
  ///
  /// - Parameters:
  ///   - count: How many.
  ///   - seed: The seed of the choice.
  /// - Returns: `count` labels; none for a generator without labels.
  func drawn(_ count: Int, seed: UInt32) -> [[Float]] {
    guard !all.isEmpty else { return [] }
    var state = RandomState(seed: seed)
    return state.randint(0..<all.count, count).map { all[$0] }
  }
}

extension Tensor {
  /// Rows of as many numbers each: [N, D].
  static func rows(_ rows: ArraySlice<[Float]>) -> Tensor {
    Tensor(Array(rows.joined()), shape: [rows.count, rows.first?.count ?? 0])
  }
}

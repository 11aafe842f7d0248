// Linear separability of a generator: pictures are judged first, then planes are laid between their
// latents.

import Foundation
import Metrics
import Networks
import OrderedCollections
import Tensors

/// How well one attribute's pictures are parted.
public struct AttributeSeparability: Encodable, Sendable, Hashable {
  /// The attribute.
  public let name: String
  /// H(Y|X) in z, in bits: what the side of the plane leaves unknown of the attribute.
  public let entropyZ: Double
  /// The same in w.
  public let entropyW: Double
  /// The share of the pictures that count whose logit is positive.
  public let positive: Double
}

extension MetricMeasurement {
  /// The pictures for each number of a latent beyond which more hardly change how they are parted:
  /// published figures have 195.
  private static let manyForEachNumber = 100

  /// How many pictures are judged together: always as many, whatever is kept already.
  private static let together = 8

  /// Measures separability in z and w.
  ///
  /// - Parameter metric: Says how many pictures are drawn; half of them count for every attribute.
  /// - Returns: 2 to the sum of the conditional entropies.
  /// - Throws: `FileError` about classifiers; `CancellationError` between pictures and attributes.
  mutating func separability(of metric: MetricRecipe) throws -> Results {
    guard let networks = try job.networks.classifiers() else {
      preconditionFailure("\(metric) was not checked")
    }
    let judges = try AttributeJudges(networks)
    extractors.merge(judges.extractors) { $1 }
    var settings = PictureSettings()
    settings.noise = job.settings.noise
    let pictures = GeneratedPictures(
      generator, content: identity, count: metric.generated, firstSeed: seed, settings: settings,
      labels: labels)
    let logits = try logits(of: pictures, by: judges)
    let keep = max(metric.generated / 2, 1)
    let key = "planes of \(keep) of \(metric.generated) \(pictures.hash) by \(judges.identity)"
    let inZ = try tables(key, "z", logits: logits, keep: keep) { pictures.z($0) }
    let inW = try tables(key, "w", logits: logits, keep: keep) { pictures.w($0) }
    let found = zip(judges.names, zip(inZ, inW)).map { name, tables in
      AttributeSeparability(
        name: name, entropyZ: conditionalEntropy(tables.0), entropyW: conditionalEntropy(tables.1),
        positive: (tables.0[0][0] + tables.0[1][0]) / Double(keep))
    }
    attributes = found
    remarks += separabilityRemarks(name: metric.description, found.count, keep: keep)
    return [
      "\(metric)_z": exp2(found.reduce(0) { $0 + $1.entropyZ }),
      "\(metric)_w": exp2(found.reduce(0) { $0 + $1.entropyW }),
    ]
  }

  private func separabilityRemarks(name: String, _ count: Int, keep: Int) -> [String] {
    let (published, width) = (
      CelebAAttributes.names.count, max(generator.traits.zDim, generator.traits.wDim)
    )
    return [
      count == published
        ? nil : "\(name): \(count) of the \(published) attributes of published figures",
      // A plane parts up to twice as many points as there are axes, however they are called.
      keep <= 2 * width
        ? "\(name): a plane in \(width) numbers parts \(keep) pictures by chance alone"
        : keep < Self.manyForEachNumber * width
          ? "\(name): the figures grow with --samples, of which half, \(grouped(keep)), count for planes in "
            + "\(width) numbers: compare only with figures of as many" : nil,
    ].compactMap(\.self)
  }

  /// What classifiers say of pictures: [N, attributes].
  private func logits(of pictures: GeneratedPictures, by judges: AttributeJudges) throws -> Tensor {
    try store.rows(
      "logits of \(pictures.hash) by \(judges.identity)", width: judges.names.count,
      count: pictures.count, step: Self.together, unit: "judged pictures", progress: progress
    ) { range, add in
      for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.together) {
        let end = min(start + Self.together, range.upperBound)
        let drawn = stride(from: start, to: end, by: pictures.step).map { first in
          pictures.drawn(first..<min(first + pictures.step, end))
        }
        let colours = generator.traits.pixelEncoding.colours(.concatenate(drawn, axis: 0))
        try add(judges.logits(colours))
      }
    }
  }

  /// How many pictures of each class lie on each side of the planes: an attribute's rows are the
  /// sides, its columns the classes.
  private func tables(
    _ key: String, _ space: String, logits: Tensor, keep: Int, latents: (Range<Int>) -> Tensor
  ) throws -> [[[Double]]] {
    let counts = try store.rows(
      "\(key) in \(space)", width: 4, count: logits.size(1), step: 1,
      unit: "attributes in \(space)", progress: progress
    ) { range, add in
      let count = logits.size(0)
      let all = stride(from: 0, to: count, by: 512).map { latents($0..<min($0 + 512, count)) }
      let samples = Tensor.concatenate(all, axis: 0)
      for k in range {
        let part = LinearSeparability(
          latents: samples, logits: logits.sliced(k..<k + 1, axis: 1), keep: keep
        ) { _ in }
        let shares = part.attributes[0].confusion.joined()
        try add(Tensor(shares.map { Float(($0 * Double(keep)).rounded()) }, shape: [1, 4]))
      }
    }
    return (0..<counts.size(0)).map { k in
      let row = counts.selected(k, axis: 0).values().map(Double.init)
      return [Array(row[0..<2]), Array(row[2..<4])]
    }
  }
}

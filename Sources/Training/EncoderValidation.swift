// How well an encoder inverts pictures that it has not learned from.

public import Datasets
public import Networks
public import OrderedCollections
import Tensors

/// The losses of held-out pictures, and what they are if every picture gets the average code.
public final class EncoderValidation {
  private let pictures: EncoderPictures
  private let decoder: any Generator
  private let losses: EncoderLosses
  private let batchSize: Int
  /// The losses of the average code, which stay.
  private var ofAverage: OrderedDictionary<String, Double>?

  /// The pictures that a training holds out.
  ///
  /// - Parameters:
  ///   - options: What is trained, and how.
  ///   - decoder: The generator that the options name.
  ///   - losses: How far pictures are apart, as the options say.
  ///   - dataset: The pictures that the options describe, without mirrored ones.
  /// - Throws: `ConfigurationError` if values do not fit.
  public init(
    _ options: EncoderTrainingOptions, into decoder: any Generator, losses: EncoderLosses,
    on dataset: any Dataset
  ) throws(ConfigurationError) {
    pictures = try EncoderPictures(options, of: dataset, decoder: decoder)
    (self.decoder, self.losses, batchSize) = (decoder, losses, options.settings.batchSize)
  }

  /// How many pictures are held out.
  public var count: Int { pictures.heldOutCount }

  /// The losses of an encoder, each the mean over the held-out pictures, by names such as `l2`; then
  /// those of the average code, which an encoder must beat, by names such as `average_l2`.
  ///
  /// - Parameters:
  ///   - encoder: The encoder.
  ///   - progress: Is told how many pictures were seen; may throw to stop.
  /// - Returns: The losses; the sum is called `loss`.
  /// - Throws: `DatasetError` about a picture; what `progress` throws.
  public func callAsFunction(
    _ encoder: any ImageEncoder, progress: (Int) throws -> Void
  ) throws -> OrderedDictionary<String, Double> {
    let average = encoder.averageCode(of: decoder)
    var sums: OrderedDictionary<String, Double> = [:]
    var averageSums: OrderedDictionary<String, Double> = [:]
    for first in stride(from: 0, to: count, by: batchSize) {
      let batch = try pictures.heldOut(first..<min(first + batchSize, count))
      let seen = batch.img.size(0)
      func add(
        _ wPlus: Tensor, to sums: inout OrderedDictionary<String, Double>, _ prefix: String
      ) {
        let terms = withoutGradients {
          losses(
            wPlus, of: batch.img, by: decoder, latentAverage: average, trueCodes: batch.codes)
        }
        for (name, loss) in terms.named {
          sums[prefix + name, default: 0] += loss.item() * Double(seen) / Double(count)
        }
      }
      add(withoutGradients { encoder.wPlus(of: batch.img) }, to: &sums, "")
      if ofAverage == nil {
        add(average.unsqueezed(0).expanded(seen, -1, -1), to: &averageSums, "average_")
      }
      try progress(first + seen)
    }
    let known = ofAverage ?? averageSums
    ofAverage = known
    return sums.merging(known) { own, _ in own }
  }
}

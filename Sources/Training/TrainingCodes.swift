// The codes that a training learns from: where they come from, their endless order, and those held out.

import Checkpoints
public import Datasets
import Formats
import Layers
public import Networks
import OrderedCollections
public import Tensors

/// Codes, with what is known of them.
public struct CodeBatch {
  /// [N, numWs, wDim].
  public let codes: Tensor
  /// How surely each attribute is there, from 0 to 1: [N, A]; nil where nobody knows.
  public let labels: Tensor?
}

/// Numbered codes of one generator, each perhaps with labels.
public protocol CodeSource {
  /// How many there are.
  var count: Int { get }

  /// Some of the codes.
  ///
  /// - Parameter indices: Their numbers, from 0.
  /// - Returns: The codes in that order.
  /// - Throws: `DatasetError` about the first picture that cannot be decoded; `CancellationError`.
  func batch(_ indices: [Int]) throws -> CodeBatch
}

// MARK: - Where codes come from

/// The codes of seeds, whose pictures may be judged.
public struct SampledCodes: CodeSource {
  /// How many seeds there are, from 0 on.
  public let count: Int
  private let generator: any Generator
  private let codes: SeedCodes
  private let judge: ((Tensor) throws -> Tensor)?

  /// Codes of seeds.
  ///
  /// - Parameters:
  ///   - count: How many seeds there are, from 0 on.
  ///   - generator: The generator.
  ///   - codes: How seeds become codes.
  ///   - judge: The logits [N, A] of pictures [N, C, H, W] in [-1, 1]; nil where nobody judges.
  public init(
    count: Int, of generator: any Generator, _ codes: SeedCodes,
    judge: ((Tensor) throws -> Tensor)?
  ) {
    (self.count, self.generator, self.codes, self.judge) = (count, generator, codes, judge)
  }

  /// The codes of seeds, and what the judge says of their pictures.
  public func batch(_ indices: [Int]) throws -> CodeBatch {
    try withoutGradients {
      let wPlus = codes(indices)
      guard let judge else { return CodeBatch(codes: wPlus, labels: nil) }
      let img = generator.synthesize(wPlus, options: SynthesisOptions())
      let logits = try judge(generator.traits.pixelEncoding.colours(img))
      return CodeBatch(codes: wPlus, labels: logits.sigmoid())
    }
  }
}

/// Codes that are known already.
public struct StoredCodes: CodeSource {
  private let codes: Tensor
  private let labels: Tensor?

  /// Codes with or without labels.
  ///
  /// - Parameters:
  ///   - codes: [N, numWs, wDim].
  ///   - labels: [N, A]; nil where nobody knows.
  public init(_ codes: Tensor, labels: Tensor?) {
    precondition(labels.map { $0.size(0) == codes.size(0) } ?? true, "labels of other codes")
    (self.codes, self.labels) = (codes, labels)
  }

  /// How many codes there are.
  public var count: Int { codes.size(0) }

  /// Some of the codes.
  public func batch(_ indices: [Int]) -> CodeBatch {
    let places = Tensor(indices)
    return CodeBatch(
      codes: codes.picked(places, axis: 0), labels: labels?.picked(places, axis: 0))
  }
}

/// The codes that an encoder finds of pictures, with the labels of these.
public struct EncodedCodes: CodeSource {
  private let dataset: any Dataset
  private let encoder: any ImageEncoder
  private let generator: GeneratorTraits
  private let isLabelled: Bool

  /// Codes of the pictures of a data set.
  ///
  /// - Parameters:
  ///   - dataset: The pictures.
  ///   - encoder: Finds their codes.
  ///   - generator: The generator that the codes are of.
  ///   - isLabelled: Whether labels of pictures are those of their codes.
  public init(
    of dataset: any Dataset, by encoder: any ImageEncoder, into generator: GeneratorTraits,
    isLabelled: Bool
  ) {
    self.dataset = ResizedDataset(dataset, side: encoder.traits.width)
    (self.encoder, self.generator, self.isLabelled) = (encoder, generator, isLabelled)
  }

  /// How many pictures there are.
  public var count: Int { dataset.count }

  /// The codes of some pictures.
  public func batch(_ indices: [Int]) throws -> CodeBatch {
    let view = DatasetView(dataset, indices: indices)
    let batch = try view.batch(0..<indices.count)
    let traits = encoder.traits
    let img = batch.images.visible((traits.height, traits.width), of: generator)
    let codes = withoutGradients { encoder.wPlus(of: img) }
    guard isLabelled else { return CodeBatch(codes: codes, labels: nil) }
    let shape = [indices.count, dataset.labelKind.dimension]
    return CodeBatch(codes: codes, labels: Tensor(batch.labels, shape: shape))
  }
}

// MARK: - Their order

/// The codes of a training: an endless order of those that are learned, and the last ones held out.
final class TrainingCodes {
  private let source: any CodeSource
  private var order: DataOrder
  private let firstHeldOut: Int

  /// The first code of an order.
  ///
  /// - Parameters:
  ///   - source: All codes.
  ///   - heldOut: How many of the last ones are held out.
  ///   - seed: Where the order starts.
  /// - Throws: `ConfigurationError` if there are not as many codes as are held out.
  init(_ source: any CodeSource, heldOut: Int, seed: UInt32) throws(ConfigurationError) {
    try ConfigurationError.check("heldOut", heldOut, in: 1...max(1, source.count - 1))
    (self.source, firstHeldOut) = (source, source.count - heldOut)
    order = DataOrder(count: firstHeldOut, seed: UInt64(seed))
  }

  /// How many codes are held out.
  var heldOutCount: Int { source.count - firstHeldOut }

  /// The next codes that are learned; what cannot be had changes nothing.
  func next(_ count: Int) throws -> CodeBatch {
    var order = order
    let batch = try source.batch(order.next(count))
    self.order = order
    return batch
  }

  /// Codes that nothing is learned from.
  ///
  /// - Parameter range: Which of them, counted from 0.
  /// - Returns: The codes.
  /// - Throws: What the source throws.
  func heldOut(_ range: Range<Int>) throws -> CodeBatch {
    try source.batch(range.map { firstHeldOut + $0 })
  }

  /// Adds what learns and the place in the order to a state.
  func save(with store: ParameterStore, into state: inout TrainingState) {
    for (name, entry) in store.entries { state.tensors[name] = StoredParameter(entry.tensor) }
    order.save(into: &state)
  }

  /// Goes on from what `save` added; what does not fit changes nothing.
  func restore(from state: TrainingState, to store: ParameterStore) throws {
    let order = try DataOrder(in: state, count: firstHeldOut, of: "codes")
    let values = try store.values(fitting: state.tensors)
    try store.load(values.mapValues { StoredParameter($0) })
    self.order = order
  }
}

extension DataOrder {
  /// Adds the place that the order has reached to a state.
  func save(into state: inout TrainingState) {
    state.values.dataPosition = TrainingState.DataPosition(
      seed: UInt32(truncatingIfNeeded: seed), epoch: epoch, index: position % count)
  }

  /// The place that a state remembers.
  ///
  /// - Parameters:
  ///   - state: What `save` added to.
  ///   - count: How many numbers there are.
  ///   - things: What they are the numbers of.
  /// - Throws: `TrainingError` if the state has none, or one among others.
  init(in state: TrainingState, count: Int, of things: String) throws {
    guard let place = state.values.dataPosition, (0..<count).contains(place.index),
      (0..<Int.max / count).contains(place.epoch)
    else {
      throw TrainingError.misfit(
        "state", expected: "a place among \(count) \(things)",
        found: state.values.dataPosition.map { "\($0)" } ?? "none")
    }
    self.init(
      count: count, seed: UInt64(place.seed), position: place.epoch * count + place.index)
  }
}

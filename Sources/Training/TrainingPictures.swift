// The pictures of a training, and the place that it has reached in them.

import Checkpoints
package import Datasets
import Foundation
import Layers
import Networks
import OrderedCollections
package import Tensors

/// The pictures of a training in an endless order, and the place that it has reached.
struct TrainingPictures {
  /// All pictures.
  let dataset: any Dataset
  /// What decodes ahead; nil until it is known which pictures of which size are wanted.
  private var loader: BatchLoader?
  /// Where the loader begins.
  private var start: DataOrder
  private var batchSize: Int
  /// How many pixels of the data lie side by side in one of the pictures that are taken.
  private var factor = 1
  private lazy var fingerprint = dataset.fingerprint

  /// Names in a state that belong to the data.
  private enum Key { static let count = "data.pictures" }

  /// The first picture of an order.
  ///
  /// - Parameters:
  ///   - dataset: All pictures.
  ///   - batchSize: Pictures in a batch.
  ///   - seed: Where the order starts.
  init(_ dataset: any Dataset, batchSize: Int, seed: UInt32) {
    (self.dataset, self.batchSize) = (dataset, batchSize)
    start = DataOrder(count: dataset.count, seed: UInt64(seed))
  }

  /// Where the order stands, behind the last batch that was taken.
  private var place: DataOrder { loader?.order ?? start }

  /// Takes the next batch.
  ///
  /// - Parameters:
  ///   - count: Pictures in the batch; nil for as many as before.
  ///   - factor: How many pixels of the data lie side by side in one of the batch, a power of two.
  /// - Returns: The batch.
  /// - Throws: `DatasetError` about the first picture that cannot be decoded.
  mutating func next(_ count: Int? = nil, reducedBy factor: Int = 1) throws(DatasetError) -> Batch {
    let count = count ?? batchSize
    guard let loader, count == batchSize, factor == self.factor else {
      (start, batchSize, self.factor) = (place, count, factor)
      let pictures: any Dataset = factor > 1 ? ReducedDataset(dataset, by: factor) : dataset
      let loader = BatchLoader(pictures, order: start, batchSize: count, threads: 1)
      self.loader = loader
      return try loader.next()
    }
    return try loader.next()
  }

  /// Adds what learns and the place in the data to a state.
  ///
  /// - Parameters:
  ///   - store: Everything of the training that changes.
  ///   - state: What is added to.
  /// - Throws: An error if something cannot be saved.
  mutating func save(with store: ParameterStore, into state: inout TrainingState) throws {
    for (name, entry) in store.entries { state.tensors[name] = StoredParameter(entry.tensor) }
    try save(into: &state)
  }

  /// Goes on from what `save` added; what does not fit changes nothing.
  ///
  /// - Parameters:
  ///   - state: What was saved.
  ///   - store: Everything of the training that changes.
  /// - Throws: An error if it is not the state of such a training, or of other data.
  mutating func restore(from state: TrainingState, to store: ParameterStore) throws {
    let order = try order(in: state)
    let values = try store.values(fitting: state.tensors)
    try store.load(values.mapValues { StoredParameter($0) })
    go(to: order)
  }

  /// Adds the place in the data, and what tells the data from other data, to a state.
  mutating func save(into state: inout TrainingState) throws {
    state.values.counters[Key.count] = dataset.count
    state.values.data = String(
      decoding: try JSONEncoder.ofLogs.encode(fingerprint), as: UTF8.self)
    state.values.dataPosition = TrainingState.DataPosition(
      seed: UInt32(truncatingIfNeeded: place.seed), epoch: place.epoch,
      index: place.position % dataset.count)
  }

  /// The place in the data that a state remembers.
  ///
  /// - Parameter state: What `save` added to.
  /// - Returns: The place.
  /// - Throws: An error if the state has none, or is of other data.
  mutating func order(in state: TrainingState) throws -> DataOrder {
    guard let place = state.values.dataPosition else {
      throw TrainingError.misfit("state", expected: "a place in the data", found: "none")
    }
    let count = state.values.counters[Key.count]
    guard count == dataset.count else {
      throw TrainingError.misfit(
        "data", expected: "\(count ?? 0) pictures, as when the state was saved",
        found: "\(dataset.count)")
    }
    // States from before there were fingerprints have none.
    if let data = state.values.data,
      let before = try? JSONDecoder().decode(DatasetFingerprint.self, from: Data(data.utf8)),
      !before.isOfSameData(as: fingerprint)
    {
      throw ConfigurationError(
        "data: expected the \(dataset.count) pictures that the training has seen so far, found as "
          + "many others: their names, labels or content differ")
    }
    guard let order = DataOrder(count: dataset.count, place) else {
      throw TrainingError.misfit(
        "place in the data", expected: "one of \(dataset.count) pictures", found: "\(place)")
    }
    return order
  }

  /// Goes on from a place.
  mutating func go(to order: DataOrder) {
    (loader, start) = (nil, order)
  }
}

extension Batch {
  /// The pictures as networks see them: [N, C, H, W] in [-1, 1].
  package var images: Tensor {
    Tensor(pixels, shape: [indices.count, shape.channels, shape.resolution, shape.resolution])
      .cast(to: .float32) / 127.5 - 1
  }
}

extension DataOrder {
  /// The order at a saved place, or nil if there is no such place.
  fileprivate init?(count: Int, _ place: TrainingState.DataPosition) {
    guard 0..<count ~= place.index, 0..<Int.max / count ~= place.epoch else { return nil }
    self.init(
      count: count, seed: UInt64(place.seed), position: place.epoch * count + place.index)
  }
}

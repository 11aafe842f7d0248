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
  private let batchSize: Int
  private var loader: BatchLoader
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
    loader = Self.loader(
      dataset, DataOrder(count: dataset.count, seed: UInt64(seed)), batchSize: batchSize)
  }

  private static func loader(
    _ dataset: any Dataset, _ order: DataOrder, batchSize: Int
  ) -> BatchLoader {
    BatchLoader(dataset, order: order, batchSize: batchSize, threads: 1)
  }

  /// Takes the next batch.
  func next() throws(DatasetError) -> Batch { try loader.next() }

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
      seed: UInt32(truncatingIfNeeded: loader.order.seed), epoch: loader.order.epoch,
      index: loader.order.position % dataset.count)
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
    loader = Self.loader(dataset, order, batchSize: batchSize)
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

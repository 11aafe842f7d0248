// Batches of pictures and labels in an endless order, decoded ahead by several threads.

import Formats

/// Pictures and labels that training takes together.
public struct Batch: Hashable, Sendable {
  /// The numbers of the pictures in the data set.
  public let indices: [Int]
  /// The size of every picture.
  public let shape: ImageShape
  /// The samples [N, C, H, W].
  public let pixels: [UInt8]
  /// The labels [N, D].
  public let labels: [Float]
}

/// Takes batches from a data set in an endless order.
///
/// The batches are the same for any number of threads. `order` stands at what has been taken, not
/// at what was decoded ahead: saved with a training state, it goes on with the next picture.
public final class BatchLoader {
  private typealias Loaded = Result<(index: Int, planes: [UInt8], label: [Float]), DatasetError>

  /// The order, behind the last batch that was taken.
  public private(set) var order: DataOrder
  /// Pictures in a batch.
  public let batchSize: Int
  private let dataset: any Dataset
  private let pictures: OrderedPrefetch<Int, Loaded>
  private var failure: DatasetError?

  /// A loader that goes on from where an order stands.
  ///
  /// - Parameters:
  ///   - dataset: The pictures, as many as the order has numbers.
  ///   - order: Where to begin.
  ///   - batchSize: Pictures in a batch, at least 1.
  ///   - threads: How many pictures are decoded at a time; 0 to decode when a batch is asked for.
  ///   - ahead: How many pictures are decoded before they are asked for; nil for two batches.
  public init(
    _ dataset: any Dataset, order: DataOrder, batchSize: Int, threads: Int, ahead: Int? = nil
  ) {
    precondition(
      order.count == dataset.count, "an order of \(order.count) for \(dataset.count) pictures")
    precondition(batchSize > 0, "a batch of \(batchSize) pictures")
    (self.dataset, self.order, self.batchSize) = (dataset, order, batchSize)
    var taken = order
    pictures = OrderedPrefetch(
      threads: threads, ahead: ahead ?? 2 * batchSize, items: { taken.next() }
    ) { index in
      Loaded { () throws(DatasetError) in
        (index, try dataset.image(at: index).planes, dataset.label(at: index))
      }
    }
  }

  /// Takes the next batch.
  ///
  /// - Returns: The pictures and labels.
  /// - Throws: `DatasetError` about the first picture that cannot be decoded; then the order stays
  ///   before the batch, and the loader gives no more.
  public func next() throws(DatasetError) -> Batch {
    if let failure { throw failure }
    var (indices, pixels, labels) = ([Int](), [UInt8](), [Float]())
    pixels.reserveCapacity(batchSize * dataset.shape.byteCount)
    while indices.count < batchSize, let loaded = pictures.next() {
      do {
        let (index, planes, label) = try loaded.get()
        indices.append(index)
        pixels += planes
        labels += label
      } catch {
        failure = error
        throw error
      }
    }
    _ = order.next(batchSize)
    return Batch(indices: indices, shape: dataset.shape, pixels: pixels, labels: labels)
  }
}

extension Dataset {
  /// Takes pictures that follow one another, and their labels.
  ///
  /// - Parameter indices: The numbers of the pictures.
  /// - Returns: The pictures and labels.
  /// - Throws: `DatasetError` about the first picture that cannot be decoded.
  public func batch(_ indices: Range<Int>) throws(DatasetError) -> Batch {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(indices.count * shape.byteCount)
    for index in indices { pixels += try image(at: index).planes }
    return Batch(
      indices: Array(indices), shape: shape, pixels: pixels, labels: indices.flatMap(label))
  }
}

extension ByteImage {
  /// The samples channel by channel: [C, H, W].
  var planes: [UInt8] {
    guard channels > 1 else { return pixels }
    let area = width * height
    return [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
      pixels.withUnsafeBufferPointer { source in
        for channel in 0..<channels {
          for pixel in 0..<area {
            target.initializeElement(at: count, to: source[pixel * channels + channel])
            count += 1
          }
        }
      }
    }
  }
}

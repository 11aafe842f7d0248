// Batches: the same with any number of threads, and positions at what was taken.

import Datasets
import Formats
import Synchronization
import Testing

@Suite("Batches")
struct BatchLoaderTests {
  private func loader(
    _ dataset: some Dataset, from order: DataOrder? = nil, batch: Int = 4, threads: Int
  ) -> BatchLoader {
    BatchLoader(
      dataset, order: order ?? DataOrder(count: dataset.count, seed: 2), batchSize: batch,
      threads: threads)
  }

  @Test("a batch holds samples by channel, and labels, in the order")
  func content() throws {
    let set = CountingDataset(count: 9)
    let batch = try loader(set, batch: 3, threads: 0).next()
    var order = DataOrder(count: 9, seed: 2)
    #expect(batch.indices == order.next(3))
    #expect(batch.shape == set.shape && batch.pixels.count == 3 * 12)
    for (place, index) in batch.indices.enumerated() {
      let byte = UInt8(index)
      let planes: [UInt8] = (0..<12).map { byte + UInt8($0 / 4) * 100 + UInt8($0 % 4) }
      #expect(Array(batch.pixels[place * 12..<(place + 1) * 12]) == planes)
      #expect(Array(batch.labels[place * 9..<(place + 1) * 9]) == set.label(at: index))
    }
  }

  @Test("pictures that follow one another are a batch, too")
  func range() throws {
    let set = CountingDataset(count: 9)
    let batch = try set.batch(2..<5)
    #expect(batch.indices == [2, 3, 4] && batch.pixels.count == 3 * 12)
    #expect(batch.labels == [2, 3, 4].flatMap(set.label))
    var order = DataOrder(count: 9, seed: 2)
    let drawn = try loader(set, batch: 1, threads: 0).next()
    let index = order.next(1)[0]
    #expect(try set.batch(index..<index + 1) == drawn)
  }

  @Test("threads change nothing", arguments: [1, 2, 5])
  func threads(count: Int) throws {
    let set = PortraitsDataset(count: 11, resolution: 16, attributes: [.smiling])
    let (plain, threaded) = (loader(set, threads: 0), loader(set, threads: count))
    for _ in 0..<8 {
      #expect(try threaded.next() == plain.next())
      #expect(threaded.order == plain.order)
    }
  }

  @Test("the position is that of what was taken: saved anywhere, the rest is the same")
  func resuming() throws {
    let set = CountingDataset(count: 7)
    let whole = loader(set, threads: 3)
    let batches = try (0..<10).map { _ in try whole.next() }
    for taken in [0, 1, 5] {
      let first = loader(set, threads: 3)
      for _ in 0..<taken { _ = try first.next() }
      #expect(first.order.position == taken * 4)
      let second = loader(set, from: first.order, threads: 2)
      for batch in batches[taken...] { #expect(try second.next() == batch) }
    }
  }

  @Test("a picture that cannot be read is an error where it is wanted, and ever after")
  func failure() throws {
    var order = DataOrder(count: 12, seed: 2)
    let set = CountingDataset(count: 12, broken: [order.next(12)[6]])
    for threads in [0, 3] {
      let loader = loader(set, threads: threads)
      _ = try loader.next()
      for _ in 0..<2 {
        expectDatasetError("expected a picture") { _ = try loader.next() }
        #expect(loader.order.position == 4)
      }
    }
  }

  @Test("work is done ahead, no further than allowed, and not before it is asked for")
  func ahead() {
    let started = Mutex(0)
    var item = 0
    let prefetch = OrderedPrefetch(
      threads: 2, ahead: 5,
      items: {
        item += 1
        return item <= 20 ? item : nil
      },
      work: { (item: Int) in
        started.withLock { $0 += 1 }
        return item
      })
    #expect(started.withLock(\.self) == 0)
    for expected in 1...20 {
      #expect(prefetch.next() == expected)
      #expect(started.withLock(\.self) <= expected + 4)
      #expect(item <= expected + 5)
    }
    #expect(prefetch.next() == nil)
  }
}

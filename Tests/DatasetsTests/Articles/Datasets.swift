// The example on the first page about data sets.

import Datasets
import Testing

@Suite("First example of Datasets") struct DatasetsPageTests {
  @Test("a batch of portraits has as many numbers as it says")
  func example() throws {
    let dataset = PortraitsDataset(count: 1000, resolution: 64, attributes: [.smiling])
    let order = DataOrder(count: dataset.count, seed: 0)
    let loader = BatchLoader(dataset, order: order, batchSize: 16, threads: 2)
    let batch = try loader.next()
    print(batch.indices, batch.pixels.count, batch.labels.count)  // …, 196608, 32

    #expect(batch.indices.count == 16 && batch.pixels.count == 196_608 && batch.labels.count == 32)
  }
}

// The example on the first page about editing.

import Editing
import Networks
import TestSupport
import Tensors
import Testing

@Suite("First example of Editing") struct EditingPageTests {
  @Test("directions are found, written, read and followed")
  func example() throws {
    let generator = smallGenerator()
    let wPlus = generator.broadcast(generator.map(z: generator.z(seed: 1)))
    try withScratchFolder { folder in
      let path = "\(folder)/directions.safetensors"

      let found = try StyleFactorization(of: generator, rows: 0..<4).directions(rows: 0..<4)
      let stronger = found[0].moving(wPlus, by: 3)  // [1, numWs, wDim]
      let still = try found[0].orthogonal(to: [found[1]])

      let pca = IncrementalPCA(count: 4)
      try pca.add(codesOf: generator, count: 2000, batchSize: 500)
      let components = try pca.components()

      let file = DirectionFile(components.directions, mean: components.mean, method: "GANSpace")
      try file.write(to: path)
      let read = try DirectionFile(reading: path)
      let placed = read.directions[0].moving(wPlus, to: 2, from: read.mean, rows: 0..<4)

      #expect(stronger.shape == wPlus.shape && placed.shape == wPlus.shape)
      #expect(still.vector.shape == [8] && read.method == "GANSpace")
    }
  }
}

// Attention maps as sheets, and what shifts change.

import Checkpoints
import Formats
import Layers
import Networks
import Tensors
import TestSupport
import Testing
import Workbench

@Suite("Attention")
struct AttentionJobTests {
  /// A host of an untrained StyleSwin of 16×16 pixels: four stages' worth of small layers.
  private func host() throws -> GeneratorHost {
    var configuration = StyleSwinConfiguration(resolution: 16)
    configuration.shape.baseChannels = 16
    configuration.shape.wDim = 8
    let network = configuration.makeGenerator(
      Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
    return try withScratchFolder { folder in
      let path = "\(folder)/network.safetensors"
      try writeNetworkFile(network.parameters, configuration: configuration, to: path)
      return try GeneratorHost(.file(path))
    }
  }

  private var job: AttentionJob {
    AttentionJob(seed: 3, provenance: provenance(3))
  }

  @Test("a layer's heads come in groups; each head's weights add up to 1")
  func layers() async throws {
    let host = try host()
    let code = await host.codes(seeds: [3], settings: PictureSettings())
    let layers = await host.attentionLayers(
      code, at: PixelPosition(row: 5, column: 12), settings: PictureSettings(), noiseSeed: 0)
    #expect(layers.map(\.resolution) == [4, 4, 8, 8, 16, 16])
    #expect(layers.map(\.resolution) == host.traits.attentionResolutions)
    for layer in layers {
      #expect(layer.groups.flatMap { Array($0.heads) } == Array(layer.weights.indices))
      for weights in layer.weights {
        #expect(weights.count == layer.resolution * layer.resolution)
        #expect(abs(weights.reduce(0, +) - 1) < 1e-5)
      }
    }
    // The pixel of row 5 and column 12 lies in the window of the first 8 rows and last 8 columns.
    let seen = layers[4].weights[0].enumerated().filter { $0.element != 0 }.map(\.offset)
    let window = (0..<8).flatMap { row -> [Int] in (8..<16).map { column in row * 16 + column } }
    #expect(seen == window)
  }

  @Test("the sheet has a row of cells for each group, and only chosen layers")
  func sheet() async throws {
    try await withScratchFolder { folder in
      let host = try host()
      let output = try OutputFolder(making: folder)
      let written = try await job.run(on: host, into: output, progress: silently)
      #expect(written.map(\.file) == ["\(folder)/seed0003.png", "\(folder)/attention.png"])
      let all = try PNG(path: written[1].file).image
      var one = job
      one.layers = [4]
      _ = try await one.run(on: host, into: output, progress: silently)
      let sheet = try PNG(path: written[1].file).image
      #expect(sheet.width == all.width && sheet.height < all.height / 2)
    }
  }

  @Test("refuses pixels and layers that are not there, and generators that do not attend")
  func refusals() async throws {
    let traits = try host().traits
    var outside = job
    outside.pixel = (row: 3, column: 16)
    refuses("pixel: expected a row and a column from 0 to 15, found 3,16") {
      try outside.check(traits)
    }
    var beyond = job
    beyond.layers = [4, 6]
    refuses("layers: expected from 0 to 5, found 6") { try beyond.check(traits) }
    let convolutions = try GeneratorHost(plainNetwork).traits
    refuses("expected a generator with attention") { try job.check(convolutions) }
  }

  @Test("neighbourhoods move along with the map; windows only by whole windows")
  func shifts() throws {
    let result = try EquivarianceJob(seed: 1).run(progress: silently)
    #expect(result.shifts == Array(1...8))
    #expect(result.kinds.count == 3)
    for kind in result.kinds.dropLast() {
      #expect(kind.differences.allSatisfy { $0 < 1e-5 }, "\(kind.name)")
    }
    let windows = try #require(result.kinds.last?.differences)
    #expect(windows.dropLast().allSatisfy { $0 > 0.3 })
    #expect(windows[7] < 1e-5)
  }
}

// The code of the article "The generators", and what it says about it.

import Layers
import Networks
import TestSupport
import Tensors
import Testing

@Suite("The generators") struct TheGeneratorsArticleTests {
  @Test("a network that grows draws in full size with the detail that it has so far")
  func growth() {
    var sizes = StyleGAN1Configuration(resolution: 64)
    (sizes.featureBase, sizes.featureMax) = (128, 16)
    let growing = StyleGAN1(sizes, Scope(ParameterStore(), generator: TorchGenerator(seed: 2)))
    let code = growing.broadcast(growing.map(z: growing.z(seed: 85), labels: nil))
    let halfGrown = SynthesisOptions(lod: 1.5)  // 16×16, and 32×32 half faded in
    let images = withoutGradients { growing.synthesize(code, options: halfGrown) }

    #expect(images.shape == [1, 3, 64, 64])
    let pairs = images.reshaped(1, 3, 32, 2, 32, 2)
    expectClose(pairs.selected(0, axis: 5), pairs.selected(1, axis: 5), atol: 0)
    let quads = images.reshaped(1, 3, 64, 16, 4)
    let change = (quads.selected(0, axis: 4) - quads.selected(3, axis: 4)).abs().max().item()
    #expect(change > 0, "half of 32×32 is there")
  }

  @Test("every layer of a generator with attention shows where a pixel looks")
  func attention() {
    var configuration = StyleNATConfiguration(resolution: 64)
    configuration.shape.baseChannels = 32
    configuration.dilations = [[1], [1, 2], [1, 2, 4], [1, 8]]  // of 8×8, 16×16, 32×32, 64×64
    let generator: any AttentiveGenerator = StyleNAT(
      configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
    let wPlus = generator.broadcast(generator.map(z: generator.z(seed: 1), labels: nil))
    let pixel = PixelPosition(row: 5, column: 10)
    let maps = withoutGradients {
      generator.attentionMaps(wPlus, at: pixel, options: SynthesisOptions())
    }
    for map in maps { print(map.name, map.weights.shape) }  // [N, heads, r, r]

    #expect(maps.map(\.resolution) == [4, 4, 8, 8, 16, 16, 32, 32, 64, 64])
    for map in maps {
      let sums = map.weights.sum(over: 2, 3)
      expectClose(sums, .full(1, sums.shape), atol: 1e-5, "\(map.name)")
    }
  }
}

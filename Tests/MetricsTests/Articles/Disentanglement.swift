// The example in the article about disentanglement.

import Layers
import Metrics
import Networks
import Tensors
import Testing

@Suite("Example of disentanglement") struct DisentanglementArticleTests {
  @Test("a mixed picture is drawn of what its seed says")
  func example() {
    var configuration = StyleGAN2Configuration(resolution: 16)
    (configuration.zDim, configuration.wDim, configuration.mappingLayers) = (8, 8, 2)
    (configuration.channelBase, configuration.channelMax) = (64, 4)
    let generator = StyleGAN2(
      configuration, Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))

    let mixing = LatentMixing(seed: 85, latents: 3, traits: generator.traits)
    let wPlus = withoutGradients { generator.mixed([mixing]) }
    let img = generator.synthesize(wPlus, options: SynthesisOptions())

    #expect(mixing.seeds.count == 3 && mixing.seeds[0] == 85 && mixing.crossovers.count == 2)
    #expect(img.shape == [1, 3, 16, 16])
  }
}

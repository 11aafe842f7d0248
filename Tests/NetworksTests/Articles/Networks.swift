// The example on the first page about networks.

import Layers
import Networks
import Tensors
import Testing

@Suite("First example of Networks") struct NetworksPageTests {
  @Test("a seed becomes an image and bytes")
  func example() throws {
    var configuration = StyleGAN2Configuration(resolution: 64)
    (configuration.channelBase, configuration.channelMax) = (1024, 32)
    try configuration.validate()

    let scope = Scope(ParameterStore(), generator: TorchGenerator(seed: 2))
    let generator = StyleGAN2(configuration, scope)
    let w = generator.map(z: generator.z(seed: 85))  // [1, wDim]
    let wPlus = generator.broadcast(w)  // [1, numWs, wDim]
    let images = withoutGradients { generator.synthesize(wPlus) }  // [1, 3, 64, 64]
    let bytes = generator.traits.pixelEncoding.bytes(images)  // [1, 64, 64, 3]

    #expect(w.shape == [1, 512] && wPlus.shape == [1, 10, 512])
    #expect(images.shape == [1, 3, 64, 64] && images.isFinite().all)
    #expect(bytes.shape == [1, 64, 64, 3] && bytes.dtype == .uint8)
  }
}

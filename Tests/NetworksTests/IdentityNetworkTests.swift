// The network that knows people again: unit length, each picture by itself, pictures of any size.

import Layers
import Networks
import TestSupport
import Tensors
import Testing

@Suite("Identity network") struct IdentityNetworkTests {
  private func small() -> IdentityNetworkConfiguration {
    var configuration = IdentityNetworkConfiguration(resolution: 16)
    (configuration.channelBase, configuration.channelMax) = (64, 8)
    configuration.embeddingSize = 5
    return configuration
  }

  private func network() -> IdentityNetwork {
    IdentityNetwork(small(), Scope(ParameterStore(), generator: TorchGenerator(seed: 1)))
  }

  @Test("embeddings have length 1, and do not depend on the pictures beside them")
  func embeddings() {
    let network = network()
    let pictures = Tensor.seeded([3, 3, 16, 16], seed: 2, dtype: .float32)
    let all = network.features(pictures)
    #expect(all.shape == [3, 5])
    expectClose(all.square().sum(over: 1), .ones([3]), atol: 1e-5)
    for n in 0..<3 {
      expectClose(
        network.features(pictures.sliced(n..<n + 1, axis: 0)), all.sliced(n..<n + 1, axis: 0),
        atol: 1e-5)
    }
    let difference: Double = (all.selected(0, axis: 0) - all.selected(1, axis: 0)).abs().max()
      .item()
    #expect(difference > 1e-3)
  }

  @Test("pictures of another size are averaged to the network's")
  func sizes() {
    let network = network()
    let pictures = Tensor.seeded([1, 3, 16, 16], seed: 3, dtype: .float32)
    // The mean of four equal numbers is exact, so that the bits are the same.
    let large = adaptiveAveragePool2d(pictures, height: 32, width: 32)
    #expect(network.features(large).values() == network.features(pictures).values())
  }

  @Test("is a feature network of the registry, with the layers of StyleGAN2's discriminator")
  func layers() throws {
    let store = ParameterStore()
    _ = small().makeFeatures(Scope(store, device: .meta))
    #expect(store["b4.out.weight"].shape == [5, 8])
    #expect(store["b16.fromrgb.weight"].shape == [4, 3, 1, 1])
    let json = try small().canonicalJSON()
    let read = try Registry.networkConfiguration(kind: "identity-network", json: json)
    #expect(read as? IdentityNetworkConfiguration == small())
  }

  @Test("refuses values from which no network can be built")
  func refusals() {
    func refuses(_ words: String, _ change: (inout IdentityNetworkConfiguration) -> Void) {
      var configuration = small()
      change(&configuration)
      let changed = configuration
      let error = #expect(throws: ConfigurationError.self) { try changed.validate() }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
    refuses("embeddingSize: expected from 2 to 65536") { $0.embeddingSize = 1 }
    refuses("resolution") { $0.resolution = 20 }
    refuses("channelBase") { $0.channelBase = 8 }
  }
}

// The example on the first page about layers.

import Layers
import OrderedCollections
import Tensors
import Testing

@Suite("First example of Layers") struct LayersPageTests {
  @Test("two layers make four parameters, and a step lowers the loss")
  func example() {
    let store = ParameterStore()
    let p = Scope(store, generator: TorchGenerator(seed: 1))
    let hidden = FullyConnectedLayer(
      p / "fc0", inFeatures: 4, outFeatures: 8, activation: .lrelu)
    let output = FullyConnectedLayer(p / "fc1", inFeatures: 8, outFeatures: 1)
    print(Array(store.entries.keys))  // ["fc0.weight", "fc0.bias", "fc1.weight", "fc1.bias"]

    let optimizer = Adam(store, settings: Adam.Settings(learningRate: 0.01))
    let x = Tensor.randn([16, 4], generator: TorchGenerator(seed: 2))
    store.setRequiresGrad(true)
    let loss = (output(hidden(x)) - 1).square().mean()
    optimizer(gradients(of: [loss], withRespectTo: optimizer.parameters))
    store.setRequiresGrad(false)

    #expect(Array(store.entries.keys) == ["fc0.weight", "fc0.bias", "fc1.weight", "fc1.bias"])
    #expect((output(hidden(x)) - 1).square().mean().item() < loss.item())
  }
}
